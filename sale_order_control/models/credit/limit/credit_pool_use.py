"""How far a shared limit is used, member by member: plain sums over exposures that were read already."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolRoom:
    """What one member of a group finds in the group that leaves it least room.

    :ivar pool: that group (``credit.pool`` in sudo)
    :ivar limit: its shared limit
    :ivar others: what the other members use of it
    :ivar total: what all members use
    """

    pool: object
    limit: float
    others: float
    total: float


class PoolUse:
    """The exposures of all members of some groups. Who paid in advance lends nothing to the others."""

    def __init__(self, members, positions):
        """
        :param credit.account members: see ``credit.account._get_pool_members``
        :param dict positions: ``{commercial partner id: Position}`` with an entry for every member
        """
        self._used = {}
        self._totals = defaultdict(float)
        self._unrated = {}
        for member in members:
            if member.pool_id:
                position = positions[member.partner_id.id]
                self.use(member, position.total)
                if position.unrated:
                    self._unrated.update(dict.fromkeys(member.pool_id._get_chain().ids, position.unrated))

    def use(self, member, exposure):
        """Take another exposure of a member than before; nothing happens for customers of no group."""
        if member.pool_id:
            used = max(0.0, exposure)
            for pool in member.pool_id._get_chain():
                self._totals[pool.id] += used - self._used.get(member.id, 0.0)
            self._used[member.id] = used

    def get_unrated(self, member):
        """Return the id of a currency without rate in which orders of the member's groups are open, or 0."""
        chain = member.pool_id._get_chain().ids if self._unrated else ()
        return next((self._unrated[pool_id] for pool_id in chain if pool_id in self._unrated), 0)

    def get_room(self, member):
        """Return the :class:`PoolRoom` of a member, or None for a customer of no group."""
        if not member.pool_id:
            return None
        rooms = (
            PoolRoom(pool, pool.limit, self._totals[pool.id] - self._used.get(member.id, 0.0), self._totals[pool.id])
            for pool in member.pool_id._get_chain()
        )
        return min(rooms, key=lambda room: room.limit - room.others, default=None)
