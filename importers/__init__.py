"""How facts get in: the only package that sees a network or a secret. Three verbs:

    importers.ahead.read(path, account)     a file -> Pages of RawRecords, or prices
    importers.sync.sync(...)                an exchange -> Pages of RawRecords
    parse(source, records)                  RawRecords of one account -> Parsed, in parts

The folders `formats` and `exchanges` are the registry: a plug-in is found by its file's name. The exchanges of
ccxt that have none are in `any`. What a command does not ask for is not loaded.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache

from importers.base import Exchange
from importers.elsewhere import moved
from importers.formats import layout_of
from pipeline.model import Parsed, RawRecord


@cache
def exchange_names() -> tuple[str, ...]:
    """The exchanges that have a plug-in here."""
    package = importlib.import_module("importers.exchanges")
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def exchange(name: str) -> Exchange:
    """The plug-in of an exchange, else what ccxt says of it. Raises Refused with one readable line.

    Capitals make no difference: what is kept of an exchange is its `id`.
    """
    if name.lower() not in exchange_names():
        from importers.any import other

        return other(name, exchange_names())
    plug_in = importlib.import_module(f"importers.exchanges.{name.lower()}").EXCHANGE
    assert isinstance(plug_in, Exchange)
    return plug_in


def unverified(name: str) -> bool:
    """Whether an exchange has no plug-in here: known through ccxt only, and never tried."""
    return name not in exchange_names()


def version(source: str) -> int:
    """The version of a source's parser; records are parsed anew when it grows."""
    if source in exchange_names():
        return exchange(source).version
    if (layout := layout_of(source)) is not None:
        return layout.version
    from importers.parsers import unified

    return unified.VERSION


def rank(source: str) -> int:
    """Where several sources tell the same of one account, that of the lowest rank counts: an API, then files."""
    layout = layout_of(source) if source not in exchange_names() else None
    return layout.rank if layout is not None else 0


def parse(source: str, records: Iterable[RawRecord]) -> Iterator[Parsed]:
    """What the records of one account and source say, in parts: an exchange's in one, as a trade may span records."""
    if source in exchange_names():
        plug_in = exchange(source)
        parsed = plug_in.parse(records)
        parsed.issues.extend(moved(plug_in.not_read, source, parsed))
        return iter([parsed])
    if layout_of(source) is not None:
        from importers.read import parse

        return parse(source, records)
    from importers.parsers import unified

    return iter([unified.read_records(records)])
