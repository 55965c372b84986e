"""Exports whose times are of the zone that was chosen when they were made, and what only the name of a file tells."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

import importers
from importers import ahead
from importers.base import Refused
from pipeline.model import Parsed, RawRecord
from tests.person import Person

FILL = "UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,Filled Volume," \
       "Filled Volume (USDT),{},Fee,Maker/Taker,Fee Currency\n" \
       "****1234,mainAccount,65a1,BTC-USDT,BUY,MARKET,42000,0.01,420,420,{},0.42,TAKER,USDT\n"  # fmt: skip
TRADE = "Time,Pair,Side,Price,Executed,Amount,Fee\n{},BTCUSDT,BUY,42000,0.01BTC,420USDT,0.42USDT\n"
DEPOSIT = "Date(UTC),Coin,Amount,TransactionFee,Address,TXID,SourceAddress,PaymentID,Status\n" \
          "2021-02-01 10:00:00,XRP,99.75,0,r,CD01,,1,Completed\n"  # fmt: skip


def read(path: Path, text: str, zone: str = "Europe/Berlin") -> tuple[list[RawRecord], Parsed]:
    path.write_text(text)
    reading = ahead.read(path, "mine", zone)
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


BERLIN = "Datum;Typ;Währung;Referenz;Kurs;Menge nach Bitcoin.de-Gebühr;Einheit (Menge nach Bitcoin.de-Gebühr);" \
         "Zu- / Abgang\n"  # fmt: skip


def deposits(*times: str) -> str:
    return BERLIN + "".join(f"{at};Einzahlung;BTC;R{n};0;0;BTC;0.{n}\n" for n, at in enumerate(times, 1))


def instants(parsed: Parsed) -> list[str]:
    """What each row is read as, in the order of the rows."""
    rows = sorted(parsed.transactions, key=lambda t: t.position)
    return [f"{t.at:%d %H:%M}" for t in rows]


TURN = (
    "2024-10-27 01:50:00",
    "2024-10-27 02:10:00",
    "2024-10-27 02:50:00",
    "2024-10-27 02:05:00",
    "2024-10-27 03:00:00",
)
TWICE = "2024-10-27 02:30:00"


@pytest.mark.parametrize(
    ("times", "read_as", "told"),
    [
        (TURN, ["26 23:50", "27 00:10", "27 00:50", "27 01:05", "27 02:00"], ""),
        (TURN[::-1], ["27 02:00", "27 01:05", "27 00:50", "27 00:10", "26 23:50"], ""),
        (("2024-10-27 01:50:00", TWICE, "2024-10-27 03:00:00"), ["26 23:50", "27 00:30", "27 02:00"], "a.csv row 3)"),
        ((TURN[4], TWICE, "2024-10-27 02:10:00", TURN[0]), ["27 02:00", "27 00:30", "27 00:10", "26 23:50"],
         "a.csv row 3, and 1 more)"),
        ((TWICE,), ["27 00:30"], "a.csv row 2)"),
        (("2024-03-31 01:59:59", "2024-03-31 03:00:00"), ["31 00:59", "31 01:00"], ""),
    ],
    ids=["ascending", "newest first", "one alone", "no step back", "nothing else", "around the spring hour"],
)  # fmt: skip
def test_an_hour_that_is_there_twice_is_settled_by_the_order_of_the_rows_or_told(
    tmp_path: Path, times: tuple[str, ...], read_as: list[str], told: str
) -> None:
    records, parsed = read(tmp_path / "a.csv", deposits(*times))
    assert instants(parsed) == read_as
    assert [issue.code for issue in parsed.issues] == ["doubtful_time"] * bool(told)
    for issue in parsed.issues:
        assert told in issue.message and "taken as the first, 00:" in issue.message and ", not 01:" in issue.message
        assert f"`{issue.ref},ID,once`" in issue.remedy and issue.ref in {t.id for t in parsed.transactions}
    first = read(tmp_path / "b.csv", deposits(*times[:1]))[0][0]  # what is found later changes nobody's id
    assert first.source_id == records[0].source_id


@pytest.mark.parametrize(
    ("name", "text", "zone", "cure"),
    [
        ("a.csv", deposits("2024-03-30 12:00:00", "2024-03-31 02:30:00"), "UTC", "[date] zone (--map FILE.toml)"),
        ("t.csv", TRADE.format("24-03-31 02:30:00"), "Europe/Berlin", "as in 'trades(UTC).csv' or 'trades(UTC+2).csv'"),
    ],
    ids=["the exchange's zone", "the own zone"],
)  # fmt: skip
def test_an_hour_that_no_clock_showed_refuses_the_file_for_its_zone_is_another(
    tmp_path: Path, name: str, text: str, zone: str, cure: str
) -> None:
    with pytest.raises(Refused, match="24-03-31 02:30:00") as refused:
        read(tmp_path / name, text, zone)
    said = str(refused.value)
    assert said.startswith(f"{name} row ") and "is an hour that clocks in Europe/Berlin skip" in said and cure in said
    again = "t(UTC+1).csv" if name == "t.csv" else ""
    if again:
        assert instants(read(tmp_path / again, text, zone)[1]) == ["31 01:30"]


def test_such_a_row_of_an_older_import_counts_as_before_and_is_told(tmp_path: Path) -> None:
    (record, *_), _ = read(tmp_path / "a.csv", deposits("2024-03-31 01:30:00"))
    kept = replace(record, payload=record.payload.replace("01:30", "02:30"))
    (parsed,) = importers.parse("bitcoin_de", [kept])
    assert instants(parsed) == ["31 01:30"]
    assert [issue.code for issue in parsed.issues] == ["doubtful_time"]
    assert "all times of that file are of another zone" in parsed.issues[0].message


@pytest.mark.parametrize("zone", ["Europe", "../../etc/passwd", "x" * 5000, "+25:00", "+", ""])
def test_a_zone_that_there_is_not_leaves_its_row_unread(tmp_path: Path, zone: str) -> None:
    """Names of folders among them."""
    (record,), parsed = read(tmp_path / "b.csv", BITVAVO.format(zone))
    assert not parsed.transactions and [issue.code for issue in parsed.issues] == ["unread_record"]
    assert record.source_id == "bv-1"


BITVAVO = "Timezone,Date,Time,Type,Currency,Amount,Quote Currency,Quote Price,Received / Paid Currency," \
          "Received / Paid Amount,Fee currency,Fee amount,Status,Transaction ID\n" \
          "{},2024-05-31,02:30:00,buy,BTC,1,EUR,100,EUR,-101,EUR,1,Completed,bv-1\n"  # fmt: skip


def test_a_time_that_was_the_second_is_written_with_its_zone_and_then_counts_once(tmp_path: Path) -> None:
    """All that the problem's remedy says, in its own words."""
    person = Person(tmp_path)
    person.run("init", "--country", "de")
    person.write("b.csv", deposits(TWICE))
    person.run("import", "b.csv")
    said = person.run("check", code=1).stdout
    found = re.search(r"in the file, (.{25}), and import that again; .* `(\w{16}),ID,once` under `(.*)`, ID", said)
    assert found, said
    person.write("b.csv", deposits(found[1]))
    person.run("import", "b.csv")
    person.run("report", "--year", "2024", "--no-xlsx")
    (new,) = {row["id"] for row in person.rows("transactions.csv", "2024")} - {found[2]}
    person.run("import", person.write("once.csv", f"{found[3]}\n{found[2]},{new},once\n"))
    person.run("report", "--year", "2024", "--no-xlsx")
    assert [row["date"] for row in person.rows("transactions.csv", "2024")] == ["2024-10-27T02:30:00+01:00"]
    assert "doubtful_time" not in person.run("check", code=1).stdout
