"""Where the lots of an open year begin: the last year before it that was filed, as it was filed, or all records."""

from msgspec import Struct

from pipeline.filing import Filing
from pipeline.gains.derive import Basis
from pipeline.gains.position import Position, of_texts
from pipeline.ledger import Ledger


class Opening(Struct, frozen=True):
    """`position`: None where all records are walked from their beginning. `told`: which of both, in words; "" where no
    earlier year is closed. `filing`: the one that it is from, 0 for none."""

    position: Position | None = None
    told: str = ""
    filing: int = 0


FIRST_RECORD = Opening()


def opening_position(ledger: Ledger, basis: Basis, year: str = "", *, recompute: bool = False) -> Opening:
    """Of a tax year; "": after all that are closed."""
    closed = [one for one in ledger.filings().values() if not year or int(one.year) < int(year)]
    if not closed:
        return FIRST_RECORD
    last = max(closed, key=lambda one: int(one.year))
    told = f"{last.year} as it was filed on {last.at:%Y-%m-%d}"
    if recompute:
        return Opening(told=f"recomputed from all records, not from {told}")
    content = ledger.filing(last.id).content
    if content["position"] is None or not basis.rules.gains:
        return FIRST_RECORD
    if (content["country"], content["currency"]) != (basis.rules.country, basis.currency):
        by = f"{content['country']} in {content['currency']}"
        return Opening(told=f"recomputed from all records: {told} is by the rules of {by}")
    return Opening(of_texts(content["position"]), told, last.id)


def as_filed(filing: Filing, ledger: Ledger) -> Opening:
    """Where the lots of a filed year began when it was filed."""
    before = filing.content["opening"]
    if not before:
        return FIRST_RECORD
    return Opening(of_texts(ledger.filing(before).content["position"]), filing=before)
