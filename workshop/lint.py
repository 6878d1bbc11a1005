"""``./dev lint``."""
def lint(options, _rest):
    return 0
