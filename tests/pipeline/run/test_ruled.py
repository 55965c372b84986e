"""Files of answers about a country's rules, from the file to the report: a gift to the spouse, a claim."""

from pathlib import Path

import pytest

from tests.person import Person

ROWS = (
    "Date,Account,Sent Amount,Sent Currency,Received Amount,Received Currency,Label,"
    "Net Worth Amount,Net Worth Currency\n"
    "2024-05-05,Kraken,400,GBP,4,BTC,,,\n2024-06-05,Kraken,1,BTC,,,gift,500,GBP\n"
)


def written(person: Person, name: str, text: str) -> str:
    (person.home / name).write_text(text, encoding="utf-8")
    return name


@pytest.fixture
def person(tmp_path: Path) -> Person:
    one = Person(tmp_path)
    one.run("init", "--country", "uk")
    one.run("import", written(one, "rows.csv", ROWS))
    return one


def gains(person: Person) -> list[tuple[str, str]]:
    person.run("report", "--year", "2025", "--no-xlsx")
    return [(row["kind"], row["gain"]) for row in person.rows("disposals.csv")]


def gift(person: Person) -> str:
    person.run("report", "--year", "2025", "--no-xlsx")
    return next(row["id"] for row in person.rows("transactions.csv") if row["label"] == "gift")


def test_one_gift_is_to_the_spouse_until_that_is_taken_back(person: Person) -> None:
    head, ref = "Transaction ID,Rule,Choice\n", gift(person)
    assert gains(person) == [("gift", "400")]
    person.run("import", written(person, "rules.csv", f"{head}{ref},gifts,to-spouse\n"))
    assert gains(person) == [("gift", "0")]
    told = [row["value"] for row in person.rows("summary.csv") if row["section"] == "answers"]
    assert any(f"gifts of {ref} is to-spouse" in text for text in told)
    person.run("import", written(person, "back.csv", f"{head}{ref},gifts,none\n"))
    assert gains(person) == [("gift", "400")]


def test_a_claim_is_in_the_year_of_its_day_until_it_is_taken_back(person: Person) -> None:
    head = "Claim Date,Asset,Value,Value Currency,Note\n"
    person.run("import", written(person, "claims.csv", f"{head}2025-01-31,BTC,3,GBP,rug pull\n"))
    assert gains(person) == [("gift", "400"), ("lost", "-297")]
    person.run("import", written(person, "back.csv", f"{head}2025-01-31,BTC,,,open\n"))
    assert gains(person) == [("gift", "400")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Transaction ID,Rule,Choice\n{ref},gifts,to-a-friend\n", "gifts = 'to-a-friend' is not allowed in uk"),
        ("Transaction ID,Rule,Choice\n{ref},wash,sale\n", "'wash' is no choice of uk"),
        ("Transaction ID,Rule,Choice\n{ref},derivatives,gains\n", "'derivatives' holds for all transactions"),
        ("Transaction ID,Rule,Choice\nnone,gifts,to-spouse\n", "is no transaction of this ledger"),
        ("Claim Date,Asset,Value,Value Currency\n2025-01-31,SOL,0,GBP\n", "is in no record of this ledger"),
        ("Claim Date,Asset,Value,Value Currency\n2025-01-31T10:00:00Z,BTC,0,GBP\n", "should be a day without a time"),
        ("Claim Date,Asset,Value,Value Currency\n2025-01-31,BTC,0,USDC\n", "should be money"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(person: Person, text: str, said: str) -> None:
    done = person.run("import", written(person, "answers.csv", text.format(ref=gift(person))), code=1)
    (line,) = [one for one in done.stderr.splitlines() if "answers.csv" in one]
    assert said in line
