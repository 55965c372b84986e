"""A person's TOML as a table, or why it is none: in bounded time, and with no exception but one.

    table_of(b'country = "us"')         # {"country": "us"}

`tomllib` takes a square of the time for a key of many parts, and raises three kinds of errors besides its own.
"""

import re
import tomllib
from typing import Any

PARTS = 30  # of a dotted key; ours have three

_QUOTED = re.compile(r'"(?:\\.|[^"\\\n])*"|' r"'[^'\n]*'")
_DOTTED = re.compile(rf"(?<![A-Za-z0-9_-])(?:[A-Za-z0-9_-]++\s*+\.\s*+){{{PARTS}}}")


class NoTable(ValueError):
    """Why a text is no TOML, to be said behind the file's name."""


def table_of(content: bytes) -> dict[str, Any]:
    """What it says. Raises NoTable."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NoTable("is not UTF-8 text: save it as UTF-8") from None
    if _DOTTED.search(_QUOTED.sub("q", text)):
        raise NoTable("is nested too deeply")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise NoTable("is nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise NoTable(f"is not valid TOML: {error}") from None
    except ValueError:  # such as a number of 5,000 digits
        raise NoTable("holds a value that can't be read") from None
