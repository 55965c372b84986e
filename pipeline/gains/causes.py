"""Why another tool's rows are not what stands here: one likely cause for the proceeds, one for the cost, one for what
the tool adjusts, and one for each word or day that differs.

    compared(told, here, beside)    # a Comparison; its shares add up to theirs less ours, exactly

A cause is what fits best, not a proof: a fee is one where the difference is that fee; lots are others where days of
purchase are; prices are suspected only where a value rests on one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain

from pipeline.gains.theirs import CENT, UNITS, together
from pipeline.model import Kind, Rule
from pipeline.money import ZERO, exact
from pipeline.theirs import (
    DIFFERING,
    EQUAL,
    ONLY_OURS,
    ONLY_THEIRS,
    Beside,
    Comparison,
    Here,
    Share,
    Tied,
    Told,
    less,
)

_DAY = timedelta(days=1)


def compared(told: Sequence[Told], here: Sequence[Here], beside: Beside) -> Comparison:
    """Every row of both sides in one class, and what its difference comes from."""
    with exact():
        tied, alike = [], Counter(map(_said, told))
        for rows, parts in together(told, here):
            if rows and parts:
                tied.append(_both(rows, parts, beside))
            else:
                twice = bool(rows) and alike[_said(rows[0])] > 1
                tied.append(_theirs(rows[0], beside, twice) if rows else _ours(parts[0], beside))
        return Comparison(tuple(tied), _of_rows("", told), _of_parts("", here))


def _sum(numbers: Iterable[Decimal]) -> Decimal:
    return sum(numbers, ZERO)


def _of_rows(cause: str, rows: Iterable[Told]) -> Share:
    rows = list(rows)
    proceeds, basis = _sum(r.proceeds for r in rows), _sum(r.basis for r in rows)
    return Share(cause, proceeds, basis, proceeds - basis + _sum(r.adjustment for r in rows))


def _of_parts(cause: str, parts: Iterable[Here], sign: int = 1) -> Share:
    parts = list(parts)
    proceeds, basis = sign * _sum(p.proceeds for p in parts), sign * _sum(p.basis for p in parts)
    return Share(cause, proceeds, basis, proceeds - basis)


# ---- rows that have a counterpart -------------------------------------------------------------


def _both(rows: tuple[Told, ...], parts: tuple[Here, ...], beside: Beside) -> Tied:
    apart = less(_of_rows("", rows), _of_parts("", parts))
    adjusted = _sum(r.adjustment for r in rows)
    half = beside.unit * max(len(rows), len(parts))  # twice what rounding each row may come to
    words = _words(rows, parts)
    differences = [name for name, _ in words]
    shares = []
    for name, value in (("proceeds", apart.proceeds), ("basis", apart.basis), ("adjustment", adjusted)):
        if abs(value) * 2 > half:
            differences.append(name)
            cause = _CAUSES_OF[name](value, rows, parts, half)
        else:
            cause = "rounding"
        if value:
            shares.append(_share(cause, name, value))
    status = DIFFERING if differences else EQUAL
    told = [share.cause for share in shares if share.cause != "rounding" or status == EQUAL]
    causes = tuple(dict.fromkeys([*told, *(cause for _, cause in words)])) or (("rounding",) if shares else ())
    return Tied(status, rows, parts, tuple(differences), _merged(shares), causes if status == DIFFERING else ())


def _share(cause: str, name: str, value: Decimal) -> Share:
    if name == "proceeds":
        return Share(cause, proceeds=value, gain=value)
    return Share(cause, basis=value, gain=-value) if name == "basis" else Share(cause, gain=value)


def _merged(shares: Sequence[Share]) -> tuple[Share, ...]:
    """One share a cause."""
    found: dict[str, Share] = {}
    for each in shares:
        before = found.get(each.cause, Share(each.cause))
        found[each.cause] = Share(
            each.cause, before.proceeds + each.proceeds, before.basis + each.basis, before.gain + each.gain
        )
    return tuple(found.values())


def _words(rows: Sequence[Told], parts: Sequence[Here]) -> list[tuple[str, str]]:
    """What differs that is no amount of money, each with its cause."""
    found = []
    units = [r.quantity for r in rows if r.quantity is not None]
    if len(units) == len(rows) and abs(_sum(units) - _sum(p.disposal.quantity for p in parts)) > UNITS * len(rows):
        found.append(("quantity", "fee_in_coins"))
    sold = {r.sold for r in rows if r.sold is not None}, {p.sold for p in parts}
    if sold[0] and sold[0] != sold[1]:
        found.append(("date_sold", "time_zone" if _days_apart(*sold) <= 1 else "date"))
    bought = _bought(rows, parts)
    if bought:
        found.append(("date_acquired", bought))
    terms = {r.term for r in rows if r.term}, {p.disposal.term.value for p in parts if p.disposal.term}
    if terms[0] and terms[1] and terms[0] != terms[1]:
        found.append(("term", bought or "term"))
    boxes = {r.box for r in rows if r.box}, {p.box for p in parts if p.box}
    if boxes[0] and boxes[1] and boxes[0] != boxes[1]:
        found.append(("box", found[-1][1] if found and found[-1][0] == "term" else "box"))
    return found


def _bought(rows: Sequence[Told], parts: Sequence[Here]) -> str:
    """Why days of purchase differ; "" where they do not, or are not told."""
    told, here = {r.acquired for r in rows if r.acquired}, {p.acquired for p in parts if p.acquired}
    if any(r.various for r in rows):
        return "" if len(here) != 1 else "lot_method"
    if not told or told == here:
        return ""
    if not here:
        return "no_purchase_here" if all(p.disposal.rule is Rule.MISSING for p in parts) else ""  # pools have no day
    return "time_zone" if len(told) == len(here) and _days_apart(told, here) <= 1 else "lot_method"


def _days_apart(told: set[date], here: set[date]) -> int:
    """How far the days of one side are at most from the nearest of the other."""
    each_way = chain(((a, here) for a in told), ((b, told) for b in here))
    return max(min(abs((one - other).days) for other in others) for one, others in each_way)


def _of_proceeds(value: Decimal, rows: Sequence[Told], parts: Sequence[Here], half: Decimal) -> str:
    if any(p.disposal.proceeds is None for p in parts):
        return "no_price_here"
    if _units_differ(rows, parts):
        return "fee_in_coins"
    if _is_fee(value, parts, half):
        return "fee"
    if any(p.guessed for p in parts):
        return "price_source"
    return "rounding" if abs(value) <= half else "other"


def _of_basis(value: Decimal, rows: Sequence[Told], parts: Sequence[Here], half: Decimal) -> str:
    if any(p.disposal.proceeds is None for p in parts):
        return "no_price_here"
    if value < 0 and not _sum(r.basis for r in rows):
        return "no_purchase_there"
    if any(p.disposal.rule is Rule.MISSING for p in parts):
        return "no_purchase_here"
    if _bought(rows, parts) == "lot_method":
        return "lot_method"
    if _units_differ(rows, parts):
        return "fee_in_coins"
    if any(p.disposal.denied for p in parts):
        return "denied_loss"
    if _is_fee(value, parts, half):
        return "fee"
    if any(p.guessed_basis for p in parts):
        return "price_source"
    if any(p.acquired is None for p in parts):  # averages and pools
        return "lot_method"
    return "rounding" if abs(value) <= half else "other"


def _of_adjustment(_value: Decimal, rows: Sequence[Told], _parts: Sequence[Here], _half: Decimal) -> str:
    return "wash_sale" if any("W" in r.code for r in rows) else "adjustment"


_CAUSES_OF = {"proceeds": _of_proceeds, "basis": _of_basis, "adjustment": _of_adjustment}


def _units_differ(rows: Sequence[Told], parts: Sequence[Here]) -> bool:
    return any(name == "quantity" for name, _ in _words(rows, parts))


def _is_fee(value: Decimal, parts: Sequence[Here], half: Decimal) -> bool:
    """Whether a difference is the fee of the sale, of the purchase, or of both."""
    sale, purchase = _sum(p.sale_fee for p in parts), _sum(p.purchase_fee for p in parts)
    fees = [fee for fee in (sale, purchase, sale + purchase) if fee]
    return any(abs(abs(value) - fee) <= half for fee in fees)


# ---- rows that stand alone --------------------------------------------------------------------


def _said(row: Told) -> tuple[object, ...]:
    return row.asset, row.quantity, row.sold, row.acquired, row.proceeds, row.basis, row.account


def _theirs(row: Told, beside: Beside, twice: bool) -> Tied:
    cause = _why_only_there(row, beside)
    if twice and cause == "not_here":
        cause = "twice_there"
    return Tied(ONLY_THEIRS, (row,), (), (), (_of_rows(cause, [row]),), (cause,))


def _why_only_there(row: Told, beside: Beside) -> str:
    if row.sold is not None and not beside.first <= row.sold <= beside.last:
        near = beside.first - _DAY <= row.sold <= beside.last + _DAY
        return "time_zone" if near else "another_year"
    if row.asset not in beside.assets:
        return "asset_not_here"
    for listed, cause in ((beside.untaxed, "not_taxed_here"), (beside.moved, "transfer_here")):
        for off in (0, -1, 1):
            units = listed.get((row.asset, row.sold + off * _DAY), ()) if row.sold is not None else ()
            if any(row.quantity is not None and abs(each - row.quantity) * 50 <= each for each in units):
                return cause
    return "not_here"


def _ours(part: Here, beside: Beside) -> Tied:
    cause = _why_only_here(part, beside)
    share = _of_parts(cause, [part], -1)
    shares = (share,) if share.proceeds or share.basis else ()
    return Tied(ONLY_OURS, (), (part,), (), shares, (cause,))


def _why_only_here(part: Here, beside: Beside) -> str:
    if part.disposal.proceeds is None:
        return "no_price_here"
    if part.disposal.kind is Kind.FEE:
        return "fee_not_there"
    if part.disposal.asset not in beside.named:
        return "asset_not_there"
    return "time_zone" if part.sold in (beside.first, beside.last) else "not_there"


def unit_of(told: Sequence[Told]) -> Decimal:
    """What their amounts are rounded to: whole units where all are (and there are some), else cents."""
    amounts = [amount for row in told for amount in (row.proceeds, row.basis)]
    whole = len(amounts) > 6 and all(amount == amount.to_integral_value() for amount in amounts)
    return Decimal(1) if whole else CENT
