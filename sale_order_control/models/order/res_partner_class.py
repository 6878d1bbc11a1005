from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

CLASS_FIELDS = frozenset({'control_class_id', 'control_class_by_hand'})
# Who says how important a customer is.
CLASS_SETTERS = (
    'sale_order_control.group_manager', 'sale_order_control.group_credit_controller', 'sales_team.group_sale_manager')


class ResPartner(models.Model):
    """The class of a customer: of its company with all contacts, and of a main company with its branches."""

    _inherit = 'res.partner'

    # A prefetch group of their own: who reads other fields of a customer does not read classes.
    control_class_id = fields.Many2one(
        'sale.control.class', string="Customer Class", company_dependent=True, copy=False, groups='base.group_user',
        ondelete='restrict', prefetch='control_class',
        help="How important the customer is: who is served first. It follows revenue and first order every night, "
             "unless somebody chose it.")
    control_class_by_hand = fields.Boolean(
        string="Class Set by Hand", company_dependent=True, copy=False, groups='base.group_user',
        prefetch='control_class',
        help="The class stays as it was chosen, whatever the revenue says.")
    control_can_class = fields.Boolean(compute='_compute_control_can_class', groups='base.group_user')

    @api.depends('commercial_partner_id')
    @api.depends_context('uid')
    def _compute_control_can_class(self):
        may_set = self._may_set_class()
        for partner in self:
            partner.control_can_class = may_set and partner.commercial_partner_id in (partner, partner._origin)

    # === READING ===#

    def _get_control_class(self, company):
        """Return the customer's class with a company that has a control on; who has none yet counts as new.

        :param res.company company: the seller
        :return: ``sale.control.class`` in sudo, maybe empty
        """
        self.ensure_one()
        classes = self.env['sale.control.class'].sudo()
        if not company or not company._has_control():
            return classes
        customer = self.commercial_partner_id.sudo().with_company(company)
        return customer.control_class_id or classes.browse(classes._get_new_class_id(company.id) or ())

    @api.model
    def _may_set_class(self):
        return any(self.env.user.has_group(group) for group in CLASS_SETTERS)

    @api.model
    def _commercial_fields(self):
        return super()._commercial_fields() + ['control_class_id']

    # === WRITING ===#

    @api.model_create_multi
    def create(self, vals_list):
        named = any(CLASS_FIELDS & vals.keys() for vals in vals_list) \
            or any(f'default_{name}' in self.env.context for name in CLASS_FIELDS)
        partners = super().create(vals_list)
        if named:
            # Whatever gave a customer of its own its class: a contact has its company's.
            chosen = partners.filtered(
                lambda partner: partner.commercial_partner_id == partner
                and (partner.control_class_id or partner.control_class_by_hand))
            chosen._check_class_setter()
            for partner in chosen:
                partner.write({'control_class_id': partner.control_class_id.id, 'control_class_by_hand': True})
            for partner in partners - chosen:
                partner._check_class_of_contacts(partner.control_class_id)
        return partners

    def write(self, vals):
        if not CLASS_FIELDS & vals.keys():
            return super().write(vals)
        if vals.get('control_class_id'):
            self._check_class_of_contacts(self.env['sale.control.class'].browse(vals['control_class_id']))
        former = {
            partner: partner.control_class_id for partner in self
            if partner.commercial_partner_id == partner and any(
                self._fields[name].convert_to_write(partner[name], partner) != (vals[name] or False)
                for name in CLASS_FIELDS & vals.keys())}
        chosen = self.browse().union(*former)
        if not chosen:
            return super().write(vals)
        chosen._check_class_setter()
        vals = {'control_class_by_hand': bool(vals.get('control_class_id')), **vals}
        result = super().write(vals)
        root = self.env.company.sudo().root_id
        for company in root.search([('id', 'child_of', root.id)]) - self.env.company:
            # The rights of who chose were checked; branches of the same company need not be theirs.
            super(ResPartner, chosen.sudo().with_company(company)).write(
                {name: vals[name] for name in CLASS_FIELDS & vals.keys()})
        self.env['sale.control.class']._judge_customers(root, chosen)
        chosen._log_class(former)
        return result

    def _check_class_setter(self):
        if self and not self._may_set_class():
            raise AccessError(self.env._(
                "The class of a customer follows revenue and first order. Only managers of order control, credit "
                "controllers and sales managers choose another one."))

    def _check_class_of_contacts(self, given):
        """Refuse another class for a contact than its company has.

        :param sale.control.class given: class that these contacts get
        :raise UserError: naming the company
        """
        for partner in self if given else ():
            owner = partner.commercial_partner_id
            if owner != partner and owner.control_class_id != given:
                raise UserError(self.env._(
                    "%(contact)s has the class of its company: choose it at %(customer)s.",
                    contact=partner.display_name, customer=owner.display_name))

    def _log_class(self, former):
        """Record on customers who chose which class.

        :param dict former: ``{customer: its class before}``
        """
        for partner in self:
            how = self.env._("chosen by hand") if partner.control_class_by_hand else self.env._("follows the revenue")
            partner._message_log(body=self.env._(
                "Customer class: %(before)s → %(after)s (%(how)s)", before=former[partner].name or "–",
                after=partner.control_class_id.name or "–", how=how))
