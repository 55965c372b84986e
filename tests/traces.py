"""Looks for secrets in everything that was written: which lies where, in which form.

    leaks({"secret": "..."}, {"stdout": b"...", **files(folder)})       # [] is good

A leak is any `N` characters in a row of any form of a secret, or its first five as they are: a key may be told
from others by four.
"""

import base64
import io
import json
import logging
import traceback
import urllib.parse
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import MappingProxyType

from tests.person import contents

N = 12


def forms(secret: str) -> dict[str, bytes]:
    """A secret in every form in which it might lie about."""
    text = secret.encode()
    found = {
        "as it is": text,
        "reversed": text[::-1],
        "hex": text.hex().encode(),
        "HEX": text.hex().upper().encode(),
        "UTF-16": secret.encode("utf-16-le"),
        "UTF-16, big end first": secret.encode("utf-16-be"),
        "for an address": urllib.parse.quote(secret, safe="").encode(),
        "for a form": urllib.parse.quote_plus(secret).encode(),
        "as JSON": json.dumps(secret)[1:-1].encode(),
    }
    with suppress(ValueError):
        raw = base64.b64decode(secret, validate=True)
        found |= {"decoded": raw, "decoded, hex": raw.hex().encode(), "decoded, repr": repr(raw)[2:-1].encode()}
    for name in ("as it is", "decoded"):
        for before in range(3 if name in found else 0):  # what stands before it moves the groups of three
            for coded in (base64.b64encode, base64.urlsafe_b64encode):
                whole = coded(b"\0" * before + found[name])
                found[f"{name}, {coded.__name__}, {before}"] = whole[4 if before else 0 : -4]
    return found


def windows(text: bytes) -> Iterator[bytes]:
    return (text[i : i + N] for i in range(len(text) - N + 1))


@cache
def pieces(secret: str) -> dict[bytes, str]:
    return {piece: form for form, text in forms(secret).items() for piece in windows(text)}


def leaks(
    planted: Mapping[str, str], written: Mapping[str, bytes], sent: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """Which of the secrets by name lies in which of the places by name; the names of places are searched, too.

    `sent` are those made of them or by chance, such as signatures: their beginnings may be like anything.
    """
    found = set()
    traces = {
        piece: f"{name}, {form}"
        for name, secret in {**planted, **sent}.items()
        for piece, form in pieces(secret).items()
    }
    begins = {secret[:5].encode(): f"{name}, its beginning" for name, secret in planted.items()}
    for place, content in written.items():
        for searched in (place.encode(), content):
            found |= {f"{traces[piece]}: {place}" for piece in windows(searched) if piece in traces}
            found |= {f"{name}: {place}" for begin, name in begins.items() if begin in searched}
    return sorted(found)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, those that are archives with what is in them."""
    found = contents(folder)
    for name, content in list(found.items()):
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found |= {f"{name}/{part}": archive.read(part) for part in archive.namelist()}
    return found


def everything(error: BaseException) -> str:
    """All that an exception, and every one that can be reached from it, says."""
    todo, done, said = [error], list[BaseException](), list[str]()
    while todo:
        one = todo.pop()
        if any(one is each for each in done):
            continue
        done.append(one)
        said += [str(one), repr(one), repr(one.args), repr(vars(one)), *traceback.format_exception(one)]
        near = (one.__cause__, one.__context__, *one.args, *vars(one).values())
        todo += [each for each in near if isinstance(each, BaseException)]
    return "\n".join(said)


class Log(logging.Handler):
    """Everything that anyone logs."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        behind = everything(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
        self.lines.append(f"{record.getMessage()} {vars(record)} {behind}")
