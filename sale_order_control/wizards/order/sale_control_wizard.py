from odoo import api, models


class SaleControlWizard(models.AbstractModel):
    """What the forms that ask before acting have in common: whoever names a document in one can read it.

    Wizards show figures of the documents they are about, and anybody with a right on the wizard can name any
    document over RPC. Record rules keep each to the person who opened it.
    """

    _name = 'sale.control.wizard'
    _description = "Question About a Document"

    @api.model_create_multi
    def create(self, vals_list):
        wizards = super().create(vals_list)
        wizards._check_documents()
        return wizards

    def write(self, vals):
        result = super().write(vals)
        self._check_documents()
        return result

    def _check_documents(self):
        """Refuse documents that the caller cannot read.

        :raise AccessError: for the first of them
        """
        for name, field in self._fields.items():
            if not field.relational or not field.store or name in models.MAGIC_COLUMNS:
                continue
            if not self.env[field.comodel_name]._transient:
                # Read with full rights, because a list of documents would leave out those the caller cannot read.
                named = self.sudo().with_context(active_test=False).mapped(name)._origin
                named.with_env(self.env).check_access('read')
