"""What the commands of keys show: lines for people of at most 100 columns, one JSON document for programs."""

import json
from collections.abc import Sequence
from typing import Any

from pipeline import console
from pipeline.run.keys import CAN_NOT_TELL, Checked, Stored


def keys(stored: Sequence[Stored]) -> list[str]:
    if not stored:
        return ["No key is stored: `taxsync keys add kraken`."]
    rows = [(*_known(k, f"{k.entry.starts}..." if k.entry.starts else ""), k.may, *_reach(k)) for k in stored]
    lines = console.table((*_KNOWN[:2], "Key", *_KNOWN[2:], "May", *_REACH), rows)
    return [*lines, f"Kept in: {stored[0].entry.store}", *(f"{k.entry.name}: {k.advice}" for k in stored if k.advice)]


_KNOWN, _REACH = ("Name", "Exchange", "Stored", "Last used", "Asked"), ("IP-bound", "Expires")


def _known(k: Stored, *more: str) -> tuple[str, ...]:
    asked = k.asked or ("never" if k.rights is None else "can't tell")
    return k.entry.name, k.entry.exchange, *more, k.entry.added, k.last_used or "never", asked


def _reach(k: Stored) -> tuple[str, str]:
    bound = k.rights.ip_bound if k.rights else None
    return "unknown" if bound is None else _yes(bound), k.rights.expires if k.rights else ""


def keys_json(stored: Sequence[Stored]) -> list[str]:
    return _json([_key(k) for k in stored])


def _key(k: Stored) -> dict[str, Any]:
    """All that may be shown of a key; what was not asked or is not told is null."""
    may = k.rights
    given = dict.fromkeys(("read", "trade", "withdraw"))
    if may is not None:
        given = {name: getattr(may, name) or (None if may.unknown else False) for name in given}
    return {
        "name": k.entry.name,
        "exchange": k.entry.exchange,
        "key_starts": k.entry.starts,
        "store": k.entry.store,
        "added": k.entry.added,
        "created": (may.created or None) if may else None,
        "last_used": k.last_used or None,
        "asked": k.asked or None,
        **given,
        "unknown": may.unknown if may else None,
        "may": list(may.may) if may else None,
        "ip_bound": may.ip_bound if may else None,
        "expires": (may.expires or None) if may else None,
        "advice": k.advice or None,
    }


TWO_FACTOR = "No exchange tells by API whether its sign-in asks for a second factor: make sure that it does."


def rights(checked: Sequence[Checked]) -> list[str]:
    if not checked:
        return ["No key is stored: `taxsync keys add kraken`."]
    rows = []
    for c in checked:
        may = c.key.rights or CAN_NOT_TELL
        allowed = (_may(may.unknown, right) for right in (may.read, may.trade, may.withdraw))
        rows.append((*_known(c.key), *allowed, *_reach(c.key)))
    lines = console.table((*_KNOWN, "Read", "Trade", "Withdraw", *_REACH), rows)
    return [*lines, *(f"{c.key.entry.name}: {note}" for c in checked for note in c.notes), TWO_FACTOR]


def _may(unknown: bool, right: bool) -> str:
    """A right that the exchange does not tell is not one that the key lacks."""
    return "unknown" if unknown and not right else _yes(right)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def rights_json(checked: Sequence[Checked]) -> list[str]:
    return _json([_key(c.key) | {"reads_only": c.reads_only, "notes": list(c.notes)} for c in checked])


def _json(document: object) -> list[str]:
    return [json.dumps(document, ensure_ascii=True, indent=2)]
