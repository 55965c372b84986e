"""What status, check and keys show: lines for people, one JSON document for programs.

The lines fit 80 columns where names are short; the JSON holds everything, numbers as text.
"""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pipeline import console
from pipeline.issues import Issue, Severity
from pipeline.money import ZERO, plain, round_to
from pipeline.run.keys import Checked, Stored
from pipeline.run.overview import Holding, Status
from pipeline.run.reporting import Written
from reports.summary import figures


def _json(document: object) -> list[str]:
    return [json.dumps(document, ensure_ascii=True, indent=2)]


def _day(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d") if at else ""


def _instant(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


# ---- report -----------------------------------------------------------------------------------


def report(written: Written) -> list[str]:
    """The year's figures, where the files are, and whether anything is open."""
    one, f = written.report, figures(written.report)
    rows: list[tuple[str, Decimal | None]] = [
        ("Proceeds", f.proceeds),
        ("Cost basis", f.cost_basis),
        ("Gain", f.gain),
        *([("  short term", f.short_term_gain), ("  long term", f.long_term_gain)] if one.rules.has_terms else []),
        *((f"Income: {kind}", value) for kind, value in f.income.items()),
        ("Income in total", f.income_total),
    ]
    scope = "per account" if one.scope == "account" else "one queue for all accounts"
    lines = [
        f"Tax year {one.period.name}, {one.period.first} to {one.period.last}: {one.rules.name}, {one.method}, {scope}",
        "",
        *console.table(("", one.currency), [(what, _money(value)) for what, value in rows], right=(1,)),
        "",
        f"Files: {written.folder}",
    ]
    if written.unfinished:
        lines.append(f"Tax year {one.period.name} has not ended yet: these are the figures so far")
    if not one.result.transactions and not one.result.disposals:
        lines.append("Nothing is imported yet, so that all of this is empty: `taxsync import`")
    if written.errors:
        lines.append(
            f"{written.errors} open problem{'s' * (written.errors != 1)} may change these figures: "
            "see issues.csv, or run `taxsync check`"
        )
    return lines


def _money(value: Decimal | None) -> str:
    return "unknown" if value is None else f"{round_to(value, 2):,}"


# ---- status -----------------------------------------------------------------------------------


def status(one: Status) -> list[str]:
    s = one.settings
    method = f", {s.method}" if s.method else ""
    lines = [f"{s.country}, {s.currency}, {s.timezone}{method}", ""]
    if not one.sources:
        first = "`taxsync import`" if s.accounts else "`taxsync import FILE`, or `taxsync keys add kraken` first"
        return [*lines, f"Nothing is imported yet: {first}."]
    rows = [
        (u.account, u.source, str(u.records), _day(u.first), _day(u.last), _day(one.asked.get(u.account)))
        for u in one.sources
    ]
    lines += console.table(("Account", "Source", "Records", "From", "To", "Asked"), rows, right=(2,))
    lines += ["", *_gaps(one.issues)]
    holdings = [(h.account, h.asset, plain(h.computed), _reported(h), _difference(h)) for h in one.holdings]
    lines += console.table(("Account", "Asset", "By records", "By exchange", ""), holdings, right=(2, 3))
    return [*lines, "", _tally(one.issues)]


_INCOMPLETE = ("short_history", "not_fetched", "stored_in_part")


def _gaps(issues: Sequence[Issue]) -> list[str]:
    gaps = [f"Not complete: {i.message}" for i in issues if i.code in _INCOMPLETE]
    return [*gaps, ""] if gaps else []


def _reported(h: Holding) -> str:
    return "not asked" if h.reported is None else plain(h.reported)


def _difference(h: Holding) -> str:
    return "" if h.reported is None else ("equal" if h.reported == h.computed else "DIFFERS")


def _tally(issues: Sequence[Issue]) -> str:
    counts = Counter(i.severity for i in issues)
    errors, warnings = counts[Severity.ERROR], counts[Severity.WARNING]
    if not errors and not warnings:
        return "No open problems."
    return f"{errors} open problem{'s' * (errors != 1)}, {warnings} note{'s' * (warnings != 1)}: run `taxsync check`."


def status_json(one: Status) -> list[str]:
    s = one.settings
    return _json(
        {
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
            "problems": dict(Counter(str(i.severity) for i in one.issues)),
        }
    )


# ---- check ------------------------------------------------------------------------------------

_SHOWN = 20  # of one code; --json and issues.csv have all


def issues(found: Sequence[Issue]) -> list[str]:
    """Grouped by code, worst first, each with its remedy."""
    if not found:
        return ["No open problems."]
    groups: dict[str, list[Issue]] = {}
    for issue in found:
        groups.setdefault(issue.code, []).append(issue)
    lines: list[str] = []
    for code, same in groups.items():
        lines.append(f"{same[0].severity.upper()} {code} ({len(same)})")
        remedies = []
        for issue in same[:_SHOWN]:
            lines.append(f"  {console.clean(issue.message)}{_stake(issue)}")
            remedies.append(console.clean(issue.remedy))
        if len(same) > _SHOWN:
            lines.append(f"  and {len(same) - _SHOWN} more: see `taxsync check --json`")
        lines += [f"  -> {remedy}" for remedy in dict.fromkeys(remedies)][:_SHOWN]
        lines.append("")
    return [*lines, _tally_line(found)]


def _stake(issue: Issue) -> str:
    stake = round_to(Decimal(issue.at_stake), 2) if issue.at_stake else ZERO
    return f" [up to {stake:,} of tax base]" if stake else ""


def _tally_line(found: Sequence[Issue]) -> str:
    errors = sum(i.severity is Severity.ERROR for i in found)
    if not errors:
        return "None of these changes a tax figure."
    return f"{errors} of these {'changes' if errors == 1 else 'change'} a tax figure until settled."


def issues_json(found: Sequence[Issue]) -> list[str]:
    return _json(
        [
            {
                "severity": i.severity,
                "code": i.code,
                "account": i.account,
                "asset": i.asset,
                "date": _instant(i.at),
                "ref": i.ref,
                "at_stake": i.at_stake or None,
                "message": i.message,
                "remedy": i.remedy,
            }
            for i in found
        ]
    )


# ---- keys -------------------------------------------------------------------------------------


def keys(stored: Sequence[Stored]) -> list[str]:
    if not stored:
        return ["No key is stored: `taxsync keys add kraken`."]
    rows = [
        (
            k.entry.name,
            k.entry.exchange,
            f"{k.entry.starts}..." if k.entry.starts else "",
            k.entry.store,
            k.entry.added,
            k.last_used or "never",
            k.may,
            k.asked,
        )
        for k in stored
    ]
    lines = console.table(("Name", "Exchange", "Key", "Kept in", "Since", "Last used", "May", "Asked"), rows)
    return lines + [f"{k.entry.name}: {k.advice}" for k in stored if k.advice]


def keys_json(stored: Sequence[Stored]) -> list[str]:
    return _json(
        [
            {
                "name": k.entry.name,
                "exchange": k.entry.exchange,
                "key_starts": k.entry.starts,
                "store": k.entry.store,
                "added": k.entry.added,
                "last_used": k.last_used or None,
                "asked": k.asked or None,
                "may": list(k.rights.may) if k.rights else None,
                "advice": k.advice or None,
            }
            for k in stored
        ]
    )


TWO_FACTOR = "No exchange tells by API whether its sign-in asks for a second factor: make sure that it does."


def rights(checked: Sequence[Checked]) -> list[str]:
    if not checked:
        return ["No key is stored: `taxsync keys add kraken`."]
    rows = [
        (
            c.name,
            c.exchange,
            *(_may(c, right) for right in (c.rights.read, c.rights.trade, c.rights.withdraw)),
            _bound(c),
            c.rights.expires,
        )
        for c in checked
    ]
    lines = console.table(("Name", "Exchange", "Read", "Trade", "Withdraw", "IP-bound", "Expires"), rows)
    return [*lines, *(f"{c.name}: {note}" for c in checked for note in c.notes), TWO_FACTOR]


def _may(c: Checked, right: bool) -> str:
    """A right that the exchange does not tell is not one that the key lacks."""
    return "unknown" if c.rights.unknown and not right else _yes(right)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _bound(c: Checked) -> str:
    return "unknown" if c.rights.ip_bound is None else _yes(c.rights.ip_bound)


def rights_json(checked: Sequence[Checked]) -> list[str]:
    return _json(
        [
            {
                "name": c.name,
                "exchange": c.exchange,
                "read": c.rights.read,
                "trade": c.rights.trade,
                "withdraw": c.rights.withdraw,
                "unknown": c.rights.unknown,
                "ip_bound": c.rights.ip_bound,
                "expires": c.rights.expires or None,
                "may": list(c.rights.may),
                "reads_only": c.reads_only,
                "notes": list(c.notes),
            }
            for c in checked
        ]
    )
