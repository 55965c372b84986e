"""What status shows: lines for people, in 80 columns where names are short; one JSON document for programs.

First what there is and what it is worth, then where it is from, how far that reaches, and what to do next. Plain
text, on a terminal as in a pipe; the JSON holds everything, numbers as text.
"""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from pipeline import console
from pipeline.issues import Issue, Severity
from pipeline.money import ZERO, exact, plain, round_to
from pipeline.run.overview import Status
from pipeline.run.reach import Reach, State
from pipeline.run.residuals import Holding, Residual
from pipeline.run.worth import Worth
from pipeline.views_money import money

WIDTH = 80
_INCOMPLETE = (
    "short_history", "not_fetched", "stored_in_part", "not_updated", "market_gone", "wallet_not_read", "not_supported",
    "moved_elsewhere",
)  # fmt: skip


def _day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d") if at else ""


def _instant(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _text(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


SHOWN = 8  # assets without a price that are named; the table has all
NAME = 20  # letters of a name in a table; the JSON document has all


def _name(text: str, most: int = NAME) -> str:
    """A name as far as a table has room for it: names often differ at their ends."""
    text, end = console.clean(text), most // 3
    return text if len(text) <= most else f"{text[: most - end - 1]}…{text[-end:]}"


def _wrapped(text: str, begin: str = "", hang: str = "  ") -> list[str]:
    """A sentence in lines of 80; a command or a name is never broken."""
    return textwrap.wrap(
        console.clean(text), WIDTH, initial_indent=begin, subsequent_indent=hang, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def status(one: Status) -> list[str]:
    s = one.settings
    method = f", {s.method}" if s.method else ""
    lines = [f"{s.country}, {s.currency}, {s.timezone}{method}", *_closed(one), ""]
    if not one.sources:
        first = "`taxsync import`" if s.accounts else "`taxsync import FILE`, or `taxsync keys add kraken` first"
        return [*lines, f"Nothing is imported yet: {first}.", *_gaps(one.issues), *one.remarks]
    lines += _held(one.worth, s.currency)
    rows = [
        (_name(u.account), _name(u.source), str(u.records), _day(u.first), _day(u.last), _day(one.asked.get(u.account)))
        for u in one.sources
    ]
    lines += [*console.table(("Account", "Source", "Records", "From", "To", "Asked"), rows, right=(2,)), ""]
    once = [line for i in one.issues if i.code == "counted_once" for line in _wrapped(i.message)]
    lines += [*once, ""] if once else []
    lines += _lists(one.reaches)
    lines += _not_read(one.reaches)
    lines += _gaps(one.issues)
    holdings = [
        (_name(h.account), _name(h.asset, 12), plain(h.computed), _reported(h), _difference(h)) for h in one.holdings
    ]
    lines += console.table(("Account", "Asset", "By records", "By exchange", ""), holdings, right=(2, 3))
    lines += _missing(one)
    lines += _residuals(one.residuals, s.currency)
    return [*lines, "", _tally(one.issues), *one.remarks, *_next(one)]


def _closed(one: Status) -> list[str]:
    """The tax years that were filed, each with when."""
    told = ", ".join(f"{filing.year} (on {_day(filing.at)})" for filing in one.closed)
    return _wrapped(f"Closed tax years: {told}; `taxsync changes` says what would differ today") if told else []


# ---- what is held -----------------------------------------------------------------------------


def _held(found: Sequence[Worth], currency: str) -> list[str]:
    """Each asset with units, cost, value and what selling it would bring; the sums of what has a price."""
    if not found:
        return []
    rows = [
        (_name(w.asset, 12), _short(w.units), *_amounts((w.cost, w.value, w.unrealised), currency), str(w.day or ""))
        for w in found
    ]
    cost, value = _sums(found)
    unpriced = [w.asset for w in found if w.value is None]
    priced = [w for w in found if w.value is not None]
    if len(found) > 1:
        known = (value, _gain(priced)) if priced else (None, None)
        rows.append(("All", "", *_amounts((cost, *known), currency), ""))
    lines = console.table(
        ("Held", "Units", f"Cost ({currency})", "Value", "Unrealised", "At prices of"), rows, (1, 2, 3, 4)
    )
    if unpriced:
        more = f" and {len(unpriced) - SHOWN} others" if len(unpriced) > SHOWN else ""
        without = f"Value and unrealised gain of all are without {', '.join(unpriced[:SHOWN])}{more}: no price is kept."
        lines += _wrapped(without)
    return [*lines, ""]


def _amounts(values: Iterable[Decimal | None], currency: str) -> tuple[str, ...]:
    return tuple(money(value, currency) for value in values)


def _sums(found: Sequence[Worth]) -> tuple[Decimal, Decimal]:
    """The cost of all, and the value of what has a price."""
    with exact():
        return sum((w.cost for w in found), ZERO), sum((w.value or ZERO for w in found), ZERO)


def _gain(priced: Sequence[Worth]) -> Decimal:
    with exact():
        return sum((w.unrealised or ZERO for w in priced), ZERO)


def _short(units: Decimal) -> str:
    """All digits where they are few; else as many as there is room for, and a mark."""
    text = plain(units)
    if len(text) <= 16:
        return text
    return f"{plain(round_to(units, max(0, min(8, 14 - len(text.partition('.')[0])))))}~"


# ---- how far it reaches -----------------------------------------------------------------------


def _lists(found: Sequence[Reach]) -> list[str]:
    """Each list of an exchange; what is to be said of one beyond whether it is whole stands below."""
    if not found:
        return []
    rows = [
        (_name(r.account, 14), _name(r.name), str(r.records), _day(r.first), _day(r.last), _day(r.run.asked), _state(r))
        for r in found
    ]
    lines = console.table(("Account", "List", "Records", "From", "To", "Asked", "State"), rows, right=(2,))
    for r in found:
        if notes := _notes(r):
            lines += _wrapped(f"{r.account} {r.name}: {', '.join(notes)}")
    return [*lines, ""]


def _not_read(found: Sequence[Reach]) -> list[str]:
    """What each account may have that no list tells, whether or not it has."""
    lines = []
    for account, exchange in {r.account: r.exchange for r in found}.items():
        if exchange.not_read:
            told = ", ".join(one.what for one in exchange.not_read)
            lines += _wrapped(f"{account}: not read by API, if you have it: {told} (README says what has each)")
    return [*lines, ""] if lines else []


def _state(r: Reach) -> str:
    if r.run.failed:
        return "failed"
    return "gaps" if r.state is State.WHOLE and (r.holes or r.floor) else r.state.value


def _notes(r: Reach) -> list[str]:
    """What is to be said of a list."""
    parts = (
        []
        if r.state is State.WHOLE and not (r.run.failed or r.floor or r.holes or r.run.absent)
        else [f"{r.parts} parts"]
    )
    notes = (
        r.state.value if r.run.failed else "",
        f"since {_day(r.floor)}" if r.floor else "",
        *(f"gap {_day(begin)} to {_day(end)}" for begin, end in r.holes[:3]),
        f"{len(r.holes) - 3} more gaps" if len(r.holes) > 3 else "",
        *(parts if r.parts else []),
        f"{len(r.run.absent)} gone" if r.run.absent else "",
        "known through ccxt only" if r.unverified else "",
    )
    return [note for note in notes if note]


def _gaps(issues: Sequence[Issue]) -> list[str]:
    lines = []
    for i in issues:
        if i.code in _INCOMPLETE:
            lines += [*_wrapped(f"Not complete: {i.message}"), *_wrapped(i.remedy, "  -> ", "     ")]
    return [*lines, ""] if lines else []


def _reported(h: Holding) -> str:
    return "not asked" if h.reported is None else plain(h.reported)


def _difference(h: Holding) -> str:
    return "" if h.reported is None else ("equal" if h.agrees or h.reported == h.computed else "DIFFERS")


def _missing(one: Status) -> list[str]:
    """Why an exchange reports more than the records where just as much left without ever having come."""
    short = {(i.account, i.asset): i.details["quantity"] for i in one.issues if i.code == "missing_acquisition"}
    lines = []
    for h in one.holdings:
        if h.reported is None or h.agrees:
            continue
        with exact():
            left = plain(h.reported - h.computed)
        if short.get((h.account, h.asset)) == left:
            lines += _wrapped(f"{h.account}: {left} {h.asset} left, and nothing on record brought them")
    return ["", *lines] if lines else []


def _residuals(found: Sequence[Residual], currency: str) -> list[str]:
    """What differs, the dearest first: how much, worth what, since when, and why perhaps."""
    lines = [""] if found else []
    for r in found:
        worth = "" if r.value is None else f" (about {money(r.value, currency)} {currency})"
        more = "more" if r.difference > ZERO else "less"
        when = f"by {_day(r.until)}" if r.after is None else f"from {_day(r.after)} to {_day(r.until)}"
        told = f"{plain(abs(r.difference))} {r.asset} {more}{worth}, {when}: {'; or '.join(r.causes)}"
        lines += _wrapped(f"{r.account} reports {told}")
    return lines


# ---- what to do next --------------------------------------------------------------------------


def _tally(issues: Sequence[Issue]) -> str:
    counts = Counter(i.severity for i in issues)
    errors, warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    if not errors and not warnings:
        return "No open problems."
    return f"{errors} open problem{'s' * (errors != 1)}, {warnings} note{'s' * (warnings != 1)}: run `taxsync check`."


def next_steps(one: Status) -> list[tuple[str, str]]:
    """What to do next, and why, in order."""
    steps = []
    unfinished = [r for r in one.reaches if (r.run.failed and not r.stream.optional) or r.state is State.IN_PART]
    if unfinished:
        names = ", ".join(dict.fromkeys(r.account for r in unfinished))
        steps.append(("taxsync import", f"lists of {names} are not read to their end"))
    if any(i.severity is Severity.ERROR for i in one.issues):
        steps.append(("taxsync review", "the open questions as a workbook to answer, then import it"))
    if one.reported is not None:
        year, written = one.reported
        if not written:
            steps.append((f"taxsync report --year {year}", f"{year} has ended, and has no report yet"))
        elif year not in {filing.year for filing in one.closed} and not steps:
            steps.append((f"taxsync close {year}", f"once {year} is filed, to keep it as filed"))
    return steps


def _next(one: Status) -> list[str]:
    if one.reported is None:
        return []
    lines = [line for command, why in next_steps(one) for line in _wrapped(f"`{command}`: {why}", "  ", "    ")]
    return ["", "Next:", *lines] if lines else []


# ---- as a document -----------------------------------------------------------------------------


def status_json(one: Status) -> list[str]:
    s = one.settings
    document = {
        "settings": {
            "country": s.country,
            "currency": s.currency,
            "timezone": s.timezone,
            "method": s.method,
            "lot_scope": s.lot_scope,
        },
        "accounts": [
            {
                "account": u.account,
                "source": u.source,
                "records": u.records,
                "first": _instant(u.first),
                "last": _instant(u.last),
                "asked": _instant(one.asked.get(u.account)),
            }
            for u in one.sources
        ],
        "lists": [_list_json(r) for r in one.reaches],
        "not_read": [
            {"account": account, "what": one.what, "from": one.export}
            for account, exchange in {r.account: r.exchange for r in one.reaches}.items()
            for one in exchange.not_read
        ],
        "gaps": [
            {"code": i.code, "account": i.account, "ref": i.ref, "message": i.message, "remedy": i.remedy}
            for i in one.issues
            if i.code in (*_INCOMPLETE, "list_not_given", "rests_on_files", "gap_answered")
        ],
        "balances": [
            {
                "account": h.account,
                "asset": h.asset,
                "computed": plain(h.computed),
                "reported": None if h.reported is None else plain(h.reported),
                "difference": None if h.reported is None else plain(abs(h.computed - h.reported)),
            }
            for h in one.holdings
        ],
        "differences": [
            {
                "account": r.account,
                "asset": r.asset,
                "difference": plain(r.difference),
                "value": None if r.value is None else plain(r.value),
                "after": _instant(r.after),
                "until": _instant(r.until),
                "causes": list(r.causes),
            }
            for r in one.residuals
        ],
        "problems": dict(Counter(str(i.severity) for i in one.issues)),
        "closed": [{"year": f.year, "at": _instant(f.at), "why": f.why or None} for f in one.closed],
        "holdings": [_worth_json(w) for w in one.worth],
        "total": _total_json(one.worth),
        "last_year": None if one.reported is None else {"year": one.reported[0], "reported": one.reported[1]},
        "next": [{"command": command, "why": why} for command, why in next_steps(one)],
        "remarks": list(one.remarks),
    }
    return [json.dumps(document, ensure_ascii=True, indent=2)]


def _worth_json(w: Worth) -> dict[str, str | None]:
    return {
        "asset": w.asset,
        "units": plain(w.units),
        "cost_basis": plain(w.cost),
        "price": _text(w.price),
        "price_day": str(w.day) if w.day else None,
        "value": _text(w.value),
        "unrealised_gain": _text(w.unrealised),
    }


def _total_json(found: Sequence[Worth]) -> dict[str, Any]:
    """`value` and `unrealised_gain` are those of what has a price; `unpriced` names the rest."""
    cost, value = _sums(found)
    gain = _gain([w for w in found if w.value is not None])
    return {
        "cost_basis": plain(cost),
        "value": plain(value),
        "unrealised_gain": plain(gain),
        "unpriced": [w.asset for w in found if w.value is None],
    }


def _list_json(r: Reach) -> dict[str, Any]:
    return {
        "account": r.account,
        "exchange": r.exchange.id,
        "list": r.name,
        "holds": r.stream.holds,
        "state": r.state.value,
        "records": r.records,
        "first": _instant(r.first),
        "last": _instant(r.last),
        "asked": _instant(r.run.asked),
        "parts": r.parts,
        "since": _instant(r.floor),
        "hidden_by_exchange": r.hidden,
        "holes": [[_instant(begin), _instant(end)] for begin, end in r.holes],
        "failed": dict(r.run.failed),
        "gone": list(r.run.absent),
        "horizon_days": r.stream.horizon or None,
        "closed_by": r.exchange.gap_help or None,
        "unverified": r.unverified,
    }
