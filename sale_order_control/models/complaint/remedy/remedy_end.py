from odoo import api, fields, models
from odoo.exceptions import UserError

from .sale_complaint_remedy_flow import REMEDY_ACTIVITY

# Documents of a remedy that have no effect yet, by their state, and what cancels them.
CANCELS = {
    'sale.order': (('draft', 'sent'), '_action_cancel'),
    'stock.picking': (('draft', 'waiting', 'confirmed', 'assigned'), 'action_cancel'),
    'account.move': (('draft',), 'button_cancel'),
    'repair.order': (('draft', 'confirmed'), 'action_repair_cancel'),
}


GOING_ON = ('draft', 'asked', 'offered', 'ready')


class SaleComplaintRemedy(models.Model):
    """The end of a remedy that is not wanted any more: drafts end with it, what has taken effect is told."""

    _inherit = 'sale.complaint.remedy'

    can_cancel = fields.Boolean(compute='_compute_can_cancel', compute_sudo=True)

    @api.depends('state', 'discount_order_id')
    def _compute_can_cancel(self):
        for remedy in self:
            remedy.can_cancel = remedy._can_give_up()

    def action_cancel(self):
        """Give remedies up of which nothing has taken effect: what was drafted for them is cancelled with them.

        :raise UserError: if a document of one has taken effect
        """
        self.env['sale.complaint']._check_handler()
        self.check_access('write')
        self._take_turn()
        wrong = self.filtered(lambda remedy: not remedy.sudo()._can_give_up())
        if wrong:
            raise UserError(self.env._(
                "%s was carried out already: cancel the document that was made of it.",
                ", ".join(wrong.mapped('name'))))
        self._give_up()
        self.complaint_id._follow_remedies()
        return True

    def _can_give_up(self):
        """Whether nothing of the remedy has taken effect yet; in sudo."""
        self.ensure_one()
        if self.state == 'done':
            return bool(self._get_results()) and not self._split_documents()[1]
        return self.state in GOING_ON

    def _is_undone(self):
        """Whether all that was made of the remedy was cancelled since."""
        self.ensure_one()
        return self.state == 'done' and bool(self._get_results()) and not self._get_live_results()

    def _split_documents(self):
        """Tell the documents of the remedy that have no effect yet from those that have, leaving cancelled ones out.

        :return: two lists of recordsets in sudo, none of them empty
        """
        drafts, stay = [], []
        for records in self._get_live_results():
            # On the order from which a discount was taken off, the customer buys something.
            states = () if records == self.sudo().discount_order_id else CANCELS.get(records._name, ((), ''))[0]
            pending = records.filtered(lambda one, states=states: one.state in states)
            drafts.append(pending)
            stay.append(records - pending)
        return list(filter(None, drafts)), list(filter(None, stay))

    def _give_up(self):
        """Cancel remedies with what was asked, agreed and drafted for them; private: callers check who acts.

        What has taken effect stays, and so does its remedy: somebody is told to look at it.
        """
        remedies = self.sudo().filtered(lambda remedy: remedy.state in (*GOING_ON, 'done'))
        for remedy in remedies:
            remedy._cancel_drafts()
        ended = remedies.filtered(lambda remedy: remedy.state != 'done' or remedy._is_undone())
        ended._void_requests(lambda env: env._("The remedy was cancelled."))
        ended._set_state('cancelled')
        ended.activity_unlink([REMEDY_ACTIVITY])

    def _cancel_drafts(self):
        """Cancel the documents of the remedy that have no effect yet, and tell which ones stay."""
        self.ensure_one()
        drafts, stay = self._split_documents()
        for records in drafts:
            getattr(records, CANCELS[records._name][1])()
        if drafts:
            self.complaint_id._message_log(body=self.env._(
                "Cancelled with %(remedy)s: %(documents)s.", remedy=self.display_name,
                documents=", ".join(one.display_name for records in drafts for one in records)))
        if stay:
            self._tell_handler(self.env._(
                "%s has taken effect and stays: cancel or reverse it where it is not wanted.",
                ", ".join(one.display_name for records in stay for one in records)))
