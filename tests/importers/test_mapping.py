"""Tables of any layout, read as a mapping says: what it may say, and that a row counts once whatever it says later."""

import json
import re
from pathlib import Path

import openpyxl
import pytest

from importers import ahead
from importers.base import Refused, RowError
from importers.formats import universal
from importers.mapped import cells_of, skipped, where
from importers.mapping import Mapped, read
from pipeline.ledger import Ledger
from pipeline.said import said_by
from tests.person import ROOT, Person

README = (ROOT / "README.md").read_text(encoding="utf-8")
COLUMNS = '[columns]\nDate = "Time"\nAmount = "Change"\nCurrency = "Coin"\n'


def mapping(tmp_path: Path, text: str) -> Mapped:
    path = tmp_path / "m.toml"
    path.write_text(text, encoding="utf-8")
    return read(path)


# ---- what it may say --------------------------------------------------------------------------

ONE = {"time": "2025-03-31 14:05", "change": "-0.5", "coin": "btc"}
TRADE = (
    '[columns]\nDate = "Time"\nAmount = "Size"\nPair = "Market"\nTotal = "Sum"\nSide = "Type"\n"Fee Amount" = "Fee"\n'
)
BOUGHT = {"time": "2025-03-31", "size": "2", "market": "BTC-EUR", "sum": "60000", "type": "BUY", "fee": "-1.5 EUR"}
MORE = '[side]\nreceived = ["Buy"]\nsent = "Sell"\n[pair]\nseparator = "-"\n[numbers]\nwithout_sign = ["Fee Amount"]\n'
BANK = (
    '[columns]\nDATE = ["Day", "Clock"]\n"sent amount" = "Debit"\n"Sent Currency" = "Unit"\n'
    '"Received Amount" = "Credit"\n'
    '"Received Currency" = "Unit"\nDescription = ["Kind", "Note"]\nLabel = "Kind"\nID = "No"\nTxHash = "Ref"\n'
    '[date]\nformat = ["%d/%m/%y %I:%M %p", "iso"]\nzone = "-05:00"\n[labels]\nBonus = "cashback"\nMove = ""\n'
    '[constant]\nAccount = "Bank"\n'
)


DEBIT = {"day": "2025-03-31", "debit": "3", "unit": "BTC"}


@pytest.mark.parametrize(
    ("text", "row", "said"),
    [
        (COLUMNS, ONE, "2025-03-31T14:05:00 sent 0.5 BTC"),
        (COLUMNS, ONE | {"change": " + 1e2"}, "Change '+ 1e2' is no number"),
        (COLUMNS, ONE | {"change": "1,234.5"}, "say in [numbers] of m.toml how it is written"),
        (COLUMNS + '[numbers]\nthousands = ","', ONE | {"change": "$1,234.5"}, "received 1234.5 BTC"),
        (COLUMNS + '[numbers]\nthousands = ","', ONE | {"change": "1,23"}, "Change '1,23' is no number"),
        (COLUMNS + '[numbers]\ndecimal = ","', ONE | {"change": "1.234"}, "Change '1.234' has a point"),
        (COLUMNS + '[numbers]\ndecimal = ","', ONE | {"change": "\u22121,50"}, "sent 1.5 BTC"),
        (COLUMNS + '[numbers]\ndecimal = ","\nthousands = " "', ONE | {"change": "(1\u202f234,5)"}, "sent 1234.5 BTC"),
        (COLUMNS.replace('Currency = "Coin"\n', ""), ONE | {"change": "-0.5 BTC"}, "sent 0.5 BTC"),
        (COLUMNS.replace('Currency = "Coin"\n', ""), ONE, "is no amount with its currency; map Currency in m.toml"),
        (COLUMNS.replace('"Coin"\n', '"Coin"\n[constant]\nLabel = "spend"'), ONE, "sent 0.5 BTC spend"),
        (COLUMNS, ONE | {"coin": ""}, "Change (Sent Amount) '0.5' has no Sent Currency beside it"),
        (COLUMNS, ONE | {"change": "0"}, "Sent Amount and Received Amount are both empty or 0"),
        (COLUMNS, ONE | {"time": "31.3.2025"}, "Time '31.3.2025' is not written as iso; say in [date] format"),
        (COLUMNS + '[date]\nzone = "Europe/Berlin"', ONE, "2025-03-31T12:05:00 sent"),
        (COLUMNS + '[date]\nzone = "+02:00"', ONE | {"time": "2025-03-31T14:05:00Z"}, "2025-03-31T14:05:00 sent"),
        (COLUMNS + '[date]\nformat = "%Y-%d-%m"', ONE | {"time": "2025-03-04"}, "2025-04-03T00:00:00 sent"),
        (COLUMNS + '[date]\nformat = "%Y-%d-%m"', ONE | {"time": "2025-03-13"}, "is not written as %Y-%d-%m"),
        (COLUMNS + '[date]\nformat = "seconds"', ONE | {"time": "1743429900"}, "2025-03-31T14:05:00 sent"),
        (TRADE + MORE, BOUGHT, "2025-03-31T00:00:00 sent 60000 EUR received 2 BTC fee 1.5 EUR"),
        (TRADE + MORE, BOUGHT | {"type": "sell"}, "sent 2 BTC received 60000 EUR fee 1.5 EUR"),
        (TRADE + MORE, BOUGHT | {"size": "-2", "fee": ""}, "Size '-2' is negative, and received by Type"),
        (TRADE + MORE, BOUGHT | {"type": "Short"}, "Type 'Short' is not in [side] of m.toml"),
        (TRADE + MORE, BOUGHT | {"market": "BTC/EUR"}, "'BTC/EUR' is no pair with one '-'; say in [pair] separator of"),
        (TRADE + MORE, BOUGHT | {"size": "0"}, "Size '0' is nothing, beside Sum 60000"),
        (TRADE + MORE.replace("[numbers]\nwithout_sign", "[table]\nchanging"), BOUGHT, "Fee '-1.5 EUR'"),
        (
            BANK,
            {"day": "31/03/25", "clock": "2:05 PM", "credit": "0.1", "debit": "0", "unit": "BTC", "kind": "bonus",
             "note": "March", "no": "7", "ref": "ab"},
            "2025-03-31T19:05:00 received 0.1 BTC cashback bonus March ab of Bank 7",
        ),
        (BANK, DEBIT | {"kind": "Move"}, "2025-03-31T05:00:00 sent 3 BTC Move of"),
        (BANK, DEBIT | {"kind": "Gift"}, "'Gift' is not in [labels] of m.toml"),
        (BANK, DEBIT | {"debit": "-3"}, "Debit '-3' should not be negative"),
        (COLUMNS + '[skip]\ncolumn = "State"\nwords = "bad"', ONE | {"state": "BAD"}, "skipped"),
        (COLUMNS + '[take]\ncolumn = "State"\nwords = "good"', ONE | {"state": "so"}, "'so' is in neither [take] nor"),
    ],
)  # fmt: skip
def test_a_row_says_what_the_mapping_makes_of_it_or_is_refused(
    text: str, row: dict[str, str], said: str, tmp_path: Path
) -> None:
    by_hand = mapping(tmp_path, text)
    try:
        if skipped(by_hand, row):
            found = "skipped"
        else:
            t = universal.row(cells_of(by_hand, row))
            at, *amounts, worth, _, label, words, txhash = said_by(t)
            sides = [f"{word} {n} {unit}" for word, n, unit in
                     zip(("sent", "received", "fee"), amounts[::2], amounts[1::2], strict=False) if n]  # fmt: skip
            assert worth is None
            parts = [str(at)[:19], *sides, label, words, txhash, t.account and f"of {t.account} {t.source_id}"]
            found = " ".join(str(part) for part in parts if part)
    except RowError as error:
        found = str(where(by_hand, error))
    assert said in found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[columns", "is not valid TOML: "),
        ("[colums]\n", "the section [colums] is not known; is it [columns]?"),
        ("columns = 1", "columns is a section of its own: [columns], and its keys below"),
        ('[columns]\nAmount = "A"', "[columns] names no Date"),
        ('[columns]\nDate = "A"', "[columns] names no amount; add Amount (with a sign), or Sent Amount and"),
        ('[columns]\n"Recieved Amount" = "A"', "the key Recieved Amount is not known; is it Received Amount?"),
        ('[columns]\nColour = "A"', "[columns]: the key Colour is not known; there are: Date, Account,"),
        ('[columns]\nDate = "A"\ndate = "B"', "[columns]: date is there twice"),
        ("[columns]\nDate = 5", '[columns] Date: should be a text or a list of texts, Date = ["...", "..."]'),
        ('[columns]\nAmount = ["A", "B"]', "[columns] Amount: is one column; only Date and Description"),
        (COLUMNS + '"Fee Amount" = "change"', "the column 'change' is Amount and Fee Amount; it can be one of them"),
        (COLUMNS + '"Sent Amount" = "A"', "Amount and Sent Amount say the same; remove one"),
        (COLUMNS + 'Pair = "Market"', "Pair and Currency say the same; remove one"),
        (COLUMNS + 'Side = "Type"', "Side needs its words"),
        (COLUMNS + '[side]\nsent = ["x"]', "[side] goes with Side, which [columns] does not name"),
        (COLUMNS + '[side]\nsent = ["x"]\nreceived = ["X"]', "[side]: 'X' is both received and sent"),
        (COLUMNS + '[labels]\nx = "gift"', "[labels] goes with Label, which [columns] does not name"),
        (COLUMNS + 'Label = "K"\n[labels]\nx = "present"', "[labels] x: should be one of reward,"),
        (COLUMNS + '[constant]\nCurrency = "BTC"', "Currency stands in [columns] and in [constant]"),
        (COLUMNS + '[constant]\nDate = "2025"', "[constant]: the key Date is not known; there are: Account,"),
        (COLUMNS + '[date]\nzone = "Europe/Berln"', "[date] zone: 'Europe/Berln' is not known"),
        (COLUMNS + '[date]\nformat = "%d.%m"', "[date] format: '%d.%m' tells no whole date"),
        (COLUMNS + '[date]\nformat = "%d.%m.%Y %Q"', "[date] format: '%d.%m.%Y %Q' is no pattern"),
        (COLUMNS + '[date]\nformat = "%d.%m.%Y %I:%M"', "reads 14:05 as 02:05; %I needs %p"),
        (COLUMNS + '[numbers]\ndecimal = ";"', '[numbers] decimal: should be "." or ","'),
        (COLUMNS + '[numbers]\ndecimal = ","\nthousands = ","', "decimal and thousands are the same sign"),
        (COLUMNS + '[numbers]\nwithout_sign = ["Amount"]', "Amount tells its side by its sign; map Side"),
        (COLUMNS + '[skip]\ncolumn = "S"', "[skip]: has no words"),
        (COLUMNS + '[table]\nchanging = ["coin"]', "[table] changing: 'coin' is the Currency"),
        (COLUMNS + '[table]\nnewest_first = "yes"', "newest_first: should be true or false"),
    ],
)
def test_a_mistake_in_a_mapping_is_told_by_key_and_cure(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        mapping(tmp_path, text)
    assert str(refused.value).startswith("m.toml: ") and says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_column_that_the_table_lacks_is_told_and_lines_above_the_header_are_passed_over(tmp_path: Path) -> None:
    by_hand = mapping(tmp_path, COLUMNS + '[skip]\ncolumn = "Status"\nwords = ["x"]')
    table = tmp_path / "t.csv"
    table.write_text("My exchange;;\n\nTime;Coin;Change;Sttus\n2025-03-31;BTC;1;ok\n")
    with pytest.raises(Refused, match=r"^t\.csv: has no column 'Status', of which m\.toml speaks; is it 'Sttus'\?$"):
        ahead.read(table, mapping=by_hand)
    book = openpyxl.Workbook()
    for title in ("Spot", "Earn"):
        for row in (["My exchange"], ["Time", "Coin", "Change", "Status"]):
            book.create_sheet(title) if title not in book.sheetnames else None
            book[title].append(row)
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(Refused, match=r"the sheets 'Spot' and 'Earn' both have the columns of m\.toml"):
        ahead.read(tmp_path / "t.xlsx", mapping=by_hand)


def test_another_process_reads_the_same_of_a_mapped_table(tmp_path: Path) -> None:
    by_hand = mapping(tmp_path, COLUMNS + '[skip]\ncolumn = "Status"\nwords = ["x"]\n[table]\nnewest_first = true')
    table = tmp_path / "t.csv"
    table.write_text("Time,Coin,Change,Status\n2025-03-31,BTC,1,ok\n2025-03-31,BTC,1,ok\n2025-03-30,BTC,2,X\n")
    here, there = ahead.read(table, mapping=by_hand), ahead.read(table, mapping=by_hand, big=1)
    pages = list(there.pages)
    assert pages == list(here.pages)
    assert (there.bare_dates(), there.passed()) == (2, {"skipped, as m.toml says": 1})
    positions = [record.position for record in pages[0].records]
    assert positions == sorted(positions, reverse=True)


# ---- what a row is ----------------------------------------------------------------------------

HEADER = "When,Kind,Coin,Change,Fee,State,Balance\n"
ROWS = (
    "2025-03-01 12:00,Deposit,EUR,1000,0,done,1000\n"
    "2025-03-02 12:00,Deposit,EUR,5,0,done,1005\n2025-03-02 12:00,Deposit,EUR,5,0,done,1005\n"
    "2025-03-03 12:00,Bonus,BTC,0.5,0.1,failed,0.5\n"
)
MAP = (
    '[columns]\nDate = "When"\nAmount = "Change"\nCurrency = "Coin"\n[constant]\nAccount = "Mine"\n'
    '[table]\nchanging = ["Balance"]\n'
)


def rows(person: Person) -> list[tuple[object, ...]]:
    with Ledger.open(person.data, create=False) as ledger:
        return [said_by(t) for t in sorted(ledger.transactions(), key=lambda t: (t.at, t.source_id))]


def test_a_row_counts_once_whatever_the_table_and_the_mapping_say_of_it_later(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.write("t.csv", HEADER + ROWS)
    person.write("m.toml", MAP)
    command = ("import", "t.csv", "--map", "m.toml")
    assert "t.csv: 4 rows, 4 new" in person.run(*command).stdout
    first = rows(person)
    assert [row[3:5] for row in first] == [("1000", "EUR"), ("5", "EUR"), ("5", "EUR"), ("0.5", "BTC")]
    # A longer version, in which a balance differs; the table saved with semicolons.
    longer = HEADER + ROWS.replace(",1005\n", ",1006\n", 1) + "2025-03-04 12:00,Deposit,EUR,7,0,done,1012\n"
    person.write("t.csv", longer.replace(",", ";"))
    assert "t.csv: 5 rows, 1 new" in person.run(*command).stdout
    # A mapping that reads the rows otherwise is a correction of the same rows, and is asked for.
    better = MAP.replace("[constant]", '"Fee Amount" = "Fee"\n"Fee Currency" = "Coin"\n[constant]')
    better += '[skip]\ncolumn = "State"\nwords = ["failed"]\n[date]\nzone = "America/New_York"\n'
    person.write("m.toml", better)
    told = person.run(*command, code=1).stderr
    assert (
        "t.csv row 2: this row of Mine was imported before and read otherwise (t.csv row 2); if m.toml is right" in told
    )
    assert len(rows(person)) == 5
    done = person.run(*command, "--revise").stdout
    assert "t.csv: 5 rows, 0 new, 5 revised" in done and "1 skipped, as m.toml says" in done
    assert [(row[0], row[3]) for row in rows(person)] == [
        ("2025-03-01T17:00:00.000000+00:00", "1000"),
        ("2025-03-02T17:00:00.000000+00:00", "5"),
        ("2025-03-02T17:00:00.000000+00:00", "5"),
        ("2025-03-04T17:00:00.000000+00:00", "7"),
    ]
    # And back, also from an empty cache.
    person.write("m.toml", MAP)
    person.run(*command, "--revise")
    assert rows(person)[:4] == first
    # What would make all rows others is refused.
    person.write("m.toml", MAP.replace('changing = ["Balance"]', ""))
    assert "was imported before and known by something else; leave ID" in person.run(*command, code=1).stderr
    assert len(rows(person)) == 5


def test_a_wrong_row_refuses_the_whole_table_and_a_wrong_mapping_all_of_them(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "us")
    person.write("t.csv", HEADER + ROWS + "2025-03-31,Bonus,BTC,1/2,0,done,1\n")
    person.write("m.toml", MAP)
    told = person.run("import", "t.csv", "--map", "m.toml", code=1).stderr
    assert told.startswith("t.csv row 6: Change '1/2' is no number")
    person.write("m.toml", MAP + "[colour]\n")
    assert person.run("import", "t.csv", "t.csv", "--map", "m.toml", code=1).stderr.count("\n") == 1
    assert "can't be opened" in person.run("import", "t.csv", "--map", "none.toml", code=1).stderr
    assert "go with files" in person.run("import", "--map", "m.toml", code=2).stderr
    assert rows(person) == []


def test_readmes_mapping_reads_readmes_table(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(\[columns\].*?)^```$", README, re.MULTILINE | re.DOTALL)
    (table,) = re.findall(r"^```csv\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    person = Person(tmp_path)
    person.run("init", "--country", "de")
    person.write("table.csv", table)
    person.write("mapping.toml", text)
    assert "table.csv: 4 rows, 4 new" in person.run("import", "table.csv", "--map", "mapping.toml").stdout
    bought, reward, sold = rows(person)
    assert bought[:7] == ("2025-03-31T12:05:00.000000+00:00", "15000", "EUR", "0.5", "BTC", "12.5", "EUR")
    assert reward[3:5] + reward[9:10] == ("0.25", "ETH", "reward")
    assert sold[1:5] == ("0.1", "BTC", "3100", "EUR")


# ---- clocks that are set forward and back -----------------------------------------------------

BERLIN = COLUMNS + '[date]\nzone = "Europe/Berlin"\n'


@pytest.mark.parametrize(
    ("times", "read_as", "told"),
    [
        (("01:50", "02:10", "02:50", "02:05", "03:00"), ["23:50", "00:10", "00:50", "01:05", "02:00"], ""),
        (("01:50", "02:50", "2024-10-27 02:55Z", "02:05", "03:00"), ["23:50", "00:50", "02:55", "01:05", "02:00"], ""),
        (("03:00", "02:05", "02:50", "02:10", "01:50"), ["02:00", "01:05", "00:50", "00:10", "23:50"], ""),
        (("01:50", "02:30", "02:40", "03:00"), ["23:50", "00:30", "00:40", "02:00"], "t.csv row 3: "),
        (("01:50", "03:00", "01:00", "02:30", "02:20"), ["23:50", "02:00", "23:00", "00:30", "00:20"], "t.csv row 5: "),
    ],
    ids=["ascending", "one with a zone between", "newest first", "no step back", "in no order"],
)
def test_an_hour_that_is_there_twice_is_settled_by_the_order_of_the_rows_or_told_at_the_import(
    tmp_path: Path, times: tuple[str, ...], read_as: list[str], told: str
) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "de")
    person.write("m.toml", BERLIN)
    person.write(
        "t.csv",
        "Time,Change,Coin\n"
        + "".join(f"{at if 'Z' in at else f'2024-10-27 {at}'},{n}.5,BTC\n" for n, at in enumerate(times)),
    )
    done, again = (person.run("import", "t.csv", "--map", "m.toml") for _ in range(2))
    assert done.stderr == again.stderr == ""
    assert again.stdout == done.stdout.replace(f"{len(times)} new", "0 new")
    with Ledger.open(person.data, create=False) as ledger:
        kept = sorted(ledger.records("t", "universal"), key=lambda record: record.position)
    assert [json.loads(record.payload)["Date"][11:16] for record in kept] == read_as
    lines = [line for line in done.stdout.splitlines() if "is there twice" in line]
    assert len(lines) == bool(told)
    for line in lines:
        assert line.startswith(told) and "(and 1 more)" in line and "`REPEAT,FIRST,once`" in line


def test_an_hour_that_no_clock_showed_refuses_the_table_for_the_mapping_has_another_zone(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.run("init", "--country", "de")
    person.write("m.toml", BERLIN)
    person.write("t.csv", "Time,Change,Coin\n2024-03-31 01:30,1,BTC\n2024-03-31 02:30,1,BTC\n")
    done = person.run("import", "t.csv", "--map", "m.toml", code=1)
    assert done.stderr.startswith("t.csv row 3: Time '2024-03-31 02:30' is an hour that clocks in Europe/Berlin")
    assert "[date] zone of m.toml" in done.stderr
