"""Looked-up prices, from the public market data of exchanges.

Takes what needs a price, gives prices; asks by asset and time alone, never with amounts, and as few requests as serve
all of it. The price of a day or of a minute is the closing price of its candle, in the very digits received.

    found = look_up([Want("ETH", date(2025, 3, 1), begin)], "EUR", sources, print)
    found.prices      # [Price("ETH", "EUR", Decimal("2134.51"), "Kraken ETH/EUR daily close", day=date(2025, 3, 1))]
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field

from importers.base import shown
from pipeline.issues import Stop
from pipeline.model import DOUBTFUL, Price, is_fiat
from pipeline.money import exact, parse

Pair = tuple[str, str]
Candle = tuple[int, str]  # when it begins (Unix seconds), and its closing price as received
Rates = Callable[[Iterable[tuple[str, str, date]]], Iterable[Price]]


class Step(NamedTuple):
    """The length of a candle."""

    seconds: int
    words: str


DAILY, MINUTELY = Step(86_400, "daily"), Step(60, "minute")

# What assets are quoted in besides the taxpayer's own currency; the first that serves is taken.
BRIDGES = ("USD", "USDT", "EUR", "BTC", "USDC")
RESTLESS = ("BTC",)  # worth another sum some hours later: no bridge for a price of a minute
FAR = 3  # a close that is so many times, or so small a part of, both its neighbours' is no price
VERY_FAR = 10  # the same, of what other sources say of the days around
AROUND = 3  # candles before and after, of which the nearest are the neighbours
GIVE_UP = 3  # sources that fail, until no more are asked


class Want(Struct, frozen=True, order=True):
    """A price to look up: of `asset` for a `day` of the taxpayer, which the daily candle has that begins at `begin`
    (Unix seconds, a midnight of UTC); and, where it is wanted, of the minute that begins at `minute`. `at`: the
    daily price is kept for this instant (Unix seconds) and not for the day. `home`: the id of the exchange that the
    record is of."""

    asset: str
    day: date
    begin: int
    minute: int = 0
    at: int = 0
    home: str = ""

    def when(self, step: Step) -> tuple[datetime | None, date | None]:
        """The instant or the day that a price is kept for."""
        if step is MINUTELY:
            return datetime.fromtimestamp(self.minute + step.seconds, UTC), None
        return (datetime.fromtimestamp(self.at, UTC), None) if self.at else (None, self.day)


class Source(Struct, frozen=True):
    """One exchange's public prices.

    `pairs`: its market ids by (base, quote), in the names of the ledger; `candles`: those of one market that begin
    from one second to another, both included (others may be among them). Both raise Stop when they can't be had.
    `pages`: how many candles one request gives, by their length. `reach`: how many back from now there are (0: all).
    `spare`: asked only for records of its own.
    """

    id: str
    name: str
    pairs: Callable[[], Mapping[Pair, str]]
    candles: Callable[[Pair, str, Step, int, int], Iterable[Candle]]
    pages: Mapping[Step, int]
    reach: int = 0
    spare: bool = False


class Found(Struct):
    """What a look-up gave. `missed`: what the sources that answered do not have, by their id; `absent`: assets that
    they have no market for. `failed`: sources that did not answer."""

    prices: list[Price] = field(default_factory=list)
    missed: dict[str, set[Want]] = field(default_factory=lambda: defaultdict(set))
    absent: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    failed: list[str] = field(default_factory=list)


def look_up(
    wants: Iterable[Want],
    currency: str,
    sources: Sequence[Source],
    note: Callable[[str], None],
    *,
    now: int,
    rates: Rates | None = None,
    kept: Iterable[Price] = (),
    skip: Callable[[str, Want], bool] = lambda _source, _want: False,
    progress: Callable[[int], None] = lambda _served: None,
) -> Found:
    """Prices by which each want can be valued in `currency`, as far as the sources have them.

    The exchange that a record is of comes first, then the sources in their order; each is asked for minutes, where
    they are wanted and it has them, then for days. Per source: the pair with `currency`, else two prices through one
    bridge, whose second half may come from another source, from `rates` (money against money; `ecb.rates`) or from
    `kept`. A source that raises Stop is left, and what it gave is kept: a line to `note` for each reason. Days that
    are not over at `now` (Unix seconds) are not asked for, neither is money. `skip`: what a source is known not to
    have. `progress` gets how many wants are served.

    A close far from its neighbours' is not taken; the next source may have another. If that one says the same, it is
    right; else it is given as a price whose source begins with DOUBTFUL.
    """
    search = _Search(currency, sources, note, now, rates, kept)
    over = [w for w in sorted(set(wants)) if w.begin + DAILY.seconds <= now]
    left = [w for w in over if w.asset != currency and not is_fiat(w.asset)]
    search.days, search.progress = {w.day for w in left}, progress
    rounds = [(s, [w for w in left if w.home == s.id]) for s in sources] + [(s, left) for s in sources if not s.spare]
    asked: set[tuple[str, Want]] = set()
    for source, mine in rounds:
        mine = [w for w in mine if not search.has(w) and (source.id, w) not in asked and not skip(source.id, w)]
        if mine and search.may_ask(source):
            asked |= {(source.id, w) for w in mine}
            search.ask(source, mine)
    for source_id, want in sorted(asked - search.unsure):
        if not search.has(want) and source_id not in search.found.failed:
            search.found.missed[source_id].add(want)
    search.found.prices += search.doubtful()
    for line in search.failures():
        note(line)
    return search.found


class _Search:
    """One look-up while it goes on: what is known, what is found, and the markets that were opened."""

    def __init__(
        self,
        currency: str,
        sources: Sequence[Source],
        note: Callable[[str], None],
        now: int,
        rates: Rates | None,
        kept: Iterable[Price],
    ) -> None:
        self.found = Found()
        self._currency, self._sources, self._note, self._now, self._rates = currency, sources, note, now, rates
        self._known = {_key(p): p for p in kept if p.currency == currency}
        self._given = set(self._known)
        self._served: set[Want] = set()
        self._markets: dict[str, _Market] = {}
        self._doubts: dict[Want, list[tuple[str, Price]]] = defaultdict(list)  # with the source's name
        self._learnt: set[str] = set()
        self.days: set[date] = set()
        self.progress: Callable[[int], None] = lambda _served: None
        self._failures: dict[str, list[tuple[str, str]]] = defaultdict(list)  # why -> (source, what it said)
        self.unsure: set[tuple[str, Want]] = set()  # not served, but for another source that did not answer

    def has(self, want: Want) -> bool:
        return want in self._served

    def may_ask(self, source: Source) -> bool:
        """Whether it may answer: where none does, this machine has no way out, and the rest is not asked."""
        return source.id not in self.found.failed and (bool(self._markets) or len(self.found.failed) < GIVE_UP)

    def _learn(self, money: str) -> None:
        """What money is worth in the currency, on all days that matter."""
        if self._rates is not None and money not in self._learnt and is_fiat(self._currency):
            self._learnt.add(money)
            for price in self._rates([(money, self._currency, day) for day in sorted(self.days)]):
                self._known.setdefault(_key(price), price)

    # ---- one source ---------------------------------------------------------------------------

    def ask(self, source: Source, wants: Sequence[Want]) -> None:
        """What one source has of `wants`: minutes where they are wanted, then days."""
        try:
            market = self._market(source)
            self.found.absent[source.id] |= {w.asset for w in wants if not market.lists(w.asset)}
            listed = [w for w in wants if w.asset not in self.found.absent[source.id]]
            for step, mine in ((MINUTELY, [w for w in listed if w.minute]), (DAILY, listed)):
                near = [w for w in mine if _reaches(source, step, _begin(w, step), self._now)]
                self._ask(source, step, [w for w in near if not self.has(w)])
        except Stop as stop:
            self._left(source, stop)

    def _left(self, source: Source, stop: Stop) -> None:
        self.found.failed.append(source.id)
        told = " ".join(str(stop).split())
        self._failures[told.partition("): ")[2] or told].append((source.name, told))

    def failures(self) -> Iterator[str]:
        """Which sources did not answer, a line for each reason."""
        given_up = not self._markets and len(self.found.failed) >= GIVE_UP
        for number, ((name, told), *others) in enumerate(self._failures.values(), start=1):
            alike = f"; likewise {', '.join(other for other, _ in others)}" if others else ""
            end = "; no others are asked" if given_up and number == len(self._failures) else ""
            yield f"no further prices from {name} in this run: {told}{alike}{end}"

    def _market(self, source: Source) -> "_Market":
        if source.id not in self._markets:
            self._markets[source.id] = _Market(source, self._note, self._now)
        return self._markets[source.id]

    def _ask(self, source: Source, step: Step, wants: Sequence[Want]) -> None:
        by_asset: dict[str, list[Want]] = defaultdict(list)
        for want in wants:
            by_asset[want.asset].append(want)
        for asset, mine in sorted(by_asset.items()):
            self.progress(len(self._served))
            market = self._market(source)
            self._serve(market, asset, self._currency, step, mine)
            for bridge in BRIDGES:
                mine = [w for w in mine if not self.has(w)]
                if bridge in (asset, self._currency) or (step is MINUTELY and bridge in RESTLESS):
                    continue
                if mine and market.has(asset, bridge):
                    self._through(source, asset, bridge, step, mine)

    def _serve(self, market: "_Market", asset: str, quote: str, step: Step, wants: Sequence[Want]) -> list[Want]:
        """Takes the prices of one pair; those of the wants that it had."""
        closes = market.closes(asset, quote, {_begin(w, step) for w in wants}, step)
        days = dict[int, Decimal]()
        if step is MINUTELY and closes:
            around = market.closes(asset, quote, {d for w in wants for d in _days_at(w)}, DAILY)
            days = {begin: day.price for begin, day in around.items() if not day.far}
        served = []
        for want in wants:
            close = closes.get(_begin(want, step))
            if close is None:
                continue
            at, day = want.when(step)
            price = Price(asset, quote, close.price, f"{market.name} {asset}/{quote} {step.words} close", at, day)
            far = close.far or _far(price.price, self._nearby(market.name, want, quote), VERY_FAR)
            far = far or _far(price.price, [days[d] for d in _days_at(want) if d in days])
            if far and not self._agreed(market.name, want, price):
                self._doubts[want].append((market.name, price))
                continue
            self._take(price)
            served.append(want)
            if quote == self._currency:
                self._served.add(want)
        return served

    def _through(self, source: Source, asset: str, bridge: str, step: Step, wants: Sequence[Want]) -> None:
        """Two prices for each want, asset to bridge and bridge to the currency."""
        second = self._bridge(source, bridge, wants)
        usable = [w for w in wants if w in second]
        if self.found.failed:
            self.unsure |= {(source.id, w) for w in wants if w not in second}
        for want in self._serve(self._market(source), asset, bridge, step, usable) if usable else ():
            self._take(second[want])
            self._served.add(want)

    def _bridge(self, source: Source, bridge: str, wants: Sequence[Want]) -> dict[Want, Price]:
        """The day's price of a bridge in the currency, for the wants that have one: known, or asked for, of this
        source first. One that is only quoted in other money is turned into the currency by the day's rate."""
        legs = {w: Want(bridge, w.day, w.begin, 0, 0 if is_fiat(bridge) else w.at) for w in wants}
        others = [s for s in self._sources if s is not source and not s.spare]
        if is_fiat(bridge):
            self._learn(bridge)
            others = []
        for one in (source, *others):
            missing = sorted({leg for leg in legs.values() if self._price(leg) is None})
            if not missing:
                break
            try:
                if one is source or self.may_ask(one):
                    self._worth(self._market(one), bridge, missing)
            except Stop as stop:
                if one is source:
                    raise
                self._left(one, stop)
        return {w: price for w, leg in legs.items() if (price := self._price(leg)) is not None}

    def _price(self, want: Want) -> Price | None:
        at, day = want.when(DAILY)
        return self._known.get((want.asset, self._currency, at or day))

    def _worth(self, market: "_Market", bridge: str, wants: Sequence[Want]) -> None:
        """Learns what a bridge is worth on the days of `wants`, as far as one market says."""
        money = [q for q in BRIDGES if is_fiat(q) and q != self._currency and self._rates and not is_fiat(bridge)]
        for quote in (self._currency, *money):
            mine = [w for w in wants if self._price(w) is None]
            if not mine or not market.has(bridge, quote):
                continue
            if quote != self._currency:
                self._learn(quote)
            closes = market.closes(bridge, quote, {w.begin for w in mine}, DAILY)
            for want in mine:
                close, rate = closes.get(want.begin), self._known.get((quote, self._currency, want.day))
                if close is None or close.far:
                    continue
                at, day = want.when(DAILY)
                source = f"{market.name} {bridge}/{quote} daily close"
                if quote == self._currency:
                    price = Price(bridge, quote, close.price, source, at, day)
                elif rate is not None:
                    with exact():
                        worth = close.price * rate.price
                    price = Price(bridge, self._currency, worth, f"{source}, {rate.source}", at, day)
                else:
                    continue
                self._known.setdefault(_key(price), price)

    # ---- what is taken ------------------------------------------------------------------------

    def _take(self, price: Price) -> None:
        key = _key(price)
        if price.currency == self._currency:
            price = self._known.setdefault(key, price)
        if key not in self._given:
            self._given.add(key)
            self.found.prices.append(price)

    def _agreed(self, source: str, want: Want, price: Price) -> bool:
        """Whether another source had the same."""
        others = [p.price for name, p in self._doubts[want] if name != source and p.currency == price.currency]
        return any(not _far(price.price, [other]) for other in others)

    def _nearby(self, source: str, want: Want, quote: str) -> list[Decimal]:
        """What other sources said of the days around."""
        days = [want.day + timedelta(n) for n in range(-AROUND, AROUND + 1)]
        known = [self._known.get((want.asset, quote, day)) for day in days] if quote == self._currency else []
        return [p.price for p in known if p is not None and not p.source.startswith(f"{source} ")]

    def doubtful(self) -> Iterator[Price]:
        """The first of what was far from its neighbours, where nothing else was found."""
        for want, prices in sorted(self._doubts.items()):
            if not self.has(want) and prices:
                _, p = prices[0]
                yield Price(p.asset, p.currency, p.price, f"{DOUBTFUL}{p.source}", p.at, p.day)


class _Close(NamedTuple):
    price: Decimal
    far: bool


class _Market:
    """One source while it is asked: its list of pairs once, each stretch of a pair once."""

    def __init__(self, source: Source, note: Callable[[str], None], now: int) -> None:
        self.name = source.name
        self._source, self._note, self._now = source, note, now
        self._pairs = source.pairs()
        self._bases = {base for base, _ in self._pairs}
        self._closes: dict[tuple[Pair, Step], dict[int, Decimal]] = defaultdict(dict)
        self._asked: dict[tuple[Pair, Step], set[int]] = defaultdict(set)

    def lists(self, asset: str) -> bool:
        return asset in self._bases

    def has(self, base: str, quote: str) -> bool:
        return (base, quote) in self._pairs

    def closes(self, base: str, quote: str, begins: Collection[int], step: Step) -> Mapping[int, _Close]:
        """The closing prices of the candles that begin then, as far as there are any; none where the pair is not
        traded. Some candles on either side are asked for with them: they show what is far off."""
        pair = (base, quote)
        page = self._source.pages.get(step)
        if page is None or not self.has(base, quote):
            return {}
        known, asked = self._closes[pair, step], self._asked[pair, step]
        over = [b for b in begins if b + step.seconds <= self._now and _reaches(self._source, step, b, self._now)]
        for first, last in windows([b for b in over if b not in asked], step, page):
            if step is DAILY:  # the whole page: the next asset may want it of this bridge
                last = max(last, min(first + (page - 1) * step.seconds, self._now - self._now % step.seconds))
            for begin, close in self._source.candles(pair, self._pairs[pair], step, first, last):
                price = self._parsed(base, quote, begin, close)
                if price is not None and begin + step.seconds <= self._now:
                    known[begin] = price
            asked.update(range(first, last + 1, step.seconds))
        return {b: _Close(known[b], _far(known[b], _neighbours(known, b, step))) for b in over if b in known}

    def _parsed(self, base: str, quote: str, begin: int, close: str) -> Decimal | None:
        try:
            price = parse(close)
        except ValueError:
            price = None
        if price is None or price <= 0:
            day = datetime.fromtimestamp(begin, UTC).date()
            self._note(f"{self.name} {base}/{quote}, {day}: '{shown(close)}' is not a price; left out")
            return None
        return price


def windows(begins: Iterable[int], step: Step, page: int) -> Iterator[tuple[int, int]]:
    """The stretches, first and last candle, that serve all of `begins` with some candles around, `page` at most
    each: one request each."""
    width = (page - 1 - 2 * AROUND) * step.seconds
    first = last = None
    for begin in sorted(begins):
        if first is None or last is None:
            first = begin
        elif begin - first > width:
            yield first - AROUND * step.seconds, last + AROUND * step.seconds
            first = begin
        last = begin
    if first is not None and last is not None:
        yield first - AROUND * step.seconds, last + AROUND * step.seconds


def _days_at(want: Want) -> tuple[int, ...]:
    """The daily candles whose closes are before and after its minute; none if it has no minute."""
    day = want.minute - want.minute % DAILY.seconds
    return (day - DAILY.seconds, day) if want.minute else ()


def _begin(want: Want, step: Step) -> int:
    return want.minute if step is MINUTELY else want.begin


def _reaches(source: Source, step: Step, begin: int, now: int) -> bool:
    return step in source.pages and (
        not source.reach or begin >= now - now % step.seconds - source.reach * step.seconds
    )


def _key(price: Price) -> tuple[str, str, object]:
    return price.asset, price.currency, price.at or price.day


def _neighbours(closes: Mapping[int, Decimal], begin: int, step: Step) -> list[Decimal]:
    """The nearest closes before and after, at most AROUND candles away."""
    found = []
    for direction in (-step.seconds, step.seconds):
        near = (closes[at] for n in range(1, AROUND + 1) if (at := begin + n * direction) in closes)
        found += [close for close in [next(near, None)] if close is not None]
    return found


def _far(price: Decimal, others: Sequence[Decimal], times: int = FAR) -> bool:
    with exact():
        return bool(others) and (price > times * max(others) or times * price < min(others))
