"""How far a year's gain may be off while problems are open: each problem's own part, and all of them together."""

import pytest

from pipeline.model import Result
from pipeline.rules.base import Scope
from reports.ranges import ranges
from tests.ledgers import Rows, basis, buy, derived, move, prices, receive, sell, send

APART = basis("us", scope=Scope.ACCOUNT)
PRICED = prices("2025-02-01 BTC 90000 USD", "2025-02-01 ETH 3000 USD")


def told(result: Result) -> list[str]:
    """'code year: lowest < gain < highest' of every problem that may change a gain; ? where there is no telling."""
    return [
        f"{issue.code} {s.year}: {s.lowest or '?'} < {s.gain} < {s.highest or '?'}"
        for issue in result.issues
        for s in issue.stakes
    ]


BOUGHT = buy("2024-01-05", "1 BTC", "40000 USD")
SALE = sell("2025-03-05", "1.5 BTC", "150000 USD")
CASES: dict[str, tuple[tuple[Rows, ...], list[str]]] = {
    "no problem": ((BOUGHT, sell("2025-03-05", "1 BTC", "90000 USD")), []),
    "what was never bought may have cost what it brought": (
        (BOUGHT, SALE), ["missing_acquisition 2025: 60000 < 110000 < 110000"],
    ),
    "in every year that it was sold in": (
        (BOUGHT, sell("2024-03-05", "2 BTC", "100000 USD"), sell("2025-03-05", "1 BTC", "90000 USD")),
        ["missing_acquisition 2024: 10000 < 60000 < 60000", "missing_acquisition 2025: 0 < 90000 < 90000"],
    ),
    "a deposit from nowhere likewise, once it is sold": (
        (receive("2025-01-05", "1 BTC"), sell("2025-03-05", "0.5 BTC", "45000 USD")),
        ["unmatched_deposit 2025: 0 < 45000 < 45000"],
    ),
    "units that a move has carried on without a record": (
        (*move("2025-01-05", "1 BTC", "Kraken", "Ledger"), sell("2025-03-05", "1 BTC", "90000 USD", account="Ledger")),
        ["negative_balance 2025: 0 < 90000 < 90000"],
    ),
    "what left for nowhere may have been sold, at a loss too": (
        (BOUGHT, buy("2024-01-06", "1 ETH", "5000 USD"), send("2025-02-01", "1 ETH"), send("2025-02-01", "0.5 BTC")),
        ["unmatched_withdrawal 2025: 0 < 0 < 45000", "unmatched_withdrawal 2025: -2000 < 0 < 3000"],
    ),
    "what left without a price can bring anything": (
        (buy("2025-01-05", "1 DUST", "50 USD"), send("2025-02-01", "1 DUST")),
        ["unmatched_withdrawal 2025: -50 < 0 < ?"],
    ),
    "a disposal without a price can come to anything": (
        (buy("2025-01-05", "1 DUST", "50 USD"), send("2025-02-02", "1 DUST", "spend")),
        ["missing_price 2025: ? < 0 < ?"],
    ),
    "a purchase without a price may have cost what it brought": (
        (receive("2025-01-05", "1 DUST", "reward"), sell("2025-03-05", "1 DUST", "50 USD")),
        ["missing_price 2025: 0 < 50 < 50"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_problem_says_how_far_each_years_gain_may_be_off(name: str) -> None:
    rows, said = CASES[name]
    assert told(derived(*rows, by=APART, priced=PRICED)) == said


def test_where_no_gain_is_computed_none_is_at_stake() -> None:
    assert told(derived(SALE, by=basis("nl", currency="EUR"))) == []


def test_what_all_may_do_is_the_sum_and_the_widest_comes_first() -> None:
    result = derived(
        sell("2025-03-05", "1 ETH", "100 USD"), sell("2025-03-06", "1 BTC", "90000 USD"), by=APART, priced=PRICED
    )
    (one,) = ranges(result.issues)
    assert (one.gain, one.lowest, one.highest) == (90100, 0, 90100)
    assert [issue.asset for issue, _ in one.problems] == ["BTC", "ETH"]
