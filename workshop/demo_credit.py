"""The credit part of the demo story: a year of invoices and payments, the grades it led to, and what waits today."""

import base64
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command, fields

from .demo_cast import ADDON, account_of, acting, company, give_credit, make_customers, on_day, quote, user

# Of each customer: what is invoiced per month, how many days after the invoice it is paid, and how many of the
# latest invoices nobody has paid yet.
YEAR = {
    "Brightwood Interiors": (6400.0, 31, 1),
    "Cornerstone Offices": (350.0, 38, 0),
    "Eastgate Supplies": (2300.0, 64, 3),
    "Ironbridge Trading": (14500.0, 27, 1),
}
REPUTATION = [("Sound: audited, known for years", 100), ("Unremarkable", 60), ("Rumours, or no answer", 0)]
RATINGS = [("AA", 100), ("A", 80), ("BBB", 60), ("BB", 30), ("C", 0)]


def tell_year(env):
    """Customers beside those of the orders, the scorecard, and twelve months until today."""
    names = ("Eastgate Supplies", "Fairhaven Studio", "Greenfield Clinics", "Harper & Sons", "Ironbridge Trading")
    late, prepaid, clinic, doubtful, monthly = make_customers(env, *names)
    with on_day(env, fields.Date.today() - relativedelta(years=1)):
        give_credit(env, late, "b", 12000.0)
        give_credit(env, prepaid, "b", 5000.0, settlement_mode="prepay", prepayment_percent=30)
        give_credit(env, clinic, "b", 15000.0)
        give_credit(env, doubtful, "b", 10000.0)
        give_credit(env, monthly, "a", 60000.0, settlement_mode="monthly", collector_id=user(env, "finance").id)
    use_scorecard(env)
    book_year(env, late)
    judge(env)
    tell_statements(env, monthly)
    return late, prepaid, clinic, doubtful, monthly


# === THE YEAR ===


def use_scorecard(env):
    """Put the shipped scorecard in use, with two factors that the books do not know."""
    card = acting(env, "finance")["credit.scorecard"].browse(env.ref(f"{ADDON}.credit_scorecard_standard").id).sudo()
    for sequence, kind, name, answers in (
            (90, "external", "Rating of Our Insurer", RATINGS), (95, "manual", "Reputation", REPUTATION)):
        card.write({"factor_ids": [Command.create({
            "sequence": sequence, "kind": kind, "name": name, "weight": 10, "missing": "exclude",
            "range_ids": [Command.create({"answer": answer, "points": points, "sequence": number})
                          for number, (answer, points) in enumerate(answers)],
        })]})
    card.with_user(env.ref("base.user_admin")).action_put_in_use()


def book_year(env, late):
    """Invoice and pay month by month, and keep each month's figures as its last night would have."""
    today = fields.Date.today()
    due = []
    for months in range(12, 0, -1):
        day = today - relativedelta(months=months) + timedelta(days=3)
        due += invoice_month(env, day, 13 - months)
        night = day + timedelta(days=20)
        pay(env, [each for each in due if each[0] <= night])
        due = [each for each in due if each[0] > night]
        with on_day(env, night):
            if months == 7:
                give_credit(env, late, "c", 8000.0, change_reason="Pays a month late")
            accounts = env["credit.account"].search([("partner_id.name", "in", list(YEAR))])
            accounts.invalidate_recordset()
            accounts._run_history(night)
            if months % 3 == 1:
                accounts._score(night)
    pay(env, [each for each in due if each[0] <= today])


def invoice_month(env, day, number):
    """Post one invoice per customer; returns ``(day of payment, invoice)`` of those that will be paid."""
    values = []
    for name, (amount, _days, _unpaid) in YEAR.items():
        partner = env["res.partner"].search([("name", "=", name)])
        values.append({
            "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": day, "date": day,
            "company_id": company(env).id, "invoice_payment_term_id": partner.property_payment_term_id.id,
            "invoice_line_ids": [Command.create({
                "name": "Office furniture", "quantity": 1, "tax_ids": [Command.clear()],
                "price_unit": amount * (0.8 + 0.1 * ((number * 7) % 5)),
            })],
        })
    invoices = env["account.move"].create(values)
    invoices.action_post()
    return [
        (day + timedelta(days=days), invoice)
        for (_amount, days, unpaid), invoice in zip(YEAR.values(), invoices, strict=True) if number <= 12 - unpaid
    ]


def pay(env, due):
    """Book the payments of invoices on their days: all at once, and matched one by one."""
    payments = env["account.payment"].create([{
        "payment_type": "inbound", "partner_type": "customer", "partner_id": invoice.partner_id.id,
        "amount": invoice.amount_total, "date": day, "company_id": company(env).id, "memo": invoice.name,
    } for day, invoice in due])
    payments.action_post()
    for (_day, invoice), payment in zip(due, payments, strict=True):
        lines = (invoice | payment.move_id).line_ids
        lines.filtered(lambda line: line.account_type == "asset_receivable").reconcile()


def judge(env):
    """Answer what only people know, score everybody, and keep one grade by hand."""
    reputation = env["credit.factor"].search([("kind", "=", "manual"), ("scorecard_id.state", "=", "in_use")])
    known = {"Brightwood Interiors": (0, "A"), "Eastgate Supplies": (1, "BB"), "Ironbridge Trading": (0, "AA")}
    for name, (answer, rating) in known.items():
        account = account_of(env, env["res.partner"].search([("name", "=", name)]))
        account.write({
            "external_rating": rating, "external_rating_date": fields.Date.today() - timedelta(days=40),
            "customer_since": fields.Date.today() - relativedelta(years=4),
            "answer_ids": [Command.create({
                "factor_id": reputation.id, "range_id": reputation.range_ids.sorted("sequence")[answer].id})],
        })
    accounts = env["credit.account"].search([("company_id", "=", company(env).id)])
    accounts.with_env(acting(env, "finance")).action_score()
    new = account_of(env, env["res.partner"].search([("name", "=", "Delta Workspaces")]))
    new.action_override_grade(
        env.ref(f"{ADDON}.credit_grade_b"), "New, but references and balance sheet seen",
        until=fields.Date.today() + timedelta(days=180))


# === PAPERS, STATEMENTS ===


def tell_papers(env, brightwood, monthly, late, new):
    """A paper that is valid, one that ends soon, one that is over, and one that waits to be verified."""
    today = fields.Date.today()
    licence, letter = (env.ref(f"{ADDON}.credit_document_type_{name}") for name in ("licence", "guarantee"))
    papers = [
        (brightwood, licence, "HRB 1022", today + timedelta(days=400), True),
        (brightwood, letter, "Policy 4711", today + timedelta(days=180), True),
        (monthly, licence, "HRB 2210", today + timedelta(days=20), True),
        (late, licence, "HRB 0815", today - timedelta(days=12), True),
        (new, licence, "HRB 5120", today + timedelta(days=300), False),
    ]
    for partner, kind, number, end, verified in papers:
        paper = acting(env, "salesperson")["credit.document"].create({
            "partner_id": partner.id, "type_id": kind.id, "number": number, "date_from": end - timedelta(days=730),
            "date_to": end, "company_id": company(env).id, "file_name": f"{number}.txt",
            "file": base64.b64encode(f"{kind.name} {number} of {partner.name}".encode()),
        })
        if verified:
            paper.with_env(acting(env, "finance")).action_verify()


def tell_statements(env, monthly):
    """Statements of the last months: agreed, disputed, and one to send."""
    account, today = account_of(env, monthly), fields.Date.today()
    for months in range(3, -1, -1):
        with on_day(env, today - relativedelta(months=months)):
            statement = account._make_statements(today - relativedelta(months=months))
            if not statement or months == 0:
                continue
            statement.action_mark_sent()
            if months > 1:
                statement.action_answer(True, "Dana Miller, accounts payable")
            else:
                statement.action_answer(False, "Dana Miller, accounts payable", "A delivery of two desks is missing")


# === WHAT WAITS TODAY ===


def tell_holds(env, product, late, prepaid, clinic, doubtful):
    """Orders that wait for different reasons, and for some days."""
    today = fields.Date.today()
    tag = env["res.partner.category"].create({"name": "Clinics"})
    clinic.category_id = tag
    env["credit.document.type"].create({
        "name": "Permit for medical supplies", "requirement": "all", "category_ids": [Command.set(tag.ids)],
        "submit_effect": "block", "confirm_effect": "block",
        "advice": "Issued by the health authority to the company that orders; its number is in the public register.",
    })
    account_of(env, doubtful).action_hold("Their bank asked us about open invoices. Wait for the answer.")
    for partner, quantity, days in ((late, 4, 12), (clinic, 6, 5), (doubtful, 3, 2), (late, 9, 1)):
        with on_day(env, today - timedelta(days=days)):
            order = quote(env, partner, product, quantity)
            order.action_submit()
        if partner == clinic:
            order.with_env(acting(env, "finance")).action_credit_take()
    quote(env, prepaid, product, 6).action_submit()
    promise_payment(env, late)


def promise_payment(env, late):
    """The late customer objects to one invoice, and has not kept a promise about the others."""
    today = fields.Date.today()
    [disputed] = env["account.move"].search([
        ("partner_id", "=", late.id), ("payment_state", "=", "not_paid"), ("state", "=", "posted")],
        order="invoice_date", limit=1)
    disputed.with_env(acting(env, "finance")).action_credit_dispute("Four chairs arrived scratched")
    account_of(env, late).write({
        "payment_promise_date": today - timedelta(days=3), "payment_promise_amount": 2300.0,
        "payment_promise_note": "Mr Ford, by phone",
    })
