"""Answers that name two records: the sides of a transfer, and what stands twice and happened once.

Each is checked against the ledger's transactions and what is said already; RowError says what does not fit.
"""

from collections.abc import Iterator
from datetime import timedelta

from importers.base import RowError
from pipeline.answers import NO_OTHER_SIDE, MatchGiven, RepeatGiven
from pipeline.gains.repeats import unlike
from pipeline.model import Transaction, is_fiat
from pipeline.money import plain
from pipeline.run.answers import LABEL, MATCH, REPEAT, repeat_key
from pipeline.run.known import Found, Known, Rows, Wrong, each

EARLY = timedelta(days=1)  # a deposit may stand so much before its withdrawal: some files have days only


def transaction(known: Known, column: str, ref: str) -> Transaction:
    """The row of that id, else RowError."""
    t = known.rows.get(ref)
    if t is None:
        base = ref.partition(".")[0]
        more = f"; the transaction is {base}" if base in known.rows else ""
        raise RowError(
            column, ref, f"is no transaction of this ledger{more}; transactions.csv and `check` show the ids"
        )
    return t


def undo(withdrawal: str) -> str:
    """How a transfer by hand is taken back."""
    return f"take that back first (`{withdrawal},open` under `Withdrawal ID,Deposit ID`)"


def matches(known: Known, rows: Rows) -> Iterator[Wrong]:
    """Reads matches, each in place of what was said of its withdrawal."""
    for _, given in rows:
        known.unpair(given.withdrawal_id)
    return each(matched, known, rows)


def matched(known: Known, row: int, given: MatchGiven) -> Found:
    """The two sides of a transfer, or one that has no other."""
    if given.back:
        ref = given.withdrawal_id or given.deposit_id
        key = known.withdrawal_of(ref) or ref
        if known.said(MATCH, key) is None:
            transaction(known, "Withdrawal ID" if given.withdrawal_id else "Deposit ID", ref)
        return Found(MATCH, key, None, row)
    out = side(known, "Withdrawal ID", given.withdrawal_id, sent=True)
    into = side(known, "Deposit ID", given.deposit_id, sent=False)
    one = out or into
    assert one is not None
    if into is not None:
        _check_free(known, "Deposit ID", into, one)
    if out is None or into is None:
        return Found(MATCH, one.id, {"other": NO_OTHER_SIDE, "note": given.note}, row)
    _check_pair(out, into)
    for column, t in (("Withdrawal ID", out), ("Deposit ID", into)):
        labelled = known.said(LABEL, t.id)
        if labelled and labelled["label"]:
            how = f"`taxsync label {t.id} none`"
            raise RowError(
                column, t.id, f"is {labelled['label']} by {known.whence(LABEL, t.id)}; take that back first ({how})"
            )  # fmt: skip
    return Found(MATCH, out.id, {"other": into.id, "note": given.note}, row)


def _check_free(known: Known, column: str, into: Transaction, one: Transaction) -> None:
    """That nothing else was said of a deposit; `one` is the row that the answer is about."""
    pair = known.withdrawal_of(into.id)
    if pair is not None and pair != one.id:
        raise RowError(column, into.id, f"belongs to {pair} by {known.whence(MATCH, pair)}; {undo(pair)}")
    if into is not one and known.said(MATCH, into.id) is not None:
        by = known.whence(MATCH, into.id)
        raise RowError(column, into.id, f"has no other side by {by}; take that back first (`open,{into.id}`)")


def side(known: Known, column: str, ref: str, *, sent: bool) -> Transaction | None:
    """The row that an answer names as what was sent, or received; None where it names none."""
    if not ref:
        return None
    t = transaction(known, column, ref)
    side, other = (t.sent, t.received) if sent else (t.received, t.sent)
    if side is None or other is not None:
        raise RowError(column, ref, f"is no {'withdrawal' if sent else 'deposit'}: name another")
    if is_fiat(side.asset):
        raise RowError(column, ref, f"moved {side.asset}: money needs no match: leave the row out")
    return t


def _check_pair(out: Transaction, into: Transaction) -> None:
    left, arrived = out.sent, into.received
    assert left is not None and arrived is not None
    if left.asset != arrived.asset:
        raise RowError("Deposit ID", into.id, f"is of {arrived.asset}, the withdrawal of {left.asset}: name another")
    if arrived.quantity > left.quantity:
        raise RowError(
            "Deposit ID", into.id, f"is of {plain(arrived.quantity)} {arrived.asset}, more than the "
            f"{plain(left.quantity)} that left: name another"
        )  # fmt: skip
    if out.at - into.at > EARLY:
        came, went = f"{into.at:%Y-%m-%d}", f"{out.at:%Y-%m-%d}"
        raise RowError("Deposit ID", into.id, f"arrived on {came}, before it left on {went}: name another")


def repeated(known: Known, row: int, given: RepeatGiven) -> Found:
    """Two transactions, or two accounts, that are one."""
    key, accounts = repeat_key(given.repeat, given.first), given.repeat not in known.rows
    if given.back and known.said(REPEAT, key) is not None:
        return Found(REPEAT, key, None, row)  # whatever has become of the two
    for column, ref in (("Repeat", given.repeat), ("First", given.first)):
        if accounts and ref not in known.records_of:
            raise RowError(column, ref, "is no transaction of this ledger, nor an account that has any: correct it")
        if not accounts:
            transaction(known, column, ref)
    if given.back:
        return Found(REPEAT, key, None, row)
    if not accounts and not given.both:
        pair = known.withdrawal_of(given.repeat)
        if pair is not None:
            raise RowError(
                "Repeat", given.repeat, f"is a side of a transfer by {known.whence(MATCH, pair)}; {undo(pair)}"
            )  # fmt: skip
        why = unlike(known.rows[given.repeat], known.rows[given.first])
        if why:
            raise RowError("First", given.first, f"can't be the same as {given.repeat}: {why}; name another")
    content = {"repeat": given.repeat, "first": given.first, "once": not given.both, "accounts": accounts}
    return Found(REPEAT, key, content | {"note": given.note}, row)
