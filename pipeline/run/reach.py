"""How far each list of an account is kept: from when to when, when last, how many, and what its exchange hides.

    for reach in reaches(ledger, "mine", importers.exchange("kraken")): ...

Read from the cursors, and from what each run leaves beside them of how it ended. The parts of a stream
(symbols, wallets) are summed up in one.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, field

import importers
from importers.base import Exchange, Stream
from importers.sync import FINEST, Position, position
from pipeline.ledger import Ledger

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class State(StrEnum):
    """How far a list is fetched."""

    WHOLE = "whole"
    IN_PART = "in part"
    NEVER = "never"


ALL = ""  # in `LastRun.failed` of the balances: none was read, for this reason


class LastRun(Struct, frozen=True):
    """How the last run of a stream ended. `asked`: when it was last gone through to its end; `failed`: what ended the
    lists of it that were not, by their names; `absent`: parts that the exchange says are gone."""

    asked: datetime | None = None
    failed: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()


def last_run(ledger: Ledger, account: str, exchange: Exchange, name: str) -> LastRun:
    """Of the stream of this name; of BALANCE, what ended the wallets that were not read ("": all of them)."""
    text = ledger.cursor(account, notes_source(exchange), name)
    if text is None:
        return LastRun()
    kept = json.loads(text)
    asked = kept["asked"] and datetime.fromisoformat(kept["asked"])
    return LastRun(asked, kept["failed"], tuple(kept["absent"]))


def note_run(ledger: Ledger, account: str, exchange: Exchange, name: str, run: LastRun) -> None:
    kept = {"asked": run.asked and run.asked.isoformat(), "failed": run.failed, "absent": run.absent}
    ledger.set_cursor(account, notes_source(exchange), name, json.dumps(kept))


def notes_source(exchange: Exchange) -> str:
    """The source that the notes on runs are kept under, beside the cursors of the exchange."""
    return f"{exchange.id} run"


class Reach(Struct, frozen=True):
    """One stream of one account. `records` from `first` to `last` are kept of it; `parts`: how many of it were
    asked for (0: it has none). `floor`: nothing before was asked for (None: all was), since the exchange no longer
    gave it (`hidden`) or `--since` asked so. `holes`: times between that it no longer gave either."""

    account: str
    exchange: Exchange
    stream: Stream
    state: State
    run: LastRun
    parts: int = 0
    records: int = 0
    first: datetime | None = None
    last: datetime | None = None
    floor: datetime | None = None
    hidden: bool = False
    holes: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def name(self) -> str:
        return self.stream.name

    @property
    def unverified(self) -> bool:
        """Whether the exchange is known through ccxt only."""
        return importers.unverified(self.exchange.id)

    @property
    def words(self) -> str:
        """The list in a person's words: trades (TradesHistory)."""
        return f"{self.stream.holds} ({self.stream.name})"


def reaches(ledger: Ledger, account: str, exchange: Exchange, imported: datetime | None) -> list[Reach]:
    """Every stream of an account. `imported`: when it last was, what an exchange's horizon counts from where no run of
    a stream came to its end. Parts that are `absent` are those of which nothing was ever fetched."""
    cursors: dict[str, dict[str, Position]] = {}
    for name, cursor in ledger.cursors(account, exchange.id).items():
        stream, _, part = name.partition(" ")
        here = position(cursor)
        assert here is not None
        cursors.setdefault(stream, {})[part] = here
    extents = ledger.extents(account, exchange.id) if cursors else {}
    return [
        _reach(ledger, account, exchange, stream, cursors.get(stream.name, {}), extents, imported)
        for stream in exchange.streams
    ]


def _reach(
    ledger: Ledger,
    account: str,
    exchange: Exchange,
    stream: Stream,
    cursors: Mapping[str, Position],
    extents: Mapping[str, tuple[int, int, int]],
    imported: datetime | None,
) -> Reach:
    run = last_run(ledger, account, exchange, stream.name)
    known = {part for part, here in cursors.items() if not here.under_way}
    run = LastRun(run.asked, run.failed, tuple(part for part in run.absent if part not in known))
    lists = {part: here for part, here in cursors.items() if part not in run.absent}
    own = {name.partition(" ")[2]: of for name, of in extents.items() if name.partition(" ")[0] == stream.name}
    parts = {part: here for part, here in lists.items() if part} if stream.parts else lists
    # of parts, those that had records say from when on they are whole: the others may not have been there before
    told = [here for part, here in parts.items() if part in own] or list(parts.values())
    floor = max((here.floor for here in told if here.floor is not None), default=None)
    asked = run.asked or imported or EPOCH
    hidden = stream.horizon > 0 and floor is not None and at(floor) <= asked - timedelta(days=stream.horizon - 1)
    holes = {hole for here in told for hole in here.holes}
    return Reach(
        account=account,
        exchange=exchange,
        stream=stream,
        state=_state(stream, lists),
        run=run,
        parts=len(parts) if stream.parts else 0,
        records=sum(count for count, _, _ in own.values()),
        first=_instant(min((first for _, first, _ in own.values()), default=None)),
        last=_instant(max((last for _, _, last in own.values()), default=None)),
        floor=None if floor is None else at(floor),
        hidden=hidden,
        holes=tuple(sorted((at(begin), at(end)) for begin, end in holes)),
    )


def _state(stream: Stream, lists: Mapping[str, Position]) -> State:
    if not lists:
        return State.NEVER
    whole = not stream.parts or "" in lists  # the mark of all parts
    return State.WHOLE if whole and not any(here.under_way for here in lists.values()) else State.IN_PART


def at(seconds: Decimal) -> datetime:
    """Unix seconds as an instant, to the second."""
    return EPOCH + timedelta(seconds=int(seconds))


def _instant(position: int | None) -> datetime | None:
    """When a record is of, by its position."""
    return None if position is None else EPOCH + timedelta(seconds=position // int(FINEST))


def names(parts: Iterable[str], shown: int = 10) -> str:
    """Some names in a line."""
    listed = list(parts)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return f"{', '.join(listed[:shown])}{more}"
