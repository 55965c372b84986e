"""The open questions as a workbook to fill in: one sheet per kind, what may change a figure most first.

Takes questions, gives the bytes of an XLSX file. Text is text, no cell is a formula; choices are drop-downs that let
other answers through after asking, since what fits is judged when the workbook is imported.

This module loads openpyxl: import it only where a workbook is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from openpyxl.styles import Border, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from pipeline import questions as q
from pipeline.questions import LAYOUTS, Layout, Question
from reports.sheet import DAY, LEFT, MONEY, RIGHT, WRAPPED, Book, Sheet, font, print_setup, widths
from reports.table import Value

NO_TELLING = "no telling"
_LIST_LIMIT = 250  # characters of a drop-down that is written into its cell's rule; Excel takes 255
_WIDTHS = {q.KNOWN: 60, q.EFFECT: 44, q.DATE: 12, q.ACCOUNT: 16, q.ASSET: 12, q.QUANTITY: 16, q.ANSWER: 24,
           q.PROPOSED: 24, q.NOTE: 40, q.UP_TO: 18}  # fmt: skip
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
    "Days are as in 2025-03-31. To change an answer, change it here and import again, with --revise for prices and "
    "purchases.",
)


def workbook(questions: Iterable[Question], currency: str, version: str, made: datetime) -> bytes:
    """The XLSX file; `made` is local time without a zone."""
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
    headings = [f"{column} ({currency})" if column == q.UP_TO else column for column in columns]
    sheet.write(headings, [sheet.heading_style(right=column == q.UP_TO) for column in columns])
    styles = [_style(sheet, layout, column) for column in columns]
    ordered = sorted(questions, key=_order)
    for question in ordered:
        sheet.write(_values(question), styles, max(_lines(question.known, 60), _lines(question.effect, 44)))
    _offer(sheet, get_column_letter(columns.index(q.ANSWER) + 1), ordered)


def _style(sheet: Sheet, layout: Layout, column: str) -> int:
    if column == q.DATE:
        return sheet.style(DAY, align=LEFT, border=_LINED)
    if column == q.UP_TO:
        return sheet.style(MONEY, align=RIGHT, border=_LINED)
    filled = column in (q.ANSWER, q.NOTE, *layout.inputs)
    form = DAY if column == q.ACQUIRED else ""
    return sheet.style(form, align=WRAPPED, border=_LINED, fill=_TO_FILL_IN if filled else None)


def _order(question: Question) -> tuple[object, ...]:
    """What there is no telling of first, then by what it may change, then by day."""
    up_to = question.up_to
    return (up_to is not None, -up_to if up_to is not None else 0, str(question.day or ""), question.asset,
            question.account, question.key)  # fmt: skip


def _values(question: Question) -> list[Value]:
    up_to: Value = NO_TELLING if question.up_to is None else question.up_to
    known = (question.day, question.account, question.asset, question.quantity, question.known)
    filled = question.filled or ("",) * len(question.layout.inputs)
    return [question.key, *known, up_to, question.effect, question.proposed, "", *filled, ""]


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
