"""Binance's transaction history: each row changes one balance of one of the account's wallets, whose rows are all here.

Rows of one happening bear the same second, or the next one, in no order: a trade is what was got and given and its
fees; fills of one second and pair are one. Trades of several pairs in one second are told apart as far as the words
and the coins of the fees do. What moves between spot, funding, Earn, margin and futures is no transaction. Of futures
each result is one (`Label.MARGIN`); margin trades and loans are not computed.

A withdrawal includes its fee. A deal with another person (P2P) tells the coins alone, as a deposit or withdrawal.

Sources: binance.com/support, "How to Download Transaction History"; words of operations as public readers of the file
have them (2026-11): BittyTax, rotki, tests of others. From memory: that pool distributions are mining.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from importers.exports import Row, Said
from importers.layout import Cells
from importers.parsers.build import LOANS, MALFORMED, MARGIN, Unread
from importers.parsers.moved import moved
from importers.parsers.swapped import moments, swapped
from pipeline.model import Amount, Label
from pipeline.money import ZERO

_FEES = frozenset(("fee", "transaction fee"))
_BUYING = frozenset(("transaction buy", "transaction spend"))
_SELLING = frozenset(("transaction sold", "transaction revenue"))
_TRADES = _FEES | _BUYING | _SELLING | {"buy", "sell", "transaction related"}
_SWAPS = frozenset(
    (
        "binance convert", "convert", "large otc trading", "stablecoins auto-conversion", "small assets exchange bnb",
        "eth 2.0 staking", "leverage token redemption", "asset conversion transfer", "futures convert",
        "buy crypto with card", "buy crypto with fiat", "buy crypto", "sell crypto to fiat", "the easiest way to trade",
        "auto-invest transaction", "beth to wbeth wrapping", "swap farming transaction",
    )
)  # fmt: skip
_ALSO = {"liquid swap sell": "swap farming transaction"}  # the two sides of one, in words of their own
_RESULTS = frozenset(
    (
        "realize profit and loss", "realized profit and loss", "fee", "funding fee", "insurance fund compensation",
        "insurance fund refund",
    )
)  # fmt: skip
_LOANS = ("loan", "repay", "borrow")  # words of what margin and crypto loans give and take back
# What a balance changed by, when it (came in, went out); None: a transfer.
_ALONE: dict[str, tuple[Label | None, Label | None]] = {
    **dict.fromkeys(
        (
            "deposit", "fiat deposit", "fiat ocbs - add fiat and fees", "withdraw", "fiat withdraw", "fiat withdrawal",
            "send", "p2p trading", "c2c transfer", "token swap - redenomination/rebranding",
            "token swap - distribution", "asset recovery", "sub-account transfer",
        ),
        (None, None),
    ),
    **dict.fromkeys(
        (
            "staking rewards", "pos savings interest", "eth 2.0 staking rewards", "liquid swap rewards",
            "simple earn locked rewards", "dot slot auction rewards", "launchpool interest",
            "launchpool earnings withdrawal", "bnb vault rewards", "swap farming rewards", "super bnb mining",
            "launchpool earnings", "launchpool earnings distribution", "dot staking rewards", "sol staking rewards",
            "ada staking rewards",
        ),
        (Label.REWARD, Label.COST),
    ),
    **dict.fromkeys(
        ("simple earn flexible interest", "savings interest", "savings distribution"), (Label.INTEREST, Label.COST)
    ),
    "pool distribution": (Label.MINING, Label.COST),
    **dict.fromkeys(
        (
            "airdrop assets", "simple earn flexible airdrop", "launchpool airdrop", "hodler airdrops distribution",
            "launchpool airdrop - system distribution", "launchpool airdrop - user claim distribution",
            "megadrop rewards", "distribution",
        ),
        (Label.AIRDROP, Label.COST),
    ),
    **dict.fromkeys(
        ("commission rebate", "referral kickback", "referrer rebates", "referee rebates", "binance card cashback"),
        (Label.CASHBACK, Label.COST),
    ),
    **dict.fromkeys(
        (
            "commission history", "commission fee shared with you", "referral commission", "cash voucher distribution",
            "campaign related reward", "mission reward distribution",
        ),
        (Label.INCOME, Label.COST),
    ),
    "binance card spending": (Label.CASHBACK, Label.SPEND),  # what comes back is a refund
    "binance pay": (None, Label.SPEND),
    "crypto box": (Label.GIFT, Label.GIFT),
}  # fmt: skip
_INTERNAL = frozenset(
    (
        "transfer_in", "transfer_out", "savings purchase", "savings principal redemption", "pos savings purchase",
        "pos savings redemption", "staking purchase", "staking redemption", "simple earn locked subscription",
        "simple earn locked redemption", "simple earn flexible subscription", "simple earn flexible redemption",
        "launchpool subscription/redemption", "main and funding account transfer",
    )
)  # fmt: skip


def passed(row: Cells) -> str:
    kind = row.get("Operation", "").casefold()
    if kind in _INTERNAL or kind.startswith("transfer between "):  # of two of the account's wallets
        return "internal"
    change = row.get("Change", "")
    return "empty" if "0" in change and not change.strip("+-0.") else ""


def read(rows: list[Row]) -> Iterable[Said]:
    """All rows of an account."""
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        try:
            key, _ = _of_one(row), row.at
            if key:
                groups[key].append(row)
            else:
                yield _alone(row)
        except MALFORMED as why:
            yield row.unread(why)
    for (kind, *_), found in groups.items():
        readers: dict[str, Callable[[list[Row]], Iterator[Said]]] = {"trade": _trades, "swap": _swap}
        for moment in moments(found, _whole):
            try:
                yield from list(readers[kind](moment))
            except MALFORMED as why:
                yield from (row.unread(why) for row in moment)


def _of_one(row: Row) -> tuple[str, ...]:
    """What rows of one happening have in common besides the second; () of one that stands alone."""
    kind, wallet = row["Operation"].casefold(), row["Account"].casefold()
    kind = _ALSO.get(kind, kind)
    if "futures" in wallet and kind in _RESULTS:
        return ()
    if any(word in kind for word in _LOANS):
        raise Unread(f"{row['Operation']} is not supported yet", LOANS)
    if kind in _TRADES and "margin" in wallet:
        raise Unread(f"{row['Operation']} in {row['Account']} is not supported yet", MARGIN)
    if kind in _TRADES:
        return "trade", wallet
    return ("swap", wallet, kind) if kind in _SWAPS else ()


def _whole(rows: list[Row]) -> bool:
    """Whether something was given and something got."""
    signs = {row["Change"].startswith("-") for row in rows if row["Operation"].casefold() not in _FEES}
    return len(signs) == 2


def _alone(row: Row) -> Said:
    kind, change = row["Operation"].casefold(), row.number("Change")
    if "futures" in row["Account"].casefold() and kind in _RESULTS:
        return moved(row, change, row["Coin"], Label.MARGIN, description=_words(row))
    if kind not in _ALONE:
        raise Unread(f"what the operation '{row['Operation']}' means is not known")
    return moved(row, change, row["Coin"], _ALONE[kind][change < 0], description=_words(row))


def _words(row: Row) -> str:
    return f"{row['Operation']} {row['Remark']}".strip()


def _swap(rows: list[Row]) -> Iterator[Said]:
    changes = [(row, row.asset(row["Coin"]), row.number("Change"), ZERO) for row in rows]
    yield from swapped(changes, rows[0]["Operation"])


# ---- trades -------------------------------------------------------------------------------------


def _trades(rows: list[Row]) -> Iterator[Said]:
    """One trade, or one bought and one sold. Raises Unread where they can't be told apart."""
    fees: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        if row["Operation"].casefold() in _FEES:
            fees[row.asset(row["Coin"])] -= row.number("Change")
    if any(fee < 0 for fee in fees.values()):
        raise Unread("a fee that gives something")
    sides = [row for row in rows if row["Operation"].casefold() not in _FEES]
    parts = [sides]
    if not _is_trade(sides):
        parts = [[row for row in sides if row["Operation"].casefold() in kind] for kind in (_BUYING, _SELLING)]
        if sum(map(len, parts)) != len(sides) or not all(map(_is_trade, parts)):
            raise Unread("its second has other rows, and which belong together can't be told")
    shares = [fees] if len(parts) == 1 else _shared(fees, [_changes(part) for part in parts])
    for part, share in zip(parts, shares, strict=True):
        yield from _trade(part, share)


def _changes(rows: Iterable[Row]) -> dict[str, Decimal]:
    changes: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        changes[row.asset(row["Coin"])] += row.number("Change")
    return changes


def _is_trade(rows: list[Row]) -> bool:
    """One coin given, in one row or several, for another one."""
    given = {row["Coin"] for row in rows if row.number("Change") < 0}
    got = {row["Coin"] for row in rows if row.number("Change") > 0}
    return len(given) == len(got) == 1 and given != got


def _shared(fees: dict[str, Decimal], trades: list[dict[str, Decimal]]) -> list[dict[str, Decimal]]:
    """The fees of each trade, by the coin that only one of them got."""
    shares = [{coin: fee for coin, fee in fees.items() if trade.get(coin, ZERO) > 0} for trade in trades]
    if sum(map(len, shares)) != len(fees):
        raise Unread("its second has several trades, and whose the fee is can't be told")
    return shares


def _trade(rows: list[Row], fees: dict[str, Decimal]) -> Iterator[Said]:
    changes, first = _changes(rows), next(row for row in rows if row.number("Change") > 0)
    (given,), (got,) = [a for a in changes if changes[a] < 0], [a for a in changes if changes[a] > 0]
    paid = sorted((coin for coin in fees if fees[coin]), key=lambda coin: (coin not in (given, got), coin))
    yield first.transaction(
        sent=Amount(-changes[given], given),
        received=Amount(changes[got], got),
        fee=Amount(fees[paid[0]], paid[0]) if paid else None,
        description=first["Operation"],
    )
    for coin in paid[1:]:
        cost = Amount(fees[coin], coin)
        yield first.transaction(sent=cost, label=Label.COST, description="fee", leg=f"fee {coin}")
