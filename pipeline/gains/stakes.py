"""What open problems may do to a tax year's gain: the lowest and the highest it could be, problem by problem.

Outer bounds of one problem at a time, which add up to outer bounds of all: no combination of answers lies beyond.
Units whose cost is not known may have cost what they brought (lower). Units that left for nowhere may have been sold
at their value, at no cost (higher) or at the dearest (lower). Rows that may stand twice may not have been. Where units
may have come, gone or been taken otherwise, the lots of other disposals move too: `sold.Sold.shift`, or, where costs go
from one to the other, `sold.Paid`. A disposal without a price can come to anything, and so can what is missing from the
records: there is no telling then. In no bound is that a unit cost more than it brought where nothing tells what it
cost, or that its date puts a gain into another year or under another law, nor that a price contradicts what a swap was
valued by; nor what the taxpayer may choose otherwise: a fork at cost 0 takes no cost from the old coin.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from pipeline.gains.change import gains_of as gains_of
from pipeline.gains.change import stakes
from pipeline.gains.forms import forms_of, named, named_flows, named_rows
from pipeline.gains.scales import Scales, common
from pipeline.gains.scales import Seen as Seen
from pipeline.gains.untold import NO_TELLING, untold
from pipeline.gains.untold import weighed_beside as weighed_beside
from pipeline.issues import Issue
from pipeline.model import Disposal, Transaction, is_fiat
from pipeline.money import ZERO


def weighed(issues: Sequence[Issue], seen: Seen) -> list[Issue]:
    """The issues, each with its `stakes`: one per tax year whose gain it may change."""
    if not any(i.code in _EFFECTS or i.code in NO_TELLING for i in issues):
        return list(issues)
    forms = forms_of(seen.flows, seen.rules)
    meant = issues
    if forms.coin:  # what is in doubt of one form may bear on the others
        meant = named(issues, forms)
        seen = replace(
            seen, disposals=named(seen.disposals, forms), flows=named_flows(seen.flows, forms),
            rows=named_rows(seen.rows, forms),
        )  # fmt: skip
    scales = Scales(meant, seen, _EFFECTS.keys() - {"missing_price"})
    for n, issue in enumerate(meant):
        effect = _EFFECTS.get(issue.code)
        if effect is not None:
            effect(scales, n, issue)
    found = [
        replace(issue, stakes=stakes(scales.changes[n], scales.gains)) if n in scales.changes else issue
        for n, issue in enumerate(issues)
    ]
    return untold(found, scales.gains, seen.rules, seen.zone)


# ---- what each kind of problem does -----------------------------------------------------------


def _missing(scales: Scales, n: int, issue: Issue) -> None:
    """Units without an acquisition: had they been there, others might have been taken before."""
    own, given, asset = scales.blamed[n], scales.given[n], issue.asset
    lacking = abs(Decimal(issue.details["quantity"]))  # some may have been swapped on; of a balance it is negative
    if scales.seen.rules.portfolio:
        scales.in_all(n, asset, scales.most_in_all(asset, lacking), None)
    elif own and not given and scales.nothing_left(asset, max(d.disposed_at for d in own)):
        scales.brought(n)
    else:
        units = max(lacking, sum((d.quantity for d in own), given))
        scales.shift(n, asset, units, scales.most_of(asset), new=True)


def _came(scales: Scales, n: int, issue: Issue) -> None:
    """Units that came from nowhere: when they were bought, and so when they would have been taken, is not known. What
    their row paid as a fee would be a cost, too."""
    row = scales.rows.get(issue.ref)
    if row is None or row.received is None or is_fiat(row.received.asset):
        scales.brought(n)
        return
    asset, units, fee = row.received.asset, row.received.quantity, scales.fee_of(row)
    if scales.seen.rules.portfolio:
        cost = scales.most_in_all(asset, units)
        scales.in_all(n, asset, None if cost is None or fee is None else cost + fee, None)
        return
    since = None if scales.one_queue(row.at) else row.at
    if row.fee is not None:
        taken = {year for year, *_ in scales.sold.units(asset, since)}
        for year in {scales.seen.year(d.disposed_at) for d in scales.blamed[n]} | taken:
            scales.changes[n][year].add(fee, ZERO)
    scales.shift(n, asset, units, scales.most_of(asset), since, new=True)


def _unpriced(scales: Scales, n: int, issue: Issue) -> None:
    """Units of known date and unknown cost: others are taken in their place only where the cost decides. What left a
    portfolio without a figure will use up a part of its cost."""
    row, asset = scales.rows.get(issue.ref.partition(".")[0]), issue.asset
    if row is not None and row.fee is not None and row.fee.asset == asset and issue.details.get("what") == "fee":
        _fee_unknown(scales, n, row)
    came = row.received if row is not None else None
    if row is not None and came is not None and came.asset == asset:
        if scales.seen.rules.portfolio:
            scales.in_all(n, asset, scales.most_in_all(asset, came.quantity), row.at)
        elif scales.ranked_by_cost:
            scales.shift(n, asset, came.quantity, scales.most_of(asset), row.at, new=True)
        else:
            scales.brought(n)
        if row.fee is not None and issue.code == "missing_price":
            _fee_besides(scales, n, row)
    elif not scales.seen.rules.portfolio:
        scales.brought(n)
    elif row is not None:
        for year, (_, higher) in scales.paid.bounds(scales.paid.assets()).items():
            if year >= scales.seen.year(row.at):
                scales.changes[n][year].share(common(scales.paid.assets()), ZERO, higher)


def _fee_besides(scales: Scales, n: int, row: Transaction) -> None:
    """With the price of what came, the fee of its row becomes a part of the cost too."""
    for year in scales.years_of_cost(n, row):
        scales.changes[n][year].add(scales.fee_of(row), ZERO)


def _fee_unknown(scales: Scales, n: int, row: Transaction) -> None:
    """A fee of unknown worth would be a cost of its trade: gains are lower, by how much can't be told."""
    years = {scales.seen.year(d.disposed_at) for d in scales.by_row[row.id] if d.id == row.id}
    if row.received is not None and not is_fiat(row.received.asset):
        if scales.cost_goes_on:
            scales.in_all(n, row.received.asset, None, row.at)
        elif scales.ranked_by_cost:
            scales.shift(n, row.received.asset, row.received.quantity, scales.most_of(row.received.asset), row.at)
        years |= scales.years_of_cost(n, row)
    for year in years:
        scales.changes[n][year].add(None, ZERO)


def _free(scales: Scales, n: int, issue: Issue) -> None:
    """Units at cost 0 that might have one; in an average they can't be told apart any more."""
    _unpriced(scales, n, issue)
    row = scales.rows.get(issue.ref)
    if row is not None and row.received is not None and not scales.seen.rules.portfolio:
        but: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for d in scales.blamed[n]:
            but[scales.seen.year(d.disposed_at)] += d.quantity
        price = scales.sold.of(issue.asset).price if issue.asset in scales.averaged else ZERO
        for year, lower, _ in scales.sold.shift(issue.asset, row.received.quantity, price, row.at, but=but):
            scales.changes[n][year].add(lower, ZERO)


def _left(scales: Scales, n: int, issue: Issue) -> None:
    """Units that left for nowhere: kept, or sold at their value."""
    row = scales.rows.get(issue.ref)
    if row is None or row.sent is None:
        return
    asset, units, value = row.sent.asset, row.sent.quantity, scales.worth(row.id)
    dearest, fee, year = scales.most_of(asset), scales.fee_of(row), scales.seen.year(row.at)
    portfolio = scales.seen.rules.portfolio
    most = (ZERO if portfolio else units * dearest) + (fee or ZERO) - (value or ZERO)
    scales.change(n, row.at, None if fee is None else max(ZERO, most), value)
    if scales.cost_goes_on:  # these units may have had a part in what was paid for others
        assets = scales.paid.assets() if portfolio else {asset}
        paid = scales.paid.until(year, assets)
        scales.changes[n][year].share(common(assets), max(ZERO, paid + min(ZERO, most)), ZERO)
    if portfolio:
        scales.in_all(n, asset, ZERO, row.at)
    elif scales.one_queue(row.at):  # with a queue for each account they are out of it anyway
        scales.shift(n, asset, units, dearest, row.at)


def _ambiguous(scales: Scales, n: int, issue: Issue) -> None:
    _came(scales, n, issue)
    _left(scales, n, issue)


def _undone(scales: Scales, n: int, rows: Iterable[Transaction], ids: frozenset[str] = frozenset()) -> None:
    """Rows that may not have happened: their disposals vanish, their units are there or not. `ids`: only these of
    their disposals."""
    moved: dict[str, Decimal] = defaultdict(lambda: ZERO)
    since: dict[str, datetime] = {}
    own: dict[str, list[Disposal]] = defaultdict(list)
    for t in rows:
        for d in scales.by_row[t.id]:
            if ids and d.id not in ids:
                continue
            own[d.asset].append(d)
            known = d.gain is not None
            gain = d.gain or ZERO
            scales.change(n, d.disposed_at, max(ZERO, gain) if known else None, max(ZERO, -gain) if known else None)
        for side in (t.sent, t.received, t.fee):
            if side is not None and not is_fiat(side.asset):
                moved[side.asset] += side.quantity
                since[side.asset] = min(t.at, since.get(side.asset, t.at))
    for asset, units in moved.items():
        scales.shift(n, asset, units, scales.most_of(asset), since[asset], own=own[asset])


def _twice(scales: Scales, n: int, issue: Issue) -> None:
    row = scales.rows.get(issue.ref)
    _undone(scales, n, [row] if row is not None else [])


def _account_twice(scales: Scales, n: int, issue: Issue) -> None:
    _undone(scales, n, [t for t in scales.seen.rows if t.account == issue.account])


def _shrank(scales: Scales, n: int, issue: Issue) -> None:
    """What was withheld on the way may have gone elsewhere."""
    row = scales.rows.get(issue.ref)
    _undone(scales, n, [row] if row is not None else [], frozenset((f"{issue.ref}.lost",)))


def _merged(scales: Scales, n: int, issue: Issue) -> None:
    """A trade that may have been none: its gain moves into what was received."""
    row = scales.rows.get(issue.ref)
    gains = [d.gain for d in scales.by_row[issue.ref] if d.id == issue.ref]
    if row is None or row.received is None:
        return
    known = None if None in gains else sum((g for g in gains if g is not None), ZERO)
    more, less = (None, None) if known is None else (max(ZERO, known), max(ZERO, -known))
    scales.change(n, row.at, more, less)
    for year, *_ in scales.sold.units(row.received.asset, since=row.at):
        scales.changes[n][year].add(less, more)
    if scales.ranked_by_cost:
        scales.shift(n, row.received.asset, row.received.quantity, scales.most_of(row.received.asset), row.at)


def _retaken(scales: Scales, n: int, issue: Issue) -> None:
    """Lots that may be others: from a day on, any of the asset."""
    scales.shift(n, issue.asset, None, scales.most_of(issue.asset), issue.at)


_EFFECTS: dict[str, Callable[[Scales, int, Issue], None]] = {
    "missing_acquisition": _missing,
    "negative_balance": _missing,
    "unmatched_deposit": _came,
    "transfer_grew": _came,
    "unknown_basis": _came,
    "zero_basis": _free,
    "missing_price": _unpriced,
    "unmatched_withdrawal": _left,
    "ambiguous_transfer": _ambiguous,
    "transfer_shrank": _shrank,
    "possible_duplicate": _twice,
    "duplicate_account": _account_twice,
    "merged_coin": _merged,
    "allocation_changed": _retaken,
    "allocation_differs": _retaken,
    "pick_not_used": _retaken,
    "forms_not_paired": _retaken,
}
