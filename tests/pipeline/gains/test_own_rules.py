"""A country's choices for one transaction alone, and negligible value claims."""

from decimal import Decimal as D

import pytest
from msgspec.structs import replace

from pipeline.answers import Answers, Claim
from pipeline.gains.derive import derive
from pipeline.model import Amount, Kind, Result
from tests.ledgers import Rows, at, basis, buy, ledger, move, prices, receive, sell, send, swap

UK = basis("uk", "pool", currency="GBP")
GBP = prices("2024-06-05 BTC 500 GBP", "2024-06-05 ETH 30 GBP")


def told(answers: Answers, *rows: Rows, by: str = "uk") -> Result:
    chosen = UK if by == "uk" else basis(by, basis(by).rules.methods[0], currency="GBP")
    return derive(ledger(*rows), GBP, chosen, answers=answers)


def claim(day: str, asset: str, value: str, currency: str = "GBP") -> Claim:
    return Claim(f"claim {asset} {day}", at(f"{day} 22:59:59"), asset, Amount(D(value), currency))


BOUGHT = buy("2024-01-05", "4 BTC", "400 GBP")


def test_a_gift_to_the_spouse_stands_among_gifts_to_others() -> None:
    gifts = (BOUGHT, send("2024-06-05", "1 BTC", "gift"), send("2024-06-05 13:00", "1 BTC", "gift"))
    result = told(Answers(rules={"t3": {"gifts": "to-spouse"}}), *gifts)
    assert [(d.id, d.gain, d.taxed) for d in result.disposals] == [("t2", 400, True), ("t3", 0, False)]
    assert result.issues == []


def test_an_airdrop_for_a_service_stands_among_those_for_nothing() -> None:
    drops = (receive("2024-06-05", "1 ETH", "airdrop"), receive("2024-06-05 13:00", "1 ETH", "airdrop"))
    result = told(Answers(rules={"t1": {"airdrops": "for-a-service"}}), *drops)
    assert [(i.id, i.value) for i in result.incomes] == [("t1", 30)]


@pytest.mark.parametrize(
    "said",
    [
        {"t2": {"gifts": "to-a-friend"}},
        {"t2": {"wash": "sale"}},
        {"t9": {"gifts": "to-spouse"}},
        {"t2": {"derivatives": "gains"}},  # of all transactions or of none
    ],
)
def test_a_choice_that_does_not_fit_is_a_problem_and_changes_nothing(said: dict[str, dict[str, str]]) -> None:
    result = told(Answers(rules=said), BOUGHT, send("2024-06-05", "1 BTC", "gift"))
    assert [d.gain for d in result.disposals] == [400]
    assert [i.code for i in result.issues] == ["answer_not_used"]


def test_a_negligible_value_claim_sells_the_whole_pool_and_buys_it_back_at_what_is_claimed() -> None:
    """CRYPTO22500: on the whole pool, at the amount and on the day stated. What was bought that day and later goes to
    the sale of the thirty days before, and to nothing of the claim."""
    result = told(
        Answers(claims=(claim("2024-06-05", "BTC", "8"),)),
        BOUGHT, sell("2024-05-20", "2 BTC", "300 GBP"), buy("2024-06-05", "1 BTC", "50 GBP"),
        buy("2024-06-10", "1 BTC", "10 GBP"), sell("2025-03-05", "4 BTC", "40 GBP"),
    )  # fmt: skip
    sale, lost, last = result.disposals[0], *[d for d in result.disposals if d.rule == "pool"][-2:]
    assert (sale.rule, sale.cost_basis) == ("thirty-day", 50)
    assert (lost.quantity, lost.proceeds, lost.cost_basis, lost.gain, lost.kind) == (4, 8, 400, -392, Kind.LOST)
    assert (last.quantity, last.cost_basis, last.gain) == (4, 8, 32)
    assert str(lost.disposed_at.astimezone(UK.zone).date()) == "2024-06-05"


def test_an_irish_claim_sells_each_lot_and_its_loss_is_set_apart_as_far_as_units_are_bought_again() -> None:
    """TCA 1997 s538(2) and s581(3): of six units that lost 591, two were bought in the four weeks after. What is held
    from then on is of the claim's day: 6 at 9 EUR in all, then the two that were bought."""
    result = derive(
        ledger(
            BOUGHT, buy("2024-02-05", "2 BTC", "200 GBP"), buy("2024-06-20", "2 BTC", "10 GBP"),
            sell("2025-03-05", "7 BTC", "70 GBP"),
        ),
        GBP,
        basis("ie", "fifo", currency="GBP"),
        answers=Answers(claims=(claim("2024-06-05", "BTC", "9"),)),
    )  # fmt: skip
    lost = [d for d in result.disposals if d.kind is Kind.LOST]
    assert [(d.quantity, d.proceeds, d.cost_basis, d.acquisition_id) for d in lost] == [
        (4, 6, 400, "t1"), (2, 3, 200, "t2"),
    ]  # fmt: skip
    assert sum(d.set_apart for d in lost) == 197  # 591 x 2 / 6
    later = [d for d in result.disposals if d.id == "t4"]
    assert [(d.acquisition_id, d.quantity, d.cost_basis) for d in later] == [
        ("claim BTC 2024-06-05", 6, 9), ("t3", 1, 5),
    ]  # fmt: skip
    assert str(later[0].acquired_at and later[0].acquired_at.date()) == "2024-06-05"
    assert result.issues == []


def test_the_rate_of_a_claim_in_other_money_is_looked_up() -> None:
    result = told(Answers(claims=(claim("2024-06-05", "BTC", "0", "CHF"),)), BOUGHT)
    assert [(need.asset, need.at) for need in result.needs] == [("CHF", at("2024-06-05 22:59:59"))]
    assert "looks the rate up" in result.issues[0].remedy


@pytest.mark.parametrize(
    ("one", "country", "why"),
    [
        (claim("2023-06-05", "BTC", "0"), "uk", "no BTC was held"),
        (claim("2024-06-05", "BTC", "0", "CHF"), "uk", "no rate of CHF"),
        (claim("2024-06-05", "BTC", "0"), "ca", "Canada knows none"),
    ],
)
def test_a_claim_that_can_not_be_used_is_a_problem_and_changes_nothing(one: Claim, country: str, why: str) -> None:
    result = told(Answers(claims=(one,)), BOUGHT, by=country)
    assert result.disposals == [] and sum(lot.cost_basis for lot in result.lots) == 400
    assert [(i.code, i.ref) for i in result.issues] == [("answer_not_used", one.id)]
    assert why in result.issues[0].message


def test_after_a_claim_units_and_costs_still_add_up() -> None:
    result = told(Answers(claims=(claim("2024-06-05", "BTC", "0"),)), BOUGHT, sell("2024-07-05", "1 BTC", "9 GBP"))
    assert sum(d.cost_basis for d in result.disposals) + sum(x.cost_basis for x in result.lots) == 400
    assert [(x.quantity, x.cost_basis) for x in result.lots] == [(3, 0)]


def test_old_stock_keeps_its_date_on_the_way_and_a_swap_of_it_without_a_price_is_a_problem() -> None:
    rows = (
        buy("2021-01-05", "2 BTC", "400 GBP"), *move("2021-02-05", "2 BTC", "Kraken", "Ledger"),
        buy("2021-03-05", "2 BTC", "1000 GBP", account="Ledger"),
        sell("2021-12-05", "1 BTC", "300 GBP", account="Ledger"),
        swap("2022-06-05", "1 BTC", "9 DUST", account="Ledger"),
    )  # fmt: skip
    result = told(Answers(), *rows, by="at")
    assert [(d.acquired_at, d.term, d.gain) for d in result.disposals] == [(at("2021-01-05"), "short", 100)]
    assert [(i.code, i.asset) for i in result.issues] == [("missing_price", "DUST")]


@pytest.mark.parametrize(("choice", "price"), [("included", 410), ("left-out", 400)])
def test_whether_the_fee_of_a_purchase_is_paid_for_it_is_a_choice_in_france(choice: str, price: int) -> None:
    chosen = basis("fr", "average", currency="GBP")
    chosen = replace(chosen, rules=chosen.rules.choose({"purchase_fees": choice}))
    result = derive(ledger(buy("2024-01-05", "4 BTC", "400 GBP", "10 GBP")), GBP, chosen)
    assert [lot.cost_basis for lot in result.lots] == [price]
