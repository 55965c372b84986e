"""Coinbase's transaction report, all years: one row per transaction, a conversion in one row or two.

Until 2023 quantities have no sign and the Notes tell both sides of a conversion ("Converted 0.1 BTC to 1.5 ETH");
since then what leaves is negative, and a conversion may be two rows of one ID. Money is rounded to cents, some rows
have more digits. A purchase by card or bank is one row, as if the money had been in the account. What was paid with
in another currency than the report's is told by the Notes alone ("for 150 USDC on SOL-USDC at 150 USDC/SOL").
Moves to staking and to the vault are no transactions. Times are UTC.

Sources: help.coinbase.com, "Understanding your transaction report"; headers and type words as public readers of the
file have them (2026-11): BittyTax, CoinTaxman, tests of others. From memory: that the amount of a Deposit is what came
after its fee, and that of a Withdrawal includes it; that the Notes' "for" is what was paid or had, fees included.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from importers.exports import Row, Said, grouped, number
from importers.layout import Cells
from importers.parsers.build import MALFORMED, Unread
from importers.parsers.swapped import swapped
from pipeline.model import Label
from pipeline.money import ZERO

IDENTITY = ("Timestamp", "Transaction Type", "Asset", "Quantity Transacted")  # all else may change

_BUYS = frozenset(("buy", "advanced trade buy", "advance trade buy"))
_SELLS = frozenset(("sell", "advanced trade sell", "advance trade sell"))
_SWAPS = frozenset(("convert", "retail simple dust", "wrap asset", "unwrap asset"))
_RECEIPTS = {
    **dict.fromkeys(
        ("staking income", "staking reward", "inflation reward", "rewards income", "reward income"), Label.REWARD
    ),
    **dict.fromkeys(("coinbase earn", "learning reward", "incentives rewards payout"), Label.INCOME),
    **dict.fromkeys(("interest payout", "interest income"), Label.INTEREST),
    **dict.fromkeys(
        (
            "subscription rebate", "subscription rebates (24 hours)", "retail simple price improvement",
            "card buy back", "cardspend reward", "credit card reward",
        ),
        Label.CASHBACK,
    ),
    "airdrop": Label.AIRDROP,
    "fork": Label.FORK,
}  # fmt: skip
_OUTLAYS = {
    "donation": Label.DONATION,
    "subscription": Label.COST,
    **dict.fromkeys(("card spend", "cardspend"), Label.SPEND),
}
_INTO = frozenset(("receive", "exchange withdrawal", "pro withdrawal", "prime withdrawal"))
_OUT = frozenset(("send", "exchange deposit", "pro deposit", "prime deposit", "admin debit"))
_EITHER = frozenset(("asset migration",))  # by its sign
_INTERNAL = frozenset(
    (
        "retail staking transfer", "retail unstaking transfer", "retail eth2 deprecation", "retail eth deprecation",
        "vault withdrawal", "vault deposit", "cash to savings", "savings to cash", "portfolio transfer",
    )
)  # fmt: skip

# Currencies that a report of 2019 or 2020 may name in its columns ("USD Subtotal").
MONEY = (
    "USD EUR GBP CAD AUD SGD CHF JPY DKK NOK SEK PLN CZK HUF NZD BRL MXN INR ZAR ILS TRY RON BGN HRK ISK HKD "
    "KRW PHP THB"
).split()

_N = r"[$€£]?\s?([\d,]*\.?\d+)"
_MONEY_SIGN = re.compile(r"^(-?)[^\W\d_]{1,3}\.?\$?\s?(?=[\d.])")  # "kr91.00", "CA$91.00"
_CONVERTED = re.compile(rf"Converted {_N} (\w+) to {_N} (\w+)")
_FOR = re.compile(rf"(?:Bought|Sold) {_N} \w+ for {_N} (\w+)(?: on \S+ at {_N} \S+)?")
_CENTS = Decimal("0.02")  # by which rounded sums may miss each other
_FEW = 20  # of what is traded, a fee that is worked out is less than one part of so many


class _Sums(NamedTuple):
    """The money of a row: before fees, with them, and the fees, without signs, in the report's currency."""

    currency: str
    subtotal: Decimal
    total: Decimal
    fee: Decimal


def passed(row: Cells) -> str:
    return "internal" if row.get("Transaction Type", "").casefold() in _INTERNAL else ""


def read(rows: list[Row]) -> Iterable[Said]:
    """All rows of an account; those of a conversion together."""
    swaps = list[Row]()
    for row in rows:
        try:
            if row["Transaction Type"].casefold() in _SWAPS:
                swaps.append(row)
            else:
                yield from list(_single(row))
        except MALFORMED as why:
            yield row.unread(why)
    yield from grouped(swaps, _of_one, _conversions)


def _single(row: Row) -> Iterator[Said]:
    kind, quantity = row["Transaction Type"].casefold(), row.number("Quantity Transacted")
    moved = row.of(abs(quantity), row["Asset"])
    if kind in _BUYS or kind in _SELLS:
        yield _trade(row, kind in _BUYS)
    elif kind in ("deposit", "withdrawal"):
        yield _money_moved(row, kind == "deposit")
    elif kind in _RECEIPTS or kind in _INTO:
        if quantity < 0:
            raise Unread(f"a {row['Transaction Type']} that takes something away")
        label = _RECEIPTS.get(kind)
        if kind == "receive" and re.search("Coinbase (Earn|Referral|Rewards)", row["Notes"]):
            label = Label.INCOME  # as it was paid before it had a type of its own
        yield row.transaction(received=moved, label=label, description=_words(row))
    elif kind in _OUTLAYS or kind in _OUT:
        yield row.transaction(sent=moved, label=_OUTLAYS.get(kind), description=_words(row))
    elif kind in _EITHER:
        sent, received = (moved, None) if quantity < 0 else (None, moved)
        yield row.transaction(sent=sent, received=received, description=_words(row))
    else:
        raise Unread(f"what the transaction type '{row['Transaction Type']}' means is not known")


def _words(row: Row) -> str:
    return row["Notes"] or row["Transaction Type"]


def _sums(row: Row) -> _Sums:
    code = row["Price Currency"] or row["Spot Price Currency"]
    code = code or next((each for each in MONEY if row[f"{each} Spot Price at Transaction"]), "")
    if not code and (told := _FOR.search(row["Notes"])) and row["Transaction Type"].casefold() in ("buy", "sell"):
        code = told[3]  # some of 2021 name it nowhere else

    def of(*names: str) -> Decimal:
        column = next((c for name in names for c in (name, f"{code} {name}") if row[c]), names[0])
        return abs(number(_MONEY_SIGN.sub(r"\1", row[column])))

    total = of("Total (inclusive of fees and/or spread)", "Total (inclusive of fees)", "Total")
    return _Sums(code, of("Subtotal"), total, of("Fees and/or Spread", "Fees"))


def _money_moved(row: Row, comes: bool) -> Said:
    """A deposit or withdrawal; its quantity is what the balance changed by, the fee of it included."""
    quantity, (currency, _, _, fee) = abs(row.number("Quantity Transacted")), _sums(row)
    if fee and not currency:
        raise Unread("it does not say in what money its fee is")
    fee = fee if row["Asset"] == currency else ZERO
    gross = row.of(quantity + fee if comes else quantity - fee, row["Asset"])
    return row.transaction(
        sent=None if comes else gross, received=gross if comes else None, fee=row.of(fee, row["Asset"]),
        description=_words(row),
    )  # fmt: skip


# ---- trades -------------------------------------------------------------------------------------


def _trade(row: Row, buys: bool) -> Said:
    """The Buy and Sell buttons, and Advanced Trade. The fee is on top of what was traded."""
    units, sums, told = abs(row.number("Quantity Transacted")), _sums(row), _FOR.search(row["Notes"])
    if told is None and row["Transaction Type"].casefold().startswith("advance"):
        raise Unread("its Notes do not say what was paid with")
    quote = told[3] if told else sums.currency
    same = told is None or quote == sums.currency
    worth, fee = _paid(sums, buys, told) if same or told is None else _quoted(told, units, buys)
    if not units or not worth:
        raise Unread("one side of the trade is 0")
    coins, money = row.of(units, row["Asset"]), row.of(worth, quote)
    return row.transaction(
        sent=money if buys else coins, received=coins if buys else money, fee=row.of(fee, quote),
        description=_words(row),
    )  # fmt: skip


def _paid(sums: _Sums, buys: bool, told: re.Match[str] | None) -> tuple[Decimal, Decimal]:
    """What was traded, and the fee, as the columns tell them: together the total to the cent. Where they miss it, the
    fee is what the total leaves of the subtotal, if the Notes name that total (rows of 2021 in a later report)."""
    if not sums.total or not sums.currency:
        raise Unread("it does not say what was paid")
    worth = sums.total - sums.fee if buys else sums.total + sums.fee
    misses = worth < 0 or (sums.subtotal and abs(worth - sums.subtotal) > _CENTS)
    left = sums.total - sums.subtotal if buys else sums.subtotal - sums.total
    if misses and told is not None and number(told[2]) == sums.total and left >= ZERO and left * _FEW <= sums.total:
        return sums.subtotal, left
    if misses:
        raise Unread("its subtotal, fees and total do not add up")
    return worth, sums.fee


def _quoted(told: re.Match[str], units: Decimal, buys: bool) -> tuple[Decimal, Decimal]:
    """The same in another currency, as the Notes tell it: the fee is what the price leaves of what was paid."""
    paid = number(told[2])
    worth = units * number(told[4]) if told[4] else paid
    fee = paid - worth if buys else worth - paid
    if fee < 0 and -fee <= _CENTS:
        return paid, ZERO
    if fee < 0 or fee * _FEW > worth:
        raise Unread("its price and its amounts do not add up")
    return worth, fee


# ---- conversions --------------------------------------------------------------------------------


def _of_one(row: Row) -> object:
    """What the rows of one conversion have in common."""
    return row["Transaction Type"].casefold(), row["ID"] or row.at


def _conversions(group: list[Row]) -> Iterator[Said]:
    """Rows with signs are the sides of one; else each row is one, if its Notes tell the other side."""
    changes = [(row, row.asset(row["Asset"]), row.number("Quantity Transacted"), ZERO) for row in group]
    if any(change > 0 for _, _, change, _ in changes) and any(change < 0 for _, _, change, _ in changes):
        yield from swapped(changes, group[0]["Transaction Type"])
        return
    if len({(row["Notes"], row["Asset"]) for row in group}) > len({row["Notes"] for row in group}):
        raise Unread("which of its rows is what was given can't be told")
    for row in group:
        yield _converted(row)


def _converted(row: Row) -> Said:
    """The side that the row is of is as exact as its quantity, the other as its Notes."""
    told = _CONVERTED.search(row["Notes"])
    if told is None:
        raise Unread("its Notes do not say what it was converted to")
    sides = {told[2]: number(told[1]), told[4]: number(told[3])}
    quantity = abs(row.number("Quantity Transacted"))
    if row["Asset"] not in sides or abs(sides[row["Asset"]] - quantity) * 100 > quantity:
        raise Unread("its Notes tell of another quantity")
    sides[row["Asset"]] = quantity
    return row.transaction(
        sent=row.of(sides[told[2]], told[2]), received=row.of(sides[told[4]], told[4]), description=_words(row)
    )
