from odoo import api, fields, models


class CreditEvidence(models.AbstractModel):
    """A record with documents that prove what it says: whoever may read the record reads them."""

    _name = 'credit.evidence'
    _description = "Record with Evidence"

    attachment_ids = fields.Many2many('ir.attachment', string="Documents", copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._own_documents()
        return records

    def write(self, vals):
        result = super().write(vals)
        if 'attachment_ids' in vals:
            self._own_documents()
        return result

    def _own_documents(self):
        """Take over documents that were uploaded before the record was saved.

        :raise AccessError: for documents of somebody else: their names would be shown to all who read the record
        """
        for record in self.sudo():
            documents = record.attachment_ids
            loose = documents.filtered(lambda document: not document.res_id and document.create_uid == self.env.user)
            foreign = documents.filtered(
                lambda document, record=record: (document.res_model, document.res_id) != (record._name, record.id))
            (foreign - loose).with_env(self.env).check_access('read')
            loose.write({'res_model': self._name, 'res_id': record.id})
