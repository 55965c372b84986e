"""The units of the year, asset by asset and account by account: what was there, what came and went, what is there.

Two tables of the workbook. `lots`: opening + acquired + received - disposed - fees + moved in - moved out = closing,
from the transactions alone; beside it the units in the open lots, which come from the engine: both have to agree.
`transfers`: every move between own accounts that left or arrived in the year, and what has no other side yet.
Units only; money is left out. Instants as in the records, the year is the taxpayer's.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from pipeline.model import IN_TRANSIT, Amount, Transaction, is_fiat
from pipeline.money import ZERO, exact
from pipeline.rules.base import Scope
from reports.table import Column, Report, Table, Type, Value

EVERYWHERE = "all accounts"

_LOTS = (
    Column("asset", Type.TEXT),
    Column("account", Type.TEXT, f"'{EVERYWHERE}': lots are no account's; '{IN_TRANSIT}': left and not here yet"),
    Column("opening", Type.QUANTITY, "units as the year began, by the transactions before it"),
    Column("acquired", Type.QUANTITY, "bought, or received in a trade"),
    Column("received", Type.QUANTITY, "income, gifts and whatever else has a label"),
    Column("disposed", Type.QUANTITY, "sold, given in a trade, spent, given away or lost"),
    Column("fees", Type.QUANTITY, "paid in the asset"),
    Column("moved_in", Type.QUANTITY, "from own accounts, or from where is not known"),
    Column("moved_out", Type.QUANTITY, "to own accounts, or to where is not known"),
    Column("closing", Type.QUANTITY, "what that comes to"),
    Column("in_lots", Type.QUANTITY, "units in the open lots, which the gains are computed from"),
    Column("difference", Type.QUANTITY, "closing - in_lots: a problem, or units that the law still counts as held"),
    Column("cost_basis", Type.MONEY, "of these lots"),
)  # fmt: skip

# Only where an exchange was asked for balances.
_REPORTED = (
    Column("reported", Type.QUANTITY, "what the exchange itself said, when it was asked the nearest to the year's end"),
    Column("reported_at", Type.INSTANT),
    Column(
        "moved_between", Type.QUANTITY, "what came (less what went) between the year's end and then; negative: before"
    ),
    Column(
        "untied", Type.QUANTITY, "reported - closing - moved_between; below the exchange's last digit: its rounding"
    ),
)

_TRANSFERS = (
    Column("left_at", Type.INSTANT),
    Column("from_account", Type.TEXT),
    Column("asset", Type.TEXT, "as it left: a coin that was migrated arrives in its new form"),
    Column("sent", Type.QUANTITY),
    Column("arrived_at", Type.INSTANT),
    Column("to_account", Type.TEXT),
    Column("arrived", Type.QUANTITY),
    Column("on_the_way", Type.QUANTITY, "sent - arrived; empty where one of the two is not known"),
    Column("fee", Type.QUANTITY, "paid on top"),
    Column("fee_currency", Type.TEXT),
    Column("out_id", Type.ID, "the withdrawal; empty: not on record"),
    Column("in_id", Type.ID, "the deposit; empty: not on record"),
)

_FLOWS = ("opening", "acquired", "received", "disposed", "fees", "moved_in", "moved_out")
_OUT = frozenset(("disposed", "fees", "moved_out"))
Place = tuple[str, str]  # asset, account
Sides = tuple[Transaction | None, Transaction | None]  # of a transfer: what left, what arrived


class _Held(Struct):
    """The open lots of a place."""

    units: Decimal = ZERO
    cost: Decimal = ZERO


def lots(report: Report) -> Table:
    """The roll-forward, by asset and account. Where the country looks at the year's beginning (nl), without lots."""
    with exact():
        flows, held = _flows(report), _held(report)
        whole = report.scope == Scope.GLOBAL or any(account == EVERYWHERE for _, account in held)
        if whole:
            for (asset, _), units in list(flows.items()):
                for name, quantity in units.items():
                    flows[asset, EVERYWHERE][name] += quantity
        said = _said(report)
        places = sorted({*flows, *held, *said}, key=_order)
        rows = [_row(place, flows[place], None if _loose(place, whole, report) else held[place]) for place in places]
        columns: tuple[Column, ...] = _LOTS
        if report.reported:
            then, columns = _then(report), (*_LOTS, *_REPORTED)
            asked, closing = {b.account: b.at for b in report.reported}, [c.name for c in _LOTS].index("closing")
            rows = [(*row, *_tied(place, row[closing], said, asked, then))
                    for place, row in zip(places, rows, strict=True)]  # fmt: skip
    return Table("lots", columns, [row for row in rows if any(isinstance(v, Decimal) and v for v in row)])


def _said(report: Report) -> dict[Place, Decimal]:
    """What the exchanges said is held, other than money."""
    said: dict[Place, Decimal] = defaultdict(lambda: ZERO)
    for b in report.reported:
        if not is_fiat(b.asset):
            said[b.asset, b.account] += b.quantity
    return said


def _then(report: Report) -> dict[Place, Decimal]:
    """The units of each place by the transactions up to when its exchange was asked."""
    asked = {b.account: b.at for b in report.reported}
    units: dict[Place, Decimal] = defaultdict(lambda: ZERO)
    for t in report.result.transactions:
        if t.account in asked and t.at <= asked[t.account]:
            for amount, name in _moved(t):
                units[amount.asset, t.account] += -amount.quantity if name in _OUT else amount.quantity
    return units


def _tied(
    place: Place, closing: Value, said: dict[Place, Decimal], asked: dict[str, datetime], then: dict[Place, Decimal]
) -> tuple[Value, ...]:
    """The cells beside a place whose exchange was asked."""
    if place[1] not in asked:
        return (None, None, None, None)
    assert isinstance(closing, Decimal)
    return (said[place], asked[place[1]], then[place] - closing, said[place] - then[place])


def _order(place: Place) -> tuple[str, bool, str]:
    asset, account = place
    return asset, account == EVERYWHERE, account


def _loose(place: Place, whole: bool, report: Report) -> bool:
    """Whether there are no lots to compare a place with: they are no account's, or another day's."""
    return report.rules.reference_first or (whole and place[1] != EVERYWHERE)


def _row(place: Place, flows: dict[str, Decimal], held: _Held | None) -> tuple[Value, ...]:
    units = [flows[name] for name in _FLOWS]
    closing = sum((-flows[name] if name in _OUT else flows[name] for name in _FLOWS), ZERO)
    lots = (None, None, None) if held is None else (held.units, closing - held.units, held.cost)
    return (*place, *units, closing, *lots)


def _flows(report: Report) -> dict[Place, dict[str, Decimal]]:
    """Units by place and kind of movement, up to the end of the year."""
    flows: dict[Place, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))

    def add(at: datetime, asset: str, account: str, name: str, quantity: Decimal) -> None:
        if at < report.period.starts:
            flows[asset, account]["opening"] += -quantity if name in _OUT else quantity
        elif at < report.period.ends:
            flows[asset, account][name] += quantity

    for t in report.result.transactions:
        for amount, name in _moved(t):
            add(t.at, amount.asset, t.account, name, amount.quantity)
    for out, into in transfers_of(report):
        if out is not None and out.sent is not None and (into is None or out.at != into.at):
            under_way = _under_way(out.sent, into)
            add(out.at, out.sent.asset, IN_TRANSIT, "moved_in", under_way)
            if into is not None:
                add(into.at, out.sent.asset, IN_TRANSIT, "moved_out", under_way)
    for (_, account), units in flows.items():
        if account == IN_TRANSIT:  # what left and arrived within the year was under way between, and is no matter
            both = min(units["moved_in"], units["moved_out"])
            units["moved_in"] -= both
            units["moved_out"] -= both
    return flows


def _under_way(sent: Amount, into: Transaction | None) -> Decimal:
    """What is between two accounts: without the fee that an arrival shows, which was spent as it left."""
    if into is None or into.received is None or into.received.asset != sent.asset:
        return sent.quantity
    return min(sent.quantity, into.received.quantity)


def _moved(t: Transaction) -> Iterator[tuple[Amount, str]]:
    """What a row moves, other than money, and by which kind of movement."""
    trade, known = t.sent is not None and t.received is not None, t.label is not None
    sides = (
        (t.received, "acquired" if trade else "received" if known else "moved_in"),
        (t.sent, "disposed" if trade or known else "moved_out"),
        (t.fee, "fees"),
    )
    yield from ((amount, name) for amount, name in sides if amount is not None and not is_fiat(amount.asset))


def _held(report: Report) -> dict[Place, _Held]:
    held: dict[Place, _Held] = defaultdict(_Held)
    for lot in report.result.lots:
        if not is_fiat(lot.asset):
            one = held[lot.asset, lot.account or EVERYWHERE]
            one.units += lot.quantity
            one.cost += lot.cost_basis
    return held


# ---- transfers ------------------------------------------------------------------------------------------------------


def transfers(report: Report) -> Table:
    """One row per move of coins that left or arrived in the year."""
    with exact():
        rows = [_transfer(out, into) for out, into in transfers_of(report) if _of_the_year(report, out, into)]
    return Table("transfers", _TRANSFERS, rows)


def transfers_of(report: Report) -> list[Sides]:
    """Withdrawal and deposit of each move of coins, in order of time; None for the side that is not on record."""
    others = report.result.transfers
    rows = {t.id: t for t in report.result.transactions if t.id in others}
    found: list[Sides] = []
    pair: Sides
    for t in report.result.transactions:
        other = rows.get(others.get(t.id, ""))
        if t.sent is not None and t.received is None and (other is not None or t.label is None):
            pair, moved = (t, other), t.sent
        elif t.received is not None and t.sent is None and other is None and t.label is None:
            pair, moved = (None, t), t.received
        else:
            continue
        if not is_fiat(moved.asset):
            found.append(pair)
    return found


def _of_the_year(report: Report, *sides: Transaction | None) -> bool:
    return any(t is not None and report.period.starts <= t.at < report.period.ends for t in sides)


def _transfer(out: Transaction | None, into: Transaction | None) -> tuple[Value, ...]:
    sent = out.sent if out is not None else None
    received = into.received if into is not None else None
    either = sent or received
    asset = either.asset if either is not None else ""
    left = None
    if sent is not None and received is not None and sent.asset == received.asset:
        left = sent.quantity - received.quantity
    fee = out.fee if out is not None else None
    return (
        out.at if out is not None else None, out.account if out is not None else "", asset,
        sent.quantity if sent is not None else None,
        into.at if into is not None else None, into.account if into is not None else "",
        received.quantity if received is not None else None, left,
        fee.quantity if fee is not None else None, fee.asset if fee is not None else "",
        out.id if out is not None else "", into.id if into is not None else "",
    )  # fmt: skip
