"""A small exchange that is a dictionary: a list of deposits, and trades that are asked for market by market."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from importers.base import (
    NO_LIST,
    Answer,
    Call,
    Exchange,
    Item,
    Known,
    Listed,
    Params,
    Rights,
    Span,
    Stream,
    Unlike,
    Wallet,
)
from importers.client import Absent, Gone, Unreachable
from importers.parsers.build import Value, amount, at_of, parser, transaction
from importers.sandbox.server import NOW
from pipeline.ledger import Ledger
from pipeline.model import RawRecord, Transaction
from pipeline.money import parse
from pipeline.run.course import Course
from pipeline.run.fetching import Do, Work, fetch
from pipeline.run.importing import Outcome

PAGE = 2  # records
SECONDS = int(NOW.timestamp())
HELP = "At Small: History > Export gives all of it as CSV"


def _ask(span: Span) -> Params:
    return {"part": span.part, "place": span.place or 0, "since": str(span.since or 0)}


def _read(answer: Answer, _span: Span) -> Listed:
    if not isinstance(answer, dict):
        raise Unlike("its answer is no list")
    return Listed([Item(each["id"], Decimal(each["time"]), each) for each in answer["items"]], answer["next"])


def _markets(call: Call, known: Known) -> Iterable[str]:
    if known.complete:
        return sorted(known.parts)
    every: list[str] = call("markets", {}, list)
    return every


def _received(record: RawRecord, value: Value) -> list[Transaction]:
    return [transaction(record, at_of(record), received=amount(value["units"], value["asset"]))]


def _held(_record: RawRecord, value: Value) -> list[tuple[str, Decimal]]:
    return [(asset, parse(units)) for asset, units in value.items()]


EXCHANGE = Exchange(
    id="small",
    name="Small",
    version=1,
    credentials=("apiKey", "secret"),
    allow=frozenset(),
    streams=(
        Stream("deposits", "deposits", "deposits", _ask, _read, 1),
        Stream("trades", "trades", "trades", _ask, _read, 1, parts=_markets),
    ),
    wallets=(Wallet("", "spot", dict), Wallet("earn", "earn", dict, optional=True)),
    gap_help=HELP,
    parse=parser({"deposits": _received, "trades": _received}, balances=_held),
    rights=lambda _call, _key: Rights(read=True),
)


def reaching(days: int) -> Exchange:
    """The same, whose API gives trades of the last days only."""
    deposits, trades = EXCHANGE.streams
    return replace(EXCHANGE, streams=(deposits, replace(trades, horizon=days)))


def record(id: str, days_ago: int, units: str = "1", asset: str = "BTC") -> dict[str, str]:
    return {"id": id, "time": str(SECONDS - days_ago * 86_400), "units": units, "asset": asset}


class Small(Struct):
    """What the account has there, and every request that came. `refused`: lists and markets that fail; `closed`: lists
    that are not there; `gone`: markets that are no longer there; `held`: its wallets; `before` is called at each
    request."""

    deposits: list[dict[str, str]] = field(default_factory=list)
    trades: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    held: dict[str, dict[str, str]] = field(default_factory=lambda: {"spot": {}, "earn": {}})
    exchange: Exchange = EXCHANGE
    before: Callable[[str], object] = lambda _: None
    requests: list[str] = field(default_factory=list)
    key: str = "a key"

    def call(self, method: str, params: Params, read: Callable[[Answer], Any]) -> Any:
        part = str(params.get("part", ""))
        name = f"{method} {part}".strip()
        self.requests.append(name)
        self.before(name)
        if self.refused & {method, part}:
            raise Unreachable(f"Small ({name}): it is busy or under maintenance")
        if method in self.closed:
            raise Gone(f"Small ({name}): {NO_LIST} (404)")
        if part in self.gone:
            raise Absent(f"Small ({name}): this market is gone")
        if method == "markets":
            return read([*self.trades, *sorted(self.gone - self.trades.keys())])
        if method in self.held:
            return read(self.held[method])
        every = self.deposits if method == "deposits" else self.trades[part]
        newest_first = sorted(every, key=lambda each: -int(each["time"]))
        found = [each for each in newest_first if int(each["time"]) >= Decimal(params["since"])]
        begin = int(params["place"])
        end = begin + PAGE
        return read({"items": found[begin:end], "next": end if end < len(found) else None})

    @property
    def asked(self) -> dict[str, int]:
        return dict(Counter(self.requests))


def at_once(work: Callable[[], Any]) -> Any:
    return work()


def work(
    ledger: Ledger,
    small: Small,
    *,
    now: datetime = NOW,
    name: str = "mine",
    do: Do = at_once,
    tell: Callable[[str, int, int | None], None] = lambda *_: None,
    floor: Decimal | None = None,
) -> Work:
    client: Any = small  # it answers as the client does
    return Work(ledger, do, name, client, now, floor, Course(name, tell))


def run(ledger: Ledger, small: Small, **options: Any) -> Outcome:
    """One import of one account."""
    small.requests.clear()
    one = work(ledger, small, **options)
    fetch(one)
    return one.outcome


def opened(folder: Path) -> Ledger:
    return Ledger.open(folder, create=True)
