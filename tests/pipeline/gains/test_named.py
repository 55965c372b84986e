"""What the person says of codes, and of what came unasked: another coin of the same code, tokens worth nothing."""

from decimal import Decimal as D

import pytest
from msgspec.structs import replace

from pipeline.answers import Answers
from pipeline.gains.derive import derive
from pipeline.model import Balance, Label, Result
from pipeline.rules.base import Scope
from tests.ledgers import Rows, at, basis, buy, codes, ledger, move, prices, receive, sell, table

PRICED = prices("2025-03-01 TRUMP 20 USD")


def said(answers: Answers, *rows: Rows, country: str = "us") -> Result:
    return derive(ledger(*rows), PRICED, basis(country), answers=answers)


def test_a_code_that_is_another_coin_in_one_account_has_its_own_lots_price_and_balance() -> None:
    rows = (
        buy("2025-01-02", "10 TRUMP", "100 USD"),
        buy("2025-02-02", "10 TRUMP", "1 USD", account="Wallet"),
        sell("2025-03-02", "10 TRUMP", "200 USD", account="Wallet"),
        receive("2025-03-01", "5 TRUMP", "reward", account="Wallet"),
    )
    by = basis("us", scope=Scope.GLOBAL)
    one = derive(ledger(*rows), PRICED, by)
    assert table(one.disposals) == ["10 TRUMP: 200 - 100 = 100 short fifo sale"]
    assert [i.value for i in one.incomes] == [100]
    held = [Balance("Wallet", "TRUMP", D(5), at("2025-04-01")), Balance("Kraken", "TRUMP", D(10), at("2025-04-01"))]
    answers = Answers(assets={("Wallet", "TRUMP"): "TRUMP-2"})
    other = derive(ledger(*rows), PRICED, by, reported=held, answers=answers)
    assert table(other.disposals) == ["10 TRUMP-2: 200 - 1 = 199 short fifo sale"]
    assert {(lot.asset, lot.quantity) for lot in other.lots} == {("TRUMP", D(10)), ("TRUMP-2", D(5))}
    assert [i.value for i in other.incomes] == [None], "what one TRUMP is worth says nothing of the other"
    found = [(i.code, i.asset) for i in other.issues if i.asset != "USD"]
    assert found == [("missing_price", "TRUMP-2")], "the balances agree"


def test_two_codes_of_one_coin_are_one_and_a_transfer_between_them_is_found() -> None:
    rows = (
        buy("2025-01-02", "1 BTC", "100 USD"),
        *(replace(t, received=replace(t.received, asset="WXBT") if t.received else None)
          for t in move("2025-01-03", "1 BTC", "Kraken", "Wallet")),
        sell("2025-03-02", "1 WXBT", "200 USD", account="Wallet"),
    )  # fmt: skip
    assert "missing_acquisition" in codes(said(Answers(), *rows)) or "unmatched_deposit" in codes(
        said(Answers(), *rows)
    )
    result = said(Answers(assets={("Wallet", "WXBT"): "BTC"}), *rows)
    assert table(result.disposals) == ["1 BTC: 200 - 100 = 100 short fifo sale"] and codes(result) == []


@pytest.mark.parametrize("name", ["BTC\u0421", "BTCC"])
def test_a_name_that_is_right_is_no_question_any_more(name: str) -> None:
    rows = (buy("2025-01-02", "1 BTCC", "100 USD"), buy("2025-01-03", "1 BTC\u0421", "100 USD", account="Wallet"))
    assert codes(said(Answers(), *rows)) == ["look_alike_asset"]
    assert codes(said(Answers(assets={("Wallet", "BTC\u0421"): name}), *rows)) == []


@pytest.mark.parametrize("label", ["", "airdrop", "reward"])
@pytest.mark.parametrize("country", ["us", "de", "uk", "fr", "nl"])
def test_what_came_unasked_and_is_worth_nothing_is_no_income_costs_nothing_and_is_listed(
    label: str, country: str
) -> None:
    answers = Answers(labels={"t1": Label.AIRDROP}, worthless={"t1": "phishing"})
    rows = (receive("2025-03-01", "1000 TRUMP", label, account="Wallet"),)
    result = said(answers, *rows, country=country)
    assert result.incomes == [] and codes(result) == ["worthless_airdrop"]
    (issue,) = result.issues
    assert "as you said (phishing)" in issue.message and "`taxsync label t1 none`" in issue.remedy
    assert [lot.cost_basis for lot in result.lots] == [0]


def test_a_newer_label_counts_before_worthless() -> None:
    answers = Answers(labels={"t1": Label.REWARD}, worthless={"t1": ""})
    result = said(answers, receive("2025-03-01", "10 TRUMP", account="Wallet"))
    assert [i.value for i in result.incomes] == [200] and codes(result) == []
