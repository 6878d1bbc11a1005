from odoo.tools import SQL


def migrate(cr, version):
    """Payments are followed by instalment: open follow-ups and what was told are about the first one of their day.

    The mails name the day of the instalment; where they were changed, they stay as they are.
    """
    for table in ('sale_followup_task', 'sale_followup_message'):
        cr.execute(SQL(
            """UPDATE %s about SET res_model = 'account.move.line', res_id = item.id
                 FROM (SELECT DISTINCT ON (move_id, date_maturity) id, move_id, date_maturity FROM account_move_line
                        WHERE display_type = 'payment_term' ORDER BY move_id, date_maturity, id) item,
                      sale_followup_rule rule
                WHERE rule.id = about.rule_id AND rule.moment = 'invoice_due' AND about.res_model = 'account.move'
                  AND item.move_id = about.res_id AND item.date_maturity = about.anchor_date""",
            SQL.identifier(table)))
    for name in ('subject', 'body_html'):
        cr.execute(SQL(
            """UPDATE mail_template
                  SET %(name)s = replace(%(name)s::text, 'object.invoice_date_due', 'object._get_reminder_due()')::jsonb
                WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'sale_order_control'
                                AND model = 'mail.template' AND name LIKE 'mail_template_payment_%%')""",
            name=SQL.identifier(name)))
    cr.execute("DROP VIEW IF EXISTS sale_followup_queue")
