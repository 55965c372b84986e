"""What positions on margin and derivatives brought or took, out of a ledger of balance changes.

    yield from result(entry, "funding BTCUSDT")     # a change of -0.3 USDT: sent 0.3 USDT with the Label margin

One change is one row: what came or went but for the fee, and the fee of it. What was put up for a position, and came
back, is no transaction. A premium of an option counts when it is paid or had, as all that a balance shows of it; which
year it belongs to while the option is open is a question of law, so that `of_options` tells that there are some.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from importers.parsers.build import Said, transaction
from importers.parsers.claims import Entry
from pipeline.issues import Issue
from pipeline.model import Amount, Label
from pipeline.money import ZERO


def result(entry: Entry, words: str) -> Iterator[Said]:
    """A realised result, as one row. A fee that was a rebate is a part of the result; one alone is a loss."""
    fee = max(entry.fee, ZERO)
    gross = entry.change + fee
    if not gross and fee:
        gross, fee = -fee, ZERO
    if gross:
        side = Amount(abs(gross), entry.asset)
        sent, received = (None, side) if gross > ZERO else (side, None)
        paid = Amount(fee, entry.asset) if fee else None
        yield transaction(
            entry.record, entry.at, sent=sent, received=received, fee=paid, label=Label.MARGIN, description=words
        )


def of_options(entries: Sequence[Entry]) -> Iterator[Issue]:
    """Told once for an account that has results of options."""
    if entries:
        instants: list[datetime] = sorted(entry.at for entry in entries)
        account, first, last = entries[0].record.account, instants[0], instants[-1]
        to = f" to {last:%Y-%m-%d}" if last.date() > first.date() else ""
        details = {"count": f"{len(entries)} result{'s' * (len(entries) > 1)}", "to": to}
        yield Issue("option_results", account, at=first, ref=f"{account}/options", details=details)
