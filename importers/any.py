"""Every exchange of ccxt without an entry of its own: what is known of it is what ccxt says, and nothing was tried.

    other("hitbtc", exchange_names())     -> an Exchange that is read by ccxt's unified methods
    other("bitflyer", exchange_names())   -> an Exchange without streams, whose keys can be kept; `gap_help` says why

ccxt's methods are run without a network (see `offline`): they say which request they would make, that one is made
through the guard like any other, and they read its answer. What may leave is found out in the same way: the GET
requests that reading trades, movements and balances takes, and those that tell the markets. An exchange whose lists
can't be gone through to their end so is not read at all: half a history is worse than none.

Lists are asked for week by week (movements: month by month) from the first year of exchanges on, since many answer no
wider a time without saying so. A page is taken to be whole where there are fewer records than were asked for and no
round number of them. Else what is after the last one and before the first one is asked for, until nothing new comes:
whichever end of a list an exchange cuts off, that finds it. Where only a first time can be given, an exchange that
shows the newest records first can't be read beyond them, and that is said.

An exchange whose API signs with a private key (a wallet's, mostly) is refused: such a key can spend.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any

from msgspec import Struct

from importers import offline
from importers.base import (
    Answer,
    Call,
    Exchange,
    Item,
    Known,
    Listed,
    Params,
    Refused,
    Span,
    Stream,
    Unlike,
    Wallet,
    shown,
)
from importers.client import described, known
from importers.entries import by_content
from importers.offline import Need
from importers.parsers.unified import DEPOSITS, MOVEMENTS, TRADES, VERSION, WITHDRAWALS, read_records
from importers.sync import DAY

# What people and older programs call an exchange, in small letters and digits, and its name here. Some are sites
# or markets whose accounts and keys are those of another id.
MEANT = {
    "binancecoinm": "binance",
    "binanceusdm": "binance",
    "binancecom": "binance",
    "binanceusa": "binanceus",
    "bitfinex2": "bitfinex",
    "coinbaseadvanced": "coinbase",
    "coinbaseadvancedtrade": "coinbase",
    "coinbasepro": "coinbase",
    "gdax": "coinbase",
    "cryptocomexchange": "cryptocom",
    "gateio": "gate",
    "huobi": "htx",
    "huobiglobal": "htx",
    "huobipro": "htx",
    "huobijp": "bittrade",
    "krakenpro": "kraken",
    "kucoinfutures": "kucoin",
    "mexc3": "mexc",
    "mexcglobal": "mexc",
    "okex": "okx",
    "okex3": "okx",
    "okex5": "okx",
    "okxeea": "myokx",
    "okxeu": "myokx",
    "okxeurope": "myokx",
}
_SPENDING = frozenset(("privateKey", "walletAddress"))


def other(name: str, own: tuple[str, ...]) -> Exchange:
    """The entry of an exchange that is none of `own`. Raises Refused: the name is not known, or its keys spend."""
    letters = re.sub("[^a-z0-9]", "", name.lower())
    meant = MEANT.get(letters, letters)
    if letters in MEANT or letters in own:  # both are known without ccxt
        raise Refused(f"'{shown(name)}' is not an exchange that taxsync knows; is it '{meant}'?")
    others = known() - set(own) - MEANT.keys()
    if name.lower() in others:
        return _entry(name.lower())
    near = [letters] if letters in others else get_close_matches(letters, [*own, *others], n=1)
    there = f"is it '{near[0]}'? There are" if near else "there are"
    names = f"{', '.join(own)} and {len(others)} others of ccxt"
    raise Refused(f"'{shown(name)}' is not an exchange that taxsync knows; {there}: {names}")


@cache
def _entry(id: str) -> Exchange:
    name, credentials = described(id)
    if _SPENDING & set(credentials) or not credentials:
        raise Refused(
            f"{name}: its API signs with a private key, and such a key can spend; taxsync never takes one. Import a "
            "file of its transactions instead"
        )
    api = offline.offline(id)
    lists, reason = _lists(api)
    balance = _single(api, offline.asks(api, "fetch_balance"), "fetch_balance") if lists else None
    allow = {each.need.listed for each in lists} | ({balance.listed} if balance else set())
    return Exchange(
        id=id,
        name=name,
        version=VERSION,
        credentials=credentials,
        allow=frozenset(allow | offline.public(api)) if lists else frozenset(),
        streams=tuple(_Reading(api, name, each).stream() for each in lists),
        wallets=(_wallet(api, balance),) if balance else (),
        begins=BEGINS,
        parse=read_records,
        gap_help=f"Import an export of {name} as a file" if lists else f"{name} is not read by API: {reason}",
        key_help=(
            f"At {name}: in the settings of its API keys, make one that only reads, with no right to trade, withdraw "
            f"or transfer. taxsync has not been tried with {name}"
        ),
        bind_help=f"At {name}: in the settings of its API keys",
        revoke_help=f"At {name}: in the settings of its API keys, delete this one",
    )


# ---- which lists can be read ------------------------------------------------------------------

SINCE, OTHER, UNTIL = 1_600_000_000_000, 1_610_000_000_000, 1_620_000_000_000  # milliseconds, to be found in a request
BEGINS = date(2013, 1, 1)
ALWAYS = 10_000  # days from which on ccxt means "without end"
WEEK, MONTH = 7, 30  # days of one window
LIMIT = 100  # records of a page, where ccxt does not say how many there can be


class _List(Struct, frozen=True):
    """A list that one unified method reads with one request. `symbol`: market by market. `until`: a last time can be
    given as well; `limit`: the records that are asked for at once."""

    name: str
    holds: str
    unified: str
    need: Need
    symbol: bool
    until: bool
    limit: int
    step: int  # days that are asked for at a time
    horizon: int


_MOVING = (
    ((MOVEMENTS, "deposits and withdrawals", "fetchDepositsWithdrawals"),),
    ((DEPOSITS, "deposits", "fetchDeposits"), (WITHDRAWALS, "withdrawals", "fetchWithdrawals")),
)


def _lists(api: Any) -> tuple[tuple[_List, ...], str]:
    """The lists that make a history, or none and the reason."""
    if not api.has.get("spot"):
        return (), "it has no spot market"
    symbol = offline.sample(api)
    trades, reason = _list(api, symbol, TRADES, "trades", "fetchMyTrades")
    if trades is None:
        return (), reason
    for kinds in _MOVING:
        found = [_list(api, symbol, *kind) for kind in kinds]
        lists = [each for each, _ in found if each is not None and not each.symbol]
        if len(lists) == len(kinds):
            return (trades, *lists), ""
        reason = next((why for each, why in found if each is None), f"{kinds[0][1]} are asked for coin by coin")
    return (), reason


def _list(api: Any, symbol: str, name: str, holds: str, has: str) -> tuple[_List | None, str]:
    if api.has.get(has) is not True:
        return None, f"ccxt can't ask it for {holds}"
    unified = re.sub("(?<=[a-z])(?=[A-Z])", "_", has).lower()
    for of in (None, symbol if name == TRADES else "AAA"):
        need = offline.asks(api, unified, of, SINCE, LIMIT)
        if need is not None:
            break
    if need is None or _single(api, need, unified, of, SINCE, LIMIT) is None:
        return None, f"its {holds} take more than one request, or one that is not made to read"
    if _params(api, unified, need, of, OTHER, LIMIT) == need.params:
        return None, f"its {holds} can't be asked for from a time on"
    until = _params(api, unified, need, of, SINCE, LIMIT, {"until": UNTIL})
    bounded = until not in (None, need.params) and "until" not in (until or {})
    limited = _params(api, unified, need, of, SINCE, LIMIT - 1) not in (None, need.params)
    if not limited:
        return None, f"of its {holds}, no number can be asked for"
    features = ((getattr(api, "features", None) or {}).get("spot") or {}).get("fetchMyTrades") or {}
    days = int(features.get("untilDays") or 0)
    if of is not None and days < ALWAYS:
        return None, f"its {holds} are asked for market by market, and some days at a time"
    own = features if name == TRADES else {}
    back = int(own.get("daysBack") or ALWAYS)
    return _List(
        name,
        holds,
        unified,
        need,
        symbol=of is not None,
        until=bounded,
        limit=min(int(own.get("limit") or LIMIT), 1000),
        step=ALWAYS if of is not None else min(days or WEEK, WEEK) if name == TRADES else MONTH,
        horizon=back if back < ALWAYS else 0,
    ), ""


def _single(api: Any, need: Need | None, unified: str, *arguments: Any) -> Need | None:
    """A request that reads with a key, and is one alone: not the first step of several."""
    if need is None or need.method != "GET" or "public" in need.section or not offline.implicit(api, need):
        return None
    return need if offline.alone(api, need, unified, *arguments) else None


def _params(api: Any, unified: str, of: Need, *arguments: Any) -> Params | None:
    """The parameters of the same request, asked for otherwise; None where it is another one then."""
    need = offline.asks(api, unified, *arguments)
    return need.params if need is not None and need.listed == of.listed else None


# ---- reading them -----------------------------------------------------------------------------


class _Reading(Struct, frozen=True):
    """One list, with what is learnt of its exchange's markets during a run.

    The place in a list is text: "on B A" asks for what is at B or later, the first page having begun at A; "back A"
    for what is at A or earlier. Where no last time can be given, "at B" and, after a page that may have been cut,
    "after B" ask for what is at B or later. Times are milliseconds.
    """

    api: Any
    name: str
    of: _List

    def stream(self) -> Stream:
        return Stream(
            self.of.name,
            self.of.holds,
            offline.implicit(self.api, self.of.need),
            self.ask,
            self.read,
            overlap=max(1, min(self.of.step - 2, WEEK if self.of.symbol else MONTH)),  # within one step of a next day
            window=self.of.step if self.of.until else ALWAYS,
            horizon=self.of.horizon,
            parts=self.parts,
        )

    def parts(self, call: Call, known_: Known) -> Iterator[str]:
        """Every market where they are asked for one by one, else one part that is all."""
        self.load(call)
        if not self.of.symbol:
            yield "all"
            return
        for symbol, market in sorted(self.api.markets.items()):
            if market.get("spot") and (not known_.complete or symbol in known_.parts or _can_be(market, known_)):
                yield symbol

    def load(self, call: Call) -> None:
        if self.api.loaded:
            return
        allow = offline.public(self.api)

        def ask(need: Need) -> Answer:
            if need.listed not in allow:
                raise Refused(
                    f"{self.name}: ccxt asks for its markets otherwise than it did; import files of it instead"
                )
            return call(offline.implicit(self.api, need), need.params, lambda answer: answer)

        try:
            offline.markets(self.api, ask)
        except Unlike as what:
            raise Refused(f"{self.name}: {what}; run `taxsync import` again later") from None
        self.api.loaded = True

    def ask(self, span: Span) -> Params:
        since = self.first(span)
        until = None if span.until is None else int(span.until * 1000)
        kind, at = _place(span)
        if kind in ("on", "at", "after"):
            since = at - 1
        elif kind == "back":
            until = at + 1
        more = {"until": until} if until is not None and self.of.until else {}
        need = offline.asks(self.api, self.of.unified, self.part(span), since, self.of.limit, more)
        if need is None or need.listed != self.of.need.listed:
            raise Refused(
                f"{self.name} ({self.of.name}): ccxt asks for this otherwise than it did; import a file of it"
            )
        return need.params

    def part(self, span: Span) -> str | None:
        return span.part if self.of.symbol else None

    def read(self, answer: Answer, span: Span) -> Listed:
        count = offline.rows(answer)
        found = offline.reads(self.api, self.of.need, answer, self.of.unified, self.part(span))
        if not isinstance(found, list) or not all(isinstance(each, dict) and each.get("timestamp") for each in found):
            raise Unlike("an entry of its answer has no time")
        kind, at = _place(span)
        # what a whole page before had, some exchanges give again
        items = [item for item in _items(found) if kind != "at" or item.time * 1000 >= at]
        following = self.between if self.of.until else self.onward
        return Listed(items, following(span, count, [int(each["timestamp"]) for each in found]))

    def between(self, span: Span, count: int, times: list[int]) -> str | None:
        """Where the next page begins, of a list that is asked for from a time to a time; None: there is nothing more.
        Raises Refused where that can't be told."""
        kind, at = _place(span)
        cut = self.cut(count)
        first, last = min(times, default=at), max(times, default=at)
        if count == 0 or (not cut and kind != "on"):
            return None
        if not times or (cut and kind and first == last == at):
            raise Refused(self.beyond())  # nothing in it, or only what has one time, says where to go on
        if kind == "back":
            return f"back {first}" if first < at else None
        if not kind:
            return f"on {last} {first}"
        begun = str(span.place).split()[2]
        if last > at:  # the oldest ones come first, so that there are none before the first page
            return f"on {last} {begun}" if cut else None
        return f"back {begun}"

    def onward(self, span: Span, count: int, times: list[int]) -> str | None:
        """The same of a list that is asked for from a time on: some days further, or where the last one was."""
        kind, at = _place(span)
        at = at if kind else self.first(span)
        cut, last = self.cut(count), max(times, default=at)
        if kind == "after" and last > at:
            self.api.onward.add(self.of.name)
        known_ = self.of.name in self.api.onward  # that it gives the oldest ones first
        if (cut and not times) or (kind == "after" and last <= at and (cut or not known_)):
            raise Refused(self.beyond())
        if cut:
            return f"after {last}"
        following = max(last + 1, at + self.of.step * DAY * 1000)
        return f"at {following}" if span.until is not None and following < span.until * 1000 else None

    @staticmethod
    def first(span: Span) -> int:
        return _FIRST if span.since is None else int(span.since * 1000)

    def cut(self, count: int) -> bool:
        """Whether an answer of so many records may be a part of what was asked for. Fewer than another one had are
        whole; where no last time can be given, so are fewer than 50, since to doubt them would help nothing."""
        most = self.api.most.get(self.of.name, 0)
        self.api.most[self.of.name] = max(most, count)
        if count >= self.of.limit:
            return True
        return count >= most and (count % 50 == 0 or (self.of.until and count in (10, 20, 25, 30, 40)))

    def beyond(self) -> str:
        return (
            f"{self.name} ({self.of.name}): it gives so many records at once that there may be others, which can't be "
            f"asked for; import an export of {self.name} as a file instead"
        )


_FIRST = int(datetime.combine(BEGINS, time(), UTC).timestamp()) * 1000


def _place(span: Span) -> tuple[str, int]:
    """(kind, time) of a place."""
    kind, *times = str(span.place or "").split()[:2] or [""]
    return kind, int(times[0]) if times else 0


def _can_be(market: Any, known_: Known) -> bool:
    return market.get("base") in known_.assets and market.get("quote") in known_.assets


_KEPT = ("id", "order", "txid", "timestamp", "symbol", "side", "type", "currency", "price", "amount", "cost", "status",
         "fee", "fees")  # fmt: skip


def _items(found: list[dict[str, Any]]) -> Iterator[Item]:
    """Ids are taken to be unique for a market and side at most: some exchanges number each market by itself."""
    contents = by_content([{"info": each.get("info")} for each in found], "info")
    for each, content in zip(found, contents, strict=True):
        value = {name: each.get(name) for name in _KEPT} | {"info": each.get("info")}
        fees = each.get("fees") or [each.get("fee")]
        value["fees"] = [fee for fee in fees if isinstance(fee, dict) and fee.get("cost") is not None]
        scope = [str(part) for part in (each.get("symbol") or each.get("currency"), each.get("side")) if part]
        id = " ".join([str(each["id"]), *scope]) if each.get("id") else content
        yield Item(id, _seconds(each["timestamp"]), value)


def _wallet(api: Any, need: Need) -> Wallet:
    def read(answer: Answer) -> Answer:
        found = offline.reads(api, need, answer, "fetch_balance")
        if not isinstance(found, dict) or not isinstance(found.get("total"), dict):
            raise Unlike("its answer has no balances")
        return {"total": found["total"], "info": found.get("info")}

    return Wallet("", offline.implicit(api, need), read, need.params)


def _seconds(milliseconds: Any) -> Decimal:
    return Decimal(int(milliseconds)) / 1000
