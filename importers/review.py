"""The workbook of open questions, filled in: what each row answers, and the cells that can't be taken.

    review = read(asked(sheets(file, name)), name)
    review.rows[3].said            # [LabelGiven(...), MatchGiven(...)]: all that one row says
    review.problems                # ['review.xlsx, Missing prices J7: Price '-3' should not be negative; ...']

Unlike other files it is taken row by row: a wrong cell hides no other answer. A row without an Answer says nothing.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from importers import cells as cell
from importers.base import Refused, RowError, shown
from importers.formats import accounts, assets, duplicates, gaps, labels, openings, prices, settled
from importers.sheets import Sheet
from importers.worksheet import Unreadable
from pipeline import questions as q
from pipeline.answers import Answer, LabelGiven, MatchGiven, OpeningGiven
from pipeline.model import Label, Price

Cells = Mapping[str, str]
_TOLD = (q.KNOWN, q.UP_TO, q.EFFECT, q.IF_PROPOSED)
_ID = re.compile("[0-9a-f]{16}")
_NUMBER = re.compile(r"[-+]?[0-9.,' ]*[0-9][0-9.,' ]*(?:[eE][-+]?[0-9]+)?")
_BY_KEY = {layout.key.casefold(): layout for layout in q.LAYOUTS}
_HERE = {  # what other files call a column
    "Date": q.ACQUIRED, "Quantity": q.UNITS, "Evidence": q.NOTE, "Transaction ID": q.CAME_BY, "Stream": q.LIST,
    "Same As": q.FIRST,
}  # fmt: skip
_COUNTS = {q.FIRST_COUNTS: duplicates.ONCE, q.SECOND_COUNTS: duplicates.ONCE, q.BOTH_COUNT: duplicates.TWICE}


class Place(Struct, frozen=True):
    """A row of a sheet, and the letters of its columns by their headings."""

    sheet: str
    row: int
    letters: Mapping[str, str]

    def __str__(self) -> str:
        return f"{self.sheet} row {self.row}" if self.sheet else f"row {self.row}"

    def cell(self, column: str) -> str:
        """The cell of a column, or of the Answer where the sheet has none of that name."""
        return f"{self.sheet} {self.letters.get(self.heading(column), self.letters[q.ANSWER])}{self.row}".strip()

    def heading(self, column: str) -> str:
        """What the sheet calls a column of the files that say the same."""
        here = _HERE.get(column, column)
        return here if here in self.letters else column


class Row(Struct, frozen=True):
    """What one row says: all of it is one answer."""

    place: Place
    said: tuple[Answer | Price, ...]


class Review(Struct):
    """A workbook of answers. `problems`: cells that can't be taken, a line each."""

    rows: list[Row] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def asked(found: Sequence[Sheet]) -> list[Sheet]:
    """The sheets that ask questions; none: it is another file."""
    return [sheet for sheet in found if _layout(sheet) is not None]


def _layout(sheet: Sheet) -> q.Layout | None:
    names = {column.casefold() for column in sheet.header}
    if q.ANSWER.casefold() not in names:
        return None
    return next((_BY_KEY[name] for name in names & _BY_KEY.keys()), None)


def read(found: Sequence[Sheet], name: str) -> Review:
    """What the rows of these sheets say; prices have the file and the row as their source."""
    review = Review()
    for sheet in found:
        layout = _layout(sheet)
        assert layout is not None
        names = {column.casefold(): column for column in layout.columns}
        columns = [names.get(column.casefold(), column) for column in sheet.header]
        letters = {column: _letter(n) for n, column in enumerate(columns)}
        lots: Counter[str] = Counter()
        try:
            for number, texts in sheet.rows:
                place = Place(shown(sheet.title), number, letters)
                try:
                    said = _said(layout, _filled(columns, texts), lots)
                except RowError as error:
                    told = RowError(place.heading(error.column), error.found, error.should)
                    review.problems.append(f"{name}, {place.cell(error.column)}: {told}")
                    continue
                if said:
                    source = f"file {name}, {place}"
                    sourced = (replace(one, source=source) if isinstance(one, Price) else one for one in said)
                    review.rows.append(Row(place, tuple(sourced)))
        except Refused as error:  # the rest of a sheet can't be read
            review.problems.append(str(error))
    return review


def _filled(columns: Sequence[str], texts: Sequence[str]) -> Cells:
    """The cells that say something; what is told to the person only is not read back."""
    filled = {}
    for column, text in zip(columns, texts, strict=False):
        if column.startswith(_TOLD) or not text.strip():
            continue
        if isinstance(text, Unreadable):
            raise RowError(column, "", text)
        filled[column] = text.strip()
    return filled


def _letter(n: int) -> str:
    """A, B, ... Z, AA, ... of column 0, 1, ..."""
    return (_letter(n // 26 - 1) if n >= 26 else "") + chr(ord("A") + n % 26)


# ---- what a row says --------------------------------------------------------------------------


def _said(layout: q.Layout, cells: Cells, lots: Counter[str]) -> list[Answer | Price]:
    answer = cells.get(q.ANSWER, "")
    if answer.casefold() == q.AS_PROPOSED:
        answer = cells.get(q.PROPOSED, "")
        if not answer:
            raise RowError(q.ANSWER, cells[q.ANSWER], "has nothing in Proposed beside it; answer in other words")
    if answer:
        return list(_READ[layout.title](cells, answer, lots))
    for column in (q.ACQUIRED, q.COST):
        if column in cells and not (column == q.ACQUIRED and _ref(cells).startswith(q.LOT)):
            raise RowError(q.ANSWER, "", f"is empty, though {column} is filled in; it should be `{q.BOUGHT}`")
    return []


def _of_a_row(cells: Cells, answer: str, lots: Counter[str]) -> list[Answer | Price]:
    """What a deposit or withdrawal was. What was said of it before makes room."""
    ref, word, note = _ref(cells), answer.casefold(), labels.note(cells)
    unlabelled, unmatched = LabelGiven(ref, back=True), MatchGiven(ref, "", back=True)
    if word == q.BOUGHT:
        return [unlabelled, unmatched, _lot(cells, ref, lots)]
    if word == q.STILL_MINE:
        return [unlabelled, MatchGiven(ref, "", note=note)]
    if word.startswith((q.TO, q.FROM)):
        other = word.partition(" ")[2].strip()
        if not _ID.fullmatch(other):
            raise RowError(q.ANSWER, answer, "should name the other side by its id, 16 digits and letters a to f")
        pair = (ref, other) if word.startswith(q.TO) else (other, ref)
        return [unlabelled, MatchGiven(*pair, note=note)]
    if word not in (*Label, q.WORTHLESS):
        more = ", ".join((*Label, q.WORTHLESS, q.STILL_MINE, q.BOUGHT))
        raise RowError(q.ANSWER, answer, f"should be one of {more}, `to ID` or `from ID`")
    return [labels.row({"Transaction ID": ref, "Label": word, "Note": note}), unmatched]


def _of_a_purchase(cells: Cells, answer: str, lots: Counter[str]) -> list[Answer | Price]:
    came_by = cells.get(q.CAME_BY, "")
    if came_by and answer.casefold() in tuple(Label):
        return [labels.row({"Transaction ID": came_by, "Label": answer, "Note": labels.note(cells)})]
    if answer.casefold() != q.BOUGHT:
        more = f", or a label: {', '.join(Label)}" if came_by else ""
        raise RowError(q.ANSWER, answer, f"should be `{q.BOUGHT}`{more}")
    return [_lot(cells, came_by, lots)]


def _lot(cells: Cells, came_by: str, lots: Counter[str]) -> OpeningGiven:
    """The opening lot of a row. Its id is that of the question, and its number among the copies of that row: so a lot
    that is corrected stays the same. Or it is one that was given before, and now its cost is known."""
    ref = _ref(cells)
    question = " ".join(("review", ref, cells.get(q.QUANTITY, "")))
    lots[question] += 1
    number = lots[question]
    own_id = question if number == 1 else f"{question} #{number}"
    if ref.startswith(q.LOT):
        own_id = ref.removeprefix(q.LOT)
    taken_back = cells.get(q.UNITS) == "0"
    if q.ACQUIRED not in cells and not taken_back:
        raise RowError(q.ACQUIRED, "", "is empty; it should be the day of the purchase")
    if q.COST not in cells and not taken_back:
        raise RowError(q.COST, "", "is empty; it should be what the units cost in all, 0 if nothing")
    told = {
        "Date": cells.get(q.ACQUIRED, ""), "Account": cells.get(q.ACCOUNT, ""), "Asset": cells.get(q.ASSET, ""),
        "Quantity": cells.get(q.UNITS) or cells.get(q.QUANTITY, ""), "Cost": cells.get(q.COST, ""),
        "Cost Currency": cells.get(q.COST_CURRENCY, ""), "Evidence": cells.get(q.NOTE, ""),
        "ID": own_id, "Transaction ID": came_by,
    }  # fmt: skip
    return openings.row({column: text for column, text in told.items() if text})


def _of_a_price(cells: Cells, answer: str, lots: Counter[str]) -> list[Answer | Price]:
    if answer.casefold() == q.WORTHLESS:
        return _of_a_row(cells, answer, lots)
    if not _NUMBER.fullmatch(answer):
        raise RowError(q.ANSWER, answer, "should be the price of one unit, a number such as 12.5")
    return [_price(cells, answer)]


def _of_an_airdrop(cells: Cells, answer: str, lots: Counter[str]) -> list[Answer | Price]:
    if not _NUMBER.fullmatch(answer):
        return _of_a_row(cells, answer, lots)
    return [*_of_a_row(cells, Label.AIRDROP, lots), _price(cells, answer)]


def _price(cells: Cells, answer: str) -> Price:
    told = {"Date": cells.get(q.DATE, ""), "Asset": cells.get(q.ASSET, ""), "Currency": cells.get(q.CURRENCY, "")}
    try:
        return prices.row({**told, "Price": answer})
    except RowError as error:
        raise RowError(q.ANSWER if error.column == "Price" else error.column, error.found, error.should) from None


def _of_an_asset(cells: Cells, answer: str, _lots: Counter[str]) -> list[Answer | Price]:
    told = {"Account": cells.get(q.ACCOUNT, ""), "Asset": cells.get(q.ASSET, ""), "Is": answer}
    return [assets.row({**told, "Note": cells.get(q.NOTE, "")})]


def _of_a_duplicate(cells: Cells, answer: str, _lots: Counter[str]) -> list[Answer | Price]:
    word, pair, note = answer.casefold(), [_ref(cells), cells.get(q.FIRST, "")], cells.get(q.NOTE, "")
    if word != q.ONE_ACCOUNT and word not in _COUNTS:
        raise RowError(q.ANSWER, answer, f"should be one of {', '.join((*_COUNTS, q.ONE_ACCOUNT))}")
    if not pair[1]:
        raise RowError(q.FIRST, "", "is empty; it should be what stood there")
    if word == q.ONE_ACCOUNT:
        return [accounts.row({"Account": pair[0], "Same As": pair[1], "Note": note})]
    repeat, first = reversed(pair) if word == q.SECOND_COUNTS else pair
    return [duplicates.row({"Repeat": repeat, "First": first, "Counts": _COUNTS[word], "Note": note})]


def _of_a_gap(cells: Cells, answer: str, _lots: Counter[str]) -> list[Answer | Price]:
    if answer.casefold() != q.NOTHING_MISSING:
        raise RowError(q.ANSWER, answer, f"should be `{q.NOTHING_MISSING}`, or empty")
    told = {"Account": q.ACCOUNT, "Stream": q.LIST, "From": q.SINCE, "To": q.UNTIL, "Note": q.NOTE}
    return [gaps.row({column: cells[here] for column, here in told.items() if here in cells})]


def _of_a_record(cells: Cells, answer: str, _lots: Counter[str]) -> list[Answer | Price]:
    if answer.casefold() != q.SETTLED:
        raise RowError(q.ANSWER, answer, f"should be `{q.SETTLED}`, or empty")
    return [settled.row({"Record": _ref(cells), "Settled": settled.YES, "Note": cells.get(q.NOTE, "")})]


def _ref(cells: Cells) -> str:
    """The id in the first column."""
    column = next((layout.key for layout in q.LAYOUTS if layout.key in cells), "")
    if not column:
        raise RowError("the first column", "", "is empty; it should be the id that stood there")
    return cell.identity(column, cells[column])


_READ: Mapping[str, Callable[[Cells, str, Counter[str]], Sequence[Answer | Price]]] = {
    q.MOVES.title: _of_a_row,
    q.TRANSFERS.title: _of_a_row,
    q.PURCHASES.title: _of_a_purchase,
    q.PRICES.title: _of_a_price,
    q.AIRDROPS.title: _of_an_airdrop,
    q.ASSETS.title: _of_an_asset,
    q.DUPLICATES.title: _of_a_duplicate,
    q.GAPS.title: _of_a_gap,
    q.RECORDS.title: _of_a_record,
}
