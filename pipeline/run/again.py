"""Records that an exchange lists late: looked for once more where a balance began to differ from the records.

    looks = look_again(ledger, "mine", exchange, now)       # before the lists are fetched: turns their cursors back
    lines = [came(ledger, look) for look in looks]          # when what came is parsed

Every run goes back some days before the newest record, which finds what is late by less. A difference that arose
between two reports of balances says when something else happened. Once that time is further back than the runs go,
the lists that tell of units are asked again from there on; and, while the difference stays, each time that it is twice
as old: then all of them, since a record may tell of a time long before the balance had it.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from importers.base import Exchange, Stream
from importers.sync import List, anew, further_back, position
from pipeline.gains.checks import Facts, balance_differs
from pipeline.ledger import Ledger
from pipeline.model import Transaction
from pipeline.money import exact
from pipeline.run.reach import names, notes_source
from pipeline.run.ties import rows_of

LOOKED = "looked again"  # beside the notes on runs: when the lists were last asked again for a window

Window = tuple[datetime, datetime]  # two reports of balances: the last that agreed, and the first that did not


class Look(Struct, frozen=True):
    """An account whose lists are asked again for a window, from there on or `whole`; `rows`: how many transactions of
    that time were known."""

    account: str
    window: Window
    assets: tuple[str, ...]
    rows: int
    whole: bool = False


def look_again(ledger: Ledger, account: str, exchange: Exchange, now: datetime) -> list[Look]:
    """Turns an account's lists back to the windows that are due, and remembers it. Raises LedgerError."""
    rows = rows_of(ledger, account)
    looked: dict[str, str] = json.loads(ledger.cursor(account, notes_source(exchange), LOOKED) or "{}")
    due = {
        window: assets
        for window, assets in _differing(ledger, account, rows).items()
        if _key(window) not in looked
        or now - window[1] >= 2 * (datetime.fromisoformat(looked[_key(window)]) - window[1])
    }
    whole = any(_key(window) in looked for window in due)
    with ledger.transaction():
        since = None if whole else min((after for after, _ in due), default=None)
        if not due or not _turned(ledger, account, exchange, since, now):
            return []
        looked |= {_key(window): now.isoformat() for window in due}
        ledger.set_cursor(account, notes_source(exchange), LOOKED, json.dumps(looked))
    return [Look(account, window, tuple(assets), _within(rows, window, whole), whole) for window, assets in due.items()]


def begin_again(ledger: Ledger, account: str, exchange: Exchange) -> None:
    """Every list is gone through once more, all of it that was asked for. What is kept stays."""
    for name, cursor in ledger.cursors(account, exchange.id).items():
        ledger.set_cursor(account, exchange.id, name, anew(cursor))


def came(ledger: Ledger, look: Look) -> str:
    """What asking again came to, in a line."""
    rows, (after, until) = rows_of(ledger, look.account), look.window
    late = _within(rows, look.window, look.whole) - look.rows
    differing = {asset for assets in _differing(ledger, look.account, rows).values() for asset in assets}
    still = [asset for asset in look.assets if asset in differing]
    end = f"{names(still, 5)} still differ{'s' * (len(still) == 1)}" if still else "it adds up now"
    place = "their beginning" if look.whole else "there on"
    return (
        f"{look.account}: {names(look.assets, 5)} began to differ between {after:%Y-%m-%d} and {until:%Y-%m-%d}, so "
        f"its lists were asked again from {place}: {late} late transaction{'s' * (late != 1)}; {end}"
    )


def _within(rows: Iterable[Transaction], window: Window, whole: bool) -> int:
    return sum((whole or window[0] < t.at) and t.at <= window[1] for t in rows)


def _differing(ledger: Ledger, account: str, rows: Sequence[Transaction]) -> dict[Window, list[str]]:
    """Window -> the assets that began to differ in it, as far as the records are parsed."""
    reported = [b for b in ledger.balances() if b.account == account]
    found: dict[Window, list[str]] = {}
    with exact():
        for issue in balance_differs(Facts(rows, reported, {})):
            if issue.details["after"]:
                after, until = (datetime.fromisoformat(issue.details[end]) for end in ("after", "until"))
                found.setdefault((after, until), []).append(issue.asset)
    return found


def _key(window: Window) -> str:
    return " ".join(each.isoformat() for each in window)


def _turned(ledger: Ledger, account: str, exchange: Exchange, since: datetime | None, now: datetime) -> bool:
    """Whether any list was turned back to `since` (None: to its beginning): those that tell of units and would not go
    so far by themselves."""
    cursors, kept = ledger.cursors(account, exchange.id), ledger.extents(account, exchange.id)
    turned = False
    for name, cursor in cursors.items():
        stream = next((s for s in exchange.streams if s.name == name.partition(" ")[0]), None)
        if stream is None or stream.details or (stream.parts is not None and name not in kept):
            continue
        of = List(exchange, stream, account, name.partition(" ")[2])
        back = further_back(of, cursor, None if since is None else _seconds(since), _seconds(now))
        if back is not None:
            ledger.set_cursor(account, exchange.id, name, back)
            _ask_all_parts(ledger, account, exchange, stream, cursors.get(stream.name))
            turned = True
    return turned


def _ask_all_parts(ledger: Ledger, account: str, exchange: Exchange, stream: Stream, mark: str | None) -> None:
    """So that the part that was turned back is asked for, whatever its stream would leave out."""
    when = position(mark) if stream.parts is not None else None
    if when is not None:
        ledger.set_cursor(account, exchange.id, stream.name, replace(when, under_way=True).text())


def _seconds(at: datetime) -> Decimal:
    return Decimal(int(at.timestamp()))
