"""Looked-up prices from end to end: files in, `taxsync import` with the exchanges' public data on this machine, figures
out. What is asked is counted."""

import csv
import io
import socket
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from importers.quotes.ecb import ADDRESS
from importers.sandbox import market
from importers.sandbox.kraken import Records
from importers.sandbox.server import NOW, Sandbox
from importers.sandbox.venues import Markets
from pipeline.issues import Issue
from pipeline.ledger import Ledger
from pipeline.model import Price
from pipeline.money import exact
from pipeline.questions import AIRDROPS, ASSETS, MOVES
from pipeline.run import importing, syncing
from pipeline.run.answers import answers
from pipeline.run.importing import Notes
from pipeline.run.overview import check, everything
from pipeline.run.project import Choices, basis_of, init, opened
from pipeline.run.questions import questions
from pipeline.run.reporting import report
from pipeline.run.wants import candle
from pipeline.settings import load, save
from tests.pipeline.run.conftest import access

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,ID"
REWARD = "2025-03-01T12:34:56Z,{0},,,2,{1},reward,{1}"
LATER = NOW + timedelta(days=31)


class Taxpayer:
    """Someone whose files are imported; `said` and `lines` are what the last look-up told, `asked` what it asked."""

    def __init__(self, folder: Path, *rows: str, country: str = "us", timezone: str = "") -> None:
        self.folder = folder / "data"
        init(self.folder, Choices(country=country, timezone=timezone))
        self.add("rows.csv", HEADER, *rows)

    def add(self, name: str, *lines: str) -> None:
        path = self.folder.parent / name
        path.write_text("\n".join(lines) + "\n")
        outcome = importing.files(self.folder, [path], "", Notes(print, lambda *_: None))
        assert outcome.failures == []

    def look_up(self, now: datetime = NOW, **more: object) -> list[str]:
        """The paths that were asked for."""
        self.said: list[str] = []
        with Sandbox(Records(), now=now, markets=Markets(now, **more)) as sandbox:  # type: ignore[arg-type]
            outcome = syncing.sync(
                self.folder, now, Notes(self.said.append, lambda *_: None), access(sandbox.proxy_url)
            )
            assert sandbox.forbidden == []
        assert outcome.failures == []
        self.lines = outcome.lines
        return [request.path for request in sandbox.requests]

    @property
    def prices(self) -> list[Price]:
        with Ledger.open(self.folder, create=False) as ledger:
            return ledger.prices()

    def sources(self, asset: str, day: date = date(2025, 3, 1)) -> list[str]:
        return [p.source for p in self.prices if p.asset == asset and (p.day or (p.at and p.at.date())) == day]

    def issues(self, code: str) -> list[Issue]:
        return [issue for issue in check(self.folder) if issue.code == code]

    def report(self, name: str, year: str = "2025") -> list[dict[str, str]]:
        written = report(self.folder, NOW, year=year, xlsx=False)
        with (written.folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


def real(pair: str, at: datetime) -> Decimal:
    """What the sandbox's market says."""
    return Decimal(market.written(market.at(market.PAIRS[pair], int(at.timestamp())), market.PAIRS[pair].decimals))


# ---- how much is asked ------------------------------------------------------------------------------


def many(account: str) -> Iterator[str]:
    """10,000 rewards of 20 assets over three years."""
    for n in range(10_000):
        at = datetime(2022, 12, 31, tzinfo=UTC) + timedelta(minutes=n * 157)
        yield f"{at:%Y-%m-%dT%H:%M:%SZ},{account},,,1,A{n % 20:02},reward,{n}"


def test_ten_thousand_records_of_twenty_assets_take_a_hundred_requests_once(tmp_path: Path) -> None:
    """At OKX, whose pages are the smallest, quoted in a stablecoin whose price is another exchange's."""
    person = Taxpayer(tmp_path, *many("OKX"))
    like = {f"A{n:02}": "SOL" for n in range(20)}
    asked = person.look_up(like=like)
    assert len(asked) == 86
    assert Counter(path.rsplit("/", 1)[-1] for path in asked)["history-candles"] == 80
    assert person.issues("missing_price") == []
    assert person.look_up(like=like) == []


def test_a_few_records_get_the_price_of_their_minute(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Coinbase", "ETH"), REWARD.format("Kraken", "DOT"))
    person.look_up()
    minute = datetime(2025, 3, 1, 12, 35, tzinfo=UTC)
    (eth,) = [p for p in person.prices if p.asset == "ETH" and p.at is not None]
    assert (eth.at, eth.price, eth.source) == (minute, real("XETHZUSD", minute), "Coinbase ETH/USD minute close")
    assert person.sources("DOT") == ["Kraken DOT/USD daily close"]  # which keeps no minutes for that long
    values = {row["asset"]: row["value"] for row in person.report("income.csv")}
    with exact():
        assert Decimal(values["ETH"]) == 2 * eth.price
        assert Decimal(values["DOT"]) == 2 * real("DOTUSD", datetime(2025, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("wanted", "sources"),
    [("day", {"Coinbase ETH/USD daily close"}), ("minute", {"Coinbase ETH/USD minute close"})],
)
def test_who_wants_one_way_for_all_says_so(tmp_path: Path, wanted: str, sources: set[str]) -> None:
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 5) for day in range(1, 29)]
    rows = [f"{day}T12:34:56Z,Coinbase,,,2,ETH,reward,{day}" for day in (days if wanted == "minute" else days[:1])]
    person = Taxpayer(tmp_path, *rows)
    save(person.folder, replace(load(person.folder), prices=wanted))
    person.look_up()
    assert {p.source for p in person.prices if p.day != date(2025, 12, 31)} == sources


def test_who_wants_no_lookups_sends_nothing(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Wallet", "ETH"))
    save(person.folder, replace(load(person.folder), lookups=False))
    assert person.look_up() == [] and person.prices == []
    (issue,) = person.issues("missing_price")
    assert "`2025-03-01,ETH,USD,PRICE` under `Date,Asset,Currency,Price`" in issue.remedy
    assert "2 ETH on 2025-03-01" in issue.message


def test_a_report_after_it_opens_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Wallet", "ETH"), REWARD.format("Wallet", "FLR"))
    person.look_up()

    class Closed(socket.socket):
        def __init__(self, *_: object, **__: object) -> None:
            raise AssertionError("a report asks nobody")

    monkeypatch.setattr(socket, "socket", Closed)
    assert [row["value"] != "" for row in person.report("income.csv")] == [True, False]


def test_every_value_says_where_it_is_from(tmp_path: Path) -> None:
    person = Taxpayer(
        tmp_path,
        "2025-02-01T10:00:00Z,Kraken,1000,USD,0.5,ETH,,1",
        "2025-02-02T10:00:00Z,Kraken,0.1,ETH,2,SOL,,2",
        "2025-02-03T10:00:00Z,Kraken,,,3,DOT,reward,3",
    )
    fees = HEADER.replace("Label", "Fee Amount,Fee Currency,Net Worth Amount,Net Worth Currency")
    person.add(
        "fees.csv", fees,
        "2025-02-04T10:00:00Z,Kraken,0.1,ETH,300,USD,2,USD,,,4",
        "2025-02-05T10:00:00Z,Kraken,0.1,ETH,4,SOL,0.01,DOT,250,USD,5",
        "2025-02-06T10:00:00Z,Kraken,0.1,ETH,4,SOL,0.01,SOL,250,USD,6",
    )  # fmt: skip
    person.add("prices.csv", "Date,Asset,Currency,Price", "2025-02-03,DOT,USD,5")
    person.look_up()
    rows = person.report("prices.csv")
    assert [(r["at"][:10], r["asset"], r["what"], r["source"]) for r in rows] == [
        ("2025-02-01", "ETH", "transaction", "fiat"),
        ("2025-02-02", "SOL", "transaction", "Kraken SOL/USD daily close"),
        ("2025-02-03", "DOT", "transaction", "file prices.csv row 2"),
        ("2025-02-04", "USD", "transaction", "fiat"),
        ("2025-02-04", "USD", "fee", "fiat"),
        ("2025-02-05", "SOL", "transaction", "net worth"),
        ("2025-02-05", "DOT", "fee", "Kraken DOT/USD daily close"),
        ("2025-02-06", "SOL", "transaction", "net worth"),
        ("2025-02-06", "SOL", "fee", "net worth"),
        ("2025-12-31", "DOT", "holding", "Kraken DOT/USD daily close"),
        ("2025-12-31", "ETH", "holding", "Kraken ETH/USD daily close"),
        ("2025-12-31", "SOL", "holding", "Kraken SOL/USD daily close"),
    ]
    held = {row["asset"]: row["market_value"] for row in person.report("holdings.csv")}
    assert rows[-3]["value"] == held["DOT"]


# ---- what goes wrong --------------------------------------------------------------------------------


def test_the_next_exchange_fills_a_hole_and_nobody_is_asked_again_for_what_none_has(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Wallet", "ETH"), REWARD.format("Wallet", "DOT"))
    everywhere = ("coinbase", "bitstamp", "binance", "bitfinex", "okx", "kucoin", "gate")
    holes = {("coinbase", "ETH", "2025-03-01"), *((name, "DOT", "2025-03-01") for name in everywhere)}
    begins = {(name, "DOT"): "2025-06-01" for name in everywhere}
    person.look_up(holes=frozenset(holes), begins=begins)
    assert person.sources("ETH") == ["Bitstamp ETH/USD minute close"]
    assert person.sources("DOT") == ["Kraken DOT/USD daily close"]
    person = Taxpayer(tmp_path / "second", REWARD.format("Wallet", "FLR"))
    assert len(person.look_up()) > 8  # the lists of markets, and a market that begins too late
    assert person.look_up() == []
    assert len(person.issues("missing_price")) == 1
    assert len(person.look_up(LATER)) > 8, "after a month it may be there"


def test_an_exchange_that_is_down_is_one_line_and_its_turn_comes_again(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Wallet", "ETH"), REWARD.format("Wallet", "FLR"))
    person.look_up(down=frozenset({"coinbase"}))
    (line,) = person.said
    assert line.startswith("no further prices from Coinbase in this run: ") and "\n" not in line
    assert person.sources("ETH") == ["Bitstamp ETH/USD minute close"]
    assert person.lines[-1] == "prices: 2 looked up, 1 still missing: see `taxsync check`"
    asked = person.look_up()
    assert {path.split("/")[3] for path in asked} == {"brokerage"}, "only who did not answer is asked again"
    assert person.look_up() == []


def test_an_exchange_that_wants_a_long_pause_is_left_at_once_for_the_next(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Wallet", "ETH"))
    asked = person.look_up(limited=frozenset({"coinbase"}))
    assert sum("brokerage" in path for path in asked) == 1, "its pause of a minute is not waited for"
    assert "no further prices from Coinbase in this run: " in person.said[0] and len(person.said) == 1
    assert person.sources("ETH") == ["Bitstamp ETH/USD minute close"]


def test_what_an_open_question_is_worth_is_looked_up_and_bounds_what_it_may_change(tmp_path: Path) -> None:
    rows = ("2025-12-23T10:00:00Z,Wallet,,,50,DOT,,came", "2025-12-24T10:00:00Z,Wallet,50,DOT,,,,left")
    person = Taxpayer(tmp_path, *rows, "2025-12-23T11:00:00Z,Wallet,,,7,JUNK,,junk")
    person.look_up()
    (left,) = person.issues("unmatched_withdrawal")
    assert [stake.lowest for stake in left.stakes] == ["0"] and left.stakes[0].highest
    with opened(person.folder) as (settings, ledger):
        basis = basis_of(settings)
        asked = questions(everything(settings, ledger), ledger.prices(), basis, answers(ledger, basis.zone))
    assert {(one.asset, one.layout.title) for one in asked if one.layout is not ASSETS} == {
        ("DOT", MOVES.title), ("JUNK", AIRDROPS.title),
    }, "what has a market came not unasked"  # fmt: skip
    assert person.look_up() == []


def test_a_price_far_from_its_neighbours_is_an_open_problem_with_the_line_that_takes_it(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, REWARD.format("Kraken", "SOL"))
    everywhere = ("coinbase", "bitstamp", "binance", "bitfinex", "okx", "kucoin", "gate")
    others = frozenset((name, "SOL") for name in everywhere if name != "coinbase")
    kraken_ends = date(2025, 3, 1) + timedelta(days=722)
    now = datetime(kraken_ends.year, kraken_ends.month, kraken_ends.day, tzinfo=UTC)
    person.look_up(now, far={("coinbase", "SOL", "2025-03-01"): 7}, without=others)
    (issue,) = person.issues("missing_price")
    close = real("SOLUSD", datetime(2025, 3, 1, 12, 35, tzinfo=UTC)) * 7
    assert f"Coinbase SOL/USD minute close is {close} USD, far from what it was before and after" in issue.message
    line = issue.remedy.split("put a line `")[1].split("`")[0]
    assert line == f"2025-03-01,SOL,USD,{close}"
    assert [row["value"] for row in person.report("income.csv")] == [""]
    person.add("prices.csv", "Date,Asset,Currency,Price", line)
    assert person.issues("missing_price") == []


# ---- airdrops ---------------------------------------------------------------------------------------

SPAM = "2025-03-01T12:34:56Z,Wallet,,,5000,FREEMONEY,airdrop,1"


def test_an_airdrop_of_what_has_no_market_counts_as_nothing_until_the_person_says_otherwise(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, SPAM)
    person.look_up()
    (issue,) = person.issues("worthless_airdrop")
    assert issue.severity == "info" and "5000 FREEMONEY that came unasked into Wallet on 2025-03-01" in issue.message
    assert "none of Coinbase, Bitstamp, Kraken, Binance, Bitfinex, OKX, KuCoin, Gate has a market" in issue.message
    assert person.issues("missing_price") == []
    assert person.report("income.csv") == []
    assert [(row["asset"], row["cost_basis"]) for row in person.report("holdings.csv")] == [("FREEMONEY", "0")]
    assert [row["value"] for row in person.report("transactions.csv")] == ["0"]
    person.add("prices.csv", "Date,Asset,Currency,Price", "2025-03-01,FREEMONEY,USD,0.1")
    assert person.issues("worthless_airdrop") == []
    assert [row["value"] for row in person.report("income.csv")] == ["500"]


def test_one_exchange_that_does_not_answer_leaves_it_open(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, SPAM)
    person.look_up(down=frozenset({"gate"}))
    assert len(person.issues("missing_price")) == 1 and person.issues("worthless_airdrop") == []


def test_what_an_exchange_gave_or_what_is_no_airdrop_is_never_worth_nothing(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, SPAM.replace("airdrop", "reward"))
    person.look_up()
    assert len(person.issues("missing_price")) == 1 and person.issues("worthless_airdrop") == []


# ---- which day --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "closes"),
    [
        ("America/Los_Angeles", "2025-03-02"), ("UTC", "2025-03-02"), ("Europe/Berlin", "2025-03-02"),
        ("Europe/Istanbul", "2025-03-02"), ("Asia/Dubai", "2025-03-01"), ("Asia/Kolkata", "2025-03-01"),
        ("Asia/Tokyo", "2025-03-01"), ("Pacific/Auckland", "2025-03-01"), ("Pacific/Kiritimati", "2025-03-01"),
        ("Pacific/Pago_Pago", "2025-03-02"),
    ],
)  # fmt: skip
def test_the_close_of_a_day_lies_in_the_taxpayers_day_or_three_hours_after_it(zone: str, closes: str) -> None:
    day = date(2025, 3, 1)
    close = datetime.fromtimestamp(candle(day, ZoneInfo(zone)) + 86_400, UTC)
    assert close == datetime.fromisoformat(f"{closes}T00:00:00+00:00")
    starts = datetime(2025, 3, 1, tzinfo=ZoneInfo(zone))
    assert starts <= close <= starts + timedelta(hours=27)


def test_what_is_held_as_the_year_begins_has_the_price_of_that_hour(tmp_path: Path) -> None:
    """nl: at 1 January, 00:00, which is an hour before the close of 31 December in UTC."""
    person = Taxpayer(tmp_path, "2024-05-01T10:00:00Z,Kraken,1000,EUR,2,BTC,,1", country="nl")
    person.look_up()
    (held,) = person.report("holdings.csv")
    with exact():
        assert Decimal(held["market_value"]) == 2 * real("XXBTZEUR", datetime(2025, 1, 1, tzinfo=UTC))


# ---- money against money ----------------------------------------------------------------------------


def bank(*lines: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as inside:
        inside.writestr("eurofxref-hist.csv", "\n".join(("Date,USD,GBP,", *lines)))
    return file.getvalue()


def test_rates_that_the_program_does_not_bring_are_fetched_and_kept(tmp_path: Path) -> None:
    person = Taxpayer(tmp_path, "2031-03-05T10:00:00Z,Kraken,1000,EUR,2,BTC,,1")
    now = datetime(2031, 3, 7, tzinfo=UTC)
    assert "/stats/eurofxref/eurofxref-hist.zip" in person.look_up(now)
    assert person.said == [
        "the European Central Bank's newest rates could not be fetched: those that came with taxsync are used"
    ]
    assert len(person.look_up(now, bank=bank("2031-03-06,1.25,0.9,", "2031-03-05,1.2,0.8,"))) == 1
    (rate,) = [price for price in person.prices if price.asset == "EUR"]
    assert (rate.price, rate.source) == (Decimal("1.2"), "ECB reference rate of 2031-03-05")
    assert person.look_up(now) == []
    assert ADDRESS.endswith("/stats/eurofxref/eurofxref-hist.zip")
