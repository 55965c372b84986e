"""How facts get in: the only package that sees a network or a secret. Three verbs:

    read(path, account)       a file -> Pages of RawRecords, or prices
    importers.sync.sync(...)  an exchange -> Pages of RawRecords
    parse(source, records)    RawRecords of one account -> Parsed, in parts

The folders `formats` and `exchanges` are the registry: a plug-in is found by its file's name.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from importers.base import Exchange, Refused, shown
from importers.read import Reading
from importers.read import formats as _layouts
from importers.read import parse as _parse
from importers.read import read as _read
from pipeline.model import Parsed, RawRecord


@cache
def exchange_names() -> tuple[str, ...]:
    """The exchanges that have a plug-in here."""
    package = importlib.import_module("importers.exchanges")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def exchange(name: str) -> Exchange:
    """The plug-in of an exchange. Raises Refused with one readable line."""
    if name not in exchange_names():
        near = get_close_matches(name.lower(), exchange_names(), n=1)
        meant = f"is it '{near[0]}'? There are" if near else "there are"
        raise Refused(f"'{shown(name)}' is not an exchange that taxsync knows; {meant}: {', '.join(exchange_names())}")
    plug_in = importlib.import_module(f"importers.exchanges.{name}").EXCHANGE
    assert isinstance(plug_in, Exchange)
    return plug_in


def version(source: str) -> int:
    """The version of a source's parser; records are parsed anew when it grows."""
    return exchange(source).version if source in exchange_names() else _layouts()[source].version


def parse(source: str, records: Iterable[RawRecord]) -> Iterator[Parsed]:
    """What the records of one account and source say, in parts: an exchange's in one, as a trade may span records."""
    return iter([exchange(source).parse(records)]) if source in exchange_names() else _parse(source, records)


def read(path: Path, account: str | None = None) -> Reading:
    """A file as pages of records (or prices), its layout recognised by its header. Raises Refused."""
    return _read(path, account)
