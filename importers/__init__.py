"""How facts get in: the only package that sees a network or a secret. Three verbs:

    read(path, account)       a file -> Pages of RawRecords, or prices
    importers.sync.sync(...)  an exchange -> Pages of RawRecords
    parse(source, records)    RawRecords of one account -> Parsed

The folders `formats` and `exchanges` are the registry: a plug-in is found by its file's name.
"""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from importers.base import Exchange, Format, Refused
from importers.read import Reading
from importers.read import read as _read
from pipeline.model import Parsed, RawRecord


@cache
def exchanges() -> tuple[str, ...]:
    """The exchanges that have a plug-in here."""
    return _names("importers.exchanges")


@cache
def formats() -> tuple[str, ...]:
    return _names("importers.formats")


def _names(package: str) -> tuple[str, ...]:
    return tuple(sorted(m.name for m in pkgutil.iter_modules(importlib.import_module(package).__path__)))


def exchange(name: str) -> Exchange:
    """The plug-in of an exchange. Raises Refused with one readable line."""
    if name not in exchanges():
        raise Refused(f"'{name}' is not an exchange that taxsync reads; there are: {', '.join(exchanges())}")
    plug_in = importlib.import_module(f"importers.exchanges.{name}").EXCHANGE
    assert isinstance(plug_in, Exchange)
    return plug_in


def _plug_in(source: str) -> Exchange | Format:
    if source in exchanges():
        return exchange(source)
    plug_in = importlib.import_module(f"importers.formats.{source}").FORMAT
    assert isinstance(plug_in, Format)
    return plug_in


def version(source: str) -> int:
    """The version of a source's parser; records are parsed anew when it grows."""
    return _plug_in(source).version


def parse(source: str, records: Iterable[RawRecord]) -> Parsed:
    """What the records of one account and source say; all at once, since a trade may span rows."""
    read_records = _plug_in(source).parse
    assert read_records is not None, source
    return read_records(records)


def read(path: Path, account: str | None = None) -> Reading:
    """A file as pages of records (or prices), its layout recognised by its header. Raises Refused."""
    return _read(path, account)
