from odoo import api, models


class SaleComplaint(models.Model):
    """Complaints that begin with a low rating: for the rooms that ask customers how satisfied they are."""

    _inherit = 'sale.complaint'

    @api.model
    def _open_from_rating(self, order, partner, words):
        """Open a complaint because a customer rated something low.

        It is received like any other: its team looks at it, asks what is wrong and gives it a category. Private:
        whoever takes the rating sees to it that it happens once.

        :param sale.order order: what was rated, or an empty recordset
        :param res.partner partner: who rated
        :param str words: what the customer wrote
        :return: the complaint, in sudo
        """
        # Customers rate on a public page, with no right of their own.
        return self.sudo().create({
            'order_id': order.id,
            'partner_id': partner.id,
            'company_id': (order.company_id or self.env.company).id,
            'channel': 'rating',
            'description': words,
        })
