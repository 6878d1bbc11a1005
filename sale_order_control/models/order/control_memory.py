"""What the gate remembers while one call runs.

Nothing here can be set by a user: it is no context key and no field, it hangs on the cursor, is
written by private methods only and is gone when the ``with`` block that set it ends.
"""

from contextlib import contextmanager

_KEY = '_sale_order_control_memory'


class ControlMemory:
    """Markers and evaluations of the running call.

    :ivar issues: evaluations of the open scope, ``{(checkpoint, order id, digest, language): issues}``
    :ivar facts: figures that rooms found while evaluating in the open scope, under keys of their own
    :ivar scopes: number of open scopes; without one, nothing is remembered
    :ivar acting: positive while the add-on itself writes fields that follow from checks and decisions
    :ivar deciding: positive while a room writes its records of decisions
    :ivar recording: positive while the add-on itself records facts
    :ivar closing: approval requests that waited and have just ended, ``{(model, document id): request id}``: while
        documents follow them, each is its document's latest one
    :ivar revising: ids of approval requests whose approver changes the terms: they follow the new ones
    :ivar happened: positive while an event is processed that cannot be undone (a payment, a
        signature, a posted bill): rules then record and park instead of refusing
    :ivar confirming: ids of orders whose confirmation is running and was serialised
    :ivar changing: ids of orders whose terms are being changed by an outer call that judges them
    :ivar amending: ``{order id: amendment id}`` of the orders to which an amendment is being applied; 0 for another act
        of the add-on that keeps a record of its own of what it changes
    :ivar former: what the gate said at *confirm* before facts behind the terms changed, ``{order id: issues}``
    :ivar leaving: ids of the order lines whose goods leave in the running call; None while nothing leaves
    :ivar leaving_moves: ids of the stock moves that take them; empty where a service is delivered
    :ivar cause: why the running change is made, ``(sentence, record or None)``: told to journals
    :ivar quiet: positive while what happens is told later, once for all of it
    :ivar today: date the rules take for today, set by replay and simulation only
    :ivar past: whether orders of the past are judged as of their own day: what came later does not count
    """

    def __init__(self):
        self.issues = {}
        self.facts = {}
        self.scopes = 0
        self.acting = 0
        self.deciding = 0
        self.recording = 0
        self.closing = {}
        self.revising = frozenset()
        self.happened = 0
        self.confirming = set()
        self.changing = set()
        self.amending = {}
        self.former = {}
        self.leaving = None
        self.leaving_moves = frozenset()
        self.cause = None
        self.quiet = 0
        self.today = None
        self.past = False


def control_memory(env):
    """Return the memory of the current cursor.

    It hangs on the cursor itself: ``cr.cache`` is emptied by every commit and by every savepoint that is
    rolled back, in the middle of the call that set a marker. What was evaluated before is forgotten then.
    """
    memory = getattr(env.cr, _KEY, None)
    if memory is None:
        memory = ControlMemory()
        setattr(env.cr, _KEY, memory)
    if _KEY not in env.cr.cache:
        env.cr.cache[_KEY] = True
        memory.issues.clear()
        memory.facts.clear()
    return memory


@contextmanager
def control_scope(env):
    """Evaluate every order, checkpoint and digest once until the outermost scope ends.

    Code that changes a fact inside a scope (a decision, a hold) forgets what was evaluated with
    ``control_memory(env).issues.clear()``.
    """
    memory = control_memory(env)
    memory.scopes += 1
    try:
        yield memory
    finally:
        memory.scopes -= 1
        if not memory.scopes:
            memory.issues.clear()
            memory.facts.clear()


@contextmanager
def control_acting(env):
    """Allow the writing of protected fields: wrap nothing but the add-on's own write."""
    memory = control_memory(env)
    memory.acting += 1
    try:
        yield memory
    finally:
        memory.acting -= 1


@contextmanager
def control_recording(env):
    """Allow the creation of recorded facts: wrap nothing but that creation."""
    memory = control_memory(env)
    memory.recording += 1
    try:
        yield
    finally:
        memory.recording -= 1


@contextmanager
def event_happened(env):
    """Mark that what runs inside has already happened outside: record and park, never refuse."""
    memory = control_memory(env)
    memory.happened += 1
    try:
        yield memory
    finally:
        memory.happened -= 1


@contextmanager
def goods_leaving(env, line_ids, move_ids=()):
    """Tell the rules of *release* which order lines leave, and by which moves: the others may still wait."""
    memory = control_memory(env)
    before = memory.leaving, memory.leaving_moves
    memory.leaving, memory.leaving_moves = frozenset(line_ids), frozenset(move_ids)
    # What was found for other goods of the order says nothing about these.
    memory.issues.clear()
    try:
        yield
    finally:
        memory.leaving, memory.leaving_moves = before
        memory.issues.clear()


@contextmanager
def told_later(env):
    """Record what happens inside without telling anybody: a chunk of something that is told once, in the end."""
    memory = control_memory(env)
    memory.quiet += 1
    try:
        yield
    finally:
        memory.quiet -= 1


@contextmanager
def control_amending(env, order, amendment=None):
    """Change the terms of a confirmed order by an act that is on record: wrap nothing but that change.

    All other rules judge the new terms as ever: this opens amendment control alone.

    :param order: the ``sale.order`` whose terms change
    :param amendment: the ``sale.amendment`` that is applied; none for another act of the add-on with its own record
    """
    memory = control_memory(env)
    before, memory.amending = memory.amending, {**memory.amending, order.id: amendment.id if amendment else 0}
    try:
        yield
    finally:
        memory.amending = before


@contextmanager
def control_cause(env, sentence, record=None):
    """Say why what runs inside is done, for the journals that record it.

    :param str sentence: translated reason
    :param record: the record that the change follows from, such as a request
    """
    memory = control_memory(env)
    before, memory.cause = memory.cause, (sentence, record)
    try:
        yield
    finally:
        memory.cause = before


@contextmanager
def control_today(env, date):
    """Let the rules take ``date`` for today: for replay, simulation and tests."""
    memory = control_memory(env)
    before, memory.today = memory.today, date
    try:
        yield
    finally:
        memory.today = before


@contextmanager
def control_past(env, date):
    """Judge orders of the past as of a day of theirs: for the simulation, which writes nothing."""
    memory = control_memory(env)
    before, memory.past = memory.past, True
    try:
        with control_today(env, date):
            yield
    finally:
        memory.past = before
