"""A person who imports from one exchange on this machine: the real client, vault and ledger."""

import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from importers import exact
from importers.base import Exchange
from importers.sandbox.server import NOW, Faults, Request, Sandbox, Spoken
from importers.sandbox.truth import Row
from pipeline.ledger import Ledger
from pipeline.model import RawRecord, Transaction
from pipeline.money import ZERO
from pipeline.run import keys, syncing
from pipeline.run.importing import Notes
from pipeline.run.overview import check, status
from pipeline.settings import load, save
from tests.pipeline.run.conftest import access, begun


@dataclass(frozen=True)
class Run:
    """What an import told, and what it asked."""

    lines: list[str]
    failures: list[str]
    requests: list[Request]

    @property
    def asked(self) -> Counter[str]:
        return Counter(request.path for request in self.requests)


def little_more(who: str, asked: int, least: int) -> None:
    """That an import asked for no more than a quarter above what it must; told to whoever runs tests with -s."""
    print(f"\n{who:<42} {asked:7d} requests {asked / least:5.2f} x {least:7d} needed", end=" ")
    assert asked <= 1.25 * least


def ready(folder: Path, exchange: str, book: Spoken, credentials: Mapping[str, str]) -> Path:
    """A folder with the key, before its first import; no prices are looked up."""
    begun(folder)
    save(folder, replace(load(folder), lookups=False))
    with Sandbox(book) as sandbox:
        text = json.dumps(dict(credentials))
        keys.add(folder, exchange, "mine", text, NOW, access(sandbox.proxy_url), print, trade=False, unverified=True)
    return folder


def fetch(folder: Path, book: Spoken, faults: Faults | None = None, *, now: datetime = NOW, since: str = "") -> Run:
    """One `taxsync import`."""
    with Sandbox(book, faults=faults) as sandbox:
        notes = Notes(lambda _: None, lambda *_: None)
        outcome = syncing.sync(folder, now, notes, access(sandbox.proxy_url), since=since)
        assert sandbox.forbidden == []
        assert all("\n" not in line for line in (*outcome.lines, *outcome.failures))
        return Run(outcome.lines, outcome.failures, sandbox.requests)


def kept(folder: Path) -> dict[str, Any]:
    """What is kept of the account."""
    with Ledger.open(folder, create=False) as ledger:
        return {
            "records": sorted((r.stream, r.source_id, r.payload) for r in ledger.records("mine")),
            "transactions": ledger.transactions(),
            "balances": ledger.balances(),
        }


def kept_records(folder: Path) -> list[RawRecord]:
    with Ledger.open(folder, create=False) as ledger:
        return list(ledger.records("mine"))


def problems(folder: Path) -> set[str]:
    """The codes of what `taxsync check` says."""
    return {issue.code for issue in check(folder)}


def said(transactions: list[Transaction]) -> list[Row]:
    """What the transactions say, as the truth tells it."""
    return ordered(Row(t.at, t.sent, t.received, t.fee, t.label, t.txhash) for t in transactions)


def ordered(rows: Any) -> list[Row]:
    return sorted(rows, key=lambda r: (r.at, repr(r)))


def held(folder: Path) -> tuple[dict[str, Decimal], dict[str, Decimal | None]]:
    """(computed, reported) balances of the account, without what is zero in both."""
    holdings = [h for h in status(folder).holdings if h.computed or h.reported]
    return {h.asset: h.computed or ZERO for h in holdings}, {h.asset: h.reported for h in holdings}


# ---- records that were tampered with --------------------------------------------------------------

_ODD = (None, "", 0, -1, [], {}, "x", "1e5", "NaN", "-5", True, {"amount": "1"}, ["a"], "9" * 50, 10**30, ...)


def survives(exchange: Exchange, records: Sequence[RawRecord], times: int = 300) -> None:
    """Whatever stands in one place of one record, the parser raises nothing and every transaction moves something."""
    chance = random.Random(7)
    for _ in range(times):
        some = chance.sample(records, 6)
        value = exact.loads(some[0].payload)
        place, odd = chance.choice(list(_places(value))), chance.choice(_ODD)
        _put(value, place, odd)
        said = exchange.parse([replace(some[0], payload=exact.dumps(value)), *some[1:]])
        for t in said.transactions:
            sides = [side for side in (t.sent, t.received, t.fee) if side is not None]
            assert sides and all(side.quantity > 0 for side in sides), (place, odd, t)


def _places(value: Any, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*before, name)
            yield from _places(inner, (*before, name))


def _put(value: Any, place: Sequence[str], odd: Any) -> None:
    for name in place[:-1]:
        value = value[name]
    if odd is ...:
        del value[place[-1]]
    else:
        value[place[-1]] = odd
