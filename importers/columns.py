"""What the cells of a column say, all at once, as `cells` says of each: a tenth of the time.

Takes the texts of many rows ("" where a cell is empty). Raises `Uncommon` where one is not of the common kind, however
right or wrong: their rows are to be looked at one by one then.

    amounts(("1.50", "", "2"))                              # ["1.5", "", "2"]
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import compress
from typing import TypeVar

from importers import cells as cell

_NUMBERS = re.compile(r"(?:(?:(?:0|[1-9][0-9]{0,39}+)(?:\.[0-9]{1,40}+)?+)?+\n)*+")
_TIMES = re.compile(r"(?:20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?+\n)*+")
_ESCAPED = re.compile(r'[\x00-\x1f"\\]')

Texts = Sequence[str]
T = TypeVar("T")


class Uncommon(Exception):
    """A cell, or row, that is to be looked at by itself."""


def amounts(texts: Texts) -> Texts:
    """As `cells.amount_text` of those that are not empty."""
    if not any(texts):
        return texts
    _require(_NUMBERS, texts)
    return [text.rstrip("0").rstrip(".") if "." in text else text for text in texts]


def instants(texts: Texts) -> Texts:
    """As `cells.instant_text`, of dates with a time."""
    _require(_TIMES, texts)
    if not all(map(cell.is_day, {text[:10] for text in texts})):
        raise Uncommon
    return [f"{text[:10]}T{text[11:19]}.000000+00:00" for text in texts]


def identities(texts: Texts) -> Texts:
    """As `cells.identity`."""
    whole = "".join(texts)
    if whole and not (whole.isalnum() and max(map(len, texts)) <= cell.IDENTITY_LIMIT):
        raise Uncommon
    return texts


def words(texts: Texts, read: Callable[[str], T]) -> Sequence[T]:
    """As `read` says of each, where many say the same. Raises what it raises."""
    said = {text: read(text) for text in set(texts)}
    return [said[text] for text in texts]


def objects(names: Texts, columns: Iterable[Texts]) -> list[str]:
    """Each row as a JSON object of its cells that are not empty; `names`: of the columns, as JSON has them."""
    some = {name: _inside_quotes(texts) for name, texts in zip(names, columns, strict=True) if any(texts)}
    forms = [f'{name.replace("%", "%%")}:"%s"' for name in some]

    @cache
    def form(filled: Iterable[bool]) -> str:
        return f"{{{','.join(compress(forms, filled))}}}"

    rows = zip(*some.values(), strict=True)
    if all(map(all, some.values())):
        whole = form((True,) * len(some))
        return [whole % row for row in rows]
    return [form(tuple(map(bool, row))) % tuple(filter(None, row)) for row in rows]


def _inside_quotes(texts: Texts) -> Texts:
    if any(map(str.isspace, texts)) or _ESCAPED.search("".join(texts)):
        return ["" if text.isspace() else cell.json_text(text)[1:-1] for text in texts]
    return texts


def _require(form: re.Pattern[str], texts: Texts) -> None:
    """Raises Uncommon unless each of `texts` is of a `form` that takes one a line."""
    lines = "\n".join(texts) + "\n"
    if lines.count("\n") != len(texts) or not form.fullmatch(lines):
        raise Uncommon
