"""Holding periods: (day acquired, day disposed) -> Term, in the taxpayer's days."""

from datetime import date, timedelta
from functools import lru_cache

from pipeline.model import Term

SHORT, LONG, NONE = Term.SHORT, Term.LONG, Term.NONE  # asked for each row: by these names in a third of the time


def more_than_one_year(acquired: date, disposed: date) -> Term:
    """LONG from the day after the first anniversary: counted from the day after the acquisition,
    by whole months (26 USC 1222; Rev. Rul. 66-7), so 365 days can be short."""
    years = disposed.year - acquired.year
    if years != 1:  # that day is in the next year, or the first of the one after it
        return LONG if years > 1 else SHORT
    return LONG if disposed >= _after_one_year(acquired) else SHORT


@lru_cache(maxsize=8192)
def _after_one_year(acquired: date) -> date:
    begins = acquired + timedelta(days=1)
    try:
        return begins.replace(year=begins.year + 1)
    except ValueError:  # begins on 29 February
        return date(begins.year + 1, 3, 1)


def after_the_anniversary(acquired: date, disposed: date) -> Term:
    """LONG from the day after the day of the same name one year on; where the month has no such day, after its
    last one (BGB 187(1), 188(2) and (3)). Of 28 February 2023 that is 29 February 2024."""
    years = disposed.year - acquired.year
    if years != 1:  # that day is in the next year
        return LONG if years > 1 else SHORT
    return LONG if disposed > _anniversary(acquired) else SHORT


@lru_cache(maxsize=8192)
def _anniversary(acquired: date) -> date:
    try:
        return acquired.replace(year=acquired.year + 1)
    except ValueError:  # 29 February
        return date(acquired.year + 1, 2, 28)


def no_term(_acquired: date, _disposed: date) -> Term:
    return NONE
