"""What compare and clients show: lines for people, one JSON document for programs."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pipeline import console
from pipeline.fiat import decimals_of
from pipeline.money import ZERO, exact, plain, round_to
from pipeline.run.clients import Client
from pipeline.run.comparing import Compared
from pipeline.theirs import (
    CAUSES,
    DIFFERING,
    EQUAL,
    ONLY_OURS,
    ONLY_THEIRS,
    Here,
    Share,
    Tied,
    Told,
    by_cause,
    difference,
)
from pipeline.views_money import change, money

_SHOWN = 20  # groups that a terminal gets; --json and the workbook have all
_CLASSES = ((EQUAL, "Equal"), (DIFFERING, "Differing"), (ONLY_THEIRS, "Only theirs"), (ONLY_OURS, "Only here"))


# ---- compare ----------------------------------------------------------------------------------


def compared(one: Compared) -> list[str]:
    """The classes, the totals, what they differ by, and the first rows that do."""
    found = one.comparison
    rows = sum(len(each.told) for each in found.tied)
    passed = f", {one.passed} other line{'s' * (one.passed != 1)}" if one.passed else ""
    lines = [
        f"{console.clean(one.name)}: {one.tool} layout, {rows} row{'s' * (rows != 1)}{passed}; beside tax year "
        f"{one.period.name}, {one.period.first} to {one.period.last}"
    ]
    counted = []
    for status, title in _CLASSES:
        tied = found.of(status)
        counts = [
            str(sum(len(side) for side in sides)) for sides in zip(*((t.told, t.here) for t in tied), strict=True)
        ]
        counted.append((title, *(counts or ["0", "0"])))
    lines += ["", *console.table(("", "Their rows", "Rows here"), counted, right=(1, 2))]
    lines += ["", *_totals(one), *_reconciled(one)]
    apart = [each for each in found.tied if each.status != EQUAL]
    apart.sort(key=_weight, reverse=True)
    if apart:
        lines += ["", "What differs, the widest first:"]
        lines += [f"  {console.clean(_group(each, one.currency))}" for each in apart[:_SHOWN]]
    if len(apart) > _SHOWN:
        lines.append(f"  and {len(apart) - _SHOWN} more: see the workbook, or --json")
    if one.file is not None:
        lines += ["", f"All rows side by side: {one.file}"]
    return lines


def _totals(one: Compared) -> list[str]:
    theirs, ours = one.comparison.theirs, one.comparison.ours
    rows = [
        (name, money(their, one.currency), money(our, one.currency), change(their - our, one.currency))
        for name, their, our in zip(
            ("Proceeds", "Cost basis", "Gain"), _in_cents(theirs, one), _in_cents(ours, one), strict=True
        )
    ]  # fmt: skip
    return console.table((one.currency, "Theirs", "Here", "Difference"), rows, right=(1, 2, 3))


def _in_cents(share: Share, one: Compared) -> tuple[Decimal, ...]:
    """To the cent, or what the currency has for it, so that they add up: the gain is what the two others leave, and
    what a tool adjusts."""
    return tuple(round_to(each, decimals_of(one.currency)) for each in (share.proceeds, share.basis, share.gain))


def in_cents(one: Compared) -> list[tuple[str, int, tuple[Decimal, ...]]]:
    """Each cause with its places and amounts to the cent; they add up to the difference of the totals as shown, since
    what rounding them leaves is added to the rounding of rows."""
    with exact():
        theirs, ours = _in_cents(one.comparison.theirs, one), _in_cents(one.comparison.ours, one)
        left = [their - our for their, our in zip(theirs, ours, strict=True)]
        found, places = [], 0
        for share, count in by_cause(one.comparison):
            if share.cause == "rounding":
                places = count
                continue
            amounts = _in_cents(share, one)
            left = [rest - amount for rest, amount in zip(left, amounts, strict=True)]
            found.append((share.cause, count, amounts))
        if any(left):
            found.append(("rounding", places, tuple(left)))
        return found


def _reconciled(one: Compared) -> list[str]:
    causes = in_cents(one)
    if not causes:
        return []
    rows = [
        (_named(cause), str(places), *(change(amount, one.currency) for amount in amounts), CAUSES[cause])
        for cause, places, amounts in causes
    ]
    heads = ("Likely cause", "Places", "Proceeds", "Cost", "Gain", "That is")
    return ["", *console.table(heads, rows, right=(1, 2, 3, 4))]


def _named(cause: str) -> str:
    return cause.replace("_", " ")


def _weight(each: Tied) -> tuple[Decimal, int]:
    with exact():
        return sum((abs(share.gain) for share in each.shares), ZERO), len(each.differences)


def _group(each: Tied, currency: str) -> str:
    """'f.csv row 7 beside 5d41402abc4b2a76, 0.5 BTC sold on 2025-03-01: cost basis 100.00 more, gain ...'."""
    places = [row.place for row in each.told[:3]] + ["..."] * (len(each.told) > 3)
    ids = list(dict.fromkeys(part.disposal.id for part in each.here))
    ids = ids[:3] + ["..."] * (len(ids) > 3)
    what = each.told[0].asset if each.told else each.here[0].disposal.asset
    units = [row.quantity for row in each.told] if each.told else [part.disposal.quantity for part in each.here]
    with exact():
        told = "" if None in units else f"{plain(sum((u for u in units if u is not None), ZERO))} "
    day = each.told[0].sold if each.told else each.here[0].sold
    where = " beside ".join(", ".join(some) for some in (places, ids) if some)
    alone = {ONLY_THEIRS: "only theirs", ONLY_OURS: "only here"}.get(each.status, "")
    parts = ", ".join(filter(None, (alone, *_differences(each, currency))))
    return f"{where}: {told}{what}{f' sold on {day}' if day else ''}: {parts} ({_causes(each)})"


def _differences(each: Tied, currency: str) -> list[str]:
    with exact():
        sums = {
            name: sum((getattr(share, field) for share in each.shares), ZERO)
            for name, field in (("proceeds", "proceeds"), ("cost", "basis"), ("gain", "gain"))
        }
    told = [
        f"{name} {change(value, currency)}" for name, value in sums.items() if round_to(value, decimals_of(currency))
    ]
    return told + [name.replace("_", " ") for name in each.differences if name not in ("proceeds", "basis")]


def _causes(each: Tied) -> str:
    return ", ".join(map(_named, each.causes))


def compared_json(one: Compared) -> list[str]:
    found = one.comparison
    apart = difference(found)
    document = {
        "file": one.name,
        "tool": one.tool,
        "year": one.period.name,
        "first": str(one.period.first),
        "last": str(one.period.last),
        "currency": one.currency,
        "workbook": str(one.file) if one.file else None,
        "totals": {"theirs": _share(found.theirs), "ours": _share(found.ours), "difference": _share(apart)},
        "by_cause": [
            {"cause": share.cause, "words": CAUSES[share.cause], "places": places, **_share(share)}
            for share, places in by_cause(found)
        ],
        "rows": {status: [_tied(each) for each in found.of(status)] for status, _ in _CLASSES},
        "remarks": list(one.remarks),
    }
    return [json.dumps(document, indent=2, ensure_ascii=True)]


def _share(share: Share) -> dict[str, str]:
    return {"proceeds": plain(share.proceeds), "cost_basis": plain(share.basis), "gain": plain(share.gain)}


def _tied(each: Tied) -> dict[str, Any]:
    return {
        "theirs": [_told(row) for row in each.told],
        "ours": [_here(part) for part in each.here],
        "differences": list(each.differences),
        "causes": list(each.causes),
        "by_cause": [{"cause": share.cause, **_share(share)} for share in each.shares],
    }


def _told(row: Told) -> dict[str, Any]:
    return {
        "place": row.place, "asset": row.asset, "quantity": None if row.quantity is None else plain(row.quantity),
        "acquired": "various" if row.various else row.acquired and str(row.acquired),
        "sold": row.sold and str(row.sold), "proceeds": plain(row.proceeds), "cost_basis": plain(row.basis),
        "gain": None if row.gain is None else plain(row.gain), "term": row.term, "box": row.box,
    }  # fmt: skip


def _here(part: Here) -> dict[str, Any]:
    d = part.disposal
    return {
        "disposal_id": d.id, "acquisition_id": d.acquisition_id, "account": d.account, "asset": d.asset,
        "quantity": plain(d.quantity), "acquired": part.acquired and str(part.acquired), "sold": str(part.sold),
        "proceeds": None if d.proceeds is None else plain(d.proceeds), "cost_basis": plain(d.cost_basis),
        "term": d.term.value, "box": part.box,
    }  # fmt: skip


# ---- clients ----------------------------------------------------------------------------------


def clients(found: Sequence[Client]) -> list[str]:
    """One line a folder, in the order given; then how many there are."""
    rows = [_client(one) for one in found]
    lines = console.table(
        ("Client", "Open", "Year", "Gain", "Lowest", "Highest", "", "As of", "Last import", "Closed", "Remark"), rows,
        right=(1, 3, 4, 5),
    )  # fmt: skip
    unread = sum(bool(one.problem) for one in found)
    told = f"{len(found)} client{'s' * (len(found) != 1)}"
    return [*lines, "", f"{told}, {unread} could not be read" if unread else told]


def _client(one: Client) -> tuple[str, ...]:
    kept, day = one.standing, "%Y-%m-%d"
    opened = "" if kept is None else f"{kept.errors}+{kept.warnings}"
    gain, low, high = (
        ("", "", "")
        if kept is None
        else (
            "no telling" if end is None else money(end, kept.currency) for end in (kept.gain, kept.lowest, kept.highest)
        )
    )
    return (
        one.name, opened, kept.year if kept else "", gain, low, high,
        kept.currency if kept else one.currency, f"{kept.at:{day}}" if kept else "",
        f"{one.last_import:{day}}" if one.last_import else "", ", ".join(one.closed), one.problem or one.remark,
    )  # fmt: skip


def clients_json(found: Sequence[Client]) -> list[str]:
    return [json.dumps([_client_json(one) for one in found], indent=2, ensure_ascii=True)]


def _client_json(one: Client) -> dict[str, Any]:
    kept = one.standing
    report = None
    if kept is not None:
        report = {
            "year": kept.year, "as_of": kept.at.isoformat(timespec="seconds"), "current": not one.since,
            "errors": kept.errors, "warnings": kept.warnings, "currency": kept.currency, "program": kept.program,
            "gain": plain(kept.gain), "lowest": None if kept.lowest is None else plain(kept.lowest),
            "highest": None if kept.highest is None else plain(kept.highest),
        }  # fmt: skip
    return {
        "client": one.name, "folder": str(one.folder), "problem": one.problem or None, "remark": one.remark or None,
        "country": one.country or None, "currency": one.currency or None, "report": report, "since": list(one.since),
        "last_import": one.last_import.isoformat(timespec="seconds") if one.last_import else None,
        "closed": list(one.closed),
    }  # fmt: skip
