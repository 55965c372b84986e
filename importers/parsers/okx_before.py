"""What an account at OKX held before the first bill that OKX gives: each bill tells the balance after it.

Source: OKX API guide (okx.com/docs-v5), "Get funding account transaction history" and "Apply bills details (since
2021)": bills are kept from 1 February 2021 on (2026-11).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from importers.parsers.build import MALFORMED, signed
from importers.parsers.claims import Entry
from pipeline.issues import Issue
from pipeline.money import ZERO, plain

_FIRST_GIVEN = datetime(2021, 5, 1, tzinfo=UTC)  # bills are kept from 1 February 2021 on


def held_before(accounts: Mapping[str, list[Entry]]) -> Iterator[Issue]:
    """What an account held before the first bill that OKX gives, if its bills begin with what is kept at all. Believed
    only where the balances that the bills of a coin tell follow from each other."""
    for account, entries in accounts.items():
        told: dict[str, list[Entry]] = {}
        for entry in sorted(entries, key=lambda e: (e.at, e.record.source_id.zfill(20))):
            told.setdefault(entry.asset, []).append(entry)
        for bills in told.values():
            held = [_held(bill) for bill in bills] if bills[0].at < _FIRST_GIVEN else []
            before = held[0] - _change(bills[0]) if held and held[0] is not None else ZERO
            steps = zip(held, held[1:], bills[1:], strict=False)
            if before > ZERO and all(a is not None and a + _change(bill) == b for a, b, bill in steps):
                yield _gap(bills[0], account, plain(before))


def _held(bill: Entry) -> Decimal | None:
    """The balance after a bill; None where that is not told."""
    try:
        return signed(bill.value["bal"])
    except MALFORMED:
        return None


def _change(bill: Entry) -> Decimal:
    """What the account's own balance changed by, without that of a position."""
    return signed(bill.value["balChg"])


def _gap(first: Entry, account: str, before: str) -> Issue:
    name = first.record.account
    why = (
        f"OKX gives bills from 1 February 2021 on, and {before} {first.asset} were in the {account} account before: "
        "how they came is not known"
    )
    cure = (
        "write what you know of them (purchases, deposits) as a universal file, or ask OKX for the older bills, and "
        f"`taxsync import FILE --account {name}`"
    )
    ref = f"{name}/{account} {first.asset} before"
    return Issue("short_history", name, first.asset, first.at, ref, details={"why": why, "cure": cure})
