"""Recognition, identity and refusal of whole files."""

import csv
import hashlib
import io
import json
import sys
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from importers.base import Format, Refused
from importers.formats import formats, universal
from importers.read import parse, read
from importers.recognition import claims
from importers.rows import PAGE
from pipeline.model import RawRecord
from pipeline.said import pages_of, row_of

HEADER = "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,ID"
ROW = "2025-03-31T14:05:00Z,Kraken,100,EUR,0.01,BTC,,,"


def write(tmp_path: Path, *rows: str, header: str = HEADER, name: str = "t.csv") -> Path:
    path = tmp_path / name
    path.write_bytes("\n".join([header, *rows, ""]).encode())
    return path


def records(path: Path, account: str | None = None) -> list[RawRecord]:
    return [record for page in read(path, account).pages for record in page.records]


def identities(found: list[RawRecord]) -> list[tuple[str, str, str]]:
    return [(record.account, record.source_id, record.digest) for record in found]


def refusal(path: Path, account: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        records(path, account)
    lines = str(caught.value).split("\n")
    assert 1 <= len(lines) <= 3
    assert all(line.isprintable() and len(line) < 600 for line in lines)
    return str(caught.value)


# ---- recognition ----------------------------------------------------------------------------------------------------


def test_every_format_is_found_by_its_file() -> None:
    assert set(formats()) >= {"universal", "prices"}
    assert all(layout.name == name for name, layout in formats().items())


def test_columns_of_the_universal_file_alone_are_enough_for_no_other_layout() -> None:
    """So that such a file is recognised without a look at the others."""
    ours = {column.casefold() for column in universal.FORMAT.columns}
    fits = [
        layout.name
        for layout in formats().values()
        if ours >= {column.casefold() for column in layout.header}
        and (not layout.one_of or ours & {column.casefold() for column in layout.one_of})
    ]
    assert fits == ["universal"]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (HEADER, ["universal"]),
        ("date,RECEIVED AMOUNT", ["universal"]),
        ("Price,Currency,Asset,Date,Volume", ["prices"]),
        ("Date,Asset", []),
        ("Time,Sent Amount", []),
    ],
)
def test_claims(header: str, names: list[str]) -> None:
    assert [layout.name for layout in claims(header.split(","))] == names


def test_unknown_header_is_refused_with_the_known_layouts(tmp_path: Path) -> None:
    text = refusal(write(tmp_path, "1,2", header="refid,time"))
    assert "t.csv: is of no known layout; its header is: refid, time" in text
    assert "universal (Date, Sent Amount or Received Amount)" in text
    assert "prices (Date, Asset, Currency, Price)" in text


def test_the_nearest_layout_is_named_with_what_is_missing(tmp_path: Path) -> None:
    header = "txid,refid,time,type,aclass,asset,amount,balance"
    assert "the nearest known layout is kraken_ledgers, which also has fee" in refusal(write(tmp_path, header=header))


def test_a_column_that_may_say_what_counts_is_not_passed_over(tmp_path: Path) -> None:
    header = "txid,refid,time,type,aclass,asset,amount,fee,balance"
    reading = read(write(tmp_path, header=f"{header},colour"))
    assert list(reading.pages) == []
    assert (reading.format, reading.unknown) == ("kraken_ledgers", ("colour",))
    assert "a column 'Entry Status' that this version does not know" in refusal(
        write(tmp_path, header=f"{header},Entry Status")
    )


def test_empty_cells_behind_the_last_column_pass_in_an_export_alone(tmp_path: Path) -> None:
    """In a file of one's own they may come of a decimal comma: 1,5,BTC and an empty cell."""
    kraken = "L1,R1,2025-01-01 10:00:00,deposit,currency,XXBT,1.0,0.0,1.0,,"
    header = "txid,refid,time,type,aclass,asset,amount,fee,balance"
    assert len(records(write(tmp_path, kraken, header=header))) == 1
    assert "has 4 cells, the header 3; a cell that holds the separator (a decimal comma?) belongs in quotes" in refusal(
        write(tmp_path, "2025-01-01,1,5,", header="Date,Received Amount,Received Currency", name="u.csv")
    )


def test_doubled_heading_is_refused(tmp_path: Path) -> None:
    text = refusal(write(tmp_path, "2025-03-31,1,BTC,,", header="Date,Received Amount,Received Currency,Note,note"))
    assert "names the column 'note' twice" in text


def test_lines_above_the_header_are_passed_over_and_row_numbers_are_the_files_own(tmp_path: Path) -> None:
    path = write(tmp_path, "Me;all of it", "", HEADER, ROW, header="My transactions of 2025")
    (found,) = records(path)
    assert (found.position, found.origin) == (5, "t.csv row 5")
    workbook = openpyxl.Workbook()
    for row in ("My transactions", "", HEADER, ROW):
        workbook.worksheets[0].append(row.split(","))
    workbook.save(tmp_path / "t.xlsx")
    (again,) = records(tmp_path / "t.xlsx", "Kraken")
    assert again.digest == found.digest


def test_header_of_two_layouts_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, header=HEADER + ",Asset,Currency,Price")
    assert "fits the layouts prices and universal" in refusal(path)


def test_two_formats_never_claim_one_header(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = Format("other", 1, frozenset({"Date"}), ("Date",), universal.told)
    recognition = sys.modules["importers.recognition"]
    wanted = [(layout, frozenset({"date"}), frozenset[str]()) for layout in (universal.FORMAT, other)]
    monkeypatch.setattr(recognition, "_wanted", lambda: wanted)
    file = write(tmp_path, ROW, header=f"{HEADER},Batch")  # a column of no layout: all are asked
    assert "fits the layouts universal and other" in refusal(file)


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("Recieved Amount", "Received Amount"),
        ("fee_amount", "Fee Amount"),
        ("Fee", "Fee Amount"),
        ("Lable", "Label"),
        ("Tx Hash", "TxHash"),
        ("Net Worth", "Net Worth Amount"),
        ("Descripton", "Description"),
    ],
)
def test_misspelt_column_is_refused(tmp_path: Path, column: str, meant: str) -> None:
    text = refusal(write(tmp_path, header=f"Date,Sent Amount,Sent Currency,{column}"))
    assert f"the column '{column.casefold()}' is not known; is it '{meant}'?" in text


def test_other_columns_are_kept_and_mean_nothing(tmp_path: Path) -> None:
    header = "Comment,date,received amount,RECEIVED CURRENCY,Account,Account ID"
    (found,) = records(write(tmp_path, "hello,2025-03-31,1,BTC,Kraken,77", header=header))
    assert json.loads(found.payload) == {
        "Comment": "hello",
        "date": "2025-03-31",
        "received amount": "1",
        "RECEIVED CURRENCY": "BTC",
        "Account": "Kraken",
        "Account ID": "77",
    }


def test_two_sheets_that_could_be_read_are_refused(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    for title in ("Trades", "Rewards"):
        workbook.create_sheet(title).append(HEADER.split(","))
    workbook.save(tmp_path / "t.xlsx")
    assert "the sheets 'Trades' and 'Rewards' could both be read" in refusal(tmp_path / "t.xlsx")


def test_the_one_sheet_with_a_known_header_is_read(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.worksheets[0].append(["Read me first"])
    workbook.create_sheet("Trades").append(HEADER.split(","))
    workbook.worksheets[1].append([datetime(2025, 3, 31), "Kraken", None, None, 0.5, "BTC"])  # noqa: DTZ001
    workbook.save(tmp_path / "t.xlsx")
    (found,) = records(tmp_path / "t.xlsx")
    assert found.origin == "t.xlsx row 2"


# ---- records --------------------------------------------------------------------------------------------------------


def test_a_record(tmp_path: Path) -> None:
    path = write(tmp_path, "", ROW + "7")
    result = read(path)
    page, rest = result.pages
    (found,) = page.records
    assert page.cursor is None and page.said == [] and rest.records == [] and rest.cursor is None
    assert [(one.account, one.count) for one in rest.said] == [("Kraken", 1)]
    assert (result.name, result.format) == ("t.csv", "universal")
    assert result.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.source, found.stream, found.source_id, found.position) == ("universal", "rows", "7", 3)
    assert (found.account, found.origin) == ("Kraken", "t.csv row 3")
    assert found.payload == (
        '{"Date":"2025-03-31T14:05:00Z","Account":"Kraken","Sent Amount":"100","Sent Currency":"EUR",'
        '"Received Amount":"0.01","Received Currency":"BTC","ID":"7"}'
    )


def test_account_is_the_cell_else_the_argument_else_the_stem(tmp_path: Path) -> None:
    path = write(tmp_path, ROW, ROW.replace("Kraken", " "), name="My wallet.v2.csv")
    assert [record.account for record in records(path)] == ["Kraken", "My wallet.v2"]
    assert [record.account for record in records(path, "Cold")] == ["Kraken", "Cold"]
    assert "the account" in refusal_of_account(path, "a\nb")
    assert "has no name" in refusal_of_account(path, " ")


def refusal_of_account(path: Path, account: str) -> str:
    with pytest.raises(Refused) as caught:
        read(path, account)
    return str(caught.value)


def test_a_file_name_that_is_no_account_is_refused_where_it_is_needed(tmp_path: Path) -> None:
    path = write(tmp_path, ROW.replace("Kraken", ""), name="a" * 120 + ".csv")
    assert "give --account NAME" in refusal(path)
    assert records(path, "Kraken")[0].account == "Kraken"


def test_pages_hold_so_many_records_and_the_last_what_is_left(tmp_path: Path) -> None:
    path = write(tmp_path, *(ROW.replace("0.01", str(n)) for n in range(1, 10_002)))
    pages = list(read(path).pages)
    assert [len(page.records) for page in pages] == [PAGE] * 5 + [1, 0]
    assert sum(said.count for page in pages for said in page.said) == 10_001


def test_header_without_rows_and_empty_file(tmp_path: Path) -> None:
    assert records(write(tmp_path)) == []
    (tmp_path / "t.csv").write_bytes(b"")
    assert "t.csv: is empty" in refusal(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_bytes(b"\n\n")
    assert "t.csv: has no header line" in refusal(tmp_path / "t.csv")


def test_a_reading_that_nobody_reads_closes_its_file(tmp_path: Path) -> None:
    result = read(write(tmp_path, ROW))  # a file left open is a warning, and warnings fail
    del result


# ---- identity -------------------------------------------------------------------------------------------------------

ROWS = [
    ["2025-03-31T14:05:00Z", "Kraken", "100", "EUR", "0.01", "BTC", "", "", ""],
    ["2025-03-31T14:05:00Z", "Kraken", "100", "EUR", "0.01", "BTC", "", "", ""],
    ["2025-04-01T00:00:00Z", "Kraken", "", "", "2.5", "ETH", "0.1", "EUR", "abc"],
]


def test_one_file_saved_in_many_ways_gives_the_same_records(tmp_path: Path) -> None:
    path = write(tmp_path, *(",".join(row) for row in ROWS))
    first = identities(records(path))
    assert len(set(first)) == 3
    again = [
        *("Received Amount;Date;Empty;Account;SENT AMOUNT;sent currency;Received Currency;Fee Amount;Fee Currency;id",),
        *("0.010;2025-03-31 16:05:00+02:00;;Kraken;100.00;eur;btc;;;",) * 2,
        "2.50;2025-04-01;;Kraken;0;EUR;ETH;1e-1;EUR;abc",
    ]
    (tmp_path / "t2.csv").write_bytes(("\r\n".join(again) + "\r\n").encode("utf-16"))
    assert identities(records(tmp_path / "t2.csv")) == first

    workbook = openpyxl.Workbook()
    workbook.worksheets[0].append(HEADER.split(","))
    for row in ROWS:
        at = datetime.fromisoformat(row[0][:-1])
        numbers = [float(text) if text and n in (2, 4, 6) else text or None for n, text in enumerate(row)]
        workbook.worksheets[0].append([at, *numbers[1:]])
    workbook.save(tmp_path / "t.xlsx")
    assert identities(records(tmp_path / "t.xlsx")) == first


def test_a_longer_version_of_a_file_adds_only_what_is_new(tmp_path: Path) -> None:
    old = identities(records(write(tmp_path, *(",".join(row) for row in ROWS))))
    new_row = "2025-01-01,Kraken,1,EUR,1,BTC,,,"
    new = identities(
        records(write(tmp_path, new_row, *(",".join(row) for row in ROWS), ",".join(ROWS[0]), name="n.csv"))
    )
    assert set(old) < set(new)
    assert len(new) == len(set(new)) == 5


def test_a_column_the_user_added_changes_no_identity(tmp_path: Path) -> None:
    plain = identities(records(write(tmp_path, ROW)))
    assert identities(records(write(tmp_path, ROW + ",checked", header=HEADER + ",My note"))) == plain


def test_identical_rows_are_told_apart_within_their_account(tmp_path: Path) -> None:
    found = records(write(tmp_path, ROW, ROW.replace("Kraken", "Cold"), ROW))
    assert [record.source_id.partition("#")[2] for record in found] == ["1", "1", "2"]


def test_one_id_with_the_same_content_counts_once(tmp_path: Path) -> None:
    assert len(records(write(tmp_path, ROW + "7", ROW.replace("0.01", "0.010") + "7"))) == 1


def test_one_id_with_two_contents_is_refused(tmp_path: Path) -> None:
    text = refusal(write(tmp_path, ROW + "7", ROW.replace("0.01", "0.02") + "7"))
    assert text.startswith("t.csv row 3: ID '7' stands above with another content; an ID is unique within its account")


def test_ids_of_two_accounts_are_two(tmp_path: Path) -> None:
    assert len(records(write(tmp_path, ROW + "7", ROW.replace("Kraken", "Cold").replace("0.01", "0.02") + "7"))) == 2


# ---- refusal --------------------------------------------------------------------------------------------------------


def test_a_bad_row_refuses_the_whole_file(tmp_path: Path) -> None:
    good = [ROW.replace("0.01", str(n)) for n in range(1, 40)]
    text = refusal(write(tmp_path, *good, ROW.replace("0.01", "NaN"), *good))
    assert text == (
        "t.csv row 41: Received Amount 'NaN' should be a plain number such as 1234.56 "
        "(decimal point, no thousands separator)"
    )


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (HEADER, "Sent Amount 'Sent Amount' should be a plain number"),
        ("2025-03-31,Kraken,1,5,EUR,0,01,BTC,,", "has 10 cells, the header 9"),
        ('2025-03-31,Kraken,"1,5",EUR,"0,01",BTC,,,', "Sent Amount '1,5' should be a plain number"),
        ('2025-03-31,Kraken,1,"EUR,0.01,BTC,,,', "a quote"),
        ("2025-03-31,Kraken,1,EUR,Infinity,BTC,,,", "Received Amount 'Infinity'"),
        ("2025-03-31,Kraken,1,EUR,0.01,,,,", "Received Amount '0.01' has no Received Currency"),
        ("31.03.2025,Kraken,1,EUR,0.01,BTC,,,", "should be ISO 8601"),
        ("2025-03-31,Kraken,1,BTC,1,BTC,,,", "a transfer is two rows"),
        ("2025-03-31,,,,,,,,", "are both empty or 0"),
        ("2025-03-31,Kraken,1,EUR,0.01,BTC,,,\0", "NUL"),
    ],
)
def test_malformed_rows_between_good_ones(tmp_path: Path, bad: str, says: str) -> None:
    text = refusal(write(tmp_path, ROW, bad, ROW.replace("0.01", "0.02")))
    assert says in text
    assert "t.csv row 3" in text or "t.csv line 3" in text


@pytest.mark.parametrize(
    ("bad", "end"), [(1, ""), (3, ""), (4, " (and 1 more row)"), (30, " (and 27 more rows)"), (2000, "more rows)")]
)
def test_at_most_three_lines(tmp_path: Path, bad: int, end: str) -> None:
    text = refusal(write(tmp_path, ROW, *[ROW.replace("0.01", "-1")] * bad, ROW))
    assert text.count("\n") == min(bad, 3) - 1
    assert text.endswith(end)


def test_no_page_follows_a_problem(tmp_path: Path) -> None:
    good = [ROW.replace("0.01", str(n)) for n in range(1, 12_000)]
    pages = read(write(tmp_path, *good[: PAGE + 1000], ROW.replace("0.01", "x"), *good[PAGE + 1000 :])).pages
    assert len(next(pages).records) == PAGE
    with pytest.raises(Refused):
        next(pages)


def test_a_table_that_breaks_after_a_bad_row_tells_both(tmp_path: Path) -> None:
    text = refusal(write(tmp_path, ROW.replace("0.01", "x"), ROW, ROW + ',"open'))
    assert "row 2: Received Amount 'x'" in text
    assert "row 4: a quote is opened and never closed" in text


def test_long_and_hostile_cells_are_shown_short_and_escaped(tmp_path: Path) -> None:
    text = refusal(write(tmp_path, ROW.replace("0.01", "\x1b]0;x\x07" + "9" * 5000), name="t\x1b.csv"))
    assert text.startswith(r"t\x1b.csv row 2: Received Amount '\x1b]0;x\x07999")


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "<script>",
    "'; DROP TABLE raw;--",
    "../../etc",
    "a\u202eb",
    "💥" * 9,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_taken_as_they_are(tmp_path: Path, text: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["2025-03-31", text, "1", text, text, text, text])
    path = write(
        tmp_path, out.getvalue(), header="Date,Account,Received Amount,Received Currency,Description,TxHash,ID"
    )
    stored = records(path)
    (found,) = next(parse("universal", stored)).transactions
    assert found.received is not None
    expected = text.strip()
    assert found.received.asset == expected.upper() if expected.isascii() and expected.isalnum() else expected
    assert (found.account, found.description, found.txhash, found.source_id) == (expected,) * 4


def test_rows_of_an_unknown_format_cannot_be_parsed() -> None:
    with pytest.raises(Refused):
        next(parse("gone", []))


def test_a_renamed_coin_is_kept_as_it_is_written_and_read_as_the_ledger_names_it(tmp_path: Path) -> None:
    """The identity is what it was before anything was renamed: a file that was imported then adds nothing now."""
    path = write(
        tmp_path, "2018-01-05T12:00:00Z,,100,EUR,5,XRB,0.1,LUNA,", "2018-01-05T12:00:00Z,Bitfinex,100,USD,5,UST,,,"
    )
    pages = list(read(path, "Kraken").pages)
    kept = [record for page in pages for record in page.records]
    assert [(r.source_id, r.digest) for r in kept] == [
        ("c44b643960d394b53dca7ea8c1bb4586#1", "c67ad9ee295904903b7528d5ede13b28"),
        ("6001e11cd3067d132cdb589f2b917d83#1", "7532c1dc8a85ffbf2ac3aa3e651ca428"),
    ]
    transactions = [t for parsed in parse("universal", kept) for t in parsed.transactions]
    assert [(t.received and t.received.asset, t.fee and t.fee.asset) for t in transactions] == [
        ("XNO", "LUNC"),
        ("UST", None),  # or Tether, as Bitfinex writes it
    ]
    assert [said for page in pages for said in page.said] == [
        said for one in transactions for said in pages_of(one.account, [row_of(one)])
    ]


def test_a_price_is_of_the_coin_that_its_code_meant_on_the_day(tmp_path: Path) -> None:
    path = write(tmp_path, "2018-01-05,XRB,USD,20", "2022-05-01,LUNA,USD,80", header="Date,Asset,Currency,Price")
    assert [price.asset for price in read(path).prices] == ["XNO", "LUNC"]
