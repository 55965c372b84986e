"""What the page shows at once: the year's figures, sums for charts, accounts, coverage and problems, as JSON values.

    figures_of(report)["figures"]["gain"] == "1234.567891"

Amounts are exact texts in the reporting currency, instants ISO 8601 in the taxpayer's zone, None is what is not known.
The names of keys are known to the page's scripts alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from operator import add
from typing import Any

from pipeline.fiat import decimals_of
from pipeline.held import balances
from pipeline.issues import Issue, Severity
from pipeline.local import local_day, local_text
from pipeline.model import FROM_FILE, IN_TRANSIT, Lot, Term, Transaction, is_fiat
from pipeline.money import ZERO, exact, plain
from reports.basis import scope_of
from reports.ranges import ranges
from reports.summary import figures, gain_range
from reports.table import Report
from reports.tables import crypto_lots_of, disposals_of, incomes_of, taxed_of

_IN_COURSE = 24  # assets of which the page draws what was held; the others are one line
_LISTED = 60  # problems of one code that the page lists; the file has all

_ROW = re.compile(r" row \d+.*$")


def figures_of(report: Report) -> dict[str, Any]:
    """Everything but single rows."""
    with exact():
        return {
            "year": _year(report),
            "figures": _figures(report),
            "range": _range(report),
            **_gains(report),
            "income": _income(report),
            "holdings": _holdings(report),
            "course": _course(report),
            "places": _places(report),
            "values": _values(report),
            "coverage": _coverage(report),
            "problems": _problems(report),
        }


def _year(report: Report) -> dict[str, Any]:
    year = report.period
    return {
        "name": year.name,
        "first": year.first.isoformat(),
        "last": year.last.isoformat(),
        "country": report.rules.name,
        "currency": report.currency,
        "decimals": decimals_of(report.currency),
        "zone": report.zone.key,
        "method": report.method,
        "scope": scope_of(report),
        "version": report.version,
        "inputs": report.inputs,
        "opening": report.opening,
        "filed": report.filed,
        "terms": report.rules.has_terms,
        "gains": report.rules.gains,
        "held_first": report.rules.reference_first,
        "portfolio": report.rules.portfolio,
    }


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _at(at: datetime | None, report: Report) -> str | None:
    return None if at is None else local_text(at, report.zone)


def _figures(report: Report) -> dict[str, Any]:
    f = figures(report)
    amounts = {
        name: plain(getattr(f, name))
        for name in (
            "proceeds", "cost_basis", "gain", "short_term_gain", "long_term_gain", "gains", "losses", "income_total",
            "denied_losses",
        )
    }  # fmt: skip
    counts = {
        name: getattr(f, name)
        for name in ("without_gain", "unpriced_disposals", "unpriced_income", "unpriced_holdings", "errors", "warnings")
    }
    derivatives = {name: plain(value) for name, value in f.derivatives.items()}
    return amounts | counts | {"derivatives": derivatives, "disposals": len(disposals_of(report))}


def _range(report: Report) -> dict[str, Any]:
    lowest, highest = gain_range(report)
    found = next((one for one in ranges(report.result.issues) if one.year == report.period.name), None)
    told = {} if found is None else {"told_lowest": plain(found.told_lowest), "told_highest": plain(found.told_highest)}
    return {"lowest": _text(lowest), "highest": _text(highest)} | told


# ---- gains and income -----------------------------------------------------------------------------------------------


def _gains(report: Report) -> dict[str, Any]:
    """Sums by month, every one that the year touches, and by asset, the largest gain or loss first."""
    zone, first, last = report.zone, report.period.first, report.period.last
    cells: dict[tuple[date, str, Term], list[Any]] = defaultdict(lambda: [ZERO, ZERO, ZERO, 0])
    for d in taxed_of(report):
        sums = cells[local_day(d.disposed_at, zone), d.asset, d.term]
        sums[0] += d.proceeds
        sums[1] += d.cost_basis
        sums[2] += d.gain
        sums[3] += 1
    listed = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    months: dict[str, list[Decimal]] = {f"{n // 12}-{n % 12 + 1:02}": [ZERO] * 5 for n in listed}
    assets: dict[str, list[Any]] = defaultdict(lambda: [ZERO] * 5 + [0])
    for (day, asset, term), (proceeds, cost, gain, count) in cells.items():
        own = (gain if term is Term.SHORT else ZERO, gain if term is Term.LONG else ZERO)
        for sums in (months[day.isoformat()[:7]], assets[asset]):
            sums[:5] = map(add, sums, (proceeds, cost, gain, *own))
        assets[asset][5] += count
    by_size = sorted(assets.items(), key=lambda item: (-abs(item[1][2]), item[0]))
    return {
        "months": [[month, *map(plain, sums)] for month, sums in months.items()],
        "assets": [[asset, *map(plain, sums[:5]), sums[5]] for asset, sums in by_size],
    }


def _income(report: Report) -> list[list[Any]]:
    """Kind, value (None: of no receipt is a price known), receipts, receipts without a price; the largest first."""
    kinds: dict[str, list[Any]] = defaultdict(lambda: [ZERO, 0, 0])
    for i in incomes_of(report):
        sums = kinds[i.kind.value]
        sums[0] += i.value or ZERO
        sums[1] += 1
        sums[2] += i.value is None
    by_size = sorted(kinds.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        [kind, None if unpriced == count else plain(value), count, unpriced]
        for kind, (value, count, unpriced) in by_size
    ]


# ---- what is held ---------------------------------------------------------------------------------------------------


def _total(lots: Sequence[Lot]) -> list[Any]:
    """Units, cost, and the value where it is known of all of them."""
    worth = [x.market_value for x in lots if x.market_value is not None]
    value = sum(worth, ZERO) if len(worth) == len(lots) else None
    return [sum((x.quantity for x in lots), ZERO), sum((x.cost_basis for x in lots), ZERO), value]


def _holdings(report: Report) -> list[list[str | None]]:
    """Asset, units, cost, value, unrealised gain: the most valuable first, then by cost."""
    held: dict[str, list[Lot]] = defaultdict(list)
    for lot in crypto_lots_of(report):
        held[lot.asset].append(lot)
    rows = [(asset, *_total(lots)) for asset, lots in held.items()]
    rows.sort(key=lambda row: (-(row[3] or ZERO), -row[2], row[0]))
    return [
        [asset, plain(units), plain(cost), _text(value), _text(None if value is None else value - cost)]
        for asset, units, cost, value in rows
    ]


def _course(report: Report) -> dict[str, Any]:
    """Units and cost at the end of each month: of the assets that once cost the most, the others' cost in one."""
    course = report.glance.course
    most = {asset: max((c for c in cost if c is not None), default=ZERO) for asset, cost in course.cost.items()}
    ranked = sorted(most, key=lambda asset: (-most[asset], asset))
    rest = [course.cost[asset] for asset in ranked[_IN_COURSE:]]
    others = [sum((c or ZERO for c in at), ZERO) for at in zip(*rest, strict=True)]
    return {
        "ends": [day.isoformat() for day in course.ends],
        "assets": [[a, [*map(plain, course.units[a])], [*map(_text, course.cost[a])]] for a in ranked[:_IN_COURSE]],
        "others": [plain(cost) for cost in others],
        "left_out": sorted({lot.asset for lot in crypto_lots_of(report)} - set(course.units)),
    }


def _places(report: Report) -> list[list[str | None]]:
    """Account, asset, units by the records as the year ends (or on the reference day), cost and value of the lots that
    are there (None: they are no account's), what the exchange said, when, the units by the records up to then, and
    "equal", "differs" or "missing": just what differs left without ever having come."""
    lots: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    for lot in report.result.lots:
        lots[lot.account, lot.asset].append(lot)
    closing = {key: units for key, units in _held(report).items() if units}
    closing |= {key: _total(of)[0] for key, of in lots.items() if key[0] == IN_TRANSIT}
    beside = {(b.account, b.asset): b for b in report.glance.balances}
    short = {
        (i.account, i.asset): i.details["quantity"] for i in report.result.issues if i.code == "missing_acquisition"
    }
    rows = []
    for key in sorted({*closing, *(key for key, b in beside.items() if b.reported)}):
        of = lots.get(key)
        _, cost, value = _total(of) if of and not is_fiat(key[1]) else (None, None, None)
        row = [*key, plain(closing.get(key, ZERO)), _text(cost), _text(value)]
        told = beside.get(key)
        if told is None:
            rows.append([*row, None, None, None, None])
            continue
        left = plain(told.reported - told.computed)
        state = "equal" if told.agrees else "missing" if left == short.get(key) else "differs"
        rows.append([*row, plain(told.reported), _at(told.at, report), plain(told.computed), state])
    return rows


def _held(report: Report) -> Mapping[tuple[str, str], Decimal]:
    """Units by account and asset when the lots are those that are held."""
    held = defaultdict(lambda: ZERO, balances(report.result.transactions, report.period.ends))
    if not report.rules.reference_first:
        return held
    for t in report.within(report.result.transactions, _when):
        for amount, sign in ((t.received, -1), (t.sent, 1), (t.fee, 1)):
            if amount is not None:
                held[t.account, amount.asset] += sign * amount.quantity
    return held


def _when(t: Transaction) -> datetime:
    return t.at


# ---- where it is from, what is missing ------------------------------------------------------------------------------


def _values(report: Report) -> list[list[Any]]:
    """Source, how many values, their sum; the most first. Rows of one file are one source."""
    counts: dict[str, list[Any]] = {}
    names: dict[Any, str] = {}
    for row in report.origins:
        value, source = row[6], row[7]
        name = names.get(source)
        if name is None:
            text = str(source or "")
            name = names[source] = _ROW.sub("", text) if text.startswith(FROM_FILE) else text
        sums = counts.setdefault(name, [0, ZERO])
        sums[0] += 1
        if isinstance(value, Decimal):
            sums[1] += abs(value)
    by_count = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    return [[name, count, plain(total)] for name, (count, total) in by_count]


def _coverage(report: Report) -> list[dict[str, Any]]:
    return [
        {
            "account": s.account,
            "list": s.words,
            "records": s.records,
            "first": _at(s.first, report),
            "last": _at(s.last, report),
            "asked": _at(s.asked, report),
            "floor": _at(s.floor, report),
            "holes": [[_at(begin, report), _at(end, report)] for begin, end in s.holes],
            "state": s.state,
        }
        for s in report.glance.stretches
    ]


def _problems(report: Report) -> dict[str, Any]:
    """The gravest first, of each code as many as a page can hold; how many there are."""
    listed: dict[str, list[Issue]] = defaultdict(list)
    found = sorted(report.result.issues, key=lambda i: _gravest(i, report))
    for i in found:
        listed[i.code].append(i)
    return {
        "counts": Counter(i.code for i in found),
        "rows": [
            [
                i.severity.value,
                i.code,
                i.account,
                i.asset,
                _day(i, report),
                i.message,
                i.remedy,
                i.at_stake or None,
                i.ref,
            ]
            for of in listed.values()
            for i in of[:_LISTED]
        ],
    }


def _day(i: Issue, report: Report) -> str | None:
    return local_day(i.at, report.zone).isoformat() if i.at else None


_RANK = {severity: number for number, severity in enumerate(Severity)}


def _gravest(i: Issue, report: Report) -> tuple[object, ...]:
    return _RANK[i.severity], -Decimal(i.at_stake or 0), _day(i, report) or "", i.code, i.account, i.asset, i.ref
