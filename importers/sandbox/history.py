"""Three years of one made-up account at Kraken and of the wallet beside it: what the demo shows, what tests read.

    history = demo_history()
    with sandbox(history) as exchange: ...

Gives the records as the exchange keeps them and the wallet's file; always the same, to the last digit. The
owner saves in BTC and ETH, stakes DOT and SOL, trades now and then with gains and losses, moves some to a
wallet. Two things are left for the user to find: LTC sold whose purchase is nowhere, and a token that came
from msgspec import Struct
from the air and has no price.
"""

import base64
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from importers.sandbox.book import Book
from importers.sandbox.kraken import Key, Records
from importers.sandbox.server import NOW, Faults, Sandbox
from importers.sandbox.venues import Markets
from pipeline.money import exact

BEGIN, END = date(2023, 1, 3), date(2025, 12, 30)

WALLET = "Ledger wallet"

WALLET_COLUMNS = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,"
    "Net Worth Amount,Net Worth Currency,Label,Description,TxHash,ID"
).split(",")

Action = tuple[int, Callable[[Book, int], object]]  # when (Unix seconds), what


class DemoHistory(Records, frozen=True):
    """The exchange's records and, in `wallet_csv`, the file of the wallet in the universal format."""

    wallet_csv: str = ""

    @property
    def key(self) -> str:
        return self.keys[0].api_key

    @property
    def secret(self) -> str:
        return self.keys[0].secret


def demo_history() -> DemoHistory:
    """Everything that happened, played through once."""
    book = Book({"XLTC": Decimal("1.5")})  # bought before the records begin
    arrived: list[dict[str, str]] = []
    with exact():  # ccxt changes how the process rounds Decimals
        for second, happens in sorted(_everything(arrived), key=lambda action: action[0]):
            happens(book, second)
    return DemoHistory(
        ledgers=book.ledgers,
        trades=book.trades,
        deposits=book.deposits,
        withdrawals=book.withdrawals,
        keys=(_demo_key(),),
        wallet_csv=_as_csv([*arrived, *_IN_THE_WALLET]),
    )


def sandbox(
    history: Records | None = None, faults: Faults | None = None, markets: Markets | None = None
) -> Sandbox:  # fmt: skip
    """The exchange with these records, ready to be started by `with`, on New Year's Day of 2026; beside it the public
    market data of the others."""
    return Sandbox(history or demo_history(), now=NOW, faults=faults, markets=markets or Markets(NOW))


def _demo_key() -> Key:
    """A key that reads; made here so that nothing that looks like a secret stands in the source."""
    secret = base64.b64encode(hashlib.sha512(b"the sandbox opens to everyone").digest()).decode()
    return Key(base64.b64encode(hashlib.sha512(b"sandbox").digest()[:42]).decode(), secret)


# ---- what happens ---------------------------------------------------------------------------------------------------


def _everything(arrived: list[dict[str, str]]) -> Iterator[Action]:
    yield from _savings()
    yield from _rewards()
    for day, happens in _ONCE:
        yield _at(day, "14:20"), happens
    for day, asset, amount, fee in _TO_THE_WALLET:
        yield _at(day, "18:05"), _to_the_wallet(asset, amount, fee, arrived)


def _savings() -> Iterator[Action]:
    """Money comes in on the third of each month; BTC is bought every other Tuesday, ETH on those between."""
    for month in range(36):
        day = date(2023 + month // 12, month % 12 + 1, 3)
        yield _at(day, "08:30"), lambda book, second: book.pay_in(second, "ZUSD", "2000")
    for week, day in enumerate(_weekly(BEGIN + timedelta(days=7), END)):
        pair, cost = ("XETHZUSD", "260") if week % 2 else ("XXBTZUSD", "420")
        yield _at(day, f"{9 + week % 9:02d}:{week * 7 % 60:02d}"), _buy(pair, cost)


def _rewards() -> Iterator[Action]:
    """Staked DOT pays each Thursday of 2024, by Kraken's old staking; SOL each Sunday of 2025, by Earn."""
    for day in _weekly(date(2024, 2, 8), date(2024, 12, 5)):
        yield _at(day, "03:11"), lambda book, second: book.reward(second, "staking", "", "DOT.S", "0.0022")
    for day in _weekly(date(2025, 1, 26), END):
        yield _at(day, "01:46"), lambda book, second: book.reward(second, "earn", "reward", "SOL.F", "0.0011")


def _buy(pair: str, cost: str, fee_in_base: bool = False) -> Callable[[Book, int], object]:
    return lambda book, second: book.buy(second, pair, cost, fee_in_base)


def _sell(pair: str, volume: str) -> Callable[[Book, int], object]:
    return lambda book, second: book.sell(second, pair, volume)


def _move(kind: str, leaves: str, comes: str, source: str, target: str, amount: str) -> Callable[[Book, int], object]:
    return lambda book, second: book.move(second, kind, (leaves, comes), source, target, amount)


def _pay_out(amount: str, fee: str) -> Callable[[Book, int], object]:
    return lambda book, second: book.withdraw(second, "ZUSD", amount, fee, "Wire (FedWire)")


_ONCE: tuple[tuple[date, Callable[[Book, int], object]], ...] = (
    (date(2023, 3, 15), _buy("DOTUSD", "1800")),
    (date(2023, 8, 16), _sell("XETHZUSD", "0.6")),  # short; some of its lots at a loss
    (date(2023, 9, 12), _sell("DOTUSD", "60")),  # short, a loss
    (date(2023, 10, 4), _buy("SOLUSD", "760")),
    (date(2023, 11, 14), _sell("XXBTZUSD", "0.04")),  # short, a gain
    (date(2023, 12, 19), _pay_out("1500", "4")),
    (date(2024, 1, 29), _move("transfer", "spottostaking", "stakingfromspot", "DOT", "DOT.S", "200")),
    (date(2024, 2, 8), _sell("XETHXXBT", "0.6")),  # crypto for crypto
    (date(2024, 3, 12), _buy("ADAUSD", "500")),
    (date(2024, 3, 13), _buy("SOLUSD", "900")),
    (date(2024, 5, 22), _buy("XXBTZUSD", "600", fee_in_base=True)),
    (date(2024, 6, 11), _sell("XXBTZUSD", "0.05")),  # long, a gain
    (date(2024, 8, 6), _sell("ADAUSD", "700")),  # short, a loss
    (date(2024, 8, 20), _sell("SOLUSD", "12.5")),  # short, a gain
    (date(2024, 9, 9), lambda book, second: book.cancel_withdrawal(second, "XETH", "0.9", "0.0025", "Ether")),
    (date(2024, 10, 16), lambda book, second: book.instant_buy(second, "XXBTZUSD", "492.61", "7.39")),
    (date(2024, 11, 19), _sell("XETHZUSD", "0.5")),
    (date(2024, 12, 4), _buy("XDGUSD", "350")),
    (date(2024, 12, 10), _move("transfer", "stakingtospot", "spotfromstaking", "DOT.S", "DOT", "all")),
    (date(2024, 12, 17), _pay_out("2500", "4")),
    (date(2025, 1, 15), _move("earn", "allocation", "allocation", "SOL", "SOL.F", "20")),
    (date(2025, 1, 22), _sell("XETHXXBT", "0.5")),
    (date(2025, 2, 19), _buy("USDCUSD", "300")),
    (date(2025, 3, 11), _sell("XDGUSD", "780")),  # short, a loss
    (date(2025, 4, 8), _sell("XETHZUSD", "0.7")),  # long, some of its lots at a loss
    (date(2025, 4, 29), _move("earn", "deallocation", "deallocation", "SOL.F", "SOL", "6")),
    (date(2025, 5, 13), _sell("XLTCZUSD", "1.5")),  # nobody knows what it had cost
    (date(2025, 6, 24), _sell("DOTUSD", "220")),  # long, a loss
    (date(2025, 7, 15), _sell("XXBTZUSD", "0.06")),  # long, a gain
    (date(2025, 8, 5), _move("earn", "allocation", "allocation", "SOL", "SOL.F", "3.5")),
    (date(2025, 9, 18), _sell("SOLETH", "4")),  # crypto for crypto
    (date(2025, 9, 23), _sell("USDCUSD", "290")),
    (date(2025, 10, 7), _move("earn", "deallocation", "deallocation", "SOL.F", "SOL", "5")),
    (date(2025, 10, 9), _sell("SOLUSD", "4")),
    (date(2025, 11, 6), lambda book, second: book.sweep_dust(second, ("ADAUSD", "XDGUSD", "USDCUSD"))),
    (date(2025, 12, 9), _pay_out("6000", "4")),
)


# ---- the wallet -----------------------------------------------------------------------------------------------------

_TO_THE_WALLET = (
    (date(2024, 1, 23), "XXBT", "0.08", "0.0002"),
    (date(2024, 2, 27), "XETH", "1.1", "0.0035"),
    (date(2024, 4, 16), "XXBT", "0.12", "0.00012"),
    (date(2024, 9, 10), "XETH", "0.9", "0.0025"),
    (date(2025, 2, 11), "XXBT", "0.06", "0.00004"),
    (date(2025, 8, 26), "XETH", "1.25", "0.0006"),
)
_METHODS = {"XXBT": "Bitcoin", "XETH": "Ether"}
_NAMES = {"XXBT": "BTC", "XETH": "ETH"}


def _to_the_wallet(asset: str, amount: str, fee: str, arrived: list[dict[str, str]]) -> Callable[[Book, int], object]:
    """Leaves the exchange and is in the wallet a quarter of an hour later, less nothing: the fee came on top."""

    def leaves(book: Book, second: int) -> None:
        txhash = book.withdraw(second, asset, amount, fee, _METHODS[asset])
        arrived.append(
            {
                "Date": f"{datetime.fromtimestamp(second + 913, UTC):%Y-%m-%d %H:%M:%S}",
                "Received Amount": amount,
                "Received Currency": _NAMES[asset],
                "Description": "from Kraken",
                "TxHash": txhash,
            }
        )

    return leaves


_IN_THE_WALLET = (
    {
        "Date": "2024-12-24 17:30:00",
        "Sent Amount": "0.15",
        "Sent Currency": "ETH",
        "Fee Amount": "0.0004",
        "Fee Currency": "ETH",
        "Net Worth Amount": "520.00",
        "Net Worth Currency": "USD",
        "Label": "gift",
        "Description": "for Christmas",
    },
    {
        "Date": "2025-03-17 12:00:00",
        "Received Amount": "412.5",
        "Received Currency": "FLR",
        "Label": "airdrop",
        "Description": "unasked for",
    },
    {
        "Date": "2025-06-12 10:15:00",
        "Sent Amount": "0.05",
        "Sent Currency": "BTC",
        "Fee Amount": "0.00002",
        "Fee Currency": "BTC",
        "Net Worth Amount": "5350.00",
        "Net Worth Currency": "USD",
        "Label": "spend",
        "Description": "a bicycle",
    },
)


def _as_csv(rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, WALLET_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(sorted(rows, key=lambda row: row["Date"]), 1):
        writer.writerow(row | {"Account": WALLET, "ID": f"wallet-{number:03d}"})
    return text.getvalue()


# ---- days -----------------------------------------------------------------------------------------------------------


def _at(day: date, clock: str) -> int:
    """Unix seconds of a day and a time of day in UTC."""
    hour, minute = map(int, clock.split(":"))
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


def _weekly(begin: date, end: date) -> list[date]:
    return [begin + timedelta(days=7 * week) for week in range((end - begin).days // 7 + 1)]
