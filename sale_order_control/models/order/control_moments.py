"""Events and dates in the life of an order: one table that every room adds its own to."""

from dataclasses import dataclass

from odoo import api, models

INVOICE = {
    'model': 'account.move', 'order_path': 'invoice_line_ids.sale_line_ids.order_id', 'user_path': 'invoice_user_id'}
# What is due of an invoice on one day: payment terms may split it.
INSTALMENT = {
    'model': 'account.move.line', 'order_path': f"move_id.{INVOICE['order_path']}",
    'partner_path': 'move_id.partner_id', 'user_path': 'move_id.invoice_user_id'}
# Whether it is paid is asked of the instalment; the invoice only says that nobody is to be asked for it at all.
OPEN_INSTALMENT = (
    ('parent_state', '=', 'posted'), ('display_type', '=', 'payment_term'), ('reconciled', '=', False),
    ('move_id.move_type', '=', 'out_invoice'),
    ('move_id.payment_state', 'not in', ('blocked', 'reversed', 'invoicing_legacy')))


@dataclass(frozen=True, slots=True)
class ControlMoment:
    """Something that happens to a document, or a date that it bears.

    :ivar key: stable name; of an event, the one it is raised with
    :ivar name: translated name shown to people
    :ivar model: name of the model of the document
    :ivar field: date field of the model; empty for an event
    :ivar domain: of a date, while it counts: what is over is not followed any more. The database should find by
        date what fulfils it, so a partial index belongs to it
    :ivar undated: of a date, documents that could bear it, with it or without: who has none is told of on rules
    :ivar heard: of a date, the events after which it may have moved or be over
    :ivar passed_by: of an event, later ones that show it to be over where it did not happen by itself: who confirms an
        order at once has not submitted it before
    :ivar order_path: dotted path from the document to its order; empty for the order itself
    :ivar partner_path: dotted path to the customer
    :ivar user_path: dotted path to who answers for a document without an order
    """

    key: str
    name: str
    model: str = 'sale.order'
    field: str = ''
    domain: tuple = ()
    undated: tuple = ()
    heard: tuple = ()
    passed_by: tuple = ()
    order_path: str = ''
    partner_path: str = 'partner_id'
    user_path: str = 'user_id'

    def get_order(self, document):
        """Return the order a document belongs to: the document itself, the first one it names, or none."""
        return document if document._name == 'sale.order' else (
            document.mapped(self.order_path)[:1] if self.order_path else document.env['sale.order'])


class SaleOrder(models.Model):
    """Who wants to know what happens: rooms raise events and declare dates, others listen."""

    _inherit = 'sale.order'

    _validity_open_idx = models.Index("(validity_date) WHERE state IN ('draft', 'sent') AND validity_date IS NOT NULL")

    @api.model
    def _get_control_moments(self):
        """List events and dates; every room adds its own.

        :return: list of :class:`ControlMoment`
        """
        env = self.env
        return [
            ControlMoment('entered', env._("Entered")),
            ControlMoment('submitted', env._("Submitted"), passed_by=('confirmed',)),
            ControlMoment('confirmed', env._("Confirmed")),
            ControlMoment('parked', env._("Parked")),
            ControlMoment('released', env._("Goods left")),
            ControlMoment('delivered', env._("Delivered completely")),
            ControlMoment('cancelled', env._("Cancelled")),
            ControlMoment('withdrawn', env._("Confirmed order cancelled")),
            ControlMoment('reopened', env._("Set to draft again")),
            ControlMoment('invoiced', env._("Invoiced"), **INVOICE),
            ControlMoment('paid', env._("Invoice paid"), **INVOICE),
            ControlMoment('instalment_paid', env._("Instalment paid"), **INSTALMENT),
            ControlMoment(
                'validity', env._("Quotation expires"), field='validity_date',
                domain=(('state', 'in', ('draft', 'sent')),), undated=(('state', '=', 'sent'),),
                heard=('confirmed', 'cancelled', 'reopened')),
            ControlMoment(
                'invoice_due', env._("Payment is due"), field='date_maturity', domain=OPEN_INSTALMENT,
                heard=('paid', 'instalment_paid'), **INSTALMENT),
        ]

    @api.model
    def _get_asked_events(self):
        """Name the events that somebody listens to: what costs a question to find out is found out for these only.

        :return: frozenset of keys
        """
        return frozenset()

    @api.model
    def _control_document_event(self, name, documents):
        """Tell the rooms that something happened to documents other than orders, like ``_control_event``.

        :param str name: key of a :class:`ControlMoment`
        :param documents: records of its model
        """

    @api.model
    def _get_told_moments(self):
        """Say of which events a room tells customers itself, so that nobody else does it a second time.

        :return: ``{key: translated sentence that says how}``; every room adds its own
        """
        return {}

    @api.model
    def _get_control_screen(self, document):
        """Return the record on whose screen people see one document: of a part of a document, the whole."""
        return document

    @api.model
    def _get_control_document_name(self, document):
        """Return how people call one document."""
        return document.display_name or ''

    # === ROLES ===#

    @api.model
    def _get_control_roles(self):
        """List the roles that people have towards an order; every room adds its own.

        :return: list of ``(key, translated name)``
        """
        return [
            ('salesperson', self.env._("Salesperson")),
            ('team_leader', self.env._("Team leader")),
        ]

    def _get_control_people(self, role, company, salesperson, document=None):
        """Find who has a role towards one order, or towards a customer where there is none; rooms extend.

        :param str role: key of a role
        :param res.company company: whose people are asked
        :param res.users salesperson: who sells, if anybody
        :param document: what it is about, if that is not the order itself: of two complaints each has its own owner
        :return: users, the first one preferred; the caller leaves out who has left
        """
        if role == 'salesperson':
            return salesperson
        if role == 'team_leader':
            return (self.team_id or salesperson.sale_team_id).user_id
        return self.env['res.users']

    def _get_group_people(self, group, company):
        """Return the members of a group of the add-on who work for a company."""
        members = self.env.ref(f'sale_order_control.{group}').sudo().all_user_ids
        return members.filtered(lambda user: company in user.company_ids and user != self.env.ref('base.user_root'))
