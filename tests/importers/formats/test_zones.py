"""Exports whose times are of the zone that was chosen when they were made, and what only the name of a file tells."""

from pathlib import Path

import pytest

import importers
from pipeline.model import Parsed, RawRecord

FILL = "UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,Filled Volume," \
       "Filled Volume (USDT),{},Fee,Maker/Taker,Fee Currency\n" \
       "****1234,mainAccount,65a1,BTC-USDT,BUY,MARKET,42000,0.01,420,420,{},0.42,TAKER,USDT\n"  # fmt: skip
TRADE = "Time,Pair,Side,Price,Executed,Amount,Fee\n{},BTCUSDT,BUY,42000,0.01BTC,420USDT,0.42USDT\n"
DEPOSIT = "Date(UTC),Coin,Amount,TransactionFee,Address,TXID,SourceAddress,PaymentID,Status\n" \
          "2021-02-01 10:00:00,XRP,99.75,0,r,CD01,,1,Completed\n"  # fmt: skip


def read(path: Path, text: str, zone: str = "Europe/Berlin") -> tuple[list[RawRecord], Parsed]:
    path.write_text(text)
    reading = importers.read(path, "mine", zone)
    records = [record for page in reading.pages for record in page.records]
    (parsed,) = importers.parse(reading.format, records)
    return records, parsed


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("a.csv", FILL.format("Filled Time(UTC+01:00)", "2024-01-15 10:00:00")),
         ("b.csv", FILL.format("Filled Time(UTC-05:30)", "2024-01-15 03:30:00"))),
        (("a.csv", FILL.format("Filled Time(UTC)", "2024-01-15 09:00:00")),
         ("b.csv", FILL.format("Filled Time", "2024-01-15 17:00:00"))),
        (("Trade-History(UTC+1)-part1.csv", TRADE.format("24-01-15 10:00:00")),
         ("Trade-History(UTC--6)_ab.csv", TRADE.format("2024-01-15 03:00:00"))),
        (("trades.csv", TRADE.format("24-01-15 10:00:00")), ("trades(UTC).csv", TRADE.format("24-01-15 09:00:00"))),
    ],
    ids=["zones of a column", "a column without a zone", "zones of names", "the own zone"],
)  # fmt: skip
def test_an_export_made_in_another_zone_is_the_same_records(
    tmp_path: Path, first: tuple[str, str], second: tuple[str, str]
) -> None:
    (one,), parsed = read(tmp_path / first[0], first[1])
    (same,), again = read(tmp_path / second[0], second[1])
    assert (one.source_id, one.digest) == (same.source_id, same.digest)
    assert [t.at.isoformat() for t in parsed.transactions] == ["2024-01-15T09:00:00+00:00"]
    assert parsed.transactions[0].at == again.transactions[0].at


def test_a_file_that_got_the_name_which_tells_its_side_is_read_anew(tmp_path: Path) -> None:
    (unnamed,), nothing = read(tmp_path / "binance.csv", DEPOSIT)
    (named,), parsed = read(tmp_path / "Deposit history.csv", DEPOSIT)
    assert [issue.code for issue in nothing.issues] == ["unread_record"]
    assert named.source_id == unnamed.source_id
    assert named.digest != unnamed.digest
    assert [str(t.received.quantity) for t in parsed.transactions if t.received] == ["99.75"]
