"""Deposits and withdrawals that a ledger and a list tell of: once, to the last digit, with the fee where it was taken.

Promised: what the transactions change is what the ledger's lines change, whatever the list says beside.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.parsers.claims import Entry
from importers.parsers.movements import Movement, movements
from pipeline.issues import Issue
from pipeline.model import RawRecord, Transaction
from pipeline.money import ZERO

AT = datetime(2025, 1, 1, tzinfo=UTC)
KINDS = {"deposit", "withdrawal"}


def record(stream: str, number: int) -> RawRecord:
    return RawRecord("gate", "mine", stream, f"{stream}{number}", 0, "{}", f"{stream} {number}")


def line(change: str, days: int = 0, number: int = 0, asset: str = "BTC") -> Entry:
    kind = "withdrawal" if change.startswith("-") else "deposit"
    return Entry(record("Book", number), kind, asset, Decimal(change), AT + timedelta(days=days))


def listed(amount: str, fee: str = "0", days: int = 0, number: int = 0, *, incoming: bool, within: bool) -> Movement:
    at = AT + timedelta(days=days)
    origin = record("List", number)
    return Movement(origin, at, "BTC", Decimal(amount), Decimal(fee), incoming, "x", "hash", within)


def said(found: list[Transaction | Issue]) -> list[tuple[str, ...]]:
    rows = []
    for t in found:
        if isinstance(t, Transaction):
            sides = (t.received or t.sent, t.fee)
            rows.append((t.source_id, *(str(side.quantity) for side in sides if side), t.txhash))
    return rows


OUT, OUT_WITHIN, IN = (dict[str, Any](incoming=i, within=w) for i, w in ((False, False), (False, True), (True, False)))
NET, GROSS = ("Book0", "0.99", "0.01", "hash"), ("Book0", "1.00", "0.01", "hash")
CASES: dict[str, tuple[list[Entry], list[Movement], list[Any]]] = {
    "fee on top": ([line("-1.01")], [listed("1", "0.01", **OUT)], [GROSS]),
    "fee within": ([line("-1")], [listed("1", "0.01", **OUT_WITHIN)], [NET]),
    "fee on top, unlike the others": ([line("-1.01")], [listed("1", "0.01", **OUT_WITHIN)], [GROSS]),
    "fee within, unlike the others": ([line("-1")], [listed("1", "0.01", **OUT)], [NET]),
    "list alone": ([], [listed("1", "0.01", **OUT)], [("List0", *GROSS[1:])]),
    "list alone, fee within": ([], [listed("1", "0.01", **OUT_WITHIN)], [("List0", *NET[1:])]),
    "deposit": ([line("1")], [listed("1", "0.01", **IN)], [("Book0", "1", "hash")]),
    "fee withheld": ([line("0.99")], [listed("1", "0.01", **IN)], [GROSS]),
    "ledger alone": ([line("-1")], [], [("Book0", "1", "")]),
    "far apart": ([line("-1")], [listed("1", days=9, **OUT)], [("List0", "1", "hash"), ("Book0", "1", "")]),
    "another amount": ([line("-2")], [listed("1", days=1, **OUT)], [("Book0", "2", ""), "issue"]),
    "fee above the amount": ([line("-1")], [listed("1", "2", **OUT_WITHIN)], ["issue"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_movement_is_told_once(case: str) -> None:
    lines, lists, told = CASES[case]
    found = list(movements(lines, KINDS, lists))
    assert said(found) == [row for row in told if row != "issue"]
    assert [issue.code for issue in found if isinstance(issue, Issue)] == ["unread_record"] * told.count("issue")


amounts = st.integers(2, 5).map(str)


@given(st.lists(st.tuples(amounts, st.integers(0, 6)), max_size=8), st.lists(st.tuples(amounts, st.integers(0, 6))))
def test_the_balance_changes_by_what_the_ledger_says(
    lines: list[tuple[str, int]], lists: list[tuple[str, int]]
) -> None:
    """Where the list tells of nothing that the ledger does not, however equal and near they are."""
    entries = [line(f"-{amount}", days, n) for n, (amount, days) in enumerate(lines)]
    known = {(amount, days) for amount, days in lists} & set(lines)
    beside = [
        listed(amount, "1", days, n, incoming=False, within=True) for n, (amount, days) in enumerate(sorted(known))
    ]
    found = [t for t in movements(entries, KINDS, beside) if isinstance(t, Transaction)]
    assert sorted(t.sent.quantity + 1 for t in found if t.sent and t.fee) == sorted(Decimal(a) for a, _ in known)
    gone = sum((side.quantity for t in found for side in (t.sent, t.fee) if side is not None), ZERO)
    assert gone == sum((Decimal(amount) for amount, _ in lines), ZERO)
    assert len(found) == len(lines)
