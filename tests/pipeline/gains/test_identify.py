"""Pairing by days: what is of which day. It looks through migrations: one for one the forms are one asset; where they
are not, it is told."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.answers import Answers, Claim, OpeningLot
from pipeline.gains.derive import derive
from pipeline.model import Amount, Disposal, Result, Transaction
from tests.ledgers import Rows, at, basis, buy, codes, derived, ledger, receive, sell, swap, table
from tests.pipeline.gains.test_countries_against_naive import Deal, rows, stories

METHOD = {"uk": "pool", "ca": "average", "ie": "fifo", "us": "fifo"}
# 100 MATIC at 1 USD each, long ago, become POL on 13 September 2024.
MIGRATED = (buy("2022-01-05", "100 MATIC", "100 USD"), swap("2024-09-13", "100 MATIC", "100 POL"))
LOSS, GAIN = sell("2024-09-20", "20 POL", "1 USD"), sell("2024-09-20", "20 POL", "90 USD")


def bought(day: str, asset: str = "MATIC") -> Rows:
    return buy(day, f"20 {asset}", "10 USD")


def result(country: str, *rows: Rows, until: str = "") -> Result:
    return derived(*rows, by=basis(country, METHOD[country]), until=until)


@pytest.mark.parametrize(
    ("country", "rows", "expected"),
    [
        ("uk", (GAIN, bought("2024-09-20")), "20 POL: 90 - 10 = 80 same-day sale"),  # TCGA 1992 s105
        ("uk", (GAIN, bought("2024-10-20")), "20 POL: 90 - 10 = 80 thirty-day sale"),  # s106A(5)
        ("uk", (GAIN, bought("2024-10-21")), "20 POL: 90 - 20 = 70 pool sale"),
        ("uk", (buy("2022-01-05", "20 MATIC", "20 USD"), sell("2024-09-05", "20 MATIC", "90 USD"),
                bought("2024-09-15", "POL")),
         "20 MATIC: 90 - 10 = 80 thirty-day sale"),
        ("uk", (GAIN, buy("2024-09-20", "10 MATIC", "10 USD"), buy("2024-09-20", "30 POL", "90 USD")),
         "10 POL: 45 - 25 = 20 same-day sale; 10 POL: 45 - 25 = 20 same-day sale"),  # a day is one purchase
        ("ie", (bought("2024-09-01"), GAIN), "20 POL: 90 - 10 = 80 lifo sale"),  # TCA 1997 s581(1)
        ("ie", (bought("2024-08-20"), GAIN), "20 POL: 90 - 20 = 70 fifo sale"),
        ("us", (GAIN, bought("2024-09-20")), "20 POL: 90 - 20 = 70 long fifo sale"),
    ],
)  # fmt: skip
def test_a_sale_is_paired_with_a_purchase_of_the_other_form(
    country: str, rows: tuple[Rows, ...], expected: str
) -> None:
    found = result(country, *MIGRATED, *rows)
    assert "; ".join(table(found.disposals)) == expected
    assert set(codes(found)) == {"migration"}


def test_what_is_left_is_held_by_form_and_can_still_be_exchanged() -> None:
    rows = (*MIGRATED, GAIN, bought("2024-09-20"))
    assert {(x.asset, x.quantity, x.cost_basis) for x in result("uk", *rows).lots} == {
        ("POL", 80, 80), ("MATIC", 20, 20),
    }  # fmt: skip
    last = (swap("2024-10-01", "20 MATIC", "20 POL"), sell("2025-01-05", "100 POL", "900 USD"))
    assert table(result("uk", *rows, *last).disposals)[1:] == ["100 POL: 900 - 100 = 800 pool sale"]
    assert set(codes(result("uk", *rows, *last))) == {"migration"}


@pytest.mark.parametrize(
    ("country", "rows", "part"),
    [
        ("ca", (bought("2024-09-01"), LOSS), "denied"),  # superficial loss: ITA 54
        ("ca", (LOSS, bought("2024-10-20")), "denied"),
        ("ie", (LOSS, bought("2024-10-10")), "set_apart"),  # bought back after a loss: TCA 1997 s581(3)
    ],
)
def test_a_loss_is_denied_for_what_is_bought_in_the_other_form(country: str, rows: tuple[Rows, ...], part: str) -> None:
    found = result(country, *MIGRATED, *rows)
    assert sum(getattr(d, part) for d in found.disposals) > 0 and set(codes(found)) == {"migration"}
    paid = sum(d.cost_basis for d in found.disposals) + sum(lot.cost_basis for lot in found.lots)
    assert paid == 110


def test_a_rounding_of_the_exchange_changes_units_and_no_cost() -> None:
    rounded = (buy("2022-01-05", "1.23456789 MATIC", "100 USD"), swap("2024-09-13", "1.23456789 MATIC", "1.234567 POL"))
    found = result("uk", *rounded)
    assert [(lot.asset, lot.quantity, lot.cost_basis) for lot in found.lots] == [("POL", D("1.234567"), 100)]


# ---- the same story in one form and in two --------------------------------------------------------------

EARLY = (
    buy("2023-01-05", "1 MATIC", "1 USD"),
    swap("2024-09-05", "1 MATIC", "1 POL"),
    sell("2024-09-06", "1 POL", "1 USD"),
)


def figures(disposals: Sequence[Disposal]) -> dict[str, tuple[D, D, D]]:
    found: dict[str, tuple[D, D, D]] = defaultdict(lambda: (D(0), D(0), D(0)))
    for d in disposals:
        cost, denied, apart = found[d.id]
        found[d.id] = (cost + d.cost_basis, denied + d.denied, apart + d.set_apart)
    return {ref: sums for ref, sums in found.items() if ref.isdigit()}


@given(st.sampled_from(["uk", "ca", "ie"]), stories(), st.lists(st.booleans(), min_size=16, max_size=16))
def test_a_story_told_in_two_forms_comes_to_the_same(country: str, story: list[Deal], forms: list[bool]) -> None:
    def told(t: Transaction, form: str) -> Transaction:
        def of(side: Amount | None) -> Amount | None:
            return replace(side, asset=form) if side is not None and side.asset == "TOK" else side

        return replace(t, sent=of(t.sent), received=of(t.received))

    by = basis(country, METHOD[country])
    early = [replace(t, id=f"early{n}", position=n) for n, t in enumerate(EARLY)]
    one = rows(story, "USD")
    two = [told(t, "POL" if new else "MATIC") for t, new in zip(one, forms, strict=False)]
    apart, together = derive([*early, *two], [], by), derive([*early, *one], [], by)
    assert figures(apart.disposals) == figures(together.disposals)
    lots = [(lot.quantity, lot.cost_basis) for lot in together.lots]
    assert sum(lot.cost_basis for lot in apart.lots) == sum(cost for _, cost in lots)
    assert sum(lot.quantity for lot in apart.lots) == sum(units for units, _ in lots)


# ---- what is not one for one, or not exchanged yet, is told ---------------------------------------------

LEND = (buy("2020-01-05", "2000 LEND", "100 USD"), swap("2020-10-13", "2000 LEND", "20 AAVE"))


@pytest.mark.parametrize(
    ("country", "rows", "expected"),
    [
        ("uk", (sell("2020-10-20", "2 AAVE", "90 USD"), buy("2020-10-20", "200 LEND", "9 USD")), True),
        ("uk", (sell("2020-10-20", "2 AAVE", "90 USD"), buy("2020-11-20", "200 LEND", "9 USD")), False),
        ("uk", (sell("2020-10-20", "2 AAVE", "90 USD"), buy("2020-10-21", "2 AAVE", "9 USD"),
                buy("2020-10-22", "200 LEND", "9 USD")), False),  # the same form has all its units
        ("ie", (buy("2020-09-30", "200 LEND", "9 USD"), sell("2020-10-20", "2 AAVE", "90 USD")), True),
        ("ie", (sell("2020-10-20", "2 AAVE", "1 USD"), buy("2020-11-10", "200 LEND", "9 USD")), True),
        ("ie", (sell("2020-10-20", "2 AAVE", "90 USD"), buy("2020-11-10", "200 LEND", "9 USD")), False),
        ("ca", (buy("2020-09-30", "200 LEND", "9 USD"), sell("2020-10-20", "2 AAVE", "1 USD")), True),
        ("ca", (buy("2020-09-30", "200 LEND", "9 USD"), sell("2020-10-20", "2 AAVE", "90 USD")), False),
        ("us", (sell("2020-10-20", "2 AAVE", "90 USD"), buy("2020-10-20", "200 LEND", "9 USD")), False),
    ],
)  # fmt: skip
def test_another_form_of_the_coin_within_the_days_is_told(country: str, rows: tuple[Rows, ...], expected: bool) -> None:
    assert ("forms_not_paired" in codes(result(country, *LEND, *rows))) == expected


def test_forms_are_two_until_the_first_exchange_and_that_is_told() -> None:
    """Later rows change no earlier year: what both were bought and sold as before stays as it was."""
    before = (buy("2022-01-05", "100 MATIC", "100 USD"), buy("2022-01-05", "100 POL", "300 USD"))
    sold = (sell("2024-05-05", "20 POL", "90 USD"), buy("2024-05-10", "20 MATIC", "10 USD"))
    alone, later = result("uk", *before, *sold), result("uk", *before, *sold, swap("2024-09-13", "1 MATIC", "1 POL"))
    assert table(alone.disposals) == table(later.disposals) == ["20 POL: 90 - 60 = 30 pool sale"]
    assert codes(alone) == [] and "forms_not_paired" in codes(later)


def test_a_purchase_after_the_years_end_still_counts_for_the_year() -> None:
    found = result("uk", *MIGRATED, GAIN, bought("2024-09-25"), until="2024-09-21")
    assert table(found.disposals) == ["20 POL: 90 - 10 = 80 thirty-day sale"]
    assert [(lot.asset, lot.quantity, lot.cost_basis) for lot in found.lots] == [("POL", 100, 100)]
    assert at("2024-09-20") == found.disposals[0].disposed_at


# ---- what a day is -----------------------------------------------------------------------------


def test_units_of_the_last_four_weeks_are_held_until_the_sale_that_takes_them() -> None:
    """TCA 1997 s581(1): a sale in January takes what was bought in December, which was there at the year's end."""
    rows = (buy("2020-01-05", "1 BTC", "100 USD"), buy("2024-12-20", "2 BTC", "2000 USD"))
    sold = sell("2025-01-05", "1 BTC", "900 USD")
    year_end = result("ie", *rows, sold, until="2025-01-01 00:00")
    assert [(lot.quantity, lot.cost_basis) for lot in year_end.lots] == [(1, 100), (2, 2000)]
    claim = Claim("c", at("2024-12-31 23:00"), "BTC", Amount(D(30), "USD"))
    found = derive(ledger(*rows, sold), [], basis("ie"), answers=Answers(claims=(claim,)))
    assert table(found.disposals) == [
        "1 BTC: 10 - 100 = -90 fifo lost", "2 BTC: 20 - 2000 = -1980 fifo lost", "1 BTC: 900 - 10 = 890 lifo sale",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("country", "acquired", "sale", "expected"),
    [
        ("uk", "2021-03-01", "2024-05-01", "1 BTC: 900 - 1000 = -100 pool sale"),
        ("uk", "2024-05-03", "2024-05-01", "1 BTC: 900 - 500 = 400 thirty-day sale"),
        ("ca", "2021-03-01", "2024-05-01", "1 BTC: 900 - 1000 = -100 average sale"),
        ("ca", "2024-05-03", "2024-05-01", "1 BTC: 900 - 900 = 0 average sale"),
        ("ie", "2021-03-01", "2024-05-20", "1 BTC: 900 - 1000 = -100 fifo sale"),
        ("ie", "2024-05-03", "2024-05-20", "1 BTC: 900 - 500 = 400 lifo sale"),
    ],
)
def test_what_came_from_elsewhere_was_acquired_when_its_opening_lot_says(
    country: str, acquired: str, sale: str, expected: str
) -> None:
    """A deposit of 10 May is no purchase of that day."""
    rows = (buy("2020-01-05", "1 BTC", "1000 USD"), receive("2024-05-10", "1 BTC"), sell(sale, "1 BTC", "900 USD"))
    lot = OpeningLot("o", "Kraken", "BTC", D(1), at(acquired), Amount(D(500), "USD"), "a contract note", "t2")
    found = derive(ledger(*rows), [], basis(country, METHOD[country]), answers=Answers(openings=(lot,)))
    assert table(found.disposals) == [expected]
    paid = sum(d.cost_basis for d in found.disposals) + sum(one.cost_basis for one in found.lots)
    assert paid == 1500 and codes(found) == []
