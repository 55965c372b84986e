"""Pairing by days looks at one coin at a time: where a migration has made two of one, and it matters, that is told."""

import pytest

from pipeline.model import Result
from tests.ledgers import Rows, basis, buy, derived, sell, swap

MIGRATED = (buy("2022-01-05", "100 MATIC", "100 USD"), swap("2024-09-13", "100 MATIC", "100 POL"))


def told(country: str, *rows: Rows, until: str = "") -> list[str]:
    result: Result = derived(*MIGRATED, *rows, by=basis(country, basis_method(country)), until=until)
    return [
        f"{i.ref} {i.details['other']} {i.details['acquired']}" for i in result.issues if i.code == "forms_not_paired"
    ]


def basis_method(country: str) -> str:
    return {"uk": "pool", "ca": "average", "ie": "fifo", "us": "fifo"}[country]


def bought(day: str, asset: str = "MATIC") -> Rows:
    return buy(day, f"20 {asset}", "10 USD")


LOSS, GAIN = sell("2024-09-20", "20 POL", "1 USD"), sell("2024-09-20", "20 POL", "90 USD")


@pytest.mark.parametrize(
    ("country", "rows", "expected"),
    [
        ("uk", (GAIN, bought("2024-09-20")), ["t3 20 MATIC 2024-09-20"]),  # same day: TCGA 1992 s105
        ("uk", (GAIN, bought("2024-10-20")), ["t3 20 MATIC 2024-10-20"]),  # day 30: s106A(5)
        ("uk", (GAIN, bought("2024-10-21")), []),
        ("uk", (GAIN, bought("2024-10-01", "POL"), bought("2024-10-02")), []),  # the same form has all its units
        ("uk", (sell("2024-09-20", "0.5 BTC", "9 USD"), bought("2024-10-01")), []),  # another coin
        ("ie", (bought("2024-09-01"), GAIN), ["t4 20 MATIC 2024-09-01"]),  # four weeks before: TCA 1997 s581(1)
        ("ie", (bought("2024-08-20"), GAIN), []),
        ("ie", (LOSS, bought("2024-10-10")), ["t3 20 MATIC 2024-10-10"]),  # bought back after a loss: s581(3)
        ("ie", (GAIN, bought("2024-10-10")), []),
        ("ca", (bought("2024-09-01"), LOSS), ["t4 20 MATIC 2024-09-01"]),  # superficial loss: ITA 54
        ("ca", (bought("2024-09-01"), GAIN), []),
        ("us", (GAIN, bought("2024-09-20")), []),
    ],
)
def test_a_coin_bought_in_its_other_form_within_the_days_is_told(
    country: str, rows: tuple[Rows, ...], expected: list[str]
) -> None:
    assert told(country, *rows) == expected


def test_a_purchase_after_the_years_end_still_counts_for_the_year() -> None:
    sold = sell("2024-09-20", "20 POL", "90 USD")
    assert told("uk", sold, bought("2024-09-25"), until="2024-09-21") == ["t3 20 MATIC 2024-09-25"]


def test_three_forms_are_one_coin() -> None:
    """COCOS was COCOSOLD before and COMBO after."""
    rows = (
        buy("2020-01-05", "5000 COCOSOLD", "100 USD"),
        swap("2021-01-21", "5000 COCOSOLD", "5 COCOS"),
        swap("2023-05-02", "5 COCOS", "5 COMBO"),
        sell("2023-05-03", "5 COMBO", "90 USD"),
        buy("2023-05-20", "1000 COCOSOLD", "1 USD"),
    )
    assert told("uk", *rows) == ["t6 1000 COCOSOLD 2023-05-20"]
