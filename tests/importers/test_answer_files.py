"""The files that hold answers: each is known by its header, and every cell is taken exactly or refused by name."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from importers.base import Refused
from importers.formats import formats
from importers.read import read
from importers.recognition import claims, unknown
from pipeline.answers import (
    Answer,
    DealtGiven,
    LabelGiven,
    MatchGiven,
    OpeningGiven,
    PickGiven,
    RepeatGiven,
    SameAccountGiven,
)
from pipeline.model import Amount, Label

D = Decimal
LOTS = "Date,Account,Asset,Quantity,Cost,Cost Currency,Evidence,ID,Transaction ID"
DEALT = "Account,Asset,Quantity,Date Acquired,Cost Basis,Evidence"
NOON = datetime(2020, 1, 5, 12, tzinfo=UTC)


def answers(folder: Path, header: str, *rows: str) -> list[Answer]:
    path = folder / "given.csv"
    path.write_text("\n".join((header, *rows, "")), encoding="utf-8")
    return [given for _, given in read(path).answers]


@pytest.mark.parametrize(
    ("header", "row", "given"),
    [
        ("Transaction ID,Label", "t1,Gift", LabelGiven("t1", Label.GIFT)),
        ("label,note,transaction id", "staking,mine,t1", LabelGiven("t1", Label.REWARD, note="mine")),
        ("Transaction ID,Label", "t1,transfer", LabelGiven("t1")),
        ("Transaction ID,Label", "t1,none", LabelGiven("t1", back=True)),
        ("Withdrawal ID,Deposit ID", "w,d", MatchGiven("w", "d")),
        ("Withdrawal ID,Deposit ID,Note", "w,,cold wallet", MatchGiven("w", "", note="cold wallet")),
        ("Withdrawal ID,Deposit ID", ",d", MatchGiven("", "d")),
        ("Withdrawal ID,Deposit ID", "w,open", MatchGiven("w", "", back=True)),
        ("Withdrawal ID,Deposit ID", "open,d", MatchGiven("", "d", back=True)),
        ("Disposal ID,Acquisition ID,Quantity", "s,b,0.5", PickGiven("s", "b", D("0.5"))),
        ("Disposal ID,Acquisition ID,Quantity", "s,,0", PickGiven("s", "", D(0))),
        (
            LOTS,
            "2020-01-05,Kraken,btc,2,300.10,usd,a mail,,",
            OpeningGiven("Kraken", "BTC", D(2), date(2020, 1, 5), Amount(D("300.10"), "USD"), "a mail"),
        ),
        (
            LOTS,
            "2020-01-05T12:00:00Z,Kraken,BTC,2,,,a mail,7,t1",
            OpeningGiven("Kraken", "BTC", D(2), NOON, None, "a mail", "7", "t1"),
        ),
        (LOTS, ",Kraken,,0,,,,7,", OpeningGiven("Kraken", "", D(0), None, None, "", "7")),
        (DEALT, "Kraken,BTC,2,2020-01-05,300,", DealtGiven("Kraken", "BTC", D(2), date(2020, 1, 5), D(300))),
        (DEALT, ",btc,0,,,", DealtGiven("", "BTC", D(0), None, D(0))),
        ("Repeat,First,Counts", "t2,t1,Once", RepeatGiven("t2", "t1")),
        ("Repeat,First,Counts,Note", "old,Kraken,twice,fills", RepeatGiven("old", "Kraken", both=True, note="fills")),
        ("Repeat,First,Counts", "t2,t1,open", RepeatGiven("t2", "t1", back=True)),
        ("Account,Same As,Note", "ledgers,Kraken,export", SameAccountGiven("ledgers", "Kraken", note="export")),
        ("Account,Same As,Note", "ledgers,,open", SameAccountGiven("ledgers", "", back=True)),
        (DEALT, "Kraken,BTC,2,2020-01-05T12:00,0,x", DealtGiven("Kraken", "BTC", D(2), NOON, D(0), "x")),
    ],
)  # fmt: skip
def test_a_row_says_just_what_stands_in_it(tmp_path: Path, header: str, row: str, given: Answer) -> None:
    assert answers(tmp_path, header, row) == [given]


@pytest.mark.parametrize(
    ("header", "row", "problem"),
    [
        ("Transaction ID,Label", "t1,gfit", "Label 'gfit' should be one of reward, "),
        ("Transaction ID,Label", ",gift", "Transaction ID is empty"),
        ("Transaction ID,Label", "1.2E+15,gift", "was rounded by a spreadsheet program"),
        ("Withdrawal ID,Deposit ID,Note", ",,why", "are both empty"),
        ("Withdrawal ID,Deposit ID", "open,open", "are both empty"),
        ("Withdrawal ID,Deposit ID", "w,w", "Deposit ID 'w' is the withdrawal itself"),
        ("Disposal ID,Acquisition ID,Quantity", "s,b,-1", "Quantity '-1' should not be negative"),
        ("Disposal ID,Acquisition ID,Quantity", "s,,1", "Acquisition ID is empty"),
        ("Disposal ID,Acquisition ID,Quantity", ",b,1", "Disposal ID is empty"),
        (LOTS, "5.1.2020,Kraken,BTC,1,1,USD,x,,", "Date '5.1.2020' should be ISO 8601"),
        (LOTS, "2020-01-05,,BTC,1,1,USD,x,,", "Account is empty"),
        (LOTS, "2020-01-05,Kraken,EUR,1,1,USD,x,,", "Asset 'EUR' is money"),
        (LOTS, "2020-01-05,Kraken,BTC,1,1,,x,,", "Cost '1' has no Cost Currency"),
        (LOTS, "2020-01-05,Kraken,BTC,1,1,USD,,,", "Evidence is empty"),
        (LOTS, "2020-01-05,Kraken,BTC,0,,,,,", "Quantity '0' should be above 0"),
        ("Repeat,First,Counts", "t1,t1,once", "First 't1' is the Repeat itself"),
        ("Account,Same As", "a,a", "Same As 'a' is the Account itself"),
        ("Account,Same As", "a,", "Same As is empty"),
        ("Repeat,First,Counts", "t2,,once", "First is empty"),
        ("Repeat,First,Counts", "t2,t1,1", "Counts '1' should be once or twice"),
        (DEALT, "Kraken,BTC,1,2020-01-05,,", "Cost Basis"),
        (DEALT, "Kraken,BTC,1,,1,", "Date Acquired"),
    ],
)
def test_what_a_cell_can_not_mean_is_refused_with_its_row(tmp_path: Path, header: str, row: str, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        answers(tmp_path, header, row)
    assert str(refused.value).startswith("given.csv row 2: ") and problem in str(refused.value)


def test_no_header_of_answers_is_taken_for_another_layout_and_none_of_theirs_for_answers() -> None:
    layouts = formats().values()
    for layout in layouts:
        if layout.export is None:
            assert [one.name for one in claims(layout.columns)] == [layout.name]
        else:  # older and newer columns at once; that a file fits one layout is for the samples
            assert all(one.export for one in claims(layout.columns) if not unknown(layout.columns, one))
    assert {one.name for one in layouts if one.answers} >= {"labels", "matches", "openings", "picks", "allocation"}


def test_a_report_is_no_file_of_picks_though_it_names_disposals_and_acquisitions(tmp_path: Path) -> None:
    header = "Disposal id,Acquisition id,Account,Asset,Quantity,Acquired at,Disposed at,Proceeds (USD)"
    with pytest.raises(Refused, match="is a report that taxsync wrote"):
        answers(tmp_path, header, "s,b,Kraken,BTC,1,2020-01-05,2020-01-06,1")
