"""Ledgers for tests: written by hand in the field's words, or drawn at random.

By hand, a scenario reads like the account statement it stands for:

    result = derived(
        buy("2024-01-05", "1 BTC", "40000 USD"),
        move("2024-06-01", "1 BTC", "Kraken", "Ledger"),
        sell("2025-02-01", "0.5 BTC", "50000 USD", account="Ledger"),
    )

A day without a time is noon UTC (the same day in New York). Rows are numbered in the order in which
they stand: the first is transaction "t1" at position 1; the two rows of `move` are two numbers.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from pipeline.gains.derive import Basis, derive
from pipeline.model import Allocation, Amount, Balance, Disposal, Label, Price, Result, Transaction
from pipeline.rules.base import Scope, always, countries, rules_of

# ---- by hand ----------------------------------------------------------------------------------

Rows = Transaction | tuple[Transaction, ...]
HOME = "Kraken"


def at(text: str) -> datetime:
    """'2025-01-02' (noon), '2025-01-02 14:00' or '2025-01-02T14:00:00-05:00', in UTC unless it says otherwise."""
    when = datetime.fromisoformat(f"{text} 12:00" if len(text) == 10 else text)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def amount(text: str) -> Amount | None:
    """'1.5 BTC'; '' is none."""
    if not text:
        return None
    quantity, asset = text.split()
    return Amount(Decimal(quantity), asset)


def row(
    when: str, sent: str = "", received: str = "", fee: str = "", worth: str = "", label: str = "", account: str = HOME,
    txhash: str = "", source: str = "",
) -> Transaction:  # fmt: skip
    """Any row of the universal file."""
    return Transaction(
        "", at(when), account, amount(sent), amount(received), amount(fee), amount(worth),
        Label(label) if label else None, txhash=txhash, source=source,
    )  # fmt: skip


def buy(when: str, got: str, paid: str, fee: str = "", account: str = HOME) -> Transaction:
    return row(when, paid, got, fee, account=account)


def sell(when: str, gave: str, got: str, fee: str = "", account: str = HOME) -> Transaction:
    return row(when, gave, got, fee, account=account)


def swap(when: str, gave: str, got: str, worth: str = "", fee: str = "", account: str = HOME) -> Transaction:
    return row(when, gave, got, fee, worth, account=account)


def receive(
    when: str, got: str, label: str = "", worth: str = "", fee: str = "", account: str = HOME, txhash: str = ""
) -> Transaction:
    return row(when, "", got, fee, worth, label, account, txhash)


def send(
    when: str, gave: str, label: str = "", worth: str = "", fee: str = "", account: str = HOME, txhash: str = ""
) -> Transaction:
    return row(when, gave, "", fee, worth, label, account, txhash)


def move(
    when: str, what: str, out: str, into: str, fee: str = "", arrives: str = "", arrived: str = "", txhash: str = ""
) -> tuple[Transaction, Transaction]:
    """A transfer as its two rows; `arrived`: what the other side shows, when that is not `what`."""
    return (
        send(when, what, fee=fee, account=out, txhash=txhash),
        receive(arrives or when, arrived or what, account=into, txhash=txhash),
    )


def ledger(*rows: Rows) -> list[Transaction]:
    """The rows, numbered."""
    flat = [t for one in rows for t in (one if isinstance(one, tuple) else (one,))]
    return [
        replace(t, id=f"t{n}", position=n, source=t.source or "universal", source_id=f"row {n}")
        for n, t in enumerate(flat, 1)
    ]


def prices(*lines: str) -> list[Price]:
    """'2025-01-02 BTC 90000 USD' (of a day) or '2025-01-02T14:00 BTC 90000 USD' (of an instant), as from a file."""
    found = []
    for line in lines:
        when, asset, price, currency = line.split()
        of_day = len(when) == 10
        found.append(
            Price(
                asset, currency, Decimal(price), "file prices.csv",
                None if of_day else at(when), date.fromisoformat(when) if of_day else None,
            )
        )  # fmt: skip
    return found


def basis(country: str = "us", method: str = "fifo", scope: Scope | None = None, currency: str = "USD") -> Basis:
    """A country's defaults; `scope` fixes one for all time."""
    rules = rules_of(country)
    return Basis(rules, currency, ZoneInfo(rules.timezone), method, always(scope) if scope else rules.scope)


def derived(
    *rows: Rows, by: Basis | None = None, priced: Sequence[Price] = (), until: str = "",
    opening: Sequence[Allocation] = (), reported: Sequence[Balance] = (),
) -> Result:  # fmt: skip
    """What these rows come to; by default in the United States, first in first out."""
    end = at(until) if until else None
    return derive(ledger(*rows), priced, by or basis(), opening=opening, reported=reported, until=end)


def table(disposals: Iterable[Disposal]) -> list[str]:
    """Disposals as lines to compare: quantity asset, proceeds - cost = gain, term, rule, kind."""
    from pipeline.money import plain

    def text(number: Decimal | None) -> str:
        return "?" if number is None else plain(number)

    return [
        f"{plain(d.quantity)} {d.asset}: {text(d.proceeds)} - {text(d.cost_basis)} = {text(d.gain)}"
        + "".join(f" {word}" for word in (d.term, d.rule, d.kind) if word)
        for d in disposals
    ]


def codes(result: Result) -> list[str]:
    return [issue.code for issue in result.issues]


# ---- at random --------------------------------------------------------------------------------


class Drawn(Struct, frozen=True):
    """A random ledger and the prices that are known for it (not of every asset)."""

    transactions: list[Transaction]
    prices: list[Price]


ACCOUNTS = ("Kraken", "Coinbase", "Ledger")
ASSETS = ("BTC", "ETH", "DUST")  # DUST has no price
FIRST = datetime(2023, 11, 20, 23, 30, tzinfo=UTC)
NEW_YEAR = datetime(2025, 1, 1, 5, tzinfo=UTC)  # midnight in New York


def _prices(rows: Iterable[Transaction]) -> list[Price]:
    """What BTC and ETH are worth on the days of the rows, in whatever time zone."""
    days = {(t.at + timedelta(hours=hours)).date() for t in rows for hours in (-24, 0, 24)}
    known = (("BTC", "41234.56789"), ("ETH", "2345.678"))
    return [Price(a, "USD", Decimal(p), "kraken 1d", day=day) for a, p in known for day in sorted(days)]


_GAPS = (0, 0, 0, 1, 50, 60 * 26, 60 * 24 * 20, 60 * 24 * 45, 60 * 24 * 150)  # minutes
_QUANTITIES = st.one_of(
    st.sampled_from([Decimal(1), Decimal(2), Decimal("0.5")]),  # equal amounts on purpose
    st.integers(1, 5 * 10**18).map(lambda n: Decimal(n).scaleb(-18)),
)
_MONEY = st.integers(1, 10**7).map(lambda cents: Amount(Decimal(cents).scaleb(-2), "USD"))
_SMALL = st.integers(1, 10**15).map(lambda n: Decimal(n).scaleb(-18))
_KINDS = ("buy", "buy", "buy", "sell", "sell", "swap", "receive", "send", "move", "move", "deposit", "withdrawal")
_RECEIPTS = (Label.REWARD, Label.AIRDROP, Label.GIFT, Label.CASHBACK, Label.INTEREST)
_OUTLAYS = (Label.SPEND, Label.GIFT, Label.DONATION, Label.LOST, Label.COST)


@st.composite
def ledgers(draw: st.DrawFn, accounts: int = 3, transfers: bool = True, most: int = 14) -> Drawn:
    """Some stock, then buys, sales, swaps, receipts, outlays and transfers as they come: units may be missing, prices
    too, instants may be equal, fees in money, in the asset or in a third one, a deposit may be stamped before its
    withdrawal, the rows of one instant may stand in any order, and the new year of 2025 lies within."""
    when = FIRST
    places = ACCOUNTS[: draw(st.integers(1, accounts))]
    stock = draw(st.lists(st.tuples(st.sampled_from(places), st.sampled_from(ASSETS), st.integers(1, 9)), max_size=8))
    rows = [
        Transaction(
            "",
            when + timedelta(n // 2),
            account,
            Amount(Decimal(f"{7 * lots}.01"), "USD"),
            Amount(Decimal(lots), asset),
        )
        for n, (account, asset, lots) in enumerate(stock)
    ]
    kinds = _KINDS if transfers else _KINDS[:8]
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=most)):
        when += timedelta(minutes=draw(st.sampled_from(_GAPS)))
        if kind == "move" and draw(st.integers(0, 5)) == 0:
            when = max(when, NEW_YEAR - timedelta(minutes=10))
        rows += _rows(draw, kind, when, places)
    shuffled = draw(st.booleans())
    position = draw(st.sampled_from(_POSITIONS))
    numbered = [
        replace(t, id=f"{n * 7919 % 1000:03}" if shuffled else f"{n:03}", position=position(n), source="universal")
        for n, t in enumerate(rows, 1)
    ]
    return Drawn(numbered, _prices(numbered))


# As they came; the newest first; some files, each numbered from 1.
_POSITIONS: tuple[Callable[[int], int], ...] = (lambda n: n, lambda n: n, lambda n: 1000 - n, lambda n: n * 5 % 7)


def _rows(draw: st.DrawFn, kind: str, when: datetime, places: Sequence[str]) -> list[Transaction]:
    account = draw(st.sampled_from(places))
    asset = draw(st.sampled_from(ASSETS))
    units = Amount(draw(_QUANTITIES), asset)
    one = Transaction("", when, account, fee=_fee(draw, asset))
    if kind == "buy":
        return [replace(one, sent=draw(_MONEY), received=units)]
    if kind == "sell":
        return [replace(one, sent=units, received=draw(_MONEY))]
    if kind == "swap":
        other = Amount(draw(_QUANTITIES), draw(st.sampled_from([a for a in ASSETS if a != asset])))
        return [replace(one, sent=units, received=other, net_worth=draw(st.none() | _MONEY))]
    if kind == "receive":
        return [
            replace(one, received=units, label=draw(st.sampled_from(_RECEIPTS)), net_worth=draw(st.none() | _MONEY))
        ]
    if kind == "send":
        return [replace(one, sent=units, label=draw(st.sampled_from(_OUTLAYS)), net_worth=draw(st.none() | _MONEY))]
    if kind == "deposit":
        return [replace(one, received=units)]
    if kind == "withdrawal" or len(places) == 1:
        return [replace(one, sent=units)]
    other_place = draw(st.sampled_from([a for a in places if a != account]))
    later = when + timedelta(minutes=draw(st.sampled_from((0, 20, 60 * 30, -5, -50))))
    txhash = draw(st.sampled_from(("", "", "0xabc", f"{when:%d%H%M}{units.quantity}")))
    less = min(draw(st.sampled_from((Decimal(0), Decimal(0), Decimal(0), Decimal("0.0001")))), units.quantity / 2)
    arrived = Amount(units.quantity - less, asset)
    into = Transaction(
        "", later, other_place, None, arrived, draw(st.none() | st.just(Amount(less, asset))), txhash=txhash
    )
    into = into if less else replace(into, fee=None)
    return [replace(one, sent=units, txhash=txhash), into]


def _fee(draw: st.DrawFn, asset: str) -> Amount | None:
    which = draw(st.sampled_from(("", "", "money", "same", "third", "euro")))
    if which in ("money", "euro"):
        return Amount(Decimal(draw(st.integers(1, 500))).scaleb(-2), "USD" if which == "money" else "EUR")
    if which in ("same", "third"):
        return Amount(draw(_SMALL), asset if which == "same" else draw(st.sampled_from(ASSETS)))
    return None


COUNTRIES = countries()
ALL = [
    basis(country, method, scope)
    for country in COUNTRIES
    for method in rules_of(country).methods
    for scope in (None, *rules_of(country).scopes)
]
FIXED = [one for one in ALL if len(one.scope.values) == 1]
