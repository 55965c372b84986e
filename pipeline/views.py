"""What report and check show: lines for people, one JSON document for programs.

The lines fit 80 columns where names are short; the JSON holds everything, numbers as text.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pipeline import console
from pipeline.fiat import decimals_of
from pipeline.issues import Issue, Severity, Stake
from pipeline.money import ZERO, round_to
from pipeline.run.overview import Problems
from pipeline.run.reporting import Written
from pipeline.views_money import money
from reports.ranges import Range, ranges
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
    terms = [("  short term", f.short_term_gain), ("  long term", f.long_term_gain)]
    rows: list[tuple[str, Decimal | None]] = [
        ("Proceeds", f.proceeds),
        ("Cost basis", f.cost_basis),
        ("Gain", f.gain),
        *(terms if any(value for _, value in terms) else []),
        *((f"Income: {kind}", value) for kind, value in f.income.items()),
        ("Income in total", f.income_total),
    ]
    scope = "per account" if one.scope == "account" else "one queue for all accounts"
    lines = [
        f"Tax year {one.period.name}, {one.period.first} to {one.period.last}: {one.rules.name}, {one.method}, {scope}",
        "",
        *console.table(("", one.currency), [(what, money(value, one.currency)) for what, value in rows], right=(1,)),
        "",
        f"Files: {written.folder} ({_files(written)})",
        *([f"Opening position: {one.opening}"] if one.opening else []),
        *([f"Tax year {one.period.name} was {one.filed}"] if one.filed else []),
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
    found = [each for each in ranges(one.result.issues) if each.year == one.period.name]
    return [*lines, *(_range(each, one.currency, _MOST) for each in found)]


def _files(written: Written) -> str:
    """The page, the workbook and the archive by their names, the others by how many there are."""
    named = [file.name for file in written.files if file.suffix in (".html", ".xlsx", ".zip")]
    others = len(written.files) - len(named)
    return ", ".join([*named, f"{others} other{'s' * (others != 1)}" if named else f"{others} files"])


def next_step(written: Written) -> list[str]:
    """The one thing to do after a report."""
    one, named = written.report, {file.suffix: file for file in written.files}
    if not one.result.transactions and not one.result.disposals:
        return []  # said above: import
    if written.errors:
        return ["", "Next: `taxsync review` writes the open questions as a workbook; answer, import it, report again."]
    if ".zip" in named:
        return ["", f"Next: give {named['.zip']} to your accountant; READ ME.txt in it says how to check it."]
    if ".xlsx" in named:
        book = named.get(".html", named[".xlsx"])
        return ["", f"Next: open {book}; `taxsync report --pack` makes one file of all for an accountant."]
    return []


# ---- check ------------------------------------------------------------------------------------

_SHOWN = 20  # of one code; --json and issues.csv have all


def issues(found: Sequence[Issue]) -> list[str]:
    """Grouped by code, worst first, each with its remedy."""
    remarks, currency = (found.remarks, found.currency) if isinstance(found, Problems) else ((), "")
    if not found:
        return ["No open problems.", *remarks]
    groups: dict[str, list[Issue]] = {}
    for issue in found:
        groups.setdefault(issue.code, []).append(issue)
    lines: list[str] = []
    for code, same in groups.items():
        lines.append(f"{same[0].severity.upper()} {code} ({len(same)})")
        remedies = []
        for issue in same[:_SHOWN]:
            lines.append(f"  {console.clean(issue.message)}{_stake(issue, currency)}")
            remedies.append(console.clean(issue.remedy))
        if len(same) > _SHOWN:
            lines.append(f"  and {len(same) - _SHOWN} more: see `taxsync check --json`")
        lines += [f"  -> {remedy}" for remedy in dict.fromkeys(remedies)][:_SHOWN]
        lines.append("")
    open_years = []
    for one in ranges(found):
        if len(one.untold) == len(one.problems):
            open_years.append(one)
            continue
        told = [_part(issue, stake, currency) for issue, stake in one.problems if issue not in one.untold]
        lines += [_range(one, currency), *told[:_SHOWN], *_no_telling(one.untold), ""]
    if open_years:
        years = ", ".join(one.year for one in open_years)
        unique = list(dict.fromkeys(issue for one in open_years for issue in one.untold))
        lines += [f"Gain of {years}: how far it may be off, nothing tells:", *_no_telling(unique), ""]
    return [*lines, _tally_line(found), *remarks]


def _stake(issue: Issue, currency: str) -> str:
    stake = Decimal(issue.at_stake) if issue.at_stake else ZERO
    return f" [up to {money(stake, currency)} of tax base]" if round_to(stake, decimals_of(currency)) else ""


_MOST = 2  # problems that the line of a report names


def _range(one: Range, currency: str, named: int = 0) -> str:
    """How far a year's gain may be off in all; and the problems that it hangs on most."""
    most = "; ".join(console.clean(_where(issue)) for issue, _ in one.problems[:named])
    gain, lowest, highest, *told_ends = (
        money(value, currency) for value in (one.gain, one.lowest, one.highest, one.told_lowest, one.told_highest)
    )
    told = ""
    if one.untold:  # one end that is open shows at its problem
        told = f"; as far as it can be told, {' to '.join(told_ends)}"
    return (
        f"Gain of {one.year}: {gain} as it stands, {lowest} to {highest} while problems are open{told}"
        f"{f' (most by {most})' if most else ':'}"
    )


def _no_telling(untold: Sequence[Issue]) -> list[str]:
    """The problems of which there is no telling how much they do, in one line."""
    shown = "; ".join(dict.fromkeys(console.clean(_where(issue)) for issue in untold[:_SHOWN]))
    return [f"  no telling by {shown}{'; ...' * (len(untold) > _SHOWN)}"] if untold else []


def _part(issue: Issue, stake: Stake, currency: str) -> str:
    lowest, highest = (money(Decimal(end) if end else None, currency) for end in (stake.lowest, stake.highest))
    return f"  {lowest} to {highest} by {console.clean(_where(issue))}"


def _where(issue: Issue) -> str:
    return " ".join(filter(None, (issue.code, issue.asset, issue.account, issue.details.get("day") or _day(issue.at))))


def _tally_line(found: Sequence[Issue]) -> str:
    errors = sum(i.severity is Severity.ERROR for i in found)
    if not errors and ranges(found):
        return "No error among these; a warning may change a tax figure if it turns out otherwise, as told above."
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
                "years": [
                    {"year": s.year, "gain": s.gain, "lowest": s.lowest or None, "highest": s.highest or None}
                    for s in i.stakes
                ],
                "message": i.message,
                "remedy": i.remedy,
            }
            for i in found
        ]
    )
