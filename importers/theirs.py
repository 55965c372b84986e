"""Reports of gains by other tools, to be compared with ours; nothing of them is kept.

    read(Path("koinly.csv"), "USD")     # Report("Koinly", [Told(...), ...], ...)

A layout in the folder `compared` says which column tells what; "Cost (*)" is a column that names a currency or a zone.
The layout that fits most columns is taken, the generic one last. Lines without a sale (totals, headings of parts) are
passed over. Days such as 03/04/2025 are read in the one order that all days of the file allow.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from msgspec import Struct

from importers.assets import asset as ledger_name
from importers.base import Refused, RowError, shown
from importers.boxes import NAMES
from importers.cells import LAST_YEAR
from importers.exports import number
from importers.parsers.build import Unread
from importers.sheets import Sheet, open_file, sheets, titles
from pipeline.money import exact
from pipeline.theirs import Told

ORDERS = ("mdy", "dmy")

_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})[./-](\d{4})")
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(r"(?:,?\s+|T)\d{1,2}:\d\d.*$", re.IGNORECASE)
_WORDED = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%d-%b-%Y")
_FIRST_YEAR = 1900  # such lists may name more than coins
_NO_DAY = frozenset(("", "-", "n/a", "none", "unknown", "various", "inherited"))
_DESCRIBED = re.compile(r"([\d.,]+(?:e-?\d+)?)\s+(?:x\s+|units?\s+(?:of\s+)?|of\s+)?(\S.*)", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"(.*\S)\s*\(([A-Za-z0-9]{2,10})\)|([A-Za-z0-9]{2,10})\s+-\s+(.*)")
_IN_BRACKETS_BEHIND = re.compile(r"\s*\([^()]*\)$")
# columns whose names may have more in brackets behind them; not Amount, of which "(USD)" makes another thing
_BARE = ("description", "acquired", "sold", "proceeds", "basis", "gain", "term", "box", "code", "adjustment")
_CURRENCY = re.compile(r"\(([A-Z]{3})\)")
_ABOVE = re.compile(r"base[_ ]currency:\s*([A-Z]{3})\b", re.IGNORECASE)
_TERMS = (("short", "short"), ("long", "long"), ("kurz", "short"), ("lang", "long"))
_PARTS = {"i": "short", "ii": "long", "s": "short", "l": "long"}
_BOX = re.compile(r"\(?\b([A-L])\b\)?")
_YES = frozenset(("W", "YES", "Y", "X", "TRUE", "1"))


class Layout(Struct, frozen=True):
    """`columns`: what a column tells -> the names that it may have, the first that is there counts; `needs`: those
    without which it is another layout (none given: all but `account`)."""

    tool: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()

    def places(self, header: Sequence[str]) -> dict[str, int] | None:
        """Where each thing stands; None where it is not of this layout."""
        names = [_plain(column) for column in header]
        found = {}
        for told, wanted in self.columns.items():
            bare = [_IN_BRACKETS_BEHIND.sub("", name) for name in names] if self.needs and told in _BARE else names
            place = next(
                (n for each in map(_pattern, wanted) for some in (names, bare) for n, name in enumerate(some)
                 if each(name)), None,
            )  # fmt: skip
            if place is not None:
                found[told] = place
        needs = self.needs or [told for told in self.columns if told != "account"]
        whole = all(told in found for told in needs) and ("asset" in found or "description" in found)
        return found if whole else None


class Report(Struct, frozen=True):
    """What was read. `passed`: lines that are no sale; `remarks`: how something doubtful was read. `order`: the order
    of days that its rows prove, "" where they leave it open."""

    tool: str
    rows: list[Told]
    passed: int
    remarks: tuple[str, ...]
    order: str


def read(path: Path, currency: str, order: str = "") -> Report:
    """The sales of a file, in `currency`; `order` of days, "mdy" or "dmy", where they leave it open. Raises Refused."""
    name = shown(path.name, 120)
    with open_file(path) as file:
        found = sheets(file, name, is_header=lambda header: _layout(header) is not None)
        known = [(sheet, *layout) for sheet in found if (layout := _layout(sheet.header)) is not None]
        if not known:
            headers = "; ".join(shown(", ".join(sheet.header), 200) for sheet in found[:3]) or "none"
            raise Refused(
                f"{name}: is no report of gains that is known; its header is: {headers}. It needs columns such as "
                "Description (or Asset and Quantity), Date Acquired, Date Sold, Proceeds and Cost Basis"
            )
        if len(known) > 1:
            both = titles([sheet for sheet, *_ in known], found)
            raise Refused(f"{name}: the sheets {both} could both be read; keep one in the file")
        with exact():
            return _Reading(name, *known[0], currency, order).report()


@cache
def layouts() -> Mapping[str, Layout]:
    """Every layout, by the name of its file."""
    package = importlib.import_module("importers.compared")
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    return {name: importlib.import_module(f"importers.compared.{name}").LAYOUT for name in names}


@lru_cache(maxsize=64)
def _layout(header: tuple[str, ...]) -> tuple[Layout, dict[str, int]] | None:
    """The layout with most columns in a header; a tool's own before the generic one."""
    fits = [(layout, places) for layout in layouts().values() if (places := layout.places(header)) is not None]
    return max(fits, key=lambda fit: (not fit[0].needs, len(fit[1]), fit[0].tool), default=None)


@lru_cache(maxsize=1024)
def _pattern(wanted: str) -> Callable[[str], object]:
    return re.compile(re.escape(_plain(wanted)).replace(r"\*", r"[^()]+")).fullmatch


def _plain(column: str) -> str:
    return " ".join(column.replace("_", " ").split()).casefold()


class _Reading:
    """One sheet on its way to rows."""

    def __init__(
        self, name: str, sheet: Sheet, layout: Layout, places: Mapping[str, int], currency: str, order: str
    ) -> None:
        self._name, self._sheet, self._layout, self._places = name, sheet, layout, places
        self._currency, self._order = currency, order
        self._where = f"{name}, sheet {shown(sheet.title)}" if sheet.title else name
        self._proven = ""
        self._points: dict[str, str] = {}
        self._remarks: list[str] = []

    def report(self) -> Report:
        self._check_currency()
        lines = [(row, self._cells(cells)) for row, cells in self._sheet.rows]
        sales = [(row, cells) for row, cells in lines if _is_sale(cells)]
        if not sales:
            raise Refused(f"{self._where}: has no sale in it, only its header; export it again")
        self._settle_points(cells for _, cells in sales)
        self._settle_order([cells for _, cells in sales])
        return Report(
            self._layout.tool, list(self._told(sales)), len(lines) - len(sales), tuple(self._remarks), self._proven
        )

    def _cells(self, cells: Sequence[str]) -> dict[str, str]:
        return {told: cells[at].strip() if at < len(cells) else "" for told, at in self._places.items()}

    def _check_currency(self) -> None:
        money = [self._sheet.header[at] for told, at in self._places.items() if told in ("proceeds", "basis", "gain")]
        told = {match[1] for column in money if (match := _CURRENCY.search(column))}
        told |= {match[1].upper() for line in self._sheet.above if (match := _ABOVE.search(line))}
        if others := told - {self._currency}:
            raise Refused(
                f"{self._where}: its amounts are in {', '.join(sorted(others))}, the figures here in {self._currency}; "
                "let the other tool report in the same currency"
            )

    def _settle_points(self, rows: Iterable[Mapping[str, str]]) -> None:
        """The decimal sign of each column of numbers: a comma where no other reading fits every cell."""
        columns: dict[str, list[str]] = {}
        for cells in rows:
            for told in ("quantity", "proceeds", "basis", "gain", "adjustment"):
                if cells.get(told):
                    columns.setdefault(told, []).append(cells[told])
        for told, texts in columns.items():
            if not _all_read(texts, ".") and _all_read(texts, ","):
                self._points[told] = ","

    def _settle_order(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Whether the month or the day stands first in 03/04/2025."""
        found = [
            match for cells in rows for told in ("sold", "acquired")
            if (match := _NUMERIC.match(cells.get(told, ""))) and match[2] != "." and _may_be_a_day(match)
        ]  # fmt: skip
        first, second = (max((int(match[group]) for match in found), default=0) for group in (1, 3))
        if first > 12 and second > 12:
            raise Refused(f"{self._where}: days are written day first and month first; write all in one order")
        if first > 12 or second > 12:
            self._order = self._proven = "dmy" if first > 12 else "mdy"
        elif found and not self._order:
            self._order = "mdy" if self._currency == "USD" else "dmy"
            what = "month" if self._order == "mdy" else "day"
            other = ORDERS[self._order == "mdy"]
            self._remarks.append(
                f"{self._where}: {found[0][0]} may be of two days; the {what} was taken to stand first "
                f"(else: --dates {other})"
            )

    def _told(self, sales: Iterable[tuple[int, Mapping[str, str]]]) -> Iterator[Told]:
        for row, cells in sales:
            try:
                yield self._row(f"{self._name} row {row}", cells)
            except (RowError, Unread) as error:
                raise Refused(f"{self._where} row {row}: {error}") from None

    def _row(self, place: str, cells: Mapping[str, str]) -> Told:
        sold = self._day("sold", cells)
        asset, quantity = self._what(cells, sold)
        proceeds, basis = self._number("proceeds", cells), self._number("basis", cells)
        gain = self._number("gain", cells) if cells.get("gain") else None
        if gain is None and cells.get("adjustment"):
            gain = proceeds - basis + self._number("adjustment", cells)
        return Told(
            place, asset, quantity, sold, self._day("acquired", cells), proceeds, basis, gain,
            _term(cells.get("term", "")), _box(cells.get("box", "")), self._code(cells), cells.get("account", ""),
            cells.get("acquired", "").casefold() == "various",
        )  # fmt: skip

    def _what(self, cells: Mapping[str, str], sold: date | None) -> tuple[str, Decimal | None]:
        words, quantity = cells.get("asset", ""), None
        if cells.get("quantity"):
            quantity = abs(self._number("quantity", cells))
        if not words:
            words = cells.get("description", "")
            match = _DESCRIBED.fullmatch(words)
            if match is not None and quantity is None:
                with suppress(Unread):
                    quantity, words = number(match[1]), match[2]
        if not words:
            raise RowError(self._heading("asset"), "", "is empty; it should be what was sold")
        return _asset(words, sold), quantity

    def _number(self, told: str, cells: Mapping[str, str]) -> Decimal:
        try:
            return number(cells.get(told, ""), self._points.get(told, "."))
        except Unread as why:
            raise RowError(self._heading(told), "", f"{why}; correct it") from None

    def _day(self, told: str, cells: Mapping[str, str]) -> date | None:
        text = cells.get(told, "")
        if text.casefold() in _NO_DAY:
            return None
        found = _day(_TIME.sub("", text).strip(), self._order)
        if found is None:
            raise RowError(self._heading(told), text, "is no day; it should be such as 12/31/2025 or 2025-12-31")
        if not _FIRST_YEAR <= found.year <= LAST_YEAR:
            raise RowError(self._heading(told), text, f"should be a day of the years {_FIRST_YEAR} to {LAST_YEAR}")
        return found

    def _code(self, cells: Mapping[str, str]) -> str:
        text = cells.get("code", "").upper()
        if "wash" in self._heading("code").casefold():
            return "W" if text in _YES else ""
        return text

    def _heading(self, told: str) -> str:
        at = self._places.get(told, self._places.get("description"))
        return self._sheet.header[at] if at is not None else ""


def _may_be_a_day(found: re.Match[str]) -> bool:
    """In one order or the other: what is none in either tells nothing of the others."""
    low, high = sorted((int(found[1]), int(found[3])))
    return 1 <= low <= 12 and high <= 31


def _is_sale(cells: Mapping[str, str]) -> bool:
    """Whether a line tells of one: totals have no day, headings no amount."""
    words = f"{cells.get('asset', '')}{cells.get('description', '')}{cells.get('quantity', '')}".casefold()
    if not cells["sold"] and words.startswith("total"):
        return False
    return bool(cells["sold"] or cells["proceeds"] or cells["basis"])


def _all_read(texts: Iterable[str], point: str) -> bool:
    try:
        for text in texts:
            number(text, point)
    except Unread:
        return False
    return True


@lru_cache(maxsize=8192)
def _day(text: str, order: str) -> date | None:
    iso, numeric = _ISO.match(text), _NUMERIC.fullmatch(text)
    try:
        if iso is not None:
            return date(*map(int, iso.groups()))
        if numeric is not None:
            one, sign, two, year = numeric.groups()
            day_first = sign == "." or order == "dmy"
            return date(int(year), int(two if day_first else one), int(one if day_first else two))
    except ValueError:
        return None
    for pattern in _WORDED:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  # a day
        except ValueError:
            continue
    return None


def _term(text: str) -> str:
    word = text.casefold()
    return _PARTS.get(word) or next((term for begin, term in _TERMS if begin in word), "")


def _box(text: str) -> str:
    found = _BOX.search(text.upper()) if len(text) <= 40 else None
    return found[1] if found else ""


@lru_cache(maxsize=8192)
def _asset(words: str, sold: date | None) -> str:
    """The ledger's name: of a code, of a full name, of "Bitcoin (BTC)" or "BTC - Bitcoin"."""
    bracketed = _IN_BRACKETS.fullmatch(words)
    if bracketed is not None:
        words = bracketed[2] or bracketed[3]
    code = NAMES.get(words.casefold(), words.upper() if words.isascii() and words.isalnum() else words)
    return ledger_name(code[:60], "", sold)
