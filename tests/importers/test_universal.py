"""The universal file's rows: the contract's rules one by one, golden samples, and print-and-read-back."""

import csv
import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from importers import cells as cell
from importers.base import Format, Refused, RowError
from importers.formats.universal import COLUMNS, FORMAT, parse, row
from importers.read import read
from importers.rows import Rows
from importers.sheets import Sheet
from pipeline.model import RECEIVED_LABELS, SENT_LABELS, Amount, Label, RawRecord, Transaction, instant_text
from pipeline.money import plain

SAMPLES = Path(__file__).parent / "samples" / "universal"


def cells(**some: str) -> dict[str, str]:
    """Cells by short names: date, sent="1 BTC", received, fee, worth, label, ..."""
    found = {"Date": some.pop("date", "2025-03-31T14:05:00Z")}
    for key, side in (("sent", "Sent"), ("received", "Received"), ("fee", "Fee"), ("worth", "Net Worth")):
        quantity, _, asset = some.pop(key, "").partition(" ")
        found |= {f"{side} Amount": quantity, f"{side} Currency": asset}
    names = {column.casefold(): column for column in COLUMNS}
    found |= {names[key]: text for key, text in some.items()}
    return {column: text for column, text in found.items() if text}


def as_row(transaction: Transaction) -> dict[str, str]:
    """A transaction as a row of the universal file."""
    found = {"Date": transaction.at.isoformat().replace("+00:00", "Z"), "Account": transaction.account}
    for side, amount in (
        ("Sent", transaction.sent),
        ("Received", transaction.received),
        ("Fee", transaction.fee),
        ("Net Worth", transaction.net_worth),
    ):
        found[f"{side} Amount"] = plain(amount.quantity) if amount else ""
        found[f"{side} Currency"] = amount.asset if amount else ""
    found |= {"Label": transaction.label or "", "Description": transaction.description}
    return found | {"TxHash": transaction.txhash, "ID": transaction.source_id}


def amount(text: str) -> Amount:
    quantity, asset = text.split()
    return Amount(Decimal(quantity), asset)


# ---- what a row means -----------------------------------------------------------------------------------------------


def test_a_trade() -> None:
    found = row(cells(sent="100.50 eur", received="0.01 btc", fee="0.1 BNB", worth="101 USD", txhash="0xab", id=" 7 "))
    assert found == Transaction(
        id="",
        at=datetime(2025, 3, 31, 14, 5, tzinfo=UTC),
        account="",
        sent=amount("100.5 EUR"),
        received=amount("0.01 BTC"),
        fee=amount("0.1 BNB"),
        net_worth=amount("101 USD"),
        txhash="0xab",
        source_id="7",
    )


@pytest.mark.parametrize("label", [*sorted(RECEIVED_LABELS), "Reward", " STAKING "])
def test_labels_of_what_was_received(label: str) -> None:
    name = label.strip().lower()
    assert row(cells(received="1 BTC", label=label)).label == (Label.REWARD if name == "staking" else Label(name))


@pytest.mark.parametrize("label", sorted(SENT_LABELS))
def test_labels_of_what_was_sent(label: str) -> None:
    assert row(cells(sent="1 BTC", label=label)).label == Label(label)


@pytest.mark.parametrize(
    ("given_cells", "says"),
    [
        (
            cells(sent="1 BTC", label="reward"),
            "Label 'reward' does not fit a row that has sent; allowed: gift, donation",
        ),
        (cells(received="1 BTC", label="lost"), "Label 'lost' does not fit a row that has received; allowed: reward"),
        (cells(received="1 BTC", label="swap"), "Label 'swap' should be one of reward, mining"),
        (cells(sent="1 BTC", received="9 EUR", label="gift"), "a trade takes no Label"),
        (cells(fee="1 BTC", label="gift"), "Label 'gift' does not fit a row that has only a fee; allowed: cost"),
        (cells(sent="1 BTC", received="1 BTC"), "a transfer is two rows, one in each Account"),
        (cells(sent="1 BTC", received="0.9 btc"), "a transfer is two rows, one in each Account"),
        (cells(), "Sent Amount and Received Amount are both empty or 0"),
        (cells(sent="0 BTC", received="0.00 EUR"), "are both empty or 0"),
        (cells(sent="1"), "Sent Amount '1' has no Sent Currency beside it"),
        (cells(received="1 BTC", fee="1"), "Fee Amount '1' has no Fee Currency beside it"),
        (cells(received="1 BTC", worth="1"), "Net Worth Amount '1' has no Net Worth Currency beside it"),
        (cells(received=" BTC"), "Received Currency 'BTC' has no Received Amount beside it"),
        (cells(received="1 BTC", worth=" EUR"), "Net Worth Currency 'EUR' has no Net Worth Amount beside it"),
        (cells(sent="1 BTC", received="9 EUR", worth="0 EUR"), "leave it empty when it is not known"),
        (cells(sent="-1 BTC"), "Sent Amount '-1' should not be negative; which side it is says the column"),
        (cells(received="1 BTC", fee="-0.1 EUR"), "Fee Amount '-0.1' should not be negative"),
        (cells(received="1 B\x1bTC"), r"Received Currency 'B\x1bTC' should be a code"),
        (cells(received="1 " + "B" * 61), "longer than 60 characters"),
        (cells(received="1 BTC", account="a\nb"), r"Account 'a\nb' should be one line"),
        (cells(received="1 BTC", account="a" * 101), "is longer than 100 characters"),
        (cells(received="1 BTC", description="a" * 5001), "is longer than 5000 characters"),
        (cells(received="1 BTC", id="a" * 201), "is longer than 200 characters"),
        (cells(received="1 BTC", id="1.23457E+17"), "ID '1.23457E+17' was rounded by a spreadsheet"),
        (cells(received="1 BTC", txhash="a\tb"), "TxHash"),
        (cells(received="1 BTC", date=""), "Date should be ISO 8601 such as 2025-03-31"),
    ],
)
def test_rows_that_cannot_be_taken(given_cells: dict[str, str], says: str) -> None:
    with pytest.raises(RowError) as caught:
        row(given_cells)
    assert says in str(caught.value)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "number",
    [
        *("NaN", "nan", "sNaN", "Infinity", "-inf", "1e400", "1e-400", "1e999999999", "1_000", "1,5", "1.234,56"),
        *(
            "1,000.5",
            "1 000",
            "1'000",
            "１２",
            "١٢",
            "\u22121",
            "$5",
            "5 BTC",
            "0x10",
            "1/2",
            "1.2.3",
            "--1",
            "1e",
            ".",
        ),
        *("1" * 41, "0." + "0" * 40 + "1", "TRUE", "#REF!", "=1+1", "(5)", "5-"),
    ],
)
@pytest.mark.parametrize("column", ["Sent Amount", "Fee Amount", "Net Worth Amount"])
def test_amounts_that_are_no_plain_number(number: str, column: str) -> None:
    given_cells = cells(sent="1 BTC", fee="1 EUR", worth="1 EUR") | {column: number}
    with pytest.raises(RowError) as caught:
        row(given_cells)
    assert str(caught.value).startswith(f"{column} ")


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("1", "1"),
        ("+1.50", "1.5"),
        (" 0.1 ", "0.1"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1e-8", "0.00000001"),
        ("1E3", "1000"),
        ("123456789.123456789012345678", "123456789.123456789012345678"),
        ("0." + "0" * 39 + "1", "1e-40"),
    ],
)
def test_amounts_are_exact(text: str, quantity: str) -> None:
    received = row(cells() | {"Received Amount": text, "Received Currency": "BTC"}).received
    assert received == Amount(Decimal(quantity), "BTC")


def test_a_side_of_zero_is_no_side() -> None:
    found = row(cells(sent="0 EUR", received="1 BTC", fee="0.00 EUR", label="airdrop"))
    assert (found.sent, found.received, found.fee, found.label) == (None, amount("1 BTC"), None, Label.AIRDROP)
    assert row(cells(sent="-0 EUR", received="1 BTC")).sent is None
    assert row(cells(received="1 BTC", fee="0")).fee is None


def test_only_a_fee_is_a_cost() -> None:
    found = row(cells(sent="0 ETH", fee="0.002 ETH"))
    assert (found.sent, found.fee, found.label) == (amount("0.002 ETH"), None, Label.COST)


def test_a_receipt_may_be_worth_nothing() -> None:
    assert row(cells(received="9 SPAM", worth="0 USD", label="airdrop")).net_worth == Amount(Decimal(0), "USD")


@pytest.mark.parametrize("asset", ["ВТС", "ＢＴＣ", "BT\u200bC", "usdc.e", "BTC-PERP", "₿", "e\u0301"])
def test_look_alikes_stay_what_they_are(asset: str) -> None:
    received = row(cells(received=f"1 {asset}")).received
    assert received is not None
    assert received.asset == asset != "BTC"


@pytest.mark.parametrize("asset", ["btc", "BTC", " Btc ", "\u00a0btc"])
def test_plain_codes_are_written_large(asset: str) -> None:
    assert row(cells() | {"Received Amount": "1", "Received Currency": asset}).received == amount("1 BTC")


# ---- dates ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-03-31", "2025-03-31T00:00:00"),
        ("2025-03-31T14:05", "2025-03-31T14:05:00"),
        (" 2025-03-31 14:05:09 ", "2025-03-31T14:05:09"),
        ("2025-03-31 14:05:09 UTC", "2025-03-31T14:05:09"),
        ("2025-03-31T14:05:09.5Z", "2025-03-31T14:05:09.500000"),
        ("2025-03-31T14:05:09.123456789Z", "2025-03-31T14:05:09.123456"),
        ("2025-03-31T00:05+02:00", "2025-03-30T22:05:00"),
        ("2025-12-31T20:00:00-0500", "2026-01-01T01:00:00"),
        ("2024-02-29", "2024-02-29T00:00:00"),
    ],
)
def test_dates(text: str, at: str) -> None:
    assert row(cells(received="1 BTC", date=text)).at == datetime.fromisoformat(at).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("31.03.2025", "31/03/2025", "03/31/2025", "2025/03/31", "31-03-2025", "20250331", "2025-W01-1", "2025-090"),
        *("2025-02-29", "2025-13-01", "2025-03-31T24:00", "2025-03-31T23:59:60Z", "2025-03-31T14", "2025-03-31T14:05:"),
        *(
            "2025-03-31T14:05:09,5",
            "2025-03-31T14:05:09.1234567890Z",
            "2025-03-31T14:05+25:00",
            "2025-03-31T14:05+01:75",
        ),
        *("2025-03-31Z", "2025-03-31T14:05 CET", "1743429900", "45747", "0001-01-01", "1899-12-30", "9999-12-31"),
        *("２０２５-03-31", "٢٠٢٥-٠٣-٣١", "2025-03-31T14:05:00Zjunk", "yesterday", "2025-3-1", "-2025-03-31"),
    ],
)
def test_dates_that_are_none(text: str) -> None:
    with pytest.raises(RowError) as caught:
        row(cells(received="1 BTC", date=text))
    assert "2025-03-31" in str(caught.value) or "2000 to 2100" in str(caught.value) or "time zone" in str(caught.value)


def outcome(read: Callable[[str, str], str], text: str) -> str:
    """What is read, or why it is refused."""
    try:
        return read("Column", text)
    except RowError as error:
        return str(error)


@given(st.from_regex(r"[+-]?[0-9]{0,42}(\.[0-9]{0,42})?([eE]-?[0-9])?\s?", fullmatch=True))
def test_a_number_is_kept_as_the_plain_number_it_is(text: str) -> None:
    assert outcome(cell.amount_text, text) == outcome(lambda column, text: plain(cell.amount(column, text)), text)


@given(
    st.from_regex(
        r"(1999|20[0-9]{2}|2101)-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?)?( ?Z|\+01:30)?",
        fullmatch=True,
    )
)
def test_a_time_is_kept_as_the_instant_that_it_is(text: str) -> None:
    assert outcome(cell.instant_text, text) == outcome(
        lambda column, text: instant_text(cell.instant(column, text)), text
    )


# ---- stored rows ----------------------------------------------------------------------------------------------------


def record(payload: str) -> RawRecord:
    return RawRecord("universal", "Kraken", "rows", "7", 3, payload, origin="t.csv row 3")


def test_stored_rows_are_read_with_their_identity() -> None:
    (found,) = parse(
        [record('{"DATE":"2025-03-31"," received amount ":"1","Received Currency":"btc","Extra":"x"}')]
    ).transactions
    assert (found.account, found.source, found.source_id, found.position) == ("Kraken", "universal", "7", 3)
    assert found.received == amount("1 BTC")
    assert len(found.id) == 16


def test_a_stored_row_that_is_not_understood_is_an_issue() -> None:
    parsed = parse(
        [record('{"Date":"2025-03-31","Sent Amount":"x","Sent Currency":"BTC"}'), record('{"Date":"2025-03-31"}')]
    )
    assert parsed.transactions == []
    assert [issue.code for issue in parsed.issues] == ["unread_record", "unread_record"]
    assert "t.csv row 3: Sent Amount 'x' should be a plain number" in parsed.issues[0].message


def test_columns_are_those_of_the_contract() -> None:
    assert ", ".join(FORMAT.columns) == (
        "Date, Account, Sent Amount, Sent Currency, Received Amount, Received Currency, Fee Amount, Fee Currency, "
        "Net Worth Amount, Net Worth Currency, Label, Description, TxHash, ID"
    )


# ---- golden samples -------------------------------------------------------------------------------------------------


def as_file(transactions: list[Transaction]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(as_row, transactions))
    return out.getvalue()


def samples() -> list[Path]:
    return sorted(p for p in SAMPLES.iterdir() if not p.name.endswith(".expected.csv"))


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_samples(path: Path) -> None:
    """`REGENERATE_SAMPLES=1 pytest tests/importers` writes the expected files anew; review the difference."""
    reading = read(path)
    found = parse(record for page in reading.pages for record in page.records)
    assert not found.issues
    expected = path.with_name(path.name.partition(".")[0] + ".expected.csv")
    text = as_file(found.transactions)
    if os.environ.get("REGENERATE_SAMPLES"):
        expected.write_bytes(text.encode())
    assert text == expected.read_bytes().decode()


# ---- print and read back --------------------------------------------------------------------------------------------

quantities = st.decimals(min_value="1e-18", max_value="1e12", places=18).filter(bool)
assets = st.sampled_from(["BTC", "ETH", "EUR", "USD", "usdc.e", "ВТС", "BT\u200bC", "1INCH"])
amounts = st.builds(Amount, quantities, assets)
names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30).map(str.strip)
instants = st.datetimes(datetime(2009, 1, 3), datetime(2099, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


@st.composite
def transactions(draw: st.DrawFn) -> Transaction:
    sides = draw(st.sampled_from(["trade", "sent", "received"]))
    sent = draw(amounts) if sides != "received" else None
    received = draw(amounts.filter(lambda a: sent is None or a.asset != sent.asset)) if sides != "sent" else None
    labels = {"trade": [], "sent": sorted(SENT_LABELS), "received": sorted(RECEIVED_LABELS)}[sides]
    return Transaction(
        id="",
        at=draw(instants),
        account=draw(names),
        sent=sent,
        received=received,
        fee=draw(st.none() | amounts),
        net_worth=draw(st.none() | amounts),
        label=draw(st.sampled_from([None, *labels])),
        description=draw(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=80)
        ).strip(),
        txhash=draw(names),
        source_id=draw(names),
    )


@settings(max_examples=150, deadline=None)
@given(transactions())
def test_print_a_transaction_and_read_it_back(transaction: Transaction) -> None:
    assert row({column: text for column, text in as_row(transaction).items() if text}) == transaction


@settings(max_examples=30, deadline=None)
@given(st.lists(transactions(), max_size=8), st.sampled_from([timedelta(hours=2), timedelta(hours=-9, minutes=-30)]))
def test_a_file_of_transactions_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Transaction], offset: timedelta
) -> None:
    path = tmp_path_factory.mktemp("files") / "t.csv"
    unique = [t for n, t in enumerate(rows) if not t.source_id or t.source_id not in [o.source_id for o in rows[:n]]]
    path.write_bytes(as_file(unique).encode())
    stored = [record for page in read(path).pages for record in page.records]
    found = parse(stored).transactions
    assert [(t.at, t.sent, t.received, t.fee, t.net_worth, t.label) for t in found] == [
        (t.at, t.sent, t.received, t.fee, t.net_worth, t.label) for t in unique
    ]
    assert [(t.description, t.txhash, t.account) for t in found] == [
        (t.description, t.txhash, t.account or "t") for t in unique
    ]


# ---- many rows at once ----------------------------------------------------------------------------------------------

_AMOUNTS, _ASSETS = ["", "1", "0.50", "100.00", "7.0"], ["", "EUR", "btc", "XRB"]
_COMMON = {
    "Date": ["2025-03-31T14:05:00Z", "2024-02-29 00:00:00"], "Account": ["", "Kraken"], "Label": ["", "reward", "Gift"],
    "Description": ["", "said", 'said "so"\n\\'], "TxHash": ["", "0xab"], "ID": ["", "1", "2", "1e1"],
    **{column: _AMOUNTS if "Amount" in column else _ASSETS for column in COLUMNS[2:10]}, "Mine": ["", "100 %", "1,5"],
}  # fmt: skip
_RARE = {
    "Date": ["2025-03-31", "2025-03-31T14:05+02:00", "2025-02-29T00:00:00Z", "2025-03-31T14:05:00Z\n", "x", ""],
    "Account": [" ", " Kraken", "a\nb"], "Label": [" ", "none"], "Description": [" ", "\r\n", "x" * 5001],
    "TxHash": [" ", "a b", "1.5E+10", "a" * 201], "ID": [" ", "#1", "1E+10"],
    **{column: ["0", "0.0", "01", "-1", "1,5", " 1", "1\n", "1\n2", "٣", "1" * 41] for column in COLUMNS[2:10:2]},
    **{column: [" ", "B T C", "ВТС", "x" * 61, "a\tb"] for column in COLUMNS[3:10:2]}, "Mine": [" ", "\x1f"],
}  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[int, list[str]]]:
    """Rows, most of them right, that are out of the common in one column at most."""
    odd, sides = (
        draw(st.sampled_from(["", *_RARE])),
        draw(st.sampled_from([COLUMNS[2:4], COLUMNS[4:6], COLUMNS[2:6], ()])),
    )
    rows = []
    for number in range(2, 2 + draw(st.integers(1, 5))):
        cells = {name: draw(st.sampled_from(_COMMON[name] + _RARE[name] * (name == odd))) for name in _COMMON}
        if sides:
            filled = {name: draw(st.sampled_from(_COMMON[name][1:])) for name in sides}
            cells |= dict.fromkeys(COLUMNS[2:10], "") | {"Label": ""} | filled | {odd: cells.get(odd, "")}
        rows.append((number, [cells[name] for name in _COMMON]))
    return rows


@settings(max_examples=400, deadline=None)
@given(tables())
def test_rows_that_are_read_together_are_what_each_is_by_itself(rows: list[tuple[int, list[str]]]) -> None:
    def found(layout: Format) -> tuple[object, ...]:
        read = Rows("t.csv", Sheet("", tuple(_COMMON), iter(rows)), layout, "t", "UTC")
        try:
            return *read.pages(), read.bare_dates
        except Refused as error:
            return (str(error),)

    assert found(FORMAT) == found(replace(FORMAT, page=None))
