def migrate(cr, version):
    """A grade's limit is a formula now: what was an amount is a fixed one."""
    cr.execute("ALTER TABLE credit_grade RENAME COLUMN default_limit_kind TO limit_formula")
    cr.execute("ALTER TABLE credit_grade RENAME COLUMN default_limit TO limit_amount")
    cr.execute("UPDATE credit_grade SET limit_formula = 'fixed' WHERE limit_formula = 'amount'")
