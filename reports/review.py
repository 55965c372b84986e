"""The open questions as a workbook to fill in: one sheet per kind, what may change a figure most first.

Takes questions, and the problems beside them, gives the bytes of an XLSX file. Text is text, no cell is a formula;
choices are drop-downs that let other answers through after asking, since what fits is judged when the workbook is
imported.

This module loads openpyxl: import it only where a workbook is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl.styles import Border, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from pipeline import questions as q
from pipeline.issues import Issue
from pipeline.questions import LAYOUTS, Layout, Question
from reports.sheet import DAY, LEFT, MONEY, RIGHT, WRAPPED, Book, Sheet, font, print_setup, widths
from reports.table import Value

NO_TELLING = "no telling"
OTHERS = "Other problems"
_LIST_LIMIT = 250  # characters of a drop-down that is written into its cell's rule; Excel takes 255
_WIDTHS = {q.KNOWN: 60, q.EFFECT: 44, q.DATE: 12, q.ACCOUNT: 16, q.ASSET: 12, q.QUANTITY: 16, q.ANSWER: 24,
           q.PROPOSED: 24, q.IF_PROPOSED: 30, q.NOTE: 40, q.UP_TO: 26}  # fmt: skip
_WIDTH = 14
_KEY_WIDTH = 22
_TO_FILL_IN = PatternFill("solid", fgColor="FFF7DB")
_LINED = Border(bottom=Side(style="thin", color="D9D9D9"))
_HOW = (
    "How to answer",
    "Each sheet is one kind of question; the questions that may change a year's gain most stand first.",
    "Answer in the shaded cells: choose from the list in Answer, or type. `as proposed` takes what stands in Proposed.",
    "A row whose Answer is empty says nothing, and stays open. A Note is free, and kept with the answer.",
    "Save the workbook as XLSX, and import it: taxsync import",
    "A cell that can't be taken is named with the reason; all others count at once. Importing twice changes nothing.",
    "`Changes up to` and `Effect` tell a range: how far a year's gain may come out otherwise, whatever the answer. "
    "`If as proposed` is what the proposal alone does to gain and income; empty where it needs more from you, or where "
    "computing it would take too long.",
    "Days are as in 2025-03-31. To change an answer, change it here and import again, with --revise for prices and "
    "purchases.",
)


def workbook(
    questions: Iterable[Question], others: Sequence[Issue], currency: str, version: str, made: datetime
) -> bytes:
    """The XLSX file; `others` are problems that no answer settles, `made` is local time without a zone."""
    book = Book("Open questions", made)
    by_layout: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_layout[question.layout.title].append(question)
    footer = f"taxsync {version}, open questions"
    with book.sheet(_HOW[0]) as sheet:
        print_setup(sheet, footer, landscape=False, letter=False)
        _how(sheet, by_layout)
    for layout in LAYOUTS:
        with book.sheet(layout.title) as sheet:
            print_setup(sheet, footer, landscape=True, letter=False)
            _fill(sheet, layout, by_layout[layout.title], currency)
    if others:
        with book.sheet(OTHERS) as sheet:
            print_setup(sheet, footer, landscape=True, letter=False)
            _list(sheet, others)
    return book.finish()


def _how(sheet: Sheet, by_layout: dict[str, list[Question]]) -> None:
    widths(sheet, [28, 110])
    bold, text = sheet.style(font=font(bold=True), align=WRAPPED), sheet.style(align=WRAPPED)
    sheet.write([_HOW[0]], [bold])
    for line in _HOW[1:]:
        sheet.write(["", line], [text, text], 1 + len(line) // 105)
    for layout in LAYOUTS:
        count = len(by_layout[layout.title])
        about = f"{count} open. {layout.about}"
        sheet.write([layout.title, about], [bold, text], 1 + len(about) // 105)


def _fill(sheet: Sheet, layout: Layout, questions: Sequence[Question], currency: str) -> None:
    columns = layout.columns
    widths(sheet, [_KEY_WIDTH, *(_WIDTHS.get(column, _WIDTH) for column in columns[1:])])
    last = get_column_letter(len(columns))
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    if questions:
        sheet.auto_filter.ref = f"A1:{last}{len(questions) + 1}"
    told = {
        q.UP_TO: f"{q.UP_TO} ({currency}, range)",
        q.EFFECT: f"{q.EFFECT}: the range, whatever the answer",
    }
    headings = [told.get(column, column) for column in columns]
    sheet.write(headings, [sheet.heading_style(right=column == q.UP_TO) for column in columns])
    styles = [_style(sheet, layout, column) for column in columns]
    ordered = sorted(questions, key=q.rank)
    for question in ordered:
        texts = ((question.known, 60), (question.effect, 44), (question.if_proposed, 30))
        sheet.write(_values(question), styles, max(_lines(text, width) for text, width in texts))
    _offer(sheet, get_column_letter(columns.index(q.ANSWER) + 1), ordered)


def _list(sheet: Sheet, others: Sequence[Issue]) -> None:
    """What an answer does not settle: nothing to fill in."""
    headings = ("Problem", "Date", "Account", "Asset", q.KNOWN, "What to do")
    widths(sheet, [20, 12, 16, 12, 70, 70])
    sheet.freeze_panes = "B2"
    sheet.print_title_rows = "1:1"
    sheet.write(headings, [sheet.heading_style(right=False) for _ in headings])
    text, day = sheet.style(align=WRAPPED, border=_LINED), sheet.style(DAY, align=LEFT, border=_LINED)
    for issue in others:
        row = (issue.severity, issue.at and issue.at.date(), issue.account, issue.asset, issue.message, issue.remedy)
        sheet.write(row, [text, day, *[text] * 4], max(_lines(issue.message, 70), _lines(issue.remedy, 70)))


def _style(sheet: Sheet, layout: Layout, column: str) -> int:
    if column == q.DATE:
        return sheet.style(DAY, align=LEFT, border=_LINED)
    if column == q.UP_TO:
        return sheet.style(MONEY, align=RIGHT, border=_LINED)
    filled = column in (q.ANSWER, q.NOTE, *layout.inputs)
    form = DAY if column == q.ACQUIRED else ""
    return sheet.style(form, align=WRAPPED, border=_LINED, fill=_TO_FILL_IN if filled else None)


def _values(question: Question) -> list[Value]:
    up_to: Value = NO_TELLING if question.up_to is None else question.up_to
    known = (question.day, question.account, question.asset, question.quantity, question.known)
    filled = question.filled or ("",) * len(question.layout.inputs)
    told = (up_to, question.effect, question.proposed, question.if_proposed)
    return [question.key, *known, *told, "", *filled, ""]


def _lines(text: str, width: int) -> int:
    return sum(1 + len(line) // (width - 4) for line in text.splitlines())


def _offer(sheet: Sheet, letter: str, questions: Sequence[Question]) -> None:
    """A drop-down in each Answer cell; one rule for all rows of the same choices."""
    rows: dict[str, list[int]] = defaultdict(list)
    for number, question in enumerate(questions, 2):
        rows[_listed(question.choices)].append(number)
    for listed, numbers in rows.items():
        if not listed:
            continue
        rule = DataValidation(
            type="list", formula1=f'"{listed}"', allow_blank=True, showErrorMessage=True, errorStyle="warning",
            errorTitle="Not in the list", error="It is judged when the workbook is imported.",
        )  # fmt: skip
        for number in numbers:
            rule.add(f"{letter}{number}")
        sheet.data_validations.append(rule)


def _listed(choices: Iterable[str]) -> str:
    """As many choices as fit, as a rule writes them: with commas between, and so without one inside."""
    listed = ""
    for choice in choices:
        longer = f"{listed},{choice}" if listed else choice
        if '"' not in choice and "," not in choice and choice.isprintable() and len(longer) <= _LIST_LIMIT:
            listed = longer
    return listed
