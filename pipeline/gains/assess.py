"""Reads a country's rules: valued events become flows of units (acquire, dispose, move) and income.

After this stage nobody knows labels, prices, exchanges or time zones any more. How fees, swaps and
transfers are treated: a fee in money or crypto is a cost of its trade; in crypto it is a disposal of
its own, too; all costs of a swap belong to the asset given up (Treas. Reg. 1.1012-1(h)(2)(ii)(B)), unless
the country halves them; a transfer's fee is a disposal and no cost of anything. Where a swap is no
disposal, it needs no value, and a fee in money is a cost of nothing. A coin that only took another form
is disposed of in no country. What margin and derivatives brought or took stands apart, with its fees; coins in
which it came cost what they were worth, those that paid for it leave as the country says.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from pipeline.coins import carried, meant
from pipeline.fiat import FIAT as MONEY
from pipeline.gains.migrate import MIGRATION
from pipeline.gains.value import NET_WORTH
from pipeline.issues import Issue
from pipeline.local import Days
from pipeline.model import (
    FIAT,
    NO_MARKET,
    Acquire,
    Amount,
    Convert,
    Derivative,
    Dispose,
    Event,
    Flow,
    Income,
    Kind,
    Label,
    Move,
    Need,
    Transaction,
    Transfer,
    Valued,
    is_fiat,
)
from pipeline.money import ONE, ZERO, plain, split
from pipeline.rules.base import Basis, Fee, Gain, Rules

# Within one row the sent side leaves, the received side arrives, the fee leaves.
SENT, RECEIVED, FEE, LOST, INTO_FEE = range(5)
TWO = Decimal(2)
# A member of an enum takes as long to find as a flow to make: what most rows ask for has a name of its own.
SALE, NOT_DEDUCTIBLE, INTO_COST = Kind.SALE, Fee.NOT_DEDUCTIBLE, Fee.COST
MARGIN, AT_VALUE, UNKNOWN = Label.MARGIN, Basis.VALUE, Basis.UNKNOWN


class Assessed(Struct):
    """What the events come to: flows for the engine, income, problems, and prices to look up."""

    flows: list[Flow] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    derivatives: list[Derivative] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)


def assess(
    valued: Iterable[Valued], rules: Rules, currency: str, zone: ZoneInfo, own: Mapping[str, Rules] | None = None
) -> Assessed:
    """Flows, income and problems of all events, by the rules of one country, in local days of `zone`. `own`: the rules
    of transactions for which the taxpayer has chosen otherwise."""
    books = _Books(rules, currency, zone)
    if rules.old_stock is not None:
        valued = list(valued)
        books.old = books.before(rules.old_stock, valued)
    for v in valued:
        event = v.event
        if own:
            books.rules = next((own[t.id] for t in _rows(event) if t.id in own), rules)
        if not isinstance(event, Transaction):  # to say that it is one takes a tenth of saying that it is none
            books.transfer(v, event)
            continue
        sent, received = event.sent, event.received
        if sent is not None and received is not None:
            books.trade(v, event, sent, received)
        elif received is not None:
            books.receipt(v, event, received)
        elif sent is not None:
            books.outlay(v, event, sent)
        else:
            books.pay_fee(event, event.fee, v.fee_value)
    return books.out


def _rows(event: Event) -> tuple[Transaction, ...]:
    return (event.out, event.into) if isinstance(event, Transfer) else (event,)


class _Books:
    """The rules applied to one event after the other; gathers into `out`."""

    def __init__(self, rules: Rules, currency: str, zone: ZoneInfo) -> None:
        self.rules, self.currency = rules, currency
        self.old: frozenset[str] = frozenset()  # assets of which there are coins of before the law
        self.out = Assessed()
        self.day: Callable[[datetime], date] = Days(zone).of

    def before(self, last: date, valued: Iterable[Valued]) -> frozenset[str]:
        """The assets of which something came up to the day `last`."""
        rows = [row for v in valued for row in _rows(v.event)]
        return frozenset(t.received.asset for t in rows if t.received is not None and self.day(t.at) <= last)

    def trade(self, v: Valued, t: Transaction, sent: Amount, received: Amount) -> None:
        day = self.day(t.at)
        gives, gets = sent.asset not in MONEY, received.asset not in MONEY
        if gives and gets:
            self.swap(v, t, sent, received, day)
            return
        if gives:
            proceeds, costs = self.net(v.value, self.priced(v, t, sent, received))
            self.dispose(t, t.id, sent, day, proceeds, costs, SALE, SENT)
        elif gets:
            fee = self.priced(v, t, sent, received) * self.rules.purchase_fee_counts
            self.acquire(t, received, day, None if v.value is None else v.value + fee)
        self.pay_fee(t, t.fee, v.fee_value)

    def swap(self, v: Valued, t: Transaction, sent: Amount, received: Amount, day: date) -> None:
        if self.is_no_disposal(t, sent, received, day):
            swap = sent.asset != received.asset and carried(sent.asset, received.asset, t.at) is None
            if swap and v.value is None and sent.asset in self.old:
                self.unpriced(t, received, "the value of coins of before the law", sent)
            worth = v.value if swap and self.rules.old_stock else None
            self.convert(t, t.at, sent, received, (t.position, SENT), worth)
            self.pay_fee(t, t.fee, v.fee_value)
            return
        fee = self.priced(v, t, sent, received)
        later = split(fee, ONE, TWO) if self.rules.swap_fee_halved else ZERO
        if v.value is not None and not v.basis.startswith(NET_WORTH):
            self.out.needs.append(Need(t.at, received.asset))  # its price counts before that of the asset sent
        proceeds, costs = self.net(v.value, fee - later)
        self.dispose(t, t.id, sent, day, proceeds, costs, Kind.TRADE, SENT)
        self.acquire(t, received, day, None if v.value is None else v.value + later)
        withheld = t.fee is not None and t.fee.asset == received.asset and self.rules.withheld_fee_from_receipt.on(day)
        self.pay_fee(t, t.fee, v.fee_value, units_of=t.id if withheld else "")

    def priced(self, v: Valued, t: Transaction, sent: Amount, received: Amount) -> Decimal:
        """The fee of a trade as a cost of it; what is not known of the trade's value is told."""
        fee = self.fee_cost(v, t)
        self.rates(v, t)
        if v.value is None:
            self.unpriced(t, received, "its value", sent)
        return fee

    def is_no_disposal(self, t: Transaction, sent: Amount, received: Amount, day: date) -> bool:
        """Whether what was given only changes its form: by a new name, by a migration, or by the country's rules of
        swaps."""
        if sent.asset == received.asset:
            return True
        migration = carried(sent.asset, received.asset, t.at)
        if migration is not None and migration.carries:
            self.migration(t, sent, received)
            return True
        if not self.rules.swaps_taxed.on(day):
            return True
        if migration is not None and self.rules.gains:
            self.problem("merged_coin", t, sent, received=f"{plain(received.quantity)} {received.asset}")
        return False

    def receipt(self, v: Valued, t: Transaction, received: Amount) -> None:
        day = self.day(t.at)
        if t.label is None:
            if not is_fiat(received.asset):
                self.acquire(t, received, day, None, dated=False)  # match has said so
        else:
            receipt = self.rules.receipts[t.label]
            margin = t.label is MARGIN
            if margin:
                self.margin(v, t, received, "profit")
            needed = receipt.income or (receipt.basis is AT_VALUE and not is_fiat(received.asset))
            if needed and not margin:
                self.rates(v, t)
                if v.value is None:
                    self.unpriced(t, received, f"{t.label} received", income=receipt.income)
            if receipt.income and not v.basis.startswith(NO_MARKET):
                self.out.incomes.append(
                    Income(t.id, t.at, day, t.account, received.asset, received.quantity, t.label, v.value)
                )
            if not is_fiat(received.asset):
                unknown = receipt.basis is UNKNOWN
                if unknown:
                    self.problem("unknown_basis", t, received, why=receipt.why, cure=receipt.cure)
                elif receipt.why:
                    self.problem("zero_basis", t, received, why=receipt.why, cure=receipt.cure)
                given = None if unknown else ZERO  # `forks` finds the part of an old coin's
                cost = v.value if receipt.basis is AT_VALUE else given
                fee = ZERO if margin or cost is None else self.fee_cost(v, t)  # that of a result is a part of it
                self.acquire(t, received, day, None if cost is None else cost + fee, dated=not unknown)
        self.pay_fee(t, t.fee, v.fee_value)

    def outlay(self, v: Valued, t: Transaction, sent: Amount) -> None:
        day = self.day(t.at)
        if t.label is MARGIN:
            self.margin(v, t, sent, "loss")
        if not is_fiat(sent.asset):
            outlay = self.rules.outlays[t.label] if t.label is not None else None
            if outlay is None or outlay.gain is Gain.STAYS:
                quantity, order = sent.quantity, (t.position, SENT)
                self.out.flows.append(Move(t.id, t.at, t.account, sent.asset, quantity, None, None, order))
            else:
                self.dispose(
                    t, t.id, sent, day, *self.worth_of(outlay.gain, v, t, sent), outlay.kind, SENT,
                    gain=outlay.gain is not Gain.NONE, loss=outlay.gain is not Gain.NO_LOSS,
                )  # fmt: skip
        self.pay_fee(t, t.fee, v.fee_value)

    def margin(self, v: Valued, t: Transaction, amount: Amount, what: str) -> None:
        """What margin or derivatives brought or took, and the fee of it, each with its sign."""
        self.rates(v, t)
        if v.value is None:
            self.unpriced(t, amount, f"{what} of margin or derivatives")
        self.fee_cost(v, t)
        legs = [(amount, v.value, what)] + ([(t.fee, v.fee_value, "fee")] if t.fee is not None else [])
        for leg, value, name in legs:
            sign = ONE if name == "profit" else -ONE
            worth = None if value is None else sign * value
            self.out.derivatives.append(
                Derivative(
                    t.id, t.at, self.day(t.at), t.account, leg.asset, sign * leg.quantity, worth, name, t.description
                )
            )

    def transfer(self, v: Valued, transfer: Transfer) -> None:
        out, into = transfer.out, transfer.into
        assert out.sent is not None and into.received is not None
        if transfer.how == MIGRATION:
            self.migration(out, out.sent, into.received)
            first = min(out, into, key=lambda t: t.at)  # what arrived may leave at once
            self.convert(out, first.at, out.sent, into.received, (first.position, SENT))
        else:
            self.two_coins(out, into, out.sent)
            self.out.flows.append(
                Move(
                    out.id, out.at, out.account, out.sent.asset, out.sent.quantity, into.account, into.at,
                    (out.position, SENT), (into.position, RECEIVED),
                )
            )  # fmt: skip
        taxed = self.rules.transfer_fee_taxed
        self.pay_fee(out, out.fee, v.fee_value, gain=taxed)
        self.pay_fee(out, transfer.lost, v.value, suffix="lost", leg=LOST, gain=taxed)
        self.pay_fee(into, into.fee, v.into_fee_value, leg=INTO_FEE, gain=taxed)

    def worth_of(self, gain: Gain, v: Valued, t: Transaction, sent: Amount) -> tuple[Decimal | None, Decimal]:
        """Proceeds and extra cost of units that were sent away."""
        if t.label is MARGIN or gain is Gain.NONE:
            return v.value, ZERO
        if gain is Gain.AT_NOTHING:
            return self.net(ZERO, self.fee_cost(v, t))
        self.rates(v, t)
        if v.value is None:
            self.unpriced(t, sent, f"{t.label} sent")
        return self.net(v.value, self.fee_cost(v, t))

    def net(self, value: Decimal | None, fee: Decimal) -> tuple[Decimal | None, Decimal]:
        """Proceeds and extra cost of a disposal, with its fee where the country puts it."""
        if value is None or self.rules.sale_fee is NOT_DEDUCTIBLE:
            return value, ZERO
        return (value, fee) if self.rules.sale_fee is INTO_COST else (value - fee, ZERO)

    def fee_cost(self, v: Valued, t: Transaction) -> Decimal:
        """The fee as a cost of its trade; an unknown one lessens nothing and is a problem of its own."""
        if t.fee is not None and v.fee_value is None and is_fiat(t.fee.asset):
            self.unpriced(t, t.fee, "fee")
        return v.fee_value if v.fee_value is not None else ZERO

    def pay_fee(
        self, t: Transaction, fee: Amount | None, value: Decimal | None,
        units_of: str = "", suffix: str = "fee", leg: int = FEE, gain: bool = True,
    ) -> None:  # fmt: skip
        """The units of a crypto fee leave at market value (Treas. Reg. 1.1001-7(b)(1)(iii))."""
        if fee is None or fee.asset in MONEY:
            return
        if value is None and gain:
            self.unpriced(t, fee, "fee")
        ref, day = f"{t.id}.{suffix}", self.day(t.at)
        self.dispose(t, ref, fee, day, value, ZERO, Kind.FEE, leg, gain=gain, units_of=units_of)

    def dispose(
        self, t: Transaction, ref: str, amount: Amount, day: date, proceeds: Decimal | None, costs: Decimal, kind: Kind,
        leg: int, gain: bool = True, loss: bool = True, units_of: str = "",
    ) -> None:  # fmt: skip
        account, asset, quantity = t.account, amount.asset, amount.quantity
        self.out.flows.append(
            Dispose(
                ref, t.at, day, account, asset, quantity, proceeds, kind, gain, units_of, costs, t.position, leg, loss
            )
        )

    def convert(
        self, t: Transaction, at: datetime, sent: Amount, received: Amount, order: tuple[int, ...],
        worth: Decimal | None = None,
    ) -> None:  # fmt: skip
        self.out.flows.append(
            Convert(
                t.id, at, self.day(at), t.account, sent.asset, sent.quantity, received.asset, received.quantity, order,
                worth,
            )
        )  # fmt: skip

    def migration(self, t: Transaction, sent: Amount, received: Amount) -> None:
        if self.rules.gains:
            self.problem("migration", t, sent, received=f"{plain(received.quantity)} {received.asset}")

    def two_coins(self, out: Transaction, into: Transaction, sent: Amount) -> None:
        """A transfer between two exchanges that mean different coins by its code."""
        here, there = (meant(sent.asset, t.account, t.source) for t in (out, into))
        if here is not None and there is not None and here != there:
            self.problem("two_coins", out, sent, other=into.account, here=here, there=there)

    def acquire(
        self, t: Transaction, amount: Amount, day: date, cost: Decimal | None, dated: bool = True
    ) -> None:  # fmt: skip
        self.out.flows.append(
            Acquire(t.id, t.at, day, t.account, amount.asset, amount.quantity, cost, t.position, RECEIVED, dated)
        )  # fmt: skip

    def rates(self, v: Valued, t: Transaction) -> None:
        """Money that the row itself names beats a looked-up price of the asset: where its rate is not
        known, it is to be looked up even though there is such a price."""
        if v.basis == FIAT and t.net_worth is None:  # most rows name no other money
            return
        if v.basis.startswith(NET_WORTH):
            return
        if t.net_worth is not None:
            self.out.needs.append(Need(t.at, t.net_worth.asset))
        if v.basis.startswith(FIAT):
            return
        money = next((side for side in (t.received, t.sent) if side is not None and is_fiat(side.asset)), None)
        if money is not None:
            self.out.needs.append(Need(t.at, money.asset))

    def unpriced(
        self, t: Transaction, amount: Amount, what: str, other: Amount | None = None, income: bool = False
    ) -> None:  # fmt: skip
        """No price is known: no figure is given. Either side's price would settle a swap."""
        if not (self.rules.gains or income):
            return  # there is no figure
        self.problem("missing_price", t, amount, what=what, currency=self.currency)
        self.out.needs += [Need(t.at, side.asset) for side in (amount, other) if side is not None]

    def problem(self, code: str, t: Transaction, amount: Amount, **details: str) -> None:
        details["quantity"] = plain(amount.quantity)
        self.out.issues.append(Issue(code, t.account, amount.asset, t.at, t.id, details=details))
