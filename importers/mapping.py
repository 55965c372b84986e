"""A mapping: which column of any table is which column of the universal file, written by the person in TOML.

    mapping = read(Path("mapping.toml"))
    mapping.check(("Time", "Coin", "Change"), "table.csv")   # the table has the columns it speaks of

    [columns]                       # universal column = the table's column
    Date = "Time"                   # or several, with a space between: ["Day", "Clock"]
    Amount = "Change"               # one amount with a sign: positive is received, negative is sent
    Currency = "Coin"
    Label = "Kind"
    [date]
    format = "%d.%m.%Y %H:%M"       # or several; "iso" (where there is none), "seconds", "milliseconds"
    zone = "Europe/Berlin"          # of times that name none; where there is none: UTC
    [numbers]
    decimal = ","
    [labels]                        # the table's word = ours, "" for a transfer or trade
    "Staking reward" = "reward"

Beside the universal columns there are `Amount`, `Currency` (whose side is told by the sign, or by `Side` and its words
in [side]), `Total`, `Total Currency` (what it was traded for) and `Pair` ("BTC/EUR": both currencies). Everything is
checked before a row is read: an unknown key, a wrong pattern, a column with two meanings. `importers.mapped` reads the
rows.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from importers import sheets
from importers.base import Refused, shown
from importers.formats.universal import COLUMNS
from pipeline.model import Label
from pipeline.toml_text import NoTable, table_of

AMOUNT, CURRENCY, TOTAL, TOTAL_CURRENCY, SIDE, PAIR = "Amount", "Currency", "Total", "Total Currency", "Side", "Pair"
OWN = (AMOUNT, CURRENCY, TOTAL, TOTAL_CURRENCY, SIDE, PAIR)
AMOUNTS = ("Sent Amount", "Received Amount", "Fee Amount", "Net Worth Amount", AMOUNT, TOTAL)
JOINED = ("Date", "Description")  # may be of several columns
CONSTANT = tuple(name for name in (*COLUMNS, *OWN) if name.endswith("Currency") or name in ("Account", "Label"))
ISO = "iso"
WORDS = (ISO, "seconds", "milliseconds")
RECEIVED, SENT = "received", "sent"
LIMIT = 256 << 10  # bytes

_SECTIONS = {  # section -> its keys; none: they are the person's own
    "columns": (*COLUMNS, *OWN),
    "constant": CONSTANT,
    "date": ("format", "zone"),
    "numbers": ("decimal", "thousands", "without_sign"),
    "labels": (),
    "side": (RECEIVED, SENT),
    "pair": ("separator",),
    "skip": ("column", "words"),
    "take": ("column", "words"),
    "table": ("newest_first", "changing"),
}
_LABELS = ("", *Label, "staking")
_TRIED = datetime(2025, 3, 31, 14, 5, tzinfo=UTC)


class Words(Struct, frozen=True):
    """Words of one column of the table, in small letters."""

    column: str
    words: frozenset[str]


class Mapped(Struct, frozen=True):
    """What a mapping says. Columns of the table are as the person wrote them; words are in small letters.

    `labels`: None where the table's words are ours already. `unsigned`: amounts whose minus sign says nothing. `skip`:
    rows that count for nothing; `take`: the words of those that count, where any other is refused. `changing`: columns
    in which a later export may say something else of the same row. `zone`: an IANA name, or "+02:00".
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    constants: Mapping[str, str]
    formats: tuple[str, ...]
    zone: str
    decimal: str
    thousands: str
    unsigned: frozenset[str]
    labels: Mapping[str, str] | None
    sides: Mapping[str, str]
    separator: str
    skip: tuple[Words, ...]
    take: tuple[Words, ...]
    changing: tuple[str, ...]
    newest_first: bool

    def fits(self, header: Iterable[str]) -> bool:
        """Whether a table has all the columns that this speaks of."""
        return not self._lacking(header)

    def near(self, header: Iterable[str]) -> bool:
        """Whether it has some of them."""
        return len(self._lacking(header)) < len(set(self._named()))

    def check(self, header: Iterable[str], table: str) -> None:
        """Raises Refused where a table lacks a column."""
        header = [column for column in header if column]
        lacking = self._lacking(header)
        if not lacking:
            return
        meant = difflib.get_close_matches(lacking[0].casefold(), [each.casefold() for each in header], n=1, cutoff=0.8)
        near = next((each for each in header if meant and each.casefold() == meant[0]), "")
        hint = f"; is it '{shown(near)}'?" if near else f"; it has: {shown(', '.join(header), 200)}"
        raise Refused(f"{table}: has no column '{shown(lacking[0])}', of which {self.name} speaks{hint}")

    def _named(self) -> Iterator[str]:
        for columns in self.columns.values():
            yield from columns
        yield from (each.column for each in (*self.skip, *self.take))
        yield from self.changing

    def _lacking(self, header: Iterable[str]) -> list[str]:
        names = {column.casefold() for column in header}
        return [column for column in dict.fromkeys(self._named()) if column.casefold() not in names]


def read(path: Path) -> Mapped:
    """The mapping in a file. Raises Refused, naming the key and the cure."""
    name = shown(path.name, 120)
    with sheets.open_file(path) as file:
        text = file.read(LIMIT + 1)
    if len(text) > LIMIT:
        raise Refused(f"{name}: is larger than {LIMIT >> 10} kB, and no mapping; name the TOML file that is one")
    try:
        said = table_of(text)
    except NoTable as why:
        raise Refused(f"{name}: {shown(str(why), 160)}; write it as TOML, with texts in double quotes") from None
    try:
        return _mapped(name, said)
    except _Wrong as why:
        raise Refused(f"{name}: {why}") from None


class _Wrong(Exception):
    """What is wrong with a mapping, and the cure."""


def _mapped(name: str, said: dict[str, Any]) -> Mapped:
    sections = {_known("the section", key, tuple(_SECTIONS), "[{}]"): value for key, value in said.items()}
    parts = {key: _section(key, value) for key, value in sections.items() if key not in ("skip", "take")}
    columns = {key: _columns(key, value) for key, value in parts.get("columns", {}).items()}
    constants = {key: _text("constant", key, value) for key, value in parts.get("constant", {}).items()}
    date, numbers, table = (parts.get(key, {}) for key in ("date", "numbers", "table"))
    labels = {word.strip().casefold(): _label(word, value) for word, value in parts.get("labels", {}).items()}
    sides: dict[str, str] = {}
    for side, words in parts.get("side", {}).items():
        for word in _texts("side", side, words):
            if sides.setdefault(word.strip().casefold(), side) != side:
                raise _Wrong(f"[side]: '{shown(word)}' is both received and sent; leave it in one")
    mapped = Mapped(
        name=name,
        columns=columns,
        constants=constants,
        formats=tuple(_format(each) for each in _texts("date", "format", date.get("format", ISO))),
        zone=_zone(_text("date", "zone", date.get("zone", "UTC"))),
        decimal=_sign("decimal", numbers.get("decimal", "."), ".,"),
        thousands=_sign("thousands", numbers.get("thousands", ""), ".,' "),
        unsigned=frozenset(
            _known("the amount", each, AMOUNTS, "{}", "numbers")
            for each in _texts("numbers", "without_sign", numbers.get("without_sign", []))
        ),
        labels=labels if "labels" in parts else None,
        sides=sides,
        separator=_text("pair", "separator", parts.get("pair", {}).get("separator", "/")),
        skip=tuple(_words("skip", sections.get("skip", []))),
        take=tuple(_words("take", sections.get("take", []))),
        changing=tuple(_texts("table", "changing", table.get("changing", []))),
        newest_first=_truth("table", "newest_first", table.get("newest_first", False)),
    )
    _check(mapped, frozenset(parts))
    return mapped


def _check(mapped: Mapped, sections: frozenset[str]) -> None:
    """What has to be there together, and what can't be."""
    has = mapped.columns.keys()
    if "Date" not in has:
        raise _Wrong('[columns] names no Date; add Date = "the table\'s column"')
    if not has & {"Sent Amount", "Received Amount", AMOUNT}:
        raise _Wrong("[columns] names no amount; add Amount (with a sign), or Sent Amount and Received Amount")
    both = sorted(has & mapped.constants.keys())
    if both:
        raise _Wrong(f"{both[0]} stands in [columns] and in [constant]; remove one")
    for one, others in ((AMOUNT, ("Sent Amount", "Received Amount")), (PAIR, (CURRENCY, TOTAL_CURRENCY))):
        other = next((each for each in others if each in has | mapped.constants.keys()), None)
        if one in has and other:
            raise _Wrong(f"{one} and {other} say the same; remove one")
    needs = ((CURRENCY, AMOUNT), (TOTAL, AMOUNT), (TOTAL_CURRENCY, TOTAL), (SIDE, AMOUNT), (PAIR, AMOUNT))
    for one, needed in needs:
        if one in has | mapped.constants.keys() and needed not in has:
            raise _Wrong(f"{one} goes with {needed}, which [columns] does not name; add it there")
    for key, column in (("labels", "Label"), ("side", SIDE), ("pair", PAIR)):
        if key in sections and column not in has:
            raise _Wrong(f"[{key}] goes with {column}, which [columns] does not name; add it there")
    if SIDE in has and not mapped.sides:
        raise _Wrong('Side needs its words: add [side] received = ["Buy"], sent = ["Sell"]')
    if mapped.decimal == mapped.thousands:
        raise _Wrong("[numbers]: decimal and thousands are the same sign; correct one")
    if AMOUNT in mapped.unsigned and SIDE not in has:
        raise _Wrong("[numbers] without_sign: Amount tells its side by its sign; map Side, or leave it out")
    if "Label" in mapped.constants:
        _label("Label", mapped.constants["Label"])
    _check_meanings(mapped)


def _check_meanings(mapped: Mapped) -> None:
    """An amount or a date is one thing; a column of currencies or words may be several."""
    meanings: dict[str, list[str]] = {}
    for meaning, columns in mapped.columns.items():
        for column in columns:
            meanings.setdefault(column.casefold(), []).append(meaning)
    for column, found in meanings.items():
        if len(found) > 1 and any(each == "Date" or each in AMOUNTS for each in found):
            raise _Wrong(
                f"[columns]: the column '{shown(column)}' is {' and '.join(found)}; it can be one of them: leave one"
            )
    fixed = {name.casefold() for name in mapped.changing}
    for column, found in meanings.items():
        if column in fixed:
            raise _Wrong(f"[table] changing: '{shown(column)}' is the {found[0]} of [columns]; remove it there")


# ---- single values ----------------------------------------------------------------------------


def _known(what: str, key: str, known: tuple[str, ...], written: str, section: str = "") -> str:
    """A key as we write it, however the person did."""
    by_name = {each.casefold(): each for each in known}
    if key.casefold() in by_name:
        return by_name[key.casefold()]
    near = difflib.get_close_matches(key.casefold(), by_name, n=1, cutoff=0.7)
    cure = f"is it {written.format(by_name[near[0]])}?" if near else f"there are: {', '.join(known)}"
    where = f"[{section}]: " if section else ""
    raise _Wrong(f"{where}{what} {written.format(shown(key))} is not known; {cure}")


def _section(section: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{section} is a section of its own: [{section}], and its keys below; write it so")
    keys = _SECTIONS[section]
    found: dict[str, Any] = {}
    for key, each in value.items():
        name = _known("the key", key, keys, "{}", section) if keys else key
        if name in found or (not keys and key.strip().casefold() in {other.strip().casefold() for other in found}):
            raise _Wrong(f"[{section}]: {shown(key)} is there twice; remove one")
        found[name] = each
    return found


def _text(section: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f'[{section}] {shown(key)}: should be a text in double quotes, {shown(key)} = "..."')
    return value.strip()


def _texts(section: str, key: str, value: object) -> list[str]:
    if isinstance(value, str):
        return [_text(section, key, value)]
    if not isinstance(value, list):
        raise _Wrong(f'[{section}] {shown(key)}: should be a text or a list of texts, {shown(key)} = ["...", "..."]')
    return [_text(section, key, each) for each in value]


def _truth(section: str, key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _Wrong(f"[{section}] {key}: should be true or false, without quotes")
    return value


def _columns(key: str, value: object) -> tuple[str, ...]:
    found = _texts("columns", key, value)
    if len(found) != 1 and (key not in JOINED or not found):
        raise _Wrong(f"[columns] {key}: is one column; only {' and '.join(JOINED)} can be of several: name one")
    return tuple(found)


def _words(section: str, value: object) -> Iterator[Words]:
    for each in value if isinstance(value, list) else [value]:
        keys = _section(section, each)
        for key in ("column", "words"):
            if key not in keys:
                raise _Wrong(f'[{section}]: has no {key}; write column = "Status" and words = ["failed"]')
        words = _texts(section, "words", keys["words"])
        yield Words(_text(section, "column", keys["column"]), frozenset(map(str.casefold, words)))


def _label(word: str, value: object) -> str:
    label = value.strip().casefold() if isinstance(value, str) else "?"
    if label not in _LABELS:
        ours = ", ".join(Label)
        raise _Wrong(f'[labels] {shown(word)}: should be one of {ours}, or "" for a transfer or trade')
    return label


def _sign(key: str, value: object, signs: str) -> str:
    if value != "" and (not isinstance(value, str) or value not in signs or len(value) != 1):
        ours = " or ".join(f'"{sign}"' for sign in signs)
        raise _Wrong(f"[numbers] {key}: should be {ours}")
    if value == "" and key == "decimal":
        raise _Wrong('[numbers] decimal: should be "." or ","')
    return str(value)


def _format(pattern: str) -> str:
    """A pattern of strptime that tells a whole date, and no time by half."""
    if pattern.casefold() in WORDS:
        return pattern.casefold()
    known = 'it is made of %Y %m %d %H %M %S, such as "%d.%m.%Y %H:%M"; or "iso", "seconds", "milliseconds"'
    if "%Z" in pattern:
        raise _Wrong("[date] format: %Z can't be read; write the zone's word as it stands, such as UTC, and give zone")
    try:
        found = datetime.strptime(_TRIED.strftime(pattern), pattern)  # noqa: DTZ007  # compared by its digits
    except ValueError:
        raise _Wrong(f"[date] format: '{shown(pattern)}' is no pattern; {known}") from None
    told = found.replace(tzinfo=UTC)
    if told.date() != _TRIED.date():
        raise _Wrong(f"[date] format: '{shown(pattern)}' tells no whole date; {known}")
    if told not in (_TRIED, _TRIED.replace(hour=0, minute=0), _TRIED.replace(minute=0)):
        raise _Wrong(f"[date] format: '{shown(pattern)}' reads 14:05 as {told:%H:%M}; %I needs %p; or write %H")
    return pattern


def _zone(name: str) -> str:
    try:
        if name[:1] in "+-":
            offset = datetime.strptime(name, "%z").utcoffset()
            known = offset is not None and abs(offset) <= timedelta(hours=14)
        else:
            known = bool(ZoneInfo(name).key)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        known = False
    if not known:
        raise _Wrong(f"[date] zone: '{shown(name)}' is not known; write it as Europe/Berlin, UTC or +02:00")
    return name
