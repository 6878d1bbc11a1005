from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import HttpCase, get_db_name


class TourCase(HttpCase):
    """People at work in the web client: a tour is the work of one of them, begun where that person begins."""

    # What the pages of these tours are made of.
    bundles = ('web.assets_web', 'web.assets_tests')

    @classmethod
    def setUpClass(cls):
        # Compiled by the first page otherwise, for which a slow machine has no patience. Outside of the test, so
        # that what comes after finds them: these are files Odoo makes from code, and no data.
        with Registry(get_db_name()).cursor() as cr:
            qweb = api.Environment(cr, SUPERUSER_ID, {})['ir.qweb']
            for bundle in cls.bundles:
                qweb._get_asset_bundle(bundle, css=False, js=True).js()
                qweb._get_asset_bundle(bundle, css=True, js=False).css()
        super().setUpClass()

    def _walk(self, path, tour, user):
        """Let a person walk through a tour of the add-on, and forget what was read before it.

        :param str path: the page on which that person begins
        :param str tour: name of the tour without the add-on's
        :param res.users user: who walks
        """
        user.sudo().password = user.login
        self.start_tour(path, f'sale_order_control_{tour}', login=user.login, timeout=180)
        self.env.invalidate_all()
