from odoo import models

# Sold for less than this share of its price, something is given away: a price of one cent is no price.
FREE_SHARE = 0.01


class SaleOrder(models.Model):
    """Policies on goods that are given for nothing, beyond the promotions that the company itself set up."""

    _inherit = 'sale.order'

    def _get_condition_collectors(self):
        return {
            **super()._get_condition_collectors(),
            'on_free_goods': lambda orders, terms: orders._get_free_goods(terms),
        }

    def _get_free_goods(self, terms):
        """Find what is given for nothing.

        :param dict terms: ``{order_id: ControlTerms}``
        :return: ``{order_id: [(product id, worth in the order's currency), ...]}``
        """
        today = self._get_control_today()
        carried = None
        products = self.env['product.product'].sudo().browse(
            {line.product_id for order in self for line in terms[order.id].lines if line.product_id})
        found = {}
        for order in self.sudo():
            snapshot = terms[order.id]
            currency = self.env['res.currency'].browse(snapshot.currency_id)
            factor, found[order.id] = 1 - snapshot.overall_discount, []
            promised = {}
            for line in snapshot.lines:
                if line.quantity <= 0 or not line.product_id or line.price_unit < 0:
                    continue
                product = products.browse(line.product_id).with_prefetch(products._ids)
                product = product.with_company(order.company_id)
                # Its own price, not the one on the line, which its maker writes.
                unit = self.env['uom.uom'].browse(line.uom_id) or product.uom_id
                price = product.uom_id._compute_price(product.lst_price or product.standard_price, unit)
                price = product.currency_id._convert(price, currency, order.company_id, today, round=False)
                if price <= 0 or line.net_price * factor >= price * FREE_SHARE or product.type == 'combo':
                    continue
                if carried is None:
                    carried = self._get_delivery_products()
                if line.product_id not in carried and not order._is_promised_reward(line, promised):
                    found[order.id].append((line.product_id, line.quantity * price))
        return found

    def _get_delivery_products(self):
        """Return the ids of the products that stand for delivery costs, which are often free."""
        if 'delivery.carrier' not in self.env:
            return set()
        carriers = self.env['delivery.carrier'].sudo().with_context(active_test=False)
        return set(carriers.search([('product_id', '!=', False)]).product_id.ids)

    def _is_promised_reward(self, line, promised):
        """Whether a line is what a promotion of the company gives for this order.

        That the line says so is not enough: the reward must be of the card's program, give the product, and the card
        must have the points for all that is taken.

        :param LineTerms line: a line that is free
        :param dict promised: points that other lines took, ``{card: points}``; changed in place
        """
        own = self.order_line.browse(line.key or ())
        if 'reward_id' not in own._fields or not own.reward_id or own not in self.order_line:
            return False
        reward, card = own.reward_id, own.coupon_id
        if reward.program_id != card.program_id or not reward.reward_product_qty \
                or line.product_id not in reward.reward_product_ids._ids:
            return False
        taken = promised.get(card, 0.0) + line.quantity / reward.reward_product_qty * reward.required_points
        promised[card] = taken
        return taken <= self._get_promised_points(card) + 1e-6

    def _get_promised_points(self, card):
        """Return the points that a card has for this order, with those that went into its rewards."""
        points = card.points
        if self.state == 'sale':
            # What an order took is off the card when it is confirmed.
            points += sum(self.order_line.filtered(lambda other: other.coupon_id == card).mapped('points_cost'))
        elif card.program_id.applies_on != 'future':
            points += sum(self.coupon_point_ids.filtered(lambda point: point.coupon_id == card).mapped('points'))
        return points

    def _is_promised_discount(self, line, terms, promised):
        """Whether a line takes off what a promotion of the company gives for this order, or pays with a card.

        As with :meth:`_is_promised_reward`, that the line says so is not enough.

        :param LineTerms line: a line with a negative amount
        :param ControlTerms terms: what the order sells
        :param dict promised: what other lines took off, ``{(reward, card): amount}``; changed in place
        """
        own = self.order_line.browse(line.key or ())
        if line.amount >= 0 or 'reward_id' not in own._fields or not own.reward_id or own not in self.order_line:
            return False
        reward, card = own.reward_id, own.coupon_id
        if reward.program_id != card.program_id or reward.reward_type not in ('discount', 'shipping') \
                or line.product_id != reward.discount_line_product_id.id:
            return False
        taken = promised.get((reward, card), 0.0) - line.amount
        promised[reward, card] = taken
        # Split over several taxes, each part is rounded by itself.
        return taken <= self._get_promised_discount(reward, card, terms) + 0.05

    def _get_promised_discount(self, reward, card, terms):
        """Return the most that a reward takes off an order, in the order's currency."""
        points = self._get_promised_points(card)
        if points < reward.required_points - 1e-6:
            return 0.0
        sold = [line for line in terms.lines if line.amount > 0]
        gross = sum(line.amount for line in sold)
        if reward.reward_type == 'shipping':
            carried = self._get_delivery_products()
            most = sum(line.amount for line in sold if line.product_id in carried)
        elif reward.discount_mode == 'percent':
            most = gross * reward.discount / 100
        else:
            most = reward.discount * (points if reward.discount_mode == 'per_point' else 1)
            most = reward.currency_id._convert(most, self.currency_id, self.company_id, self._get_control_today())
        if reward.discount_max_amount:
            most = min(most, reward.currency_id._convert(
                reward.discount_max_amount, self.currency_id, self.company_id, self._get_control_today()))
        return most

    def _judge_policy(self, rule, figures):
        found = super()._judge_policy(rule, figures)
        free = figures.facts.get('on_free_goods') if rule.on_free_goods else None
        if free:
            currency = self.env['res.currency'].browse(figures.currency_id)
            worth = sum(value for _product_id, value in free)
            names = [self._get_product_name(product_id) for product_id in dict.fromkeys(item[0] for item in free)]
            found.append(self._prepare_policy_issue(
                rule, 'on_free_goods',
                self.env._(
                    "%(products)s, worth %(worth)s, would be given for nothing (policy “%(policy)s”).",
                    products=", ".join(names), worth=currency.format(worth), policy=rule.name),
                free_worth=worth, currency=currency.name, figures=['free_worth']))
        return found
