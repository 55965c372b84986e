"""An account at OKX as it is lived: what happens in it, as the records that OKX keeps and as what a person would
write down of it.

    book = OkxBook(begin)
    book.deposit("USDT", "1000")
    book.buy("BTC", "0.01", "USDT", "600", fee="0.00001")

`lists` are OKX's lists of records, `held` what each wallet holds, and `said` the transactions as a person knows them:
these are written beside the records, by other code than that which reads records.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from msgspec import Struct, field

Record = dict[str, object]
Row = tuple[str, ...]  # time, sent, received, fee, label: amounts as "0.5 BTC", "" where there is none

TRADING, FUNDING, SAVINGS, STAKED = "trading", "funding", "savings", "staked"


def digits(number: Decimal) -> str:
    return format(number, "f")


def amount(number: Decimal, coin: str) -> str:
    """As a row has it: without trailing zeros."""
    return f"{digits(number).rstrip('0').rstrip('.') if '.' in digits(number) else digits(number)} {coin}"


class OkxBook(Struct):
    """`at` is when the next thing happens; each takes a minute, unless `at` is held by `still`."""

    at: datetime
    lists: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    held: dict[str, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(Decimal)))
    said: list[Row] = field(default_factory=list)
    still: bool = False
    _ids: Iterator[int] = field(default_factory=lambda: count(1_100_000_000_000_000_001))

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)

    @property
    def _ts(self) -> str:
        return str((self.at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))

    def _bill(
        self, wallet: str, type: str, coin: str, change: Decimal, fee: Decimal | None = None, **more: str
    ) -> None:
        self.held[wallet][coin] += change
        bill: Record = {"billId": str(next(self._ids)), "type": type, "ccy": coin, "balChg": digits(change)}
        bill |= {"bal": digits(self.held[wallet][coin]), "ts": self._ts, "notes": ""}
        if wallet == TRADING:
            unused = dict.fromkeys(("instType", "instId", "mgnMode", "subType", "ordId", "tradeId", "px", "from", "to",
                                    "pnl", "interest", "tag", "execType", "posBal", "posBalChg"), "")  # fmt: skip
            bill = unused | bill | {"sz": digits(change - (fee or 0)), "fee": "" if fee is None else digits(fee)} | more
            self.lists["account/bills-archive"].append(bill)
        else:
            self.lists["asset/bills-history"].append(bill | {"clientId": ""})

    def _say(self, sent: str = "", received: str = "", fee: str = "", label: str = "") -> None:
        self.said.append((self.at.isoformat(), sent, received, fee, label))
        self._next()

    def _next(self) -> None:
        if not self.still:
            self.wait(minutes=1)

    # ---- coming and going ---------------------------------------------------------------------

    def deposit(self, coin: str, quantity: str, state: str = "2", later: int = 0) -> None:
        """`state` 0 waits for confirmations; it is credited `later` minutes after it was seen."""
        record: Record = {"depId": str(next(self._ids)), "ccy": coin, "chain": f"{coin}-Main", "amt": quantity}
        record |= {"txId": f"{next(self._ids):064x}", "state": state, "ts": self._ts, "from": "", "to": "addr"}
        self.lists["asset/deposit-history"].append(record | {"fromWdId": "", "actualDepBlkConfirm": "9"})
        self.wait(minutes=later)
        if state in ("1", "2"):
            self._bill(FUNDING, "1", coin, Decimal(quantity))
            self._say(received=amount(Decimal(quantity), coin))

    def withdraw(self, coin: str, quantity: str, fee: str, state: str = "2", *, apart: bool = False) -> None:
        """`state` -2 is one that was called off after it had left the balance; `apart`: the fee has its own bill."""
        record: Record = {"wdId": str(next(self._ids)), "ccy": coin, "chain": f"{coin}-Main", "amt": quantity}
        record |= {"fee": fee, "feeCcy": coin, "state": state, "ts": self._ts, "from": "", "to": "addr"}
        self.lists["asset/withdrawal-history"].append(record | {"txId": f"{next(self._ids):064x}", "clientId": ""})
        parts = {"2": Decimal(quantity) + Decimal(fee)}
        if apart:
            parts = {"2": Decimal(quantity), "221": Decimal(fee)}
        for type, part in parts.items():
            self._bill(FUNDING, type, coin, -part)
        if state == "-2":
            self.wait(minutes=5)
            for type, part in parts.items():
                self._bill(FUNDING, {"2": "13", "221": "222"}[type], coin, part)
            self._next()
        else:
            self._say(sent=amount(Decimal(quantity), coin), fee=amount(Decimal(fee), coin))

    def receive(self, type: str, coin: str, quantity: str, label: str) -> None:
        """A reward, an airdrop: a bill of the funding account alone."""
        self._bill(FUNDING, type, coin, Decimal(quantity))
        self._say(received=amount(Decimal(quantity), coin), label=label)

    def bank(self, coin: str, quantity: str) -> None:
        order: Record = {"ordId": str(next(self._ids)), "clientId": "", "ccy": coin, "amt": quantity, "fee": "0"}
        order |= {"paymentMethod": "SEPA", "paymentAcctId": "1", "state": "completed"}
        self.lists["fiat/deposit-order-history"].append(order | {"cTime": self._ts, "uTime": self._ts})
        self._bill(FUNDING, "117", coin, Decimal(quantity))
        self._say(received=amount(Decimal(quantity), coin))

    # ---- between its own places ---------------------------------------------------------------

    def move(self, coin: str, quantity: str, *, to_trading: bool = True) -> None:
        change = Decimal(quantity) if to_trading else -Decimal(quantity)
        self._bill(FUNDING, "131" if to_trading else "130", coin, -change)
        ways = {"from": "6", "to": "18"} if to_trading else {"from": "18", "to": "6"}
        self._bill(TRADING, "1", coin, change, None, subType="11" if to_trading else "12", **ways)
        self._next()

    def save(self, coin: str, quantity: str) -> None:
        self._bill(FUNDING, "75" if quantity[0] != "-" else "76", coin, -Decimal(quantity))
        self.held[SAVINGS][coin] += Decimal(quantity)
        self._next()

    def interest(self, coin: str, quantity: str) -> None:
        """Joins the savings; there is no bill of it."""
        lent: Record = {"ccy": coin, "amt": digits(self.held[SAVINGS][coin]), "earnings": quantity, "rate": "0.05"}
        self.lists["finance/savings/lending-history"].append(lent | {"ts": self._ts})
        self.held[SAVINGS][coin] += Decimal(quantity)
        self._say(received=amount(Decimal(quantity), coin), label="interest")

    def stake(self, coin: str, quantity: str) -> None:
        self._bill(FUNDING, "80", coin, -Decimal(quantity))
        self.held[STAKED][coin] += Decimal(quantity)
        self._next()

    def unstake(self, coin: str, quantity: str, earned: str) -> None:
        """An order that ends, its yield with the redemption."""
        order: Record = {"ordId": str(next(self._ids)), "ccy": coin, "productId": "101", "state": "3", "term": "0"}
        order |= {"protocol": "Chain", "protocolType": "defi", "apy": "0.1", "tag": "", "purchasedTime": self._ts}
        data = {"ccy": coin, "earningType": "1", "realizedEarnings": earned}
        order |= {"investData": [{"ccy": coin, "amt": quantity}], "earningData": [data], "redeemedTime": self._ts}
        self.lists["finance/staking-defi/orders-history"].append(order)
        self._bill(FUNDING, "82", coin, Decimal(quantity) + Decimal(earned))
        self.held[STAKED][coin] -= Decimal(quantity)
        if Decimal(earned):
            self._say(received=amount(Decimal(earned), coin), label="reward")
        else:
            self._next()

    # ---- trading ------------------------------------------------------------------------------

    def buy(self, base: str, quantity: str, quote: str, cost: str, fee: str) -> None:
        """The fee is taken from what is bought; a negative one is given."""
        self._fill("buy", (quote, -Decimal(cost), Decimal(0)), (base, Decimal(quantity), -Decimal(fee)))

    def sell(self, base: str, quantity: str, quote: str, brings: str, fee: str) -> None:
        self._fill("sell", (base, -Decimal(quantity), Decimal(0)), (quote, Decimal(brings), -Decimal(fee)))

    def _fill(self, side: str, given: tuple[str, Decimal, Decimal], got: tuple[str, Decimal, Decimal]) -> None:
        (gives, out, _), (gets, into, fee) = given, got
        base, quote = (gets, gives) if side == "buy" else (gives, gets)
        price = abs((out / into if side == "buy" else into / out).quantize(Decimal("0.01")))
        order, trade = str(next(self._ids)), str(next(self._ids))
        told = {"instType": "SPOT", "instId": f"{base}-{quote}", "mgnMode": "cash", "ordId": order, "tradeId": trade}
        told |= {"px": digits(price), "subType": "1" if side == "buy" else "2", "execType": "T"}
        self._bill(TRADING, "2", gives, out, Decimal(0), **told)
        self._bill(TRADING, "2", gets, into + fee, fee, **told)
        fill: Record = {"instType": "SPOT", "instId": f"{base}-{quote}", "tradeId": trade, "ordId": order}
        fill |= {"billId": str(next(self._ids)), "side": side, "fillPx": digits(price), "feeCcy": gets}
        fill |= {"fillSz": digits(abs(into if side == "buy" else out)), "fee": digits(fee), "ts": self._ts}
        self.lists["trade/fills-history"].append(fill)
        row = (self.at.isoformat(), amount(-out, gives), amount(into, gets))
        self.said.append((*row, amount(-fee, gets) if fee < 0 else "", ""))
        if fee > 0:
            self.said.append((self.at.isoformat(), "", amount(fee, gets), "", "cashback"))
        self._next()

    def convert(self, base: str, quantity: str, quote: str, worth: str, side: str) -> None:
        """From the funding account; `side` is of the base."""
        record: Record = {"tradeId": str(next(self._ids)), "clTReqId": "", "state": "fullyFilled", "side": side}
        record |= {"instId": f"{base}-{quote}", "baseCcy": base, "quoteCcy": quote, "fillPx": "1", "ts": self._ts}
        self.lists["asset/convert/history"].append(record | {"fillBaseSz": quantity, "fillQuoteSz": worth})
        given, got = ((quote, worth), (base, quantity)) if side == "buy" else ((base, quantity), (quote, worth))
        self._bill(FUNDING, "273", given[0], -Decimal(given[1]))
        self._bill(FUNDING, "272", got[0], Decimal(got[1]))
        self._say(sent=amount(Decimal(given[1]), given[0]), received=amount(Decimal(got[1]), got[0]))

    def sweep(self, dust: dict[str, tuple[str, str]], into: str, *, together: bool = False) -> None:
        """Easy convert in the trading account: {coin: (quantity, what it brought)}; its list spans seven days.
        `together`: there is one bill of all that it brought."""
        for coin, (quantity, brought) in dust.items():
            record: Record = {"fromCcy": coin, "fillFromSz": quantity, "toCcy": into, "fillToSz": brought}
            self.lists["trade/easy-convert-history"].append(
                record | {"acct": "18", "status": "filled", "uTime": self._ts}
            )
            self._bill(TRADING, "28", coin, -Decimal(quantity), Decimal(0), subType="237")
            if not together:
                self._bill(TRADING, "28", into, Decimal(brought), Decimal(0), subType="236")
            self.said.append((self.at.isoformat(), amount(Decimal(quantity), coin),
                              amount(Decimal(brought), into), "", ""))  # fmt: skip
        if together:
            brought_in_all = sum((Decimal(brought) for _, brought in dust.values()), Decimal(0))
            self._bill(TRADING, "28", into, brought_in_all, Decimal(0), subType="236")
        self._next()
