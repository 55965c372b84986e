"""The books of one account at Binance: what happens is entered in its lists, its wallets and the truth at once.

book = BinanceBook()
book.deposit(at, "100 USDT")
book.trade(at, "BTC/USDT", "buy", "0.001", "50000", fee="0.000001 BTC")
book.truth.held["BTC"]                      # Decimal('0.000999')
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from itertools import count
from typing import Any

from msgspec import Struct, field

from importers.sandbox.truth import Truth
from pipeline.model import Label
from pipeline.money import ZERO, exact

Record = dict[str, Any]
SYMBOLS = (
    ("BTCUSDT", "BTC", "USDT", "TRADING"),
    ("ETHUSDT", "ETH", "USDT", "TRADING"),
    ("ETHBTC", "ETH", "BTC", "TRADING"),
    ("LDOUSDT", "LDO", "USDT", "TRADING"),
    ("BTCTRY", "BTC", "TRY", "TRADING"),
    ("SRMUSDT", "SRM", "USDT", "BREAK"),
    ("XVGETH", "XVG", "ETH", "TRADING"),
)


class BinanceBook(Struct):
    """`lists`: path -> (milliseconds, what chooses among records, record), in the order in which they came."""

    symbols: list[tuple[str, str, str, str]] = field(default_factory=lambda: list(SYMBOLS))
    lists: dict[str, list[tuple[int, str, Record]]] = field(default_factory=lambda: defaultdict(list))
    trades: dict[str, list[Record]] = field(default_factory=lambda: defaultdict(list))
    held: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    truth: Truth = field(default_factory=Truth)
    ids: Any = field(default_factory=lambda: count(7001))

    def _enter(self, path: str, at: datetime, record: Record, kind: str = "") -> None:
        self.lists[path].append((ms(at), kind, record))

    def move(self, wallet: str, amount: str, sign: int = 1) -> None:
        """Changes what a wallet holds; between two wallets this is in none of the lists."""
        quantity, asset = amount.split()
        with exact():
            self.held[wallet, asset] += sign * Decimal(quantity)

    # ---- in and out ---------------------------------------------------------------------------

    def deposit(self, at: datetime, amount: str, status: int = 1, id: str = "") -> None:
        number, coin = amount.split()
        tx = f"0x{next(self.ids):x}"
        self._enter("capital/deposit/hisrec", at, {
            "id": id or str(next(self.ids)), "amount": number, "coin": coin, "network": "ETH", "status": status,
            "address": "0x1", "addressTag": "", "txId": tx, "insertTime": ms(at), "confirmTimes": "12/12",
        })  # fmt: skip
        if status in (1, 6):
            self.move("spot", amount)
            self.truth.happened(at, received=amount, txhash=tx)

    def withdraw(self, at: datetime, amount: str, fee: str, status: int = 6) -> None:
        number, coin = amount.split()
        tx = f"0x{next(self.ids):x}"
        self._enter("capital/withdraw/history", at, {
            "id": f"w{next(self.ids)}", "amount": number, "transactionFee": fee, "coin": coin, "status": status,
            "address": "0x2", "txId": tx, "applyTime": f"{at:%Y-%m-%d %H:%M:%S}", "network": "ETH", "transferType": 0,
        })  # fmt: skip
        if status == 6:
            self.move("spot", amount, -1)
            self.move("spot", f"{fee} {coin}", -1)
            self.truth.happened(at, sent=amount, fee=f"{fee} {coin}", txhash=tx)

    def fiat(self, at: datetime, way: str, amount: str, fee: str = "0", status: str = "Successful") -> None:
        """`amount`: what was paid, or what arrives in the bank."""
        number, money = amount.split()
        with exact():
            net = Decimal(number) - Decimal(fee) if way == "in" else Decimal(number)
            gross = net + Decimal(fee)
        self._enter("fiat/orders", at, {
            "orderNo": f"f{next(self.ids)}", "fiatCurrency": money, "indicatedAmount": format(gross, "f"),
            "amount": format(net, "f"), "totalFee": fee, "method": "BankAccount", "status": status,
            "createTime": ms(at), "updateTime": ms(at),
        }, "0" if way == "in" else "1")  # fmt: skip
        if status != "Successful":
            return
        if way == "in":
            self.move("spot", f"{net} {money}")
            self.truth.happened(at, received=f"{gross} {money}", fee=f"{fee} {money}")
        else:
            self.move("spot", f"{gross} {money}", -1)
            self.truth.happened(at, sent=f"{net} {money}", fee=f"{fee} {money}")

    def card(self, at: datetime, way: str, fiat: str, fee: str, crypto: str, price: str) -> None:
        """`fiat`: what the card pays with the fee in it, or what it gets without; it is never in the account."""
        (money, currency), (number, coin) = fiat.split(), crypto.split()
        self._enter("fiat/payments", at, {
            "orderNo": f"c{next(self.ids)}", "sourceAmount": money, "fiatCurrency": currency, "obtainAmount": number,
            "cryptoCurrency": coin, "totalFee": fee, "price": price, "status": "Completed",
            "paymentMethod": "Credit Card", "createTime": ms(at), "updateTime": ms(at),
        }, "0" if way == "buy" else "1")  # fmt: skip
        with exact():
            less, more = Decimal(money) - Decimal(fee), Decimal(money) + Decimal(fee)
        if way == "buy":
            self.move("spot", crypto)
            self.truth.happened(at, received=fiat)
            self.truth.happened(at, sent=f"{less} {currency}", received=crypto, fee=f"{fee} {currency}")
        else:
            self.move("spot", crypto, -1)
            self.truth.happened(at, sent=crypto, received=f"{more} {currency}", fee=f"{fee} {currency}")
            self.truth.happened(at, sent=fiat)

    # ---- trades and conversions ---------------------------------------------------------------

    def trade(self, at: datetime, pair: str, side: str, quantity: str, price: str, fee: str) -> None:
        base, quote = pair.split("/")
        with exact():
            cost = format(Decimal(quantity) * Decimal(price), "f")
        commission, asset = fee.split()
        listed = self.trades[f"{base}{quote}"]
        listed.append({
            "symbol": f"{base}{quote}", "id": len(listed) + 28_457, "orderId": next(self.ids), "price": price,
            "qty": quantity, "quoteQty": cost, "commission": commission, "commissionAsset": asset, "time": ms(at),
            "isBuyer": side == "buy", "isMaker": False, "isBestMatch": True,
        })  # fmt: skip
        sides = (f"{cost} {quote}", f"{quantity} {base}")
        self._swap(at, *(sides if side == "buy" else sides[::-1]), fee)

    def _swap(self, at: datetime, sent: str, received: str, fee: str = "") -> None:
        self.move("spot", sent, -1)
        self.move("spot", received)
        if fee:
            self.move("spot", fee, -1)
        self.truth.happened(at, sent=sent, received=received, fee=fee)

    def convert(self, at: datetime, sent: str, received: str, status: str = "SUCCESS") -> None:
        (given, coin), (got, into) = sent.split(), received.split()
        self._enter("convert/tradeFlow", at, {
            "quoteId": f"q{next(self.ids)}", "orderId": next(self.ids), "orderStatus": status, "fromAsset": coin,
            "fromAmount": given, "toAsset": into, "toAmount": got, "createTime": ms(at),
        })  # fmt: skip
        if status == "SUCCESS":
            self._swap(at, sent, received)

    def dust(self, at: datetime, *parts: tuple[str, str, str]) -> None:
        """Of each coin: what was sold, the BNB that came (net), the charge that was kept of it."""
        id, details = next(self.ids), []
        for sold, net, charge in parts:
            number, coin = sold.split()
            details.append({
                "transId": id, "serviceChargeAmount": charge, "amount": number, "operateTime": ms(at),
                "transferedAmount": net, "fromAsset": coin,
            })  # fmt: skip
            self._swap(at, sold, f"{net} BNB")
        self._enter("asset/dribblet", at, {
            "operateTime": ms(at), "totalTransferedAmount": "0", "totalServiceChargeAmount": "0", "transId": id,
            "userAssetDribbletDetails": details,
        })  # fmt: skip

    def stake(self, at: datetime, path: str, sent: str, received: str, status: str = "SUCCESS") -> None:
        """ETH or SOL for the coin that stands for it, and back."""
        (given, coin), (got, into) = sent.split(), received.split()
        self._enter(path, at, {
            "time": ms(at), "asset": coin, "amount": given, "distributeAsset": into, "distributeAmount": got,
            "conversionRatio": "1.05", "status": status,
        })  # fmt: skip
        if status == "SUCCESS":
            self._swap(at, sent, received)

    def wrap(self, at: datetime, sent: str, received: str) -> None:
        (given, coin), (got, into) = sent.split(), received.split()
        self._enter(f"eth-staking/wbeth/history/{'wrap' if coin == 'BETH' else 'unwrap'}History", at, {
            "time": ms(at), "fromAsset": coin, "fromAmount": given, "toAsset": into, "toAmount": got,
            "exchangeRate": "1.05", "status": "SUCCESS",
        })  # fmt: skip
        self._swap(at, sent, received)

    # ---- rewards and persons ------------------------------------------------------------------

    def reward(self, at: datetime, kind: str, amount: str, *, told: bool = True) -> None:
        """`kind`: REALTIME, BONUS, REWARDS, LOCKED, BETH. Not `told`: another list has told it already."""
        number, coin = amount.split()
        common: Record = {"asset": coin, "time": ms(at)}
        if kind == "LOCKED":
            path, record = (
                "simple-earn/locked/history/rewardsRecord",
                {**common, "positionId": 123, "lockPeriod": "30", "amount": number},
            )
        elif kind == "BETH":
            path, record = (
                "eth-staking/eth/history/rewardsHistory",
                {**common, "holding": "2", "amount": number, "annualPercentageRate": "0.04", "status": "SUCCESS"},
            )
        else:
            path, record = (
                "simple-earn/flexible/history/rewardsRecord",
                {**common, "rewards": number, "projectId": f"{coin}001", "type": kind},
            )
        self._enter(path, at, record, kind if kind not in ("LOCKED", "BETH") else "")
        if told:
            wallet = {"REALTIME": "flexible", "REWARDS": "flexible"}.get(kind, "spot")
            self.move(wallet, amount)
            label = Label.REWARD if kind in ("LOCKED", "BETH") else Label.INTEREST
            self.truth.happened(at, received=amount, label=label)

    def distribution(self, at: datetime, amount: str, text: str, label: Label | None) -> None:
        """`label` None: it repeats what another list tells."""
        number, coin = amount.split()
        self._enter("asset/assetDividend", at, {
            "id": next(self.ids), "amount": number, "asset": coin, "divTime": ms(at), "enInfo": text,
            "tranId": next(self.ids),
        })  # fmt: skip
        if label is not None:
            self.move("spot", amount)
            self.truth.happened(at, received=amount, label=label)

    def rebate(self, at: datetime, amount: str, type: int) -> None:
        number, coin = amount.split()
        self._enter("rebate/taxQuery", at, {"asset": coin, "type": type, "amount": number, "updateTime": ms(at)})
        self.move("spot", amount)
        self.truth.happened(at, received=amount, label=Label.INCOME if type == 1 else Label.CASHBACK)

    def pay(self, at: datetime, kind: str, amount: str, label: Label | None = None) -> None:
        """A payment out of the funding wallet, or into it; `amount` has its sign."""
        number, coin = amount.split()
        size = number.lstrip("-")
        self._enter("pay/transactions", at, {
            "orderType": kind, "transactionId": f"P_{next(self.ids)}", "transactionTime": ms(at), "amount": number,
            "currency": coin, "fundsDetail": [{"currency": coin, "amount": size}],
        })  # fmt: skip
        self.move("funding", amount)
        side = {"sent": f"{size} {coin}"} if number != size else {"received": f"{size} {coin}"}
        self.truth.happened(at, **side, label=label)

    def p2p(self, at: datetime, way: str, crypto: str, fiat: str, commission: str, status: str = "COMPLETED") -> None:
        """A deal with another person over the funding wallet; the money is never in the account."""
        (number, coin), (money, currency) = crypto.split(), fiat.split()
        self._enter("c2c/orderMatch/listUserOrderHistory", at, {
            "orderNumber": str(next(self.ids)), "advNo": "1", "tradeType": way, "asset": coin, "fiat": currency,
            "amount": number, "totalPrice": money, "unitPrice": "1", "orderStatus": status, "createTime": ms(at),
            "commission": commission, "counterPartNickName": "ab***", "advertisementRole": "MAKER",
        }, way)  # fmt: skip
        if status != "COMPLETED":
            return
        fee = f"{commission} {coin}"
        self.move("funding", fee, -1)
        self.move("funding", crypto, 1 if way == "BUY" else -1)
        if way == "BUY":
            self.truth.happened(at, received=fiat)
            self.truth.happened(at, sent=fiat, received=crypto, fee=fee)
        else:
            self.truth.happened(at, sent=crypto, received=fiat, fee=fee)
            self.truth.happened(at, sent=fiat)


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
