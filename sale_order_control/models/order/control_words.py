"""Numbers with their unit, in the words of the reader's language: one day, two days."""


def word_days(env, number, text=None):
    """Word a number of days.

    :param str text: the number as it is to be written, if not plainly
    """
    return env._("1 day") if number == 1 else env._("%s days", number if text is None else text)


def word_months(env, number, text=None):
    """Word a number of months, like :func:`word_days`."""
    return env._("1 month") if number == 1 else env._("%s months", number if text is None else text)
