"""Forms 1099-DA as files: every box exactly as the form writes it, or refused by its column."""

from datetime import date
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from importers.base import Refused
from importers.read import read
from pipeline.answers import BrokerGiven
from pipeline.reported import Reported

ROBINHOOD = "1099-DA,ACCOUNT NUMBER,TAX YEAR,DATE ACQUIRED,SALE DATE,DESCRIPTION,DTIF CODE,DTIF NAME,DTIF UNITS"
PLAIN = Reported("Kraken", 2025, "", "BTC", D("0.5"), D("1234.5"), date(2025, 3, 31))


def given(folder: Path, header: str, row: str, account: str | None = None) -> BrokerGiven:
    path = folder / "1099da.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    ((number, one),) = read(path, account).answers
    assert number == 2 and isinstance(one, BrokerGiven)
    return one


@pytest.mark.parametrize(
    ("header", "row", "told"),
    [
        ("Account,1b,1c,1e,1f", 'Kraken,Bitcoin,0.5,03/31/2025,"$1,234.50"', {}),
        ("account,1a,1b,1c,1e,1f", "Kraken,4h95j0r2x,whatever,0.50,2025-03-31,1234.5", {}),
        ("Account,Asset,1b,1c,1e,1f", "Kraken,xbt,Wrapped thing,0.5,3/31/2025,1234.50", {}),
        (
            "Account,1b,1c,1d,1e,1f,1g,8949",  # by the letter the basis was reported, since it is told
            "Kraken,Bitcoin BTC,0.5,VARIOUS,03/31/2025,1234.5,0,J",
            {"basis": D(0), "basis_reported": True, "term": "long", "code": "J"},
        ),
        (
            "Account,1b,1c,1d,1e,1f,1g,1i,2,4,5,6,9,12b,14",
            "Kraken,BTC,0.5,01/02/2025,03/31/2025,1234.5,(7.10),1,,$3,X,Long-term/Ordinary,Yes,01/02/2025,NY",
            {
                "acquired": date(2025, 1, 2), "basis": D("-7.10"), "disallowed": D(1), "withheld": D(3),
                "no_loss": True, "term": "long", "ordinary": True, "noncovered": True, "transferred": date(2025, 1, 2),
            },
        ),
        (
            "Account,Tax Year,1b,1c,1e,1f,11a,11c",
            "Kraken,2025,Specified NFTs,2,,,Specified NFTs,$900.00",
            {"asset": "NFT", "quantity": D(2), "proceeds": D(900), "sold": None, "aggregate": "NFTs"},
        ),
        (
            f"{ROBINHOOD},COST BASIS,SALES PRICE,TERM,ORDINARY,FORM8949CODE,NON COVERED,Account",
            '1099-DA,acct,2025,20250102,20250331,,,Bitcoin BTC,0.50000000,"$1,000.00","$1,234.50",SHORT,N,H,Y,Kraken',
            {"acquired": date(2025, 1, 2), "basis": D(1000), "term": "short", "code": "H", "noncovered": True},
        ),
    ],
)  # fmt: skip
def test_a_row_tells_just_what_stands_in_its_boxes(tmp_path: Path, header: str, row: str, told: dict[str, Any]) -> None:
    form = given(tmp_path, header, row).form
    assert form == replace(PLAIN, **told)


def test_the_account_is_the_rows_else_the_one_that_is_named_and_of_a_number_the_last_digits_are_kept(
    tmp_path: Path,
) -> None:
    header, row = "Account,Recipient TIN,Recipient Name,1b,1c,1e,1f", "{},123-45-6789,Sam Lee,BTC,1,03/31/2025,5"
    assert given(tmp_path, header, row.format("A"), "B").account == "A"
    one = given(tmp_path, header, row.format(""), "B")
    assert (one.account, one.year, one.recipient) == ("B", 2025, "taxpayer number ending in 6789")
    assert given(tmp_path, header, row.format("").replace("123-45-6789", "")).recipient == "sam lee"


@pytest.mark.parametrize(
    ("header", "row", "problem"),
    [
        ("1b,1c,1e,1f", "Bitcoin Cash BTC,1,03/31/2025,5", "1b 'Bitcoin Cash BTC' is no asset that is known"),
        ("1b,1c,1e,1f", "Wrapped Bitcoin,1,03/31/2025,5", "add a column Asset with its code"),
        ("1b,1c,1e,1f", "BTC,1,31.3.2025,5", "1e '31.3.2025' should be a day as on the form"),
        ("1b,1c,1e,1f", 'BTC,1,03/31/2025,"1.234,50"', "1f '1.234,50' should be an amount as on the form"),
        ("1b,1c,1e,1f,9", "BTC,1,03/31/2025,5,perhaps", "9 'perhaps' should be X where the box is checked"),
        ("1b,1c,1e,1f,6", "BTC,1,03/31/2025,5,S/L", "6 'S/L' should be Short-term or Long-term"),
        ("1b,1c,1e,1f,11a", "BTC,1,03/31/2025,5,all", "11a 'all' should be one of"),
        ("1b,1c,1e,1f,Tax Year", "BTC,1,03/31/2025,5,25", "Tax Year '25' should be the form's year"),
        (f"{ROBINHOOD},SALES PRICE", "1099-MISC,a,2025,,03/31/2025,,,BTC,1,5", "is a line of another form"),
    ],
)
def test_what_no_form_says_is_refused(tmp_path: Path, header: str, row: str, problem: str) -> None:
    with pytest.raises(Refused) as refused:
        given(tmp_path, header, row)
    assert str(refused.value).startswith("1099da.csv row 2: ") and problem in str(refused.value)
