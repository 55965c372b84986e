"""The tables of a tax year: a Report goes in, rows with declared columns come out.

`TABLES` lists the functions in the order of the workbook's sheets; each gives one file and one
sheet. Rows are those whose local day lies in the year; lots are those open at its end, or (nl) at its
beginning. Order is that of time and stable: same report, same rows.
"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache, partial
from operator import attrgetter

from pipeline.issues import Issue, Severity
from pipeline.model import Derivative, Disposal, Income, Lot, Result, Transaction, is_fiat
from reports.prices import prices
from reports.table import Column, Made, Report, Row, Table, Type

_DISPOSALS = (
    Column("disposal_id", Type.ID, "the transaction that disposed of the units"),
    Column("acquisition_id", Type.ID, "the transaction that acquired them; empty for averages and unknown ones"),
    Column("account", Type.TEXT, "where the units were"),
    Column("asset", Type.TEXT),
    Column("quantity", Type.QUANTITY, "units of this part of the lot"),
    Column("acquired_at", Type.INSTANT, "empty for averages, pools and unknown acquisitions"),
    Column("disposed_at", Type.INSTANT),
    Column("proceeds", Type.MONEY, "empty, with cost_basis and gain, where no price is known"),
    Column("cost_basis", Type.MONEY),
    Column("gain", Type.MONEY, "proceeds - cost_basis; 0 where the country computes none"),
    Column("term", Type.TEXT, "short, long, or empty where there is none"),
    Column("rule", Type.TEXT, "why just these units"),
    Column("kind", Type.TEXT, "sale, trade, spend, fee, gift, donation, lost"),
)

_INCOME = (
    Column("transaction_id", Type.ID),
    Column("received_at", Type.INSTANT),
    Column("account", Type.TEXT),
    Column("asset", Type.TEXT),
    Column("quantity", Type.QUANTITY),
    Column("kind", Type.TEXT, "the transaction's label"),
    Column("value", Type.MONEY, "market value on receipt; empty where no price is known"),
)

_DERIVATIVES = (
    Column("transaction_id", Type.ID),
    Column("at", Type.INSTANT),
    Column("account", Type.TEXT),
    Column("asset", Type.TEXT, "in what it was paid, coins or money"),
    Column("quantity", Type.QUANTITY, "negative: paid"),
    Column("value", Type.MONEY, "market value with the same sign; empty where no price is known"),
    Column("what", Type.TEXT, "profit, loss (interest and funding too), or fee"),
    Column("description", Type.TEXT, "how the record puts it"),
)

_HOLDINGS = (
    Column("account", Type.TEXT, "empty where lots are the taxpayer's as a whole"),
    Column("asset", Type.TEXT),
    Column("quantity", Type.QUANTITY),
    Column("acquired_at", Type.INSTANT, "empty for averages and pools"),
    Column("cost_basis", Type.MONEY),
    Column("market_value", Type.MONEY, "at the end of the year (nl: at its beginning); empty where no price is known"),
)

_TRANSACTIONS = (
    Column("id", Type.ID),
    Column("date", Type.INSTANT),
    Column("account", Type.TEXT),
    Column("kind", Type.TEXT, "buy, sell, trade, exchange, transfer, deposit, withdrawal, fee, or the label"),
    Column("sent_amount", Type.QUANTITY),
    Column("sent_currency", Type.TEXT),
    Column("received_amount", Type.QUANTITY),
    Column("received_currency", Type.TEXT),
    Column("fee_amount", Type.QUANTITY),
    Column("fee_currency", Type.TEXT),
    Column("value", Type.MONEY, "market value; empty for transfers and where no price is known"),
    Column("label", Type.TEXT),
    Column("source", Type.TEXT, "the exchange or file format it came from"),
    Column("source_id", Type.ID, "its identity there"),
)

_ISSUES = (
    Column("severity", Type.TEXT, "error: a figure would change; warning: look at it; info: good to know"),
    Column("code", Type.TEXT),
    Column("account", Type.TEXT),
    Column("asset", Type.TEXT),
    Column("date", Type.DAY),
    Column("message", Type.TEXT),
    Column("remedy", Type.TEXT, "what settles it"),
)


_at = attrgetter("at")


def disposals(report: Report) -> Table:
    """One row per part of a lot that was disposed of in the year."""
    return Table("disposals", _DISPOSALS, Made(disposals_of(report), _disposal))


@lru_cache(maxsize=1)  # every table, figure and form asks for them
def disposals_of(report: Report) -> Sequence[Disposal]:
    """The year's disposals in order of time."""
    return report.within(report.result.disposals, attrgetter("disposed_at"))


@lru_cache(maxsize=1)
def taxed_of(report: Report) -> Sequence[Disposal]:
    """Those of them that are in the totals: with a gain or a loss by law, at a known price."""
    return [d for d in disposals_of(report) if d.taxed and d.proceeds is not None]


@lru_cache(maxsize=1)
def unpriced_of(report: Report) -> int:
    """How many would be, if their price was known."""
    return sum(d.taxed and d.proceeds is None for d in disposals_of(report))


def _disposal(d: Disposal) -> Row:
    # A row whose figure can't be told carries none, so that columns add up to the summary.
    return _shown(d) if d.proceeds is not None else (*_which(d), None, None, None, *_how(d))


_WHICH = ("id", "acquisition_id", "account", "asset", "quantity", "acquired_at", "disposed_at")
_HOW = ("term", "rule", "kind")
_which, _how = attrgetter(*_WHICH), attrgetter(*_HOW)
_shown = attrgetter(*_WHICH, "proceeds", "cost_basis", "gain", *_HOW)


def income(report: Report) -> Table:
    """One row per receipt of the year that is taxed as income."""
    rows = [(i.id, i.at, i.account, i.asset, i.quantity, i.kind.value, i.value) for i in incomes_of(report)]
    return Table("income", _INCOME, rows)


def incomes_of(report: Report) -> list[Income]:
    """The year's receipts that are taxed as income, in order of time."""
    return report.within(report.result.incomes, _at)


def derivatives(report: Report) -> Table:
    """One row for whatever margin and derivatives brought or took in the year."""
    rows = [
        (d.id, d.at, d.account, d.asset, d.quantity, d.value, d.what, d.words) for d in derivatives_of(report)
    ]  # fmt: skip
    return Table("derivatives", _DERIVATIVES, rows)


def derivatives_of(report: Report) -> list[Derivative]:
    """The year's results of margin and derivatives, in order of time."""
    return report.within(report.result.derivatives, _at)


def holdings(report: Report) -> Table:
    """One row per lot that is open at the end of the year, or on the country's reference day; money is no holding."""
    rows = [
        (x.account, x.asset, x.quantity, x.acquired_at, x.cost_basis, x.market_value) for x in crypto_lots_of(report)
    ]
    return Table("holdings", _HOLDINGS, rows)


def crypto_lots_of(report: Report) -> list[Lot]:
    """The open lots by account, asset and age."""
    lots = (lot for lot in report.result.lots if not is_fiat(lot.asset))
    return sorted(lots, key=lambda x: (x.account, x.asset, x.acquired_at or report.period.starts, x.acquisition_id))


def transactions(report: Report) -> Table:
    """One row per transaction of the year, transfers between own accounts included."""
    listed = report.within(report.result.transactions, _at, attrgetter("at", "account", "position", "id"))
    return Table("transactions", _TRANSACTIONS, Made(listed, partial(_transaction, report.result)))


def _transaction(result: Result, t: Transaction) -> Row:
    sent, received, fee = t.sent, t.received, t.fee
    return (
        t.id, t.at, t.account, _traded(sent.asset, received.asset) if sent and received else _kind(t, result),
        *(_amount(sent) if sent else _NOTHING), *(_amount(received) if received else _NOTHING),
        *(_amount(fee) if fee else _NOTHING), result.values.of(t)[0], t.label or "", t.source, t.source_id,
    )  # fmt: skip


_amount, _NOTHING = attrgetter("quantity", "asset"), (None, "")


@lru_cache(maxsize=1024)
def _traded(sent: str, received: str) -> str:
    """What a row with both sides was, by whether they are money."""
    if is_fiat(sent):
        return "exchange" if is_fiat(received) else "buy"
    return "sell" if is_fiat(received) else "trade"


def _kind(t: Transaction, result: Result) -> str:
    if t.label:
        return t.label.value
    if t.id in result.transfers:
        return "transfer"
    if t.received:
        return "deposit"
    return "withdrawal" if t.sent else "fee"


_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def issues(report: Report) -> Table:
    """One row per open problem, the gravest first, then by day."""
    rows = [(_RANK[i.severity], _issue(i, report)) for i in report.result.issues]
    rows.sort(key=lambda r: (r[0], r[1][4] or date.min, r[1]))
    return Table("issues", _ISSUES, [row for _, row in rows])


def _issue(i: Issue, report: Report) -> tuple[str, str, str, str, date | None, str, str]:
    day = i.at.astimezone(report.zone).date() if i.at else None
    return (i.severity.value, i.code, i.account, i.asset, day, i.message, i.remedy)


TABLES: tuple[Callable[[Report], Table], ...] = (disposals, income, derivatives, holdings, transactions, prices, issues)
