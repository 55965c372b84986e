"""Keeps the books of the made-up account: what Kraken writes down when its owner pays in, trades, stakes, withdraws.

Takes one action after another, in order of time; each adds its ledger entries with the running balance, and
where Kraken has more to say a trade or a movement. Prices are the sandbox's market's, ids come from a hash
of their number: the same actions give the same records on every machine.
"""

import hashlib
from collections import Counter
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from msgspec import Struct, field

from importers.sandbox.market import ASSETS, PAIRS, Pair, at, written
from importers.sandbox.public import Record

# Kraken's lowest step, in parts of the cost.
TAKER_FEE = Decimal("0.0026")
LOT = Decimal("1E-8")  # the smallest step of a trade's volume


class Book(Struct):
    """The records so far and what is held, by Kraken's names; no holding may fall below zero."""

    held: dict[str, Decimal]
    ledgers: dict[str, Record] = field(default_factory=dict)
    trades: dict[str, Record] = field(default_factory=dict)
    deposits: list[Record] = field(default_factory=list)
    withdrawals: list[Record] = field(default_factory=list)
    _numbers: Counter[str] = field(default_factory=Counter)

    def enter(
        self,
        time: Decimal,
        refid: str,
        kind: str,
        asset: str,
        amount: Decimal,
        fee: Decimal = Decimal(0),
        sub: str = "",
    ) -> str:
        """One ledger entry; gives its id."""
        balance = self.held.get(asset, Decimal(0)) + amount - fee
        if balance < 0:
            raise ValueError(f"the sandbox's owner has not enough {asset} at {time}: {balance}")
        self.held[asset] = balance
        id = self._id("L", 6, 5, 6)
        self.ledgers[id] = {
            "aclass": "currency",
            "amount": in_ledger(asset, amount),
            "asset": asset,
            "balance": in_ledger(asset, balance),
            "fee": in_ledger(asset, fee),
            "refid": refid,
            "time": time,
            "type": kind,
            "subtype": sub,
        }
        return id

    def pay_in(self, second: int, asset: str, amount: str) -> None:
        """A deposit of money."""
        time, refid = self._time(second), self._id("Q", 7, 6, 6)
        self.enter(time, refid, "deposit", asset, Decimal(amount))
        self.deposits.append(_movement("ACH (Plaid Transfer)", asset, refid, "", Decimal(amount), Decimal(0), second))

    def withdraw(self, second: int, asset: str, amount: str, fee: str, method: str) -> str:
        """A withdrawal that arrived, the fee on top; gives its transaction's hash on the chain, "" for money."""
        time, refid = self._time(second), self._id("A", 7, 6, 6)
        txid = "" if asset == "ZUSD" else ("0x" if asset == "XETH" else "") + _digest("chain", refid)
        self.enter(time, refid, "withdrawal", asset, -Decimal(amount), Decimal(fee))
        self.withdrawals.append(_movement(method, asset, refid, txid, Decimal(amount), Decimal(fee), second))
        return txid

    def cancel_withdrawal(self, second: int, asset: str, amount: str, fee: str, method: str) -> None:
        """A withdrawal taken back a few minutes later: two entries of one refid, the second gives all back."""
        refid = self._id("A", 7, 6, 6)
        self.enter(self._time(second), refid, "withdrawal", asset, -Decimal(amount), Decimal(fee))
        self.enter(self._time(second + 421), refid, "withdrawal", asset, Decimal(amount), -Decimal(fee))
        movement = _movement(method, asset, refid, "", Decimal(amount), Decimal(fee), second)
        self.withdrawals.append(movement | {"status": "Failure", "status-prop": "canceled"})

    def buy(self, second: int, pair: str, cost: str, fee_in_base: bool = False) -> None:
        """Buys for about `cost` of the quote currency, at market."""
        price = _price(pair, second)
        self._trade(second, PAIRS[pair], "buy", (Decimal(cost) / price).quantize(LOT, ROUND_DOWN), fee_in_base)

    def sell(self, second: int, pair: str, volume: str) -> None:
        self._trade(second, PAIRS[pair], "sell", Decimal(volume))

    def _trade(self, second: int, pair: Pair, side: str, volume: Decimal, fee_in_base: bool = False) -> None:
        """Two legs of one refid. The fee is taken in the quote currency unless the order said otherwise."""
        time, id, price = self._time(second), self._id("T", 6, 5, 6), _price(pair.id, second)
        cost = _rounded(pair.quote, price * volume)
        sign = 1 if side == "buy" else -1
        fee = _rounded(pair.quote, cost * TAKER_FEE)
        of_quote, of_base = (Decimal(0), _rounded(pair.base, volume * TAKER_FEE)) if fee_in_base else (fee, Decimal(0))
        legs = [
            self.enter(time, id, "trade", pair.quote, -sign * cost, of_quote, "tradespot"),
            self.enter(time, id, "trade", pair.base, sign * volume, of_base, "tradespot"),
        ]
        shown = 5 if pair.quote == "ZUSD" else 10  # TradesHistory has a decimal more than the ledger of US dollars
        self.trades[id] = {
            "ordertxid": self._id("O", 6, 5, 6),
            "postxid": self._id("TKH2SE", 6, 5, 6),
            "pair": pair.id,
            "time": time,
            "type": side,
            "ordertype": "market",
            "price": written(at(pair, second), pair.decimals),
            "cost": f"{price * volume:.{shown}f}",
            "fee": f"{price * volume * TAKER_FEE:.{shown}f}",  # in quote, also where it was taken in base
            "vol": f"{volume:.8f}",
            "margin": f"{0:.{shown}f}",
            "leverage": "0",
            "misc": "",
            "maker": False,
            "ledgers": legs,
        }

    def instant_buy(self, second: int, pair: str, paid: str, fee: str) -> None:
        """The Buy button: in the ledger only, the fee in what is paid."""
        time, refid, market = self._time(second), self._id("TS", 7, 5, 6), PAIRS[pair]
        received = (Decimal(paid) / _price(pair, second)).quantize(LOT, ROUND_DOWN)
        self.enter(time, refid, "spend", market.quote, -Decimal(paid), Decimal(fee))
        self.enter(time, refid, "receive", market.base, received)

    def sweep_dust(self, second: int, pairs: tuple[str, ...]) -> None:
        """Small balances made into the quote currency: a spend of each, one receive, in the ledger only."""
        time, refid, worth = self._time(second), self._id("TS", 7, 5, 6), Decimal(0)
        for pair in pairs:
            asset = PAIRS[pair].base
            worth += self.held[asset] * _price(pair, second)
            self.enter(time, refid, "spend", asset, -self.held[asset], sub="dustsweeping")
        quote = PAIRS[pairs[0]].quote
        received = _rounded(quote, worth)
        self.enter(time, refid, "receive", quote, received, _rounded(quote, received * 3 / 100), "dustsweeping")

    def move(self, second: int, kind: str, subtypes: tuple[str, str], source: str, target: str, amount: str) -> None:
        """Between two of the account's own places, such as DOT and DOT.S; "all" is everything.

        The old staking wrote two entries with a refid each, Earn writes both with one.
        """
        time, moved = self._time(second), self.held[source] if amount == "all" else Decimal(amount)
        refid = self._id("EL", 7, 5, 6)
        self.enter(time, refid, kind, source, -moved, sub=subtypes[0])
        if kind != "earn":
            time, refid = self._time(second + 37), self._id("RU", 7, 5, 6)
        self.enter(time, refid, kind, target, moved, sub=subtypes[1])

    def reward(self, second: int, kind: str, sub: str, asset: str, part: str) -> None:
        """A staking reward: `part` of what is staked."""
        time, refid = self._time(second), self._id("ST", 7, 5, 6)
        self.enter(time, refid, kind, asset, _rounded(asset, self.held[asset] * Decimal(part)), sub=sub)

    def margin(self, second: int, kind: str, *legs: tuple[str, str, str], position: str = "") -> str:
        """What a position on margin does to the balances, as (asset, amount, fee): opening it costs a fee, "rollover"
        too, closing it brings or takes; "settled" pays back what was lent and gets what it bought. `position`: whose
        refid the entries bear; gives their refid."""
        time, refid = self._time(second), position or self._id("T", 6, 5, 6)
        for asset, amount, fee in legs:
            self.enter(time, refid, kind, asset, Decimal(amount), Decimal(fee))
        return refid

    def _time(self, second: int) -> Decimal:
        """Kraken writes four to seven decimals."""
        fraction = int(_digest("time", str(second), str(len(self.ledgers)))[:10], 16) % 10**7
        return Decimal(f"{second}.{fraction:07d}".rstrip("0") + ("1" if not fraction else ""))

    def _id(self, prefix: str, *lengths: int) -> str:
        """An id that looks like Kraken's: LQTKWB-5XOMF-ZNAB7C."""
        self._numbers[prefix] += 1
        letters = _letters(prefix, str(self._numbers[prefix]))
        first, second, third = lengths
        text = (prefix + letters)[: first + second + third]
        return "-".join((text[:first], text[first : first + second], text[first + second :]))


def in_ledger(asset: str, amount: Decimal) -> str:
    """With all the decimals that Kraken's ledger has for the asset."""
    return f"{amount:.{ASSETS[asset].decimals}f}"


def _price(pair: str, second: int) -> Decimal:
    return Decimal(written(at(PAIRS[pair], second), PAIRS[pair].decimals))


def _rounded(asset: str, amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-ASSETS[asset].decimals), ROUND_HALF_UP)


def _movement(method: str, asset: str, refid: str, txid: str, amount: Decimal, fee: Decimal, second: int) -> Record:
    return {
        "method": method,
        "aclass": "currency",
        "asset": asset,
        "refid": refid,
        "txid": txid,
        "info": f"sandbox {_digest('to', asset)[:12]}",
        "amount": in_ledger(asset, amount),
        "fee": in_ledger(asset, fee),
        "time": second,
        "status": "Success",
    }


def _digest(*what: str) -> str:
    return hashlib.sha256("/".join(what).encode()).hexdigest()


def _letters(*what: str) -> str:
    """Capital letters and 2 to 7, as in Kraken's ids."""
    alphabet, number = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", int(_digest(*what), 16)
    return "".join(alphabet[number >> 5 * place & 31] for place in range(24))
