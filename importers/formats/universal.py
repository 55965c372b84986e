"""The universal transaction file: one row, one transaction, in the column names of Koinly's custom file.

Takes a row's cells by column name and gives the `Transaction` they say, exactly, or raises
`RowError` naming the cell and what it should hold. A side with the amount 0 is no side. A row
that has only a fee (gas of a call that moved nothing) is a cost. What is kept is what is written; the transaction
names assets as the ledger does.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from importers import cells as cell
from importers.assets import named as name_of
from importers.base import Format, RowError
from pipeline.issues import Issue
from pipeline.model import (
    RECEIVED_LABELS,
    SENT_LABELS,
    Amount,
    Label,
    Parsed,
    RawRecord,
    Transaction,
    transaction_id,
)

COLUMNS = (
    "Date",
    "Account",
    "Sent Amount",
    "Sent Currency",
    "Received Amount",
    "Received Currency",
    "Fee Amount",
    "Fee Currency",
    "Net Worth Amount",
    "Net Worth Currency",
    "Label",
    "Description",
    "TxHash",
    "ID",
)
DESCRIPTION_LIMIT = 5000

_SENT, _RECEIVED, _FEE = COLUMNS[2:4], COLUMNS[4:6], COLUMNS[6:8]
_NET_WORTH = COLUMNS[8:10]

_LABELS = {label.value: label for label in Label} | {"staking": Label.REWARD}
_IN_ORDER = tuple(Label)


def row(cells: Mapping[str, str]) -> Transaction:
    """The transaction of one row. `account` and `source_id` are its Account and ID cells, "" where there are none."""
    account = cell.name("Account", cells.get("Account", ""), 100)
    return _transaction(cells, account=account, source_id=cell.identity("ID", cells.get("ID", "")))


def _transaction(
    cells: Mapping[str, str], account: str, source_id: str, id: str = "", source: str = "", position: int = 0
) -> Transaction:
    sent, received, fee = _amount(cells, _SENT), _amount(cells, _RECEIVED), _amount(cells, _FEE)
    label = _label(cells.get("Label", ""))
    if sent and received:
        _check_trade(sent, received, label, cells)
    elif sent:
        _check_label(label, SENT_LABELS, "sent", cells)
    elif received:
        _check_label(label, RECEIVED_LABELS, "received", cells)
    elif fee:
        _check_label(label, frozenset({Label.COST}), "only a fee", cells)
        sent, fee, label = fee, None, Label.COST
    else:
        raise RowError("Sent Amount and Received Amount", "", "are both empty or 0; a transaction needs one of them")
    return Transaction(
        id=id,
        at=cell.instant("Date", cells.get("Date", "")),
        account=account,
        sent=sent,
        received=received,
        fee=fee,
        net_worth=_net_worth(cells, only_received=sent is None),
        label=label,
        description=cell.free_text("Description", cells.get("Description", ""), DESCRIPTION_LIMIT),
        txhash=cell.identity("TxHash", cells.get("TxHash", "")),
        source=source,
        source_id=source_id,
        position=position,
    )


def _amount(cells: Mapping[str, str], columns: tuple[str, str]) -> Amount | None:
    found = _pair(cells, columns)
    return found if found and found.quantity else None


def _net_worth(cells: Mapping[str, str], only_received: bool) -> Amount | None:
    """The market value. 0 is taken only for a receipt (a worthless token): elsewhere it is most likely "not known"."""
    worth = _pair(cells, _NET_WORTH)
    if worth and not worth.quantity and not only_received:
        raise RowError(_NET_WORTH[0], cells[_NET_WORTH[0]], "should be above 0; leave it empty when it is not known")
    return worth


def _pair(cells: Mapping[str, str], columns: tuple[str, str]) -> Amount | None:
    """An amount and its currency: both or neither. A 0 without a currency is an empty cell."""
    amount_column, currency_column = columns
    quantity_text, currency_text = cells.get(amount_column, ""), cells.get(currency_column, "")
    if quantity_text:
        quantity = cell.amount(amount_column, quantity_text)
        if currency_text:
            return Amount(quantity, cell.asset(currency_column, currency_text))
        if quantity:
            raise RowError(amount_column, quantity_text, f"has no {currency_column} beside it")
    elif currency_text:
        raise RowError(currency_column, currency_text, f"has no {amount_column} beside it")
    return None


@lru_cache(maxsize=256)
def _label(text: str) -> Label | None:
    word = text.strip().casefold()
    if word and word not in _LABELS:
        raise RowError("Label", text, f"should be one of {', '.join(_IN_ORDER)}, or empty for a transfer or trade")
    return _LABELS[word] if word else None


def _check_label(label: Label | None, allowed: frozenset[Label], side: str, cells: Mapping[str, str]) -> None:
    if label is not None and label not in allowed:
        names = ", ".join(name for name in _IN_ORDER if name in allowed)
        raise RowError("Label", cells["Label"], f"does not fit a row that has {side}; allowed: {names}, or empty")


def _check_trade(sent: Amount, received: Amount, label: Label | None, cells: Mapping[str, str]) -> None:
    if sent.asset == received.asset:
        raise RowError(
            "Received Currency",
            cells["Received Currency"],
            "is sent and received in one row; a transfer is two rows, one in each Account",
        )
    if label is not None:
        raise RowError("Label", cells["Label"], "stands in a row with two sides; a trade takes no Label")


# ---- stored rows ----------------------------------------------------------------------------------------------------

_COLUMN_OF = {column.casefold(): column for column in COLUMNS}


def parse(records: Iterable[RawRecord]) -> Parsed:
    """The transactions of stored rows. A row that an older version took and this one can't read becomes an Issue."""
    parsed = Parsed()
    for record in records:
        ref = transaction_id(record.account, record.stream, record.source_id)
        cells = by_column(json.loads(record.payload))
        try:
            found = _transaction(cells, record.account, record.source_id, ref, record.source, record.position)
        except RowError as error:
            why = f"{record.origin}: {error}"
            parsed.issues.append(Issue("unread_record", record.account, ref=ref, details={"why": why}))
        else:
            parsed.transactions.append(named(found))
    return parsed


def named(t: Transaction) -> Transaction:
    """The same with its assets as the ledger names them: a person's XRB and an exchange's XNO are one coin."""
    sides = [t.sent, t.received, t.fee, t.net_worth]
    found = [None if side is None else _named(side, t) for side in sides]
    if found == sides:
        return t
    sent, received, fee, net_worth = found
    return replace(t, sent=sent, received=received, fee=fee, net_worth=net_worth)


def _named(side: Amount, t: Transaction) -> Amount:
    name = name_of(side.asset, t.account, t.at)
    return side if name == side.asset else Amount(side.quantity, name)


def by_column(payload: Mapping[str, str]) -> dict[str, str]:
    """The cells of a stored row by the names in `COLUMNS`, however the file's header wrote them."""
    return {_column(header): text for header, text in payload.items()}


@lru_cache(maxsize=1024)
def _column(header: str) -> str:
    return _COLUMN_OF.get(header.strip().casefold(), header)


FORMAT = Format(
    name="universal",
    version=2,
    header=frozenset({"Date"}),
    one_of=frozenset({"Sent Amount", "Received Amount"}),
    columns=COLUMNS,
    row=row,
    parse=parse,
    row_by_row=True,
    named=named,
)
