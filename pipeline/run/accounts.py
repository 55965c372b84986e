"""Answers that say which account names are one account, checked against the ledger's accounts."""

from importers.base import RowError
from pipeline.answers import SameAccountGiven
from pipeline.run.aliases import ACCOUNT
from pipeline.run.known import Found, Known


def same_account(known: Known, row: int, given: SameAccountGiven) -> Found:
    """That one account is another one, else RowError. A name stands for no third one, so that the order of the answers
    makes no difference."""
    account, other = given.account, given.other
    if given.back:
        if known.said(ACCOUNT, account) is None:
            _check(known, "Account", account)
        return Found(ACCOUNT, account, None, row)
    _check(known, "Account", account)
    _check(known, "Same As", other)
    if account in known.settings.accounts:
        raise RowError("Account", account, "is synced by API, so that its name stays: write it under Same As")
    third = known.said(ACCOUNT, other)
    if third is not None:
        raise RowError("Same As", other, f"is {third['is']} by {known.whence(ACCOUNT, other)}: name that account")
    for kind, name in {**known.kept, **known.new}:
        said = known.said(kind, name) if kind == ACCOUNT else None
        if said is not None and said["is"] == account:
            raise RowError("Account", account, f"is what {name} is by {known.whence(ACCOUNT, name)}: take that back "
                           f"first (`{name},,open` under `Account,Same As,Note`)")  # fmt: skip
    return Found(ACCOUNT, account, {"is": other, "note": given.note}, row)


def _check(known: Known, column: str, account: str) -> None:
    known.check_account(account)
    if account not in known.accounts:
        raise RowError(column, account, "is no account of this ledger; `taxsync status` names them")
