"""What one cell of text says: an amount, an asset, an instant, an account, a line of text.

Takes the name of the column and the cell's text, gives the exact value, or raises `RowError` with
what the cell should hold. Nothing is guessed: no decimal comma, no day-first date, no look-alike
letter taken for another.

    amount("Fee Amount", " 0.5 ")                           # Decimal('0.5')
    instant("Date", "2025-03-31 16:05+02:00")               # 2025-03-31 14:05 UTC
"""

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache

from importers.base import RowError
from pipeline import model, money

IDENTITY_LIMIT = 200  # characters
FIRST_YEAR, LAST_YEAR = 2000, 2100  # tax offices' examples are older than bitcoin; beyond it is a slip of the pen

_DATE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?"
    r"(?: ?Z| UTC|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)
# What `instant_text` and `amount_text` need not look at twice; whatever else is right they read, too.
_COMMON_TIME = re.compile(r"(20[0-9]{2}-[0-9]{2}-[0-9]{2})[T ]((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])Z?")
_COMMON_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?")
_ISO = "should be ISO 8601 such as 2025-03-31 or 2025-03-31T14:05:00Z"
_NOT_IN_A_NAME = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ROUNDED_BY_A_SPREADSHEET = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]{2}")

json_text = json.encoder.encode_basestring  # a text as JSON has it


def amount(column: str, text: str) -> Decimal:
    """A number that is not negative; which side it is says the column."""
    try:
        number = money.parse(text.strip())
    except ValueError as error:
        raise RowError(column, text, str(error)) from None
    if number < 0:
        raise RowError(column, text, "should not be negative; which side it is says the column")
    return number


def amount_text(column: str, text: str) -> str:
    """The same as `money.plain` writes it: 1.50 is 1.5."""
    match = _COMMON_NUMBER.fullmatch(text)
    if match is None:
        return money.plain(amount(column, text))
    return text if match[1] is None else text.rstrip("0").rstrip(".")


@lru_cache(maxsize=8192)
def asset(column: str, text: str) -> str:
    """The code of an asset or currency: btc is BTC; anything but ASCII letters and digits stays as it is written.

    A Cyrillic, full-width or zero-width look-alike is another asset: merging them would be a guess.
    """
    code = text.strip()
    if len(code) > 60:
        raise RowError(column, text, "is longer than 60 characters; it should be a code such as BTC or EUR")
    if not code or _NOT_IN_A_NAME.search(code):
        raise RowError(column, text, "should be a code such as BTC or EUR, without control characters")
    return code.upper() if code.isascii() and code.isalnum() else code


def instant(column: str, text: str) -> datetime:
    """An instant in UTC; without a zone it is UTC already, a bare date is its midnight.

    What is finer than a microsecond is cut off.
    """
    return _date(column, text)[0]


def instant_text(column: str, text: str) -> str:
    """The same as the ledger writes it: 2025-03-31T14:05:00.000000+00:00."""
    match = _COMMON_TIME.fullmatch(text)
    if match is None or not is_day(match[1]):
        return model.instant_text(instant(column, text))
    return f"{match[1]}T{match[2]}.000000+00:00"


@lru_cache(maxsize=8192)
def is_day(text: str) -> bool:
    """Whether there is such a day as 2025-02-29."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def day_or_instant(column: str, text: str) -> date | datetime:
    """A bare date as a day, anything with a time as an instant in UTC."""
    at, bare = _date(column, text)
    return at.date() if bare else at


def day(column: str, text: str) -> date:
    """A day without a time; midnight UTC, as a date cell of a workbook is read, is none."""
    at, _ = _date(column, text)
    if at.time() != time():
        raise RowError(column, text, "should be a day without a time such as 2025-03-31")
    return at.date()


def _date(column: str, text: str) -> tuple[datetime, bool]:
    match = _DATE.fullmatch(text.strip())
    if match is None:
        raise RowError(column, text, _ISO)
    year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes = match.groups()
    try:
        at = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int(fraction[:6].ljust(6, "0")) if fraction else 0,
            UTC,
        )
    except ValueError as error:  # 31 February, 24:00, a leap second
        raise RowError(column, text, f"is no date and time ({error}); it {_ISO}") from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise RowError(column, text, f"should be a date of the years {FIRST_YEAR} to {LAST_YEAR}")
    if sign:
        offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
        if offset > timedelta(hours=14) or int(off_minutes) > 59:
            raise RowError(column, text, "has a time zone that does not exist; write UTC as Z or +00:00")
        at = at - offset if sign == "+" else at + offset
    return at, hour is None


def name(column: str, text: str, limit: int) -> str:
    """One line of at most `limit` characters without control characters; "" when the cell is empty."""
    line = text.strip()
    if len(line) > limit:
        raise RowError(column, text, f"is longer than {limit} characters; shorten it")
    if _NOT_IN_A_NAME.search(line):
        raise RowError(column, text, "should be one line without control characters")
    return line


def identity(column: str, text: str) -> str:
    """An id or hash. Refuses what a spreadsheet has rounded: two ids would become one."""
    if not text or (text.isalnum() and len(text) <= IDENTITY_LIMIT):  # nothing in it that could be wrong
        return text
    line = name(column, text, IDENTITY_LIMIT)
    if _ROUNDED_BY_A_SPREADSHEET.fullmatch(line):
        raise RowError(column, text, "was rounded by a spreadsheet program; export it again with the column as text")
    return line


def free_text(column: str, text: str, limit: int) -> str:
    """Text of at most `limit` characters, its line ends as LF."""
    if not text:
        return ""
    body = text.strip()
    if len(body) > limit:
        raise RowError(column, text, f"is longer than {limit} characters; shorten it")
    return body.replace("\r\n", "\n").replace("\r", "\n") if "\r" in body else body
