"""Units that left without ever having come: one open problem per account and asset, however often it went short."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from msgspec import Struct

from pipeline.issues import Issue
from pipeline.model import Convert, Dispose
from pipeline.money import ZERO, plain, split


class Shortfall(Struct):
    """`first`: what went short first, by `lacking` units, with a `hint` where they may have been; `units` in all,
    on `times` occasions; `stake`: what they brought, None while nothing that counts is known."""

    first: Dispose | Convert
    lacking: Decimal
    hint: str
    units: Decimal = ZERO
    times: int = 0
    stake: Decimal | None = None


Shortfalls = dict[tuple[str, str], Shortfall]  # by account and asset


def went_short(short: Shortfalls, d: Dispose | Convert, lacking: Decimal, hint: Callable[[], str]) -> None:
    """Notes that `lacking` units of `d` have no acquisition on record."""
    one = short.get((d.account, d.asset))
    if one is None:
        one = short[d.account, d.asset] = Shortfall(d, lacking, hint())
    one.units += lacking
    one.times += 1
    if isinstance(d, Dispose) and d.gain and d.proceeds is not None:
        one.stake = (one.stake or ZERO) + split(d.proceeds, lacking, d.quantity)


def missing_acquisitions(short: Mapping[tuple[str, str], Shortfall]) -> list[Issue]:
    """The problems, each at its first occasion; at stake is what the units brought."""
    issues = []
    for (account, asset), one in short.items():
        words = {"quantity": plain(one.units), "hint": one.hint}
        if one.times > 1:
            more = one.times - 1
            words["later"] = f" (the first {plain(one.lacking)}) and in {more} later disposal{'s' * (more != 1)}"
        stake = "" if one.stake is None else plain(one.stake)
        issues.append(Issue("missing_acquisition", account, asset, one.first.at, one.first.id, stake, words))
    return issues
