"""What a source says of a row may be written otherwise in a later export: it stays the same row."""

import csv
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from importers import ahead
from importers.base import Refused
from pipeline.model import RawRecord

KOINLY = (
    "Date,Type,Tag,Sending Wallet,Sent Amount,Sent Currency,Sent Cost Basis,Receiving Wallet,Received Amount,"
    "Received Currency,Received Cost Basis,Fee Amount,Fee Currency,Gain (EUR),Net Value (EUR),Fee Value (EUR),TxSrc,"
    "TxDest,TxHash,Description\n"
    "2025-01-04 10:00:00 UTC,crypto_deposit,{tag},,,,,Kraken,0.5,DOT,{cost},,,,{cost},,,,,\n"
)
ETHERSCAN = (
    '"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)","From","To","ContractAddress","Value_IN(ETH)",'
    '"Value_OUT(ETH)","CurrentValue @ ${price}/Eth","TxnFee(ETH)","TxnFee(USD)","Historical $Price/Eth","Status",'
    '"ErrCode","Method"\n'
    '"0xaa","1","1675300000","2023-02-02 01:06:40","0x{mine}","0x{shop}","","0","1",'
    '"{price}","0.002","3","1600","","",""\n'
)
LEDGER = "Operation Date,Currency Ticker,Operation Type,Operation Amount,Operation Fees,Operation Hash,Account Name"
LEDGER_2020 = f"{LEDGER},Account id\n2020-01-05T10:00:00.000Z,BTC,IN,0.5,0.001,aa,Bitcoin 1,js:2:bitcoin:xpub\n"
LEDGER_2022 = f"{LEDGER},Account xpub,Status\n2020-01-05T10:00:00.000Z,BTC,IN,0.5,0.001,aa,My coins,xpub,Confirmed\n"
TOKENS = '"From","To","{value}","ContractAddress","TokenName","TokenSymbol"\n'
DATED = '"1600000000","2020-09-13 12:26:40",'
TOKEN = f'{DATED}"0x{"cd" * 20}","0x{"ab" * 20}","400","0xef","Uniswap","UNI"\n'
TOKENS_2021 = f'"Txhash","UnixTimestamp","DateTime",{TOKENS.format(value="Value")}"0xaa",{TOKEN}'
HEAD_2024 = f'"Transaction Hash","Blockno","UnixTimestamp","DateTime (UTC)",{TOKENS.format(value="TokenValue")}'
TOKENS_2024 = f'{HEAD_2024}"0xaa","7",{TOKEN}'
MINE, SHOP = "ab" * 20, "cd" * 20


def records(folder: Path, name: str, text: str) -> list[RawRecord]:
    path = folder / name
    path.write_text(text)
    return [record for page in ahead.read(path).pages for record in page.records]


@pytest.mark.parametrize(
    ("name", "before", "after", "same"),
    [
        ("k.csv", KOINLY.format(tag="", cost="2"), KOINLY.format(tag="", cost="3"), True),
        ("k.csv", KOINLY.format(tag="", cost="2"), KOINLY.format(tag="Reward", cost="2"), False),
        (
            f"export-0x{MINE}.csv",
            ETHERSCAN.format(price="1", mine=MINE, shop=SHOP),
            ETHERSCAN.format(price="2", mine=MINE, shop=SHOP),
            True,
        ),
        ("e.csv", TOKENS_2021, TOKENS_2024, True),
        ("l.csv", LEDGER_2020, LEDGER_2022, False),
    ],
    ids=["another value today", "another label", "a price in the head of a column", "renamed columns", "new columns"],
)
def test_a_row_that_is_written_otherwise_later_is_the_same_row(
    tmp_path: Path, name: str, before: str, after: str, same: bool
) -> None:
    """With new contents where what it says has changed, so that a label given there later counts here."""
    (first,), (later,) = (records(tmp_path, name, text) for text in (before, after))
    assert (first.account, first.source_id) == (later.account, later.source_id)
    assert (first.digest == later.digest) is same


def test_the_files_of_an_address_are_of_one_account_named_after_it(tmp_path: Path) -> None:
    (row,) = records(tmp_path, f"export-0x{MINE.upper()}.csv", ETHERSCAN.format(price="1", mine=MINE, shop=SHOP))
    assert row.account == f"0x{MINE}"
    given = ahead.read(tmp_path / f"export-0x{MINE.upper()}.csv", "my wallet")
    assert {record.account for page in given.pages for record in page.records} == {"my wallet"}


BINANCE = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n"
BOUGHT = '"1","2021-05-01 10:00:00","Spot","Buy","DOGE","250.00000000",""\n' \
         '"1","2021-05-01 10:00:00","Spot","Sell","ETH","-0.123456789012345678",""\n' \
         '"1","2021-05-01 10:00:00","Spot","Fee","BNB","-0.00001000",""\n'  # fmt: skip
FILLS = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee\n2022-01-04 10:11:12,BTCEUR,BUY,{price},{size}BTC,400EUR,0BTC\n"


def test_an_export_that_a_spreadsheet_program_saved_anew_is_the_same_rows(tmp_path: Path) -> None:
    """With fewer digits, other separators and dates as cells: each row would count twice, were it another one."""
    downloaded = records(tmp_path, "book.csv", BINANCE + BOUGHT)
    anew = BOUGHT.replace('"', "").replace(".00000000", "").replace("-0.00001000", "-1E-05")
    anew = anew.replace("012345678", "012345")  # as a program that keeps 15 digits
    saved = records(tmp_path, "book.csv", (BINANCE + anew).replace(",", ";"))
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in csv.reader((BINANCE + anew).splitlines()):
        at = [datetime.fromisoformat(row[1])] if row[0] == "1" else [row[1]]
        book.active.append([row[0], *at, *row[2:5], float(row[5]) if row[0] == "1" else row[5], row[6]])
    book.save(tmp_path / "book.xlsx")
    workbook = [one for page in ahead.read(tmp_path / "book.xlsx").pages for one in page.records]
    for copy in (saved, workbook):
        assert [one.source_id for one in copy] == [first.source_id for first in downloaded]
        assert [one.digest == first.digest for one, first in zip(copy, downloaded, strict=True)] == [True, False, True]


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        (FILLS.format(price='"1,234"', size=1), False),
        (FILLS.format(price="1,234", size=1).replace(",", ";").replace("1;234", "1,234"), True),
        (FILLS.format(price='"1,234"', size=1) + '2022-01-04 10:11:12,BTCEUR,BUY,"0,5",1BTC,400EUR,0BTC\n', True),
    ],
    ids=["thousands", "between semicolons", "beside a decimal comma"],
)
def test_a_comma_that_may_be_a_decimal_one_refuses_the_file(tmp_path: Path, text: str, doubtful: bool) -> None:
    """It would be a thousand times too much."""
    if not doubtful:
        assert len(records(tmp_path, "t.csv", text)) == 1
        return
    with pytest.raises(Refused, match="may be a decimal comma or mark thousands"):
        records(tmp_path, "t.csv", text)
