"""The workbook's last sheet: what the figures rest on, by which rules, and how a person can check them.

All of it is in the Report; the law is told by the country's own module, `pipeline/rules/XX.py`, in its first lines.
"""

import importlib
import inspect
from collections.abc import Sequence
from datetime import datetime

from pipeline.money import plain
from reports.basis import basis_of, made_by
from reports.forms import Form
from reports.page import Page
from reports.sheet import Sheet
from reports.summary import ORDER
from reports.table import Report, Table

_WIDTHS = (34.0, 72.0, 14.0, 14.0, 12.0, 28.0, 22.0)
_BESIDE = 78  # characters of column B: letters are narrower than digits

_HOW = (
    (
        "What is a formula",
        "Totals, gains and differences. Their values are those of the program, which computes with all digits; a "
        "spreadsheet program that computes them anew comes to the same cent.",
    ),
    (
        "What leads where",
        "Blue cells lead on by click: a form's line to its disposal or to the table that it adds up, a disposal's ids "
        "to transactions, its asset to the roll-forward, a transaction's id to what became of it, its value to where "
        "that is from. A sheet takes 65,530 such links; beyond them the ids tell: they are the same on every sheet and "
        "in the CSV files.",
    ),
    (
        "What ties to what",
        "Lots: opening, what came and what went make the closing units, from the transactions alone; beside them stand "
        "the units of the open lots. A difference is among the Problems, or the law's: units paired with a later "
        "purchase, or lost without a disposal, are still lots. Where an exchange was asked for balances, what it "
        "reported stands beside the closing units, with what moved between the year's end and then; what is left is "
        "untied.",
    ),
    (
        "Order",
        f"Of rows of one instant: {ORDER}.",
    ),
    (
        "Full digits",
        "A spreadsheet keeps 15 digits. Where a quantity has more, the column (exact) beside it has them as text; the "
        "CSV files have all digits of everything.",
    ),
)


def fill(sheet: Sheet, report: Report, forms: Sequence[tuple[Form, Table]]) -> None:
    """Writes the whole page."""
    page = Page(sheet, _WIDTHS)
    page.heading("Sources and method")
    _told(page, "How to read this workbook", _HOW)
    _sources(page, report)
    _lists(page, report)
    _files(page, report)
    _told(page, "Settings", _settings(report))
    law = inspect.cleandoc(importlib.import_module(f"pipeline.rules.{report.rules.country}").__doc__ or "")
    _told(page, "Rules and their law", [(report.rules.name, " ".join(law.split()))])
    _told(page, "Forms", [(form.title, form.source) for form, _ in forms])
    currency, last = report.rules.currency, report.period.last
    limits = [(f"{plain(limit.amount.on(last))} {currency}", limit.name) for limit in report.rules.limits]
    _told(page, "Limits, shown and not applied", limits)
    orders = [(_instant(at, report), chosen) for at, chosen in report.orders]
    _told(page, "Lot methods, and when each choice was recorded", orders)
    _told(page, "What you have said", [(_instant(at, report), said) for at, said in report.answers])
    _told(page, "Version", made_by(report))
    page.finish()


def _told(page: Page, title: str, lines: Sequence[tuple[str, str]]) -> None:
    if lines:
        page.section(title)
        for name, text in lines:
            page.told(name, text, _BESIDE)


def _instant(at: datetime, report: Report) -> str:
    return at.astimezone(report.zone).isoformat(sep=" ", timespec="seconds")


def _settings(report: Report) -> list[tuple[str, str]]:
    return [
        *basis_of(report),
        *report.settings,
        *((choice.name, f"{report.rules.chosen[choice.name]} ({choice.meaning})") for choice in report.rules.choices),
        *((f"Form 1099-DA of {account}", told) for account, told in sorted(report.form_1099_da.items())),
    ]


def _sources(page: Page, report: Report) -> None:
    sources = sorted(report.sources, key=lambda s: (s.account, s.source))
    if not sources:
        return
    page.section("Accounts and sources")
    page.headings("Account", "Source", "First", "Last", "Records", texts=(1, 2))
    for s in sources:
        first, last = (at.astimezone(report.zone).date() if at else None for at in (s.first, s.last))
        page.row(s.account, s.source, first, last, s.records)


def _lists(page: Page, report: Report) -> None:
    if not report.lists:
        return
    page.section("What was fetched from exchanges")
    page.headings("Account", "List", "First", "Last", "Records", "Last asked to its end", "How far", texts=(1, 2, 6, 7))
    for one in report.lists:
        first, last = (at.astimezone(report.zone).date() if at else None for at in (one.first, one.last))
        asked = _instant(one.asked, report) if one.asked else "never"
        page.row(one.account, one.words, first, last, one.records, asked, one.state)


def _files(page: Page, report: Report) -> None:
    if report.files:
        page.section("Files that were imported, with the SHA-256 of their bytes")
        page.headings("File", "SHA-256", "Imported", "", texts=(1, 2, 3))  # an instant is wider than a day
        for one in report.files:
            page.row(one.name, one.digest or "taken in part", _instant(one.at, report))
