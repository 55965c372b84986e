"""What a source says of a row may be written otherwise in a later export: it stays the same row."""

from pathlib import Path

import pytest

import importers
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
    return [record for page in importers.read(path).pages for record in page.records]


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
    given = importers.read(tmp_path / f"export-0x{MINE.upper()}.csv", "my wallet")
    assert {record.account for page in given.pages for record in page.records} == {"my wallet"}
