"""How statements of Form 1099-DA get in: all rows of an account and year are one answer, checked against the others.

A statement that was given before is not replaced without --revise, and all are of one taxpayer.
"""

import json

from importers.base import RowError
from pipeline.answers import BrokerGiven
from pipeline.run.brokers import FORM, line
from pipeline.run.known import Found, Known, Rows, Wrong


def key_of(given: BrokerGiven) -> str:
    return json.dumps([given.account, given.year], ensure_ascii=False)


def given(known: Known, key: str, rows: Rows) -> Found:
    """The statement of one account and year. Raises RowError where another one was given before, or its taxpayer is
    not that of the others."""
    first, one = rows[0]
    assert isinstance(one, BrokerGiven)
    if not one.account:
        raise RowError("Account", "", "is empty; fill it in, or name the account that it is of with --account NAME")
    known.check_account(one.account)
    lines = [[row, line(each.form)] for row, each in rows if each.form is not None]
    if not lines:
        return Found(FORM, key, None, first)
    if len(lines) < len(rows):
        raise RowError("1c", "0", "takes the statement back: remove the other rows of it in this file")
    who = next((each.recipient for _, each in rows if each.recipient), "")
    content = {"account": one.account, "year": one.year, "recipient": who, "lines": lines}
    before = known.said(FORM, key)
    if not known.revise:
        if before is not None and before != content:
            raise RowError(
                "the statement", f"{one.account} {one.year}",
                f"was given before with other rows ({known.whence(FORM, key)}); all rows of one stand in one file, a "
                "corrected one is taken with --revise",
            )  # fmt: skip
        _check_rows(rows, who)
        _check_recipient(known, who)
    return Found(FORM, key, content, first)


def _differ(one: str, other: str) -> bool:
    """Whether two recipients can't be the same; a number and a name tell nothing of each other."""
    numbers = [who.startswith("taxpayer number") for who in (one, other)]
    return bool(one and other and one != other and numbers[0] == numbers[1])


def _check_rows(rows: Rows, who: str) -> None:
    for row, each in rows:
        if _differ(each.recipient, who):
            should = f"is not that of the rows above, {who}; all rows of a statement are of one taxpayer"
            raise Wrong(row, RowError("the recipient", each.recipient, should))


def _check_recipient(known: Known, who: str) -> None:
    for kind, key in (*known.kept, *known.new):
        said = known.said(kind, key) if kind == FORM else None
        other = said["recipient"] if said else ""
        if _differ(who, other):
            raise RowError(
                "the recipient", who, f"is not that of {known.whence(kind, key)}, {other}; a data folder is of one "
                "taxpayer: import it into the other's, or with --revise if both are you"
            )  # fmt: skip
