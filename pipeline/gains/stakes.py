"""What open problems may do to a tax year's gain: the lowest and the highest it could be, problem by problem.

Outer bounds of one problem at a time, which add up to those of all. Units whose cost is not known: they may have cost
what they brought (lower). Units that left for nowhere: they may have been sold at their value, at no cost (higher) or
at the average cost of what is in transit (lower). A disposal without a price can come to anything. What a settled
problem would move besides (other lots for later sales, a longer term) is in no bound.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from pipeline.issues import Issue, Stake
from pipeline.model import IN_TRANSIT, Disposal, Lot, Rule, Transaction
from pipeline.money import ZERO, plain, split
from pipeline.rules.base import TaxYear

# Problems whose units cost 0 until they are settled: by the acquisition that they are about, or by account and asset.
_OF_AN_ACQUISITION = ("unmatched_deposit", "ambiguous_transfer", "transfer_grew", "unknown_basis", "missing_price")
_OF_A_PLACE = ("missing_acquisition", "negative_balance")
_LEFT = ("unmatched_withdrawal", "ambiguous_transfer")
_BEARING = {*_OF_AN_ACQUISITION, *_OF_A_PLACE, *_LEFT}


@dataclass(slots=True)
class _Change:
    """By how much a year's gain may come out lower and higher; `known` False: there is no telling."""

    lower: Decimal = ZERO
    higher: Decimal | None = ZERO
    known: bool = True


_Changes = dict[int, dict[int, _Change]]  # by the problem's place among the issues, and by tax year


def weighed(
    issues: Sequence[Issue], disposals: Iterable[Disposal], lots: Iterable[Lot], rows: Iterable[Transaction],
    values: Mapping[str, tuple[Decimal | None, str]], year: TaxYear, zone: ZoneInfo,
) -> list[Issue]:  # fmt: skip
    """The issues, each with its `stakes`: one per tax year whose gain it may change.

    `disposals`, `lots`: as far as the figures go. `rows`: all transactions, with their values by id in `values`.
    """
    if not any(issue.code in _BEARING for issue in issues):
        return list(issues)
    by_id = {t.id: t for t in rows}
    worth = {ref: value for ref, (value, _) in values.items()}
    blame = _Blame(issues, by_id, worth)
    changes: _Changes = defaultdict(lambda: defaultdict(_Change))
    gains: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for d in disposals:
        when = year.of(d.disposed_at.astimezone(zone).date())
        about = blame.of(d)
        if d.gain is None:
            if d.taxed and about is not None:
                changes[about][when].known = False
            continue
        gains[when] += d.gain
        if about is not None and d.gain > ZERO:
            changes[about][when].lower += d.gain
    costs = _cost_in_transit(lots)
    for n, issue in enumerate(issues):
        row = by_id.get(issue.ref)
        if issue.code in _LEFT and row is not None and row.sent is not None:
            change, value = changes[n][year.of(row.at.astimezone(zone).date())], worth.get(row.id)
            held, cost = costs.get(row.sent.asset, (ZERO, ZERO))
            paid = split(cost, min(row.sent.quantity, held), held) if held > ZERO else ZERO
            change.lower += max(ZERO, paid - (value or ZERO))
            change.higher = value
    return [
        replace(issue, stakes=_stakes(changes[n], gains)) if n in changes else issue for n, issue in enumerate(issues)
    ]


class _Blame:
    """Which problem a disposal's gain hangs on."""

    def __init__(
        self, issues: Sequence[Issue], rows: Mapping[str, Transaction], worth: Mapping[str, Decimal | None]
    ) -> None:
        self._rows = rows
        self._unpriced: dict[str, int] = {}
        self._by_ref: dict[str, int] = {}
        self._by_place: dict[tuple[str, str], int] = {}
        for n, issue in enumerate(issues):
            if issue.code == "missing_price":
                self._unpriced.setdefault(issue.ref, n)
            if issue.code in _OF_A_PLACE:
                self._by_place.setdefault((issue.account, issue.asset), n)
            elif issue.code in _OF_AN_ACQUISITION and (issue.code != "missing_price" or worth.get(issue.ref) is None):
                self._by_ref.setdefault(issue.ref, n)

    def of(self, d: Disposal) -> int | None:
        """The place of that problem among the issues; None: of none."""
        if d.gain is None:
            return self._unpriced.get(d.id.partition(".")[0])  # a fee's id is that of its row and a suffix
        found = self._by_ref.get(d.acquisition_id)
        if found is None and d.rule is Rule.MISSING:
            source = self._rows.get(d.acquisition_id)
            if source is not None and source.sent is not None:  # a move carried them on, or a swap passed it on
                return self._by_place.get((source.account, source.sent.asset))
            return self._by_place.get((d.account, d.asset))
        return found


def _stakes(changes: Mapping[int, _Change], gains: Mapping[int, Decimal]) -> tuple[Stake, ...]:
    found = []
    for year, change in sorted(changes.items()):
        gain = gains.get(year, ZERO)
        lowest = plain(gain - change.lower) if change.known else ""
        highest = plain(gain + change.higher) if change.known and change.higher is not None else ""
        if not lowest == highest == plain(gain):
            found.append(Stake(str(year), plain(gain), lowest, highest))
    return tuple(found)


def _cost_in_transit(lots: Iterable[Lot]) -> dict[str, tuple[Decimal, Decimal]]:
    """(units, cost) per asset of what is in transit; of all that is held where lots have no place."""
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for lot in lots:
        if lot.account in ("", IN_TRANSIT):
            units, cost = found.get(lot.asset, (ZERO, ZERO))
            found[lot.asset] = (units + lot.quantity, cost + lot.cost_basis)
    return found
