"""The universal transaction file: one row, one transaction, in the column names of Koinly's custom file.

Takes a row's cells by column name and gives the texts of the `Transaction` they say, exactly, or raises
`RowError` naming the cell and what it should hold. A side with the amount 0 is no side. A row
that has only a fee (gas of a call that moved nothing) is a cost. What is kept is what is written; the transaction
names assets as the ledger does.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from operator import eq

from importers import cells as cell
from importers import columns as column
from importers.assets import RENAMED
from importers.assets import named as name_of
from importers.base import Format, RowError, Told
from importers.columns import Texts, Uncommon
from importers.layout import SKIPPED
from pipeline.issues import Issue
from pipeline.model import (
    RECEIVED_LABELS,
    SENT_LABELS,
    Label,
    Parsed,
    RawRecord,
    Said,
    Transaction,
    transaction_id,
)
from pipeline.said import transaction_of

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


def told(cells: Mapping[str, str]) -> Told:
    """What one row says, its Account and ID cells apart ("" where there are none)."""
    return Told(_account(cells.get("Account", "")), cell.identity("ID", cells.get("ID", "")), said(cells))


@lru_cache(maxsize=1024)
def _account(text: str) -> str:
    return cell.name("Account", text, 100)


def row(cells: Mapping[str, str]) -> Transaction:
    """The same as a transaction without an id."""
    account, source_id, texts = told(cells)
    return transaction_of(texts, "", account, "", source_id, 0)


def said(cells: Mapping[str, str]) -> Said:
    """What a row says as exact texts. No number is made of them: a file of a million rows has three million."""
    sent, received, fee = _side(cells, _SENT), _side(cells, _RECEIVED), _side(cells, _FEE)
    label = _label(cells.get("Label", ""))
    if sent is not NOTHING and received is not NOTHING:
        _check_trade(sent, received, label, cells)
    elif sent is not NOTHING:
        _check_label(label, SENT_LABELS, "sent", cells)
    elif received is not NOTHING:
        _check_label(label, RECEIVED_LABELS, "received", cells)
    elif fee is not NOTHING:
        _check_label(label, frozenset({Label.COST}), "only a fee", cells)
        sent, fee, label = fee, NOTHING, Label.COST
    else:
        raise RowError("Sent Amount and Received Amount", "", "are both empty or 0; a transaction needs one of them")
    return (
        cell.instant_text("Date", cells.get("Date", "")),
        *sent,
        *received,
        *fee,
        *_net_worth(cells, only_received=sent is NOTHING),
        label.value if label else None,
        cell.free_text("Description", cells.get("Description", ""), DESCRIPTION_LIMIT),
        cell.identity("TxHash", cells.get("TxHash", "")),
    )


Pair = tuple[str | None, str | None]  # a quantity and its asset
NOTHING: Pair = (None, None)


def _side(cells: Mapping[str, str], columns: tuple[str, str]) -> Pair:
    found = _pair(cells, columns)
    return NOTHING if found[0] == "0" else found


def _net_worth(cells: Mapping[str, str], only_received: bool) -> Pair:
    """The market value. 0 is taken only for a receipt (a worthless token): elsewhere it is most likely "not known"."""
    worth = _pair(cells, _NET_WORTH)
    if worth[0] == "0" and not only_received:
        raise RowError(_NET_WORTH[0], cells[_NET_WORTH[0]], "should be above 0; leave it empty when it is not known")
    return worth


def _pair(cells: Mapping[str, str], columns: tuple[str, str]) -> Pair:
    """An amount and its currency: both or neither. A 0 without a currency is an empty cell."""
    amount_column, currency_column = columns
    quantity_text, currency_text = cells.get(amount_column), cells.get(currency_column)
    if quantity_text:
        quantity = cell.amount_text(amount_column, quantity_text)
        if currency_text:
            return quantity, cell.asset(currency_column, currency_text)
        if quantity != "0":
            raise RowError(amount_column, quantity_text, f"has no {currency_column} beside it; add it")
    elif currency_text:
        raise RowError(currency_column, currency_text, f"has no {amount_column} beside it; add it")
    return NOTHING


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


def _check_trade(sent: Pair, received: Pair, label: Label | None, cells: Mapping[str, str]) -> None:
    if sent[1] == received[1]:
        raise RowError(
            "Received Currency",
            cells["Received Currency"],
            "is sent and received in one row; a transfer is two rows, one in each Account: divide it",
        )
    if label is not None:
        raise RowError("Label", cells["Label"], "stands in a row with two sides; a trade takes no Label: empty it")


# ---- many rows at once ----------------------------------------------------------------------------------------------

# The labels that fit, by whether something is sent and received.
_FITTING = {
    (True, True): {None}, (True, False): SENT_LABELS | {None}, (False, True): RECEIVED_LABELS | {None},
}  # fmt: skip
_description = partial(cell.free_text, "Description", limit=DESCRIPTION_LIMIT)


def page(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[tuple[str, str, Said]] | None:
    """What `told` says of each row, a column at a time; None where one is wrong, or written as few are."""
    if set(map(len, rows)) != {len(names)}:
        return None
    empty = dict.fromkeys(COLUMNS, ("",) * len(rows))
    cells = empty | dict(zip(names, zip(*rows, strict=True), strict=True))
    try:
        sent, received, fee, worth = (_pairs(cells, pair) for pair in (_SENT, _RECEIVED, _FEE, _NET_WORTH))
        labels = column.words(cells["Label"], _label_text)
        kinds = set(zip(map(bool, sent[0]), map(bool, received[0]), labels, strict=True))
        if not all(label in _FITTING.get((out, into), ()) for out, into, label in kinds) or any(
            map(eq, sent[1], received[1])
        ):
            return None
        said = zip(
            column.instants(cells["Date"]), *sent, *received, *fee, *worth, labels,
            column.words(cells["Description"], _description), column.identities(cells["TxHash"]), strict=True,
        )  # fmt: skip
        return list(zip(column.words(cells["Account"], _account), column.identities(cells["ID"]), said, strict=True))
    except (Uncommon, RowError):
        return None


def _label_text(text: str) -> str | None:
    label = _label(text)
    return label.value if label else None


def _pairs(cells: Mapping[str, Texts], names: tuple[str, str]) -> tuple[Sequence[str | None], Sequence[str | None]]:
    """As `_pair` of each row."""
    quantities: Sequence[str] = column.amounts(cells[names[0]])
    assets = column.words(cells[names[1]], partial(_asset, names[1]))
    if "0" in quantities:
        if names == _NET_WORTH:
            raise Uncommon
        assets = [None if text == "0" else asset for text, asset in zip(quantities, assets, strict=True)]
        quantities = ["" if text == "0" else text for text in quantities]
    if [*map(bool, quantities)] != [*map(bool, assets)]:
        raise Uncommon
    return [text or None for text in quantities], assets


def _asset(name: str, text: str) -> str | None:
    return cell.asset(name, text) if text else None


# ---- stored rows ----------------------------------------------------------------------------------------------------

_COLUMN_OF = {column.casefold(): column for column in COLUMNS}


def parse(records: Iterable[RawRecord]) -> Parsed:
    """The transactions of stored rows. A row that an older version took and this one can't read becomes an Issue."""
    parsed = Parsed()
    for record in records:
        ref = transaction_id(record.account, record.stream, record.source_id)
        cells = by_column(json.loads(record.payload))
        if SKIPPED in cells:
            continue
        try:
            texts = named(record.account, said(cells))
        except RowError as error:
            why = f"{record.origin}: {error}"
            parsed.issues.append(Issue("unread_record", record.account, ref=ref, details={"why": why}))
        else:
            parsed.transactions.append(
                transaction_of(texts, ref, record.account, record.source, record.source_id, record.position)
            )
    return parsed


def named(account: str, texts: Said) -> Said:
    """The same with its assets as the ledger names them: a person's XRB and an exchange's XNO are one coin."""
    if RENAMED.isdisjoint(texts[2:9:2]):
        return texts
    at = datetime.fromisoformat(str(texts[0]))
    found = list(texts)
    for place in range(2, 9, 2):
        code = texts[place]
        found[place] = None if code is None else name_of(code, account, at)
    return tuple(found)


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
    row=told,
    parse=parse,
    row_by_row=True,
    page=page,
    named=named,
    rank=9,
)
