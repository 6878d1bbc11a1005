from odoo import api, models

# Nothing becomes of these any more.
ENDED = ('done', 'cancel')


class SaleAmendment(models.Model):
    """What was bought or is made for an order, met by the documents that other apps made for it.

    Neither purchasing nor manufacturing is a dependency: their links are asked for where they exist.
    """

    _inherit = 'sale.amendment'

    @api.model
    def _get_supply_documents(self, lines):
        """Return purchase and manufacturing orders that were made for lines of an order; in sudo.

        :return: list of records of whatever models
        """
        moves = lines.sudo().move_ids
        # Also where goods come over several steps.
        moves |= moves.browse(moves._rollup_move_origs())
        names = {
            'created_purchase_line_ids': 'order_id', 'purchase_line_id': 'order_id', 'production_id': '',
            'created_production_id': ''}
        found = [moves.mapped(f'{name}.{path}'.rstrip('.')) for name, path in names.items() if name in moves._fields]
        if 'purchase_line_ids' in lines._fields:
            found.append(lines.sudo().purchase_line_ids.order_id)
        return list(dict.fromkeys(record for records in found for record in records))

    @api.model
    def _is_supply_open(self, document):
        received = 'receipt_status' in document._fields and document.receipt_status == 'full'
        return document.state not in ENDED and not received

    def _get_supply_names(self, order, changes):
        """Name the open purchase and manufacturing orders behind the lines that change, with whom to ask."""
        keys = {old.key for old, _new, _row in changes if old}
        documents = self._get_supply_documents(order.order_line.filtered(lambda line: line.id in keys))
        return [
            f"{document.display_name} ({document.user_id.name})" if document.user_id else document.display_name
            for document in documents if self._is_supply_open(document)]
