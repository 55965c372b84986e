"""Another lot method where units have one cost: with a tax year for each asset (Japan), once all is sold (Germany)."""

from datetime import date
from decimal import Decimal as D

from msgspec.structs import replace

from pipeline.model import Result
from tests.ledgers import Rows, basis, buy, derived, move, sell, swap, table

Y2024, Y2025, Y2026 = (date(year, 1, 1) for year in (2024, 2025, 2026))


def costs(result: Result) -> dict[str, D]:
    """What each disposal's units cost, by its id."""
    found: dict[str, D] = {}
    for d in result.disposals:
        found[d.id] = found.get(d.id, D(0)) + d.cost_basis
    return found


def test_in_japan_each_asset_may_have_another_average_from_a_year_on_at_what_it_cost_as_the_year_before_ended() -> None:
    japan = basis("jp", "average", currency="JPY")
    rows: tuple[Rows, ...] = (
        buy("2024-01-10", "2 BTC", "200 JPY"), sell("2024-02-10", "1 BTC", "300 JPY"),
        buy("2024-03-10", "2 BTC", "600 JPY"),  # the year's average is 800 / 4, and 3 remain at 200
        sell("2025-01-10", "1 BTC", "300 JPY"), buy("2025-02-10", "2 BTC", "1000 JPY"),
        sell("2025-03-10", "1 BTC", "300 JPY"),  # (2 x 200 + 1000) / 4
        buy("2025-04-10", "10 BTC", "10 JPY"), sell("2026-01-10", "1 BTC", "300 JPY"),
        buy("2026-02-10", "7 BTC", "1940 JPY"),  # (3 x 350 + 10 + 1940) / 20
        buy("2025-01-11", "1 ETH", "100 JPY"), sell("2025-02-11", "1 ETH", "300 JPY"),
        buy("2025-03-11", "1 ETH", "300 JPY"),  # ETH goes on with the year's average
    )  # fmt: skip
    own = (("BTC", Y2025, "moving-average"), ("BTC", Y2026, "average"))
    found = derived(*rows, by=replace(japan, own=own))
    assert costs(found) == {"t2": 200, "t4": 200, "t6": 350, "t8": 150, "t11": 200}
    assert costs(derived(*rows, by=replace(japan, own=own), until="2026-01-01")) == {
        ref: cost for ref, cost in costs(found).items() if ref != "t8"
    }
    everything = replace(japan, method="moving-average", later=((Y2025, "average"), (Y2026, "moving-average")))
    assert costs(derived(*rows, by=everything)) == {"t2": 100, "t4": 114, "t6": 114, "t8": 114, "t11": 200}


def test_a_coin_that_migrates_between_two_averages_takes_its_cost_along() -> None:
    japan = basis("jp", "average", currency="JPY")
    rows: tuple[Rows, ...] = (
        buy("2024-01-10", "1 MATIC", "100 JPY"), swap("2024-09-13", "1 MATIC", "1 POL"),
        sell("2024-09-14", "1 POL", "500 JPY"), buy("2024-10-10", "1 MATIC", "300 JPY"),
        buy("2024-10-11", "1 POL", "400 JPY"), sell("2024-10-12", "1 POL", "500 JPY"),
    )  # fmt: skip
    assert costs(derived(*rows, by=replace(japan, own=(("POL", Y2024, "moving-average"),)))) == {"t3": 200, "t6": 400}
    assert costs(derived(*rows, by=replace(japan, own=(("MATIC", Y2024, "moving-average"),)))) == {"t3": 250, "t6": 250}


def test_in_germany_another_method_begins_in_each_wallet_once_all_of_the_coin_is_sold() -> None:
    germany = replace(basis("de", "fifo", currency="EUR"), later=((Y2025, "average"),))
    found = derived(
        buy("2024-01-10", "1 BTC", "100 EUR"), buy("2024-02-10", "1 BTC", "300 EUR"),
        sell("2025-01-10", "1 BTC", "500 EUR"),  # the wallet still holds some: 100
        buy("2025-02-10", "1 BTC", "700 EUR"), sell("2025-03-10", "2 BTC", "500 EUR"),  # 300 + 700, and nothing is left
        buy("2025-04-10", "1 BTC", "10 EUR"), buy("2025-05-10", "1 BTC", "30 EUR"),
        sell("2025-06-10", "1 BTC", "500 EUR"),  # now the average
        buy("2024-01-11", "1 ETH", "100 EUR"), *move("2025-01-11", "1 ETH", "Kraken", "Ledger"),
        buy("2025-01-12", "1 ETH", "300 EUR", account="Ledger"),
        sell("2025-01-13", "1 ETH", "400 EUR", account="Ledger"),
        by=germany,
    )  # fmt: skip
    assert costs(found) == {"t3": 100, "t5": 1000, "t8": 20, "t13": 200}
    assert {d.id: d.term for d in found.disposals if d.id in ("t8", "t13")} == {"t8": "short", "t13": "long"}


def test_in_austria_units_go_first_in_first_out_until_what_is_left_makes_the_average_of_2023() -> None:
    austria = basis("at", "moving-average", currency="EUR")
    rows: tuple[Rows, ...] = (
        buy("2020-05-05", "1 BTC", "10 EUR"), buy("2021-05-05", "1 BTC", "100 EUR"),
        buy("2021-06-05", "1 BTC", "300 EUR"),
        *move("2021-07-05", "2 BTC", "Kraken", "Ledger"),  # the old coin, and the first of the others
        sell("2022-05-05", "2 BTC", "900 EUR", account="Ledger"), buy("2022-06-05", "1 BTC", "500 EUR"),
        sell("2023-05-05", "1 BTC", "900 EUR"),
    )  # fmt: skip
    assert table(derived(*rows, by=austria).disposals) == [
        "1 BTC: 450 - 10 = 440 long fifo sale", "1 BTC: 450 - 100 = 350 fifo sale",
        "1 BTC: 900 - 400 = 500 average sale",
    ]  # fmt: skip
    always = replace(austria, rules=austria.rules.choose({"before_2023": "average"}))
    assert [d.cost_basis for d in derived(*rows, by=always).disposals] == [10, 200, 350]
