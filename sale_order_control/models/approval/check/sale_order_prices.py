from dataclasses import replace

from odoo import models


class SaleOrder(models.Model):
    """Policies on prices that were lowered by hand: against the customer's list price, and against cost."""

    _inherit = 'sale.order'

    def _get_order_figures(self, terms, issues, rules):
        figures = super()._get_order_figures(terms, issues, rules)
        asked = self.filtered(lambda order: any(rule.below_list_percent for rule in rules[order.id]))
        gaps = asked._get_list_price_gaps(terms) if asked else {}
        for order in self:
            order_terms = terms[order.id]
            cost_gaps = [
                (100 * (line.cost - net) / line.cost, line.product_id)
                for line, net in order._get_net_prices(order_terms) if line.cost > 0 and net < line.cost - 1e-6
            ]
            figures[order.id] = replace(
                figures[order.id],
                list_gap=gaps.get(order.id, (0.0, 0)),
                cost_gap=max(cost_gaps, default=(0.0, 0)),
            )
        return figures

    def _judge_policy(self, rule, figures):
        found = super()._judge_policy(rule, figures)
        gap, product_id = figures.list_gap
        if rule.below_list_percent and gap > rule.below_list_percent + 1e-6:
            found.append(self._prepare_policy_issue(
                rule, 'below_list',
                self.env._(
                    "The price of %(product)s is %(gap)s %% below its list price, more than %(limit)s %% "
                    "(policy “%(policy)s”).",
                    product=self._get_product_name(product_id), gap=self._format_percent(gap),
                    limit=self._format_percent(rule.below_list_percent), policy=rule.name),
                below_list=gap, limit=rule.below_list_percent, figures=['below_list']))
        gap, product_id = figures.cost_gap
        if rule.below_cost and gap > 1e-6:
            found.append(self._prepare_policy_issue(
                rule, 'below_cost',
                self.env._(
                    "The price of %(product)s is %(gap)s %% below its cost (policy “%(policy)s”).",
                    product=self._get_product_name(product_id), gap=self._format_percent(gap), policy=rule.name),
                below_cost=gap, figures=['below_cost']))
        return found

    def _get_product_name(self, product_id):
        return self.env['product.product'].browse(product_id).display_name

    def _get_net_prices(self, terms):
        """Return ``[(LineTerms, unit price after its own and the order's discounts), ...]`` of what is sold."""
        factor = 1 - terms.overall_discount
        return [(line, line.net_price * factor) for line in terms.lines if line.quantity > 0 and line.product_id
                and line.price_unit >= 0]

    def _get_list_price_gaps(self, terms):
        """Compare prices with what the customer's own pricelist asks, else with the product's list price.

        Neither the pricelist nor the date that is written on the order counts, because its maker writes them:
        the customer's pricelist does, on the day on which the order was entered. Where another company is
        invoiced, the higher price of both counts.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: (percent below list of the worst line, product id)}``
        """
        return {
            order_id: max(
                ((100 * (price - net) / price, line.product_id) for line, net, price in prices), default=(0.0, 0))
            for order_id, prices in self._get_list_prices(terms).items()
        }

    def _get_list_prices(self, terms):
        """Find the list prices of what is sold, see :meth:`_get_list_price_gaps`.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: [(LineTerms, unit price after all discounts, list price), ...]}`` of the lines that
            have a list price
        """
        orders = self.sudo()
        pricelists = {order.id: order._get_list_pricelists() for order in orders}
        products = self.env['product.product'].sudo().browse(
            {line.product_id for order in orders for line in terms[order.id].lines if line.product_id})
        pricelist_ids = {pricelist.id for found in pricelists.values() for pricelist in found if pricelist}
        # One search for all pricelists and days; which rule counts on which day is filtered below.
        items = products.env['product.pricelist.item'].search([
            ('pricelist_id', 'in', list(pricelist_ids)),
            '|', ('product_tmpl_id', '=', False), ('product_tmpl_id', 'in', products.product_tmpl_id.ids),
        ]) if pricelist_ids else products.env['product.pricelist.item']
        items = items.grouped('pricelist_id')
        none = products.env['product.pricelist.item']
        return {
            order.id: order._compare_with_list(
                terms[order.id], [items.get(pricelist, none) for pricelist in pricelists[order.id]])
            for order in orders
        }

    def _get_list_pricelists(self):
        """Return the pricelists that count: the customer's own, and that of another company that is invoiced.

        :return: list of ``product.pricelist``, each may be empty: the product's own price counts
        """
        customers = [self.partner_id]
        if self.partner_invoice_id.commercial_partner_id != self.partner_id.commercial_partner_id:
            customers.append(self.partner_invoice_id)
        return list(dict.fromkeys(
            customer.with_company(self.company_id).property_product_pricelist for customer in customers))

    def _get_own_list_prices(self, terms):
        """Return ``{line id: list price}`` of one order; a combo has its price in its choices and is left out."""
        lines = {line.key: line for line in terms.lines}
        return {
            line.key: price for line, _net, price in self._get_list_prices({self.id: terms})[self.id]
            if lines.get(line.key) is line
        }

    def _compare_with_list(self, terms, item_sets):
        """Compare the prices of one order with its list prices.

        :param item_sets: the rules of each pricelist that counts; the highest price does
        :return: ``[(LineTerms, unit price after all discounts, list price), ...]`` of the lines that have one
        """
        day, factor = self.create_date, 1 - terms.overall_discount
        item_sets = [
            items.filtered(lambda item: (item.date_start or day) <= day <= (item.date_end or day))
            for items in item_sets]
        found = []
        for line, extra in self._get_listed_lines(terms):
            price = max(self._get_list_price(line, items, terms.currency_id) for items in item_sets)
            if price > 0:
                found.append((line, line.net_price * factor, price + extra))
        return found

    def _get_list_price(self, line, items, currency_id):
        """Return what a pricelist asks for one unit on the day on which the order was entered."""
        day = self.create_date
        product = self.env['product.product'].with_company(self.company_id).browse(line.product_id)
        uom = self.env['uom.uom'].browse(line.uom_id) or product.uom_id
        quantity = uom._compute_quantity(line.quantity, product.uom_id, raise_if_failure=False)
        item = next((item for item in items if item._is_applicable_for(product, quantity)), items.browse())
        price = item._compute_price(
            product, line.quantity, uom, date=day, currency=self.env['res.currency'].browse(currency_id))
        if self.fiscal_position_id:
            price = product._get_tax_included_unit_price_from_price(
                price, product.taxes_id._filter_taxes_by_company(self.company_id),
                fiscal_position=self.fiscal_position_id)
        return price

    def _get_listed_lines(self, terms):
        """Find the lines whose price the list knows: a combo with the price of all its choices, and what is no combo.

        :return: ``[(LineTerms, what choices cost on top of the combo per unit), ...]``
        """
        lines = {line.key: line for line, _net in self._get_net_prices(terms)}
        heads, combos = {own.id: {} for own in self.order_line if own.product_id.type == 'combo'}, []
        for own in self.order_line.filtered('combo_item_id'):
            head, choices = own.linked_line_id, heads.get(own.linked_line_id.id)
            if choices is not None and {own.id, head.id} <= lines.keys() and self._is_choice(own, head, choices, lines):
                choices[own.combo_item_id.combo_id] = own
        for key, choices in heads.items():
            head = lines.pop(key, None)
            if choices:
                price = head.net_price + sum(lines.pop(own.id).net_price for own in choices.values())
                # As Odoo does it, what a choice costs on top is taken as it is, in any currency.
                extra = sum(own.combo_item_id.extra_price for own in choices.values())
                combos.append((replace(head, price_unit=price, discount=0.0), extra))
        return [(line, 0.0) for line in lines.values()] + combos

    def _is_choice(self, own, head, choices, lines):
        """Whether a line is what a combo contains: one of each of its choices, as often as the combo itself.

        That the line says so is not enough: Odoo looks at that only when the choice is written.
        """
        item = own.combo_item_id
        return item.combo_id in head.product_id.combo_ids and item.combo_id not in choices \
            and item.product_id == own.product_id and own.product_uom_id == own.product_id.uom_id \
            and lines[own.id].quantity == lines[head.id].quantity
