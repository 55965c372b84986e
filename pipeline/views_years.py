"""What close and changes show: lines for people, one JSON document for programs."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pipeline import console
from pipeline.money import plain
from pipeline.run.changes import Cause, Changes, YearChanges
from pipeline.run.closing import Closed
from pipeline.run.compared import MEASURE, Difference
from pipeline.run.since import SETTING
from pipeline.views_money import change, money
from reports.summary import figures

_SHOWN = 20  # differences of a year; --json has all
_NAMES = {
    ("capital_gains", "proceeds"): "Proceeds",
    ("capital_gains", "cost_basis"): "Cost basis",
    ("capital_gains", "gain"): "Gain",
    ("income", "total"): "Income in total",
    ("derivatives", "result"): "Margin and derivatives",
}


# ---- close ------------------------------------------------------------------------------------


def closed(one: Closed) -> list[str]:
    """What is kept now, and what follows."""
    report, f, year = one.report, figures(one.report), one.report.period
    problems = f", with {one.problems} open problem{'s' * (one.problems != 1)}" if one.problems else ""
    begin = [f"Lots: {report.opening}"] if report.opening else []
    return [
        f"Tax year {year.name}, {year.first} to {year.last}, is closed{problems}: "
        f"gain {money(f.gain, report.currency)}, income {money(f.income_total, report.currency)} {report.currency}",
        *begin,
        f"Later years go on from its lots; `taxsync changes {year.name}` says what would differ from it",
    ]


# ---- changes ----------------------------------------------------------------------------------


def changes(found: Changes) -> list[str]:
    """Year by year: totals, the causes, the differences; then the years that they reach, and what to do."""
    if not found.years:
        return ["No tax year is closed: `taxsync close YEAR` keeps what you file."]
    lines = [line for one in found.years for line in [*_year(one, found.currency), ""]]
    apart = [one.filing.year for one in found.years if one.differences]
    if not apart:
        return lines[:-1]
    held = [one.filing.year for one in found.years if one.differences and _only_held(one)]
    first = next((year for year in apart if year not in held), apart[0])
    lines.append(f"Tax years that differ from what was filed: {', '.join(apart)}")
    if held:
        lines.append(f"Only in the lots that are left, in no figure of the year itself: {', '.join(held)}")
    if any(cause.kind == SETTING for one in found.years for cause in one.causes):
        lines.append("A setting that was not meant to change is written back in taxsync.toml.")
    for one in found.reached:
        lines.append(
            f"Tax year {one.year} is open: gain {money(one.filed, found.currency)} from the filed position, "
            f"{money(one.recomputed, found.currency)} from all records"
        )
    lines.append(
        f"To amend: `taxsync report --year {first} --recompute`, file it, then `taxsync close {first} --reopen "
        "--recompute --why TEXT`, and so on for each year. To carry on: leave them; later years go on from what was "
        "filed."
    )
    return lines


def _year(one: YearChanges, currency: str) -> list[str]:
    head = f"Tax year {one.filing.year}, {one.first} to {one.last}, closed on {one.filing.at:%Y-%m-%d}"
    since = f"{one.idle} input{'s' * (one.idle != 1)} came since and change{'s' * (one.idle == 1)} none"
    if not one.differences:
        return [f"{head}: no figure differs{f'; {since}' if one.idle else ''}."]
    then = one.filing.content["currency"]
    columns = (currency, "Filed", "Today", "Difference")
    if then != currency:  # two currencies have no difference
        columns = ("", f"Filed, {then}", f"Today, {currency}", "")
    rows = [
        (
            _NAMES[section, item],
            money(filed, then),
            money(today, currency),
            change(today - filed, currency) if then == currency else "",
        )
        for section, item, filed, today in one.totals
        if filed or today
    ]
    lines = [f"{head}:", *console.table(columns, rows, right=(1, 2, 3))]
    lines += ["Causes:"]
    lines += [
        f"  {n}. {cause.kind}: {console.clean(cause.words)}{_effect(cause, currency)}" for n, cause in _numbered(one)
    ]
    if one.idle:
        lines.append(f"  ({since})")
    numbers = {id(cause): n for n, cause in _numbered(one)}
    rowed = [(each, causes) for each, causes in one.differences if each.table in MEASURE and each.table != "summary"]
    for each, causes in rowed[:_SHOWN]:
        lines.append(f"  {console.clean(_difference(each, (then, currency)))} {_by(causes, numbers)}")
    if len(rowed) > _SHOWN:
        lines.append(f"  and {len(rowed) - _SHOWN} more: see --json")
    lines += _forms(one.differences, numbers)
    if one.ahead:
        lines.append(
            f"Disposals of {one.filing.year} are paired today with other purchases after its end than when it was "
            "filed: later years that go on from the filed position leave those purchases as they were then."
        )
    return lines


def _only_held(one: YearChanges) -> bool:
    return all(each.table == "holdings" for each, _ in one.differences)


def _by(causes: Sequence[Cause], numbers: Mapping[int, int]) -> str:
    return f"[{', '.join(str(numbers[id(cause)]) for cause in causes)}]"


def _numbered(one: YearChanges) -> list[tuple[int, Cause]]:
    return list(enumerate(one.causes, start=1))


def _effect(cause: Cause, currency: str) -> str:
    told = [
        f"{name} {change(value, currency)}" for name, value in (("gain", cause.gain), ("income", cause.income)) if value
    ]
    return f" ({', '.join(told)})" if told else ""


_WHAT = {"disposals": "disposal", "income": "income", "derivatives": "result", "holdings": "held"}


def _difference(one: Difference, currencies: tuple[str, str]) -> str:
    """'disposal 5d41402abc4b2a76 of 2024-05-01, BTC: gain 100.00 filed, 150.00 today'."""
    measure = MEASURE[one.table]
    name = "cost" if one.table == "holdings" else measure
    told = []
    for rows, currency in zip((one.filed, one.today), currencies, strict=True):
        units = "" if one.table != "holdings" or not rows else f"{plain(one.sum(rows, 'quantity') or Decimal(0))} at "
        told.append(f"{units}{money(one.sum(rows, measure), currency)}" if rows else "none")
    if one.table == "holdings":
        what = " ".join(filter(None, (one.key[2], f"in {one.key[1]}" if one.key[1] else "")))
    else:
        day = {"disposals": "disposed_at", "income": "received_at", "derivatives": "at"}[one.table]
        what = f"{one.key[1]} of {one.word(day)}, {one.word('asset')}"
    also = "; lots, days, terms or kinds differ" if told[0] == told[1] else ""
    return f"{_WHAT[one.table]} {what}: {name} {told[0]} filed, {told[1]} today{also}"


def _forms(apart: Sequence[tuple[Difference, Sequence[Cause]]], numbers: Mapping[int, int]) -> list[str]:
    """Lines of a form one by one, forms that list sales by their number of rows."""
    lines = []
    for one, causes in apart:
        by = _by(causes, numbers)
        if one.table in MEASURE:
            continue
        if len(one.key) == 3:
            filed, today = (
                "; ".join(" ".join(filter(None, row)) for row in rows) or "none" for rows in (one.filed, one.today)
            )
            lines.append(f"  {one.table} {one.key[1]} {one.key[2]}: {filed} filed, {today} today {by}")
        else:
            same = len({*one.filed} & {*one.today})
            lines.append(
                f"  {one.table}: rows filed {len(one.filed)}, today {len(one.today)}, of them alike {same} {by}"
            )
    return [console.clean(line) for line in lines]


# ---- JSON -------------------------------------------------------------------------------------


def changes_json(found: Changes) -> list[str]:
    document = {
        "years": [_year_json(one) for one in found.years],
        "open_years": [
            {"year": one.year, "gain_from_filed": plain(one.filed), "gain_recomputed": plain(one.recomputed)}
            for one in found.reached
        ],
        "currency": found.currency,
    }
    return [json.dumps(document, ensure_ascii=True, indent=2)]


def _year_json(one: YearChanges) -> dict[str, Any]:
    numbers = {id(cause): n for n, cause in _numbered(one)}
    return {
        "year": one.filing.year,
        "first": one.first,
        "last": one.last,
        "closed_at": one.filing.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "filed_with": one.filing.program,
        "filed_in": one.filing.content["currency"],
        "why": one.filing.why or None,
        "differs": bool(one.differences),
        "totals": [
            {"section": section, "item": item, "filed": plain(filed), "today": plain(today)}
            for section, item, filed, today in one.totals
        ],
        "causes": [
            {
                "number": n,
                "kind": cause.kind,
                "words": cause.words,
                "gain": None if cause.gain is None else plain(cause.gain),
                "income": None if cause.income is None else plain(cause.income),
            }
            for n, cause in _numbered(one)
        ],
        "differences": [
            {
                "table": each.table,
                "key": list(each.key[1:]),
                "filed": [list(row) for row in each.filed],
                "today": [list(row) for row in each.today],
                "causes": [numbers[id(cause)] for cause in causes],
            }
            for each, causes in one.differences
        ],
        "paired_with_later": {ref: plain(units) for ref, units in sorted((one.ahead or {}).items())},
        "without_effect": one.idle,
    }
