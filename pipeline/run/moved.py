"""Transactions, and what they were worth, as steps of an explanation. What stands behind them is told by `Behind`."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct, field

from pipeline.gains.derive import Basis
from pipeline.gains.trace import Trace
from pipeline.gains.value import NET_WORTH
from pipeline.model import FIAT, Amount, Move, Price, Result, Transaction, Transfer, Valued
from pipeline.money import ZERO, plain
from pipeline.run.reasons import Facts, Step, Sum, Term, known, summed


def _nothing(_ref: str) -> Sequence[Step]:
    return ()


class Behind(Struct, frozen=True, gc=False):
    """What a ledger has about a transaction: its records as received, and the answers that name it."""

    records: Callable[[str], Sequence[Step]] = _nothing
    answers: Callable[[str], Sequence[Step]] = _nothing
    prices: Sequence[Price] = ()


class Worth(Struct, frozen=True, gc=False):
    """A value in the reporting currency, and where it is from. None: no price is known."""

    value: Decimal | None
    step: Step


class Moved(Struct):
    """A transaction is told in full once; after that by its name."""

    result: Result
    trace: Trace
    basis: Basis
    behind: Behind
    _rows: dict[str, Transaction] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._rows = {t.id: t for t in self.result.transactions}

    def when(self, at: datetime) -> str:
        return at.astimezone(self.basis.zone).isoformat()

    def day(self, at: datetime) -> date:
        return at.astimezone(self.basis.zone).date()

    def answers(self, ref: str) -> Sequence[Step]:
        return self.behind.answers(ref)

    def transactions(self, ref: str) -> list[Step]:
        """The transaction, as one step; none where there is no such one."""
        t = self._rows.get(ref)
        if t is None:
            return []
        what = f"transaction {ref}: {_words(t)}"
        if ref in self._told:
            return [Step(what, (("told", "above"),), id=ref)]
        self._told.add(ref)
        other = self.result.transfers.get(ref, "")
        facts = known(
            ("at", self.when(t.at)),
            ("account", t.account),
            ("fee", _amount(t.fee)),
            ("net worth", _amount(t.net_worth)),
            ("label", t.label.value if t.label else ""),
            ("description", t.description),
            ("hash", t.txhash),
            ("other side", other),
            ("source", " ".join(filter(None, (t.source, t.source_id)))),
        )
        return [Step(what, facts, (), (*self.behind.answers(ref), *self.behind.records(ref)), ref)]

    def transfer(self, move: Move, facts: Facts, sums: tuple[Sum, ...]) -> Step:
        """With both sides; of what is in transit there is one."""
        into = f"to {move.into}" if move.into is not None else "to nowhere on record: in transit"
        arrived = self.when(move.arrives) if move.arrives is not None else ""
        said = known(("left", self.when(move.at)), ("arrived", arrived))
        other = self.result.transfers.get(move.id, "")
        sides = [*self.transactions(move.id), *(self.transactions(other) if other else [])]
        what = f"transfer {move.id}: {plain(move.quantity)} {move.asset} from {move.account} {into}"
        return Step(what, (*said, *facts), sums, tuple(sides), move.id)

    # ---- values -----------------------------------------------------------------------------------------------------

    def fee_of(self, ref: str) -> Decimal:
        """What a transaction's fee was worth; 0 where it had none, or that is not known."""
        v = self.trace.valued.get(ref)
        return (_fee(v, ref) if v is not None else None) or ZERO

    def worth_of(self, ref: str) -> Worth | None:
        """The value of a transaction, or of its fee (`ID.fee`) or what a transfer lost on the way (`ID.lost`)."""
        base, _, part = ref.partition(".")
        v = self.trace.valued.get(base)
        if v is None:
            return None
        t = _row(v, base)
        if part == "fee":
            return None if t.fee is None else self._part(t, t.fee, _fee(v, base), v, f"fee of {base}")
        if part == "lost":
            lost = v.event.lost if isinstance(v.event, Transfer) else None
            return None if lost is None else self._part(t, lost, v.value, v, f"lost on the way of {base}")
        if isinstance(v.event, Transfer):
            return None
        facts = known(("from", _source(v.basis)), *self._price(v.basis, t))
        return Worth(v.value, Step(f"value {_text(v.value)} of {base}", facts, self._of_a_side(t, v.value)))

    def _part(self, t: Transaction, amount: Amount, value: Decimal | None, v: Valued, what: str) -> Worth:
        """The value of `amount`, a fee or the like of `t`: by the trade's own price, or by one of its own."""
        whole = None if isinstance(v.event, Transfer) else v.value
        sums: tuple[Sum, ...] = ()
        source = ""
        for side in (t.received, t.sent):
            if not sums and whole is not None and side is not None and side.asset == amount.asset:
                share = (amount.quantity, side.quantity)
                sums, source = summed("value", value, Term(whole, "value of the whole", share)), _source(v.basis)
        if not sums:
            sums, source = self._times_price(amount, t.at, value), self._quoted(amount, t.at) or _source(v.basis)
        return Worth(value, Step(f"value {_text(value)} of {what}", known(("from", source)), sums))

    def _of_a_side(self, t: Transaction, value: Decimal | None) -> tuple[Sum, ...]:
        """A value as a price times an amount of the transaction."""
        for side in (t.net_worth, t.received, t.sent):
            found = self._times_price(side, t.at, value) if side is not None else ()
            if found:
                return found
        return ()

    def _times_price(self, amount: Amount, at: datetime, value: Decimal | None) -> tuple[Sum, ...]:
        quote = self.trace.prices.quote(amount.asset, at) if self.trace.prices is not None else None
        if quote is None or amount.asset == self.basis.currency:
            return ()
        return summed("value", value, Term(quote[0], f"price of one {amount.asset}", times=amount.quantity))

    def _quoted(self, amount: Amount, at: datetime) -> str:
        if amount.asset == self.basis.currency:
            return "the amount itself"
        quote = self.trace.prices.quote(amount.asset, at) if self.trace.prices is not None else None
        return quote[1] if quote is not None else ""

    def _price(self, basis: str, t: Transaction) -> Iterator[tuple[str, str]]:
        """The prices that are kept from this source, and of when they are."""
        assets = {side.asset for side in (t.net_worth, t.received, t.sent) if side is not None}
        near = [p for p in self.behind.prices if p.asset in assets and p.source in basis and _days_apart(p, t) <= 1]
        for p in sorted(near, key=lambda p: (_days_apart(p, t), p.asset))[:1]:
            of = self.when(p.at) if p.at is not None else str(p.day)
            yield "price", f"{plain(p.price)} {p.currency} for one {p.asset}, of {of}"


def _fee(v: Valued, ref: str) -> Decimal | None:
    into = isinstance(v.event, Transfer) and v.event.into.id == ref
    return v.into_fee_value if into else v.fee_value


def _row(v: Valued, ref: str) -> Transaction:
    """The transaction, or that side of a transfer."""
    if not isinstance(v.event, Transfer):
        return v.event
    return v.event.into if v.event.into.id == ref else v.event.out


def _days_apart(price: Price, t: Transaction) -> int:
    day = price.day if price.at is None else price.at.date()
    return abs((day - t.at.date()).days) if day is not None else 0


def _source(basis: str) -> str:
    """How `Valued.basis` reads: "net worth", "fiat", a row of a file of prices, a market."""
    for name, words in ((NET_WORTH, "the row's own net worth"), (FIAT, "the money in it")):
        if basis.startswith(name):
            return words + basis.removeprefix(name)
    return basis


def _text(value: Decimal | None) -> str:
    return "unknown" if value is None else plain(value)


def _amount(amount: Amount | None) -> str:
    return "" if amount is None else f"{plain(amount.quantity)} {amount.asset}"


def _words(t: Transaction) -> str:
    sent, received = _amount(t.sent), _amount(t.received)
    if sent and received:
        return f"{sent} for {received}"
    return f"{sent} sent" if sent else f"{received} received" if received else f"fee {_amount(t.fee)}"
