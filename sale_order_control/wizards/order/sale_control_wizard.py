from odoo import Command, api, models


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

    def onchange(self, values, field_names, fields_spec):
        # What is not saved yet shows figures of the documents it names, too.
        context = self.env.context
        self._check_named({name: context[f'default_{name}'] for name in self._fields if f'default_{name}' in context})
        self._check_named(values)
        return super().onchange(values, field_names, fields_spec)

    def _check_named(self, values):
        """Refuse documents, named by values that are typed or proposed, that the caller cannot read.

        :param dict values: as a form sends them: ids and commands
        :raise AccessError: for the first of them
        """
        for name, value in values.items():
            field = self._fields.get(name)
            if not field or not field.relational or name in models.MAGIC_COLUMNS:
                continue
            comodel = self.env[field.comodel_name]
            ids = []
            for item in [value] if field.type == 'many2one' else value or ():
                if isinstance(item, (list, tuple)):
                    command, number, *content = item
                    ids += content[0] if command == Command.SET else [number] if command != Command.CREATE else []
                    if command in (Command.CREATE, Command.UPDATE) and hasattr(comodel, '_check_named'):
                        comodel._check_named(content[0])
                else:
                    ids.append(item.get('id') if isinstance(item, dict) else item)
            if not comodel._transient:
                comodel.browse(one for one in ids if isinstance(one, int) and one).check_access('read')

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
