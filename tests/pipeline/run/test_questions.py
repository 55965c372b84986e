"""Open problems as questions: one for what one answer settles, with a proposal that fits."""

import pytest
from msgspec.structs import replace

from pipeline.answers import NONE, Answers
from pipeline.gains.derive import derive
from pipeline.issues import Issue
from pipeline.model import DOUBTFUL, Label, Price
from pipeline.questions import (
    AIRDROPS,
    ASSETS,
    DUPLICATES,
    GAPS,
    MOVES,
    PRICES,
    PURCHASES,
    TRANSFERS,
    Layout,
    Question,
)
from pipeline.run.questions import others, questions
from tests.ledgers import Rows, basis, buy, ledger, move, prices, receive, sell, send, swap


def asked(
    *rows: Rows, priced: list[Price] | None = None, answers: Answers = NONE, only: Layout | None = None
) -> list[Question]:
    result = derive(ledger(*rows), priced or [], basis(), answers=answers)
    found = questions(result, priced or [], basis(), answers)
    return [one for one in found if only in (None, one.layout)]


def test_no_two_withdrawals_are_proposed_for_one_deposit_and_both_sides_propose_each_other() -> None:
    found = asked(
        buy("2025-01-02", "9 BTC", "9 USD"),
        send("2025-02-01 10:00", "1 BTC"),
        send("2025-02-01 11:00", "1 BTC"),
        receive("2025-02-01 12:00", "0.98 BTC", account="Ledger"),
    )
    assert {one.key: one.proposed for one in found} == {"t2": "still mine", "t3": "to t4", "t4": "from t3"}
    assert all("to t4" in one.choices for one in found if one.key in ("t2", "t3"))
    assert {one.layout.title for one in found} == {MOVES.title}


def test_a_transfer_of_which_a_part_never_arrived_is_confirmed_and_then_no_question_any_more() -> None:
    rows = (
        buy("2025-01-02", "9 BTC", "9 USD"),
        move("2025-02-01", "1 BTC", "Kraken", "Ledger", arrived="0.5 BTC", txhash="ab"),
    )
    (one,) = asked(*rows, only=TRANSFERS)
    assert (one.key, one.proposed) == ("t2", "to t3")
    assert asked(*rows, answers=Answers(matches={"t2": "t3"}), only=TRANSFERS) == []


def test_missing_prices_of_an_asset_and_day_are_one_question_with_the_doubtful_price_as_its_proposal() -> None:
    doubtful = replace(prices("2025-02-01 ETH 99000 USD")[0], source=f"{DOUBTFUL}okx 1d")
    rows = (
        buy("2025-01-02", "9 BTC", "9 USD"),
        swap("2025-02-01 10:00", "1 BTC", "2 ETH"),
        swap("2025-02-01 11:00", "1 BTC", "2 ETH"),
        swap("2025-02-02", "1 BTC", "2 ETH"),
    )
    found = {str(one.day): one for one in asked(*rows, priced=[doubtful], only=PRICES)}
    assert {day: (one.proposed, one.filled) for day, one in found.items()} == {
        "2025-02-01": ("99000", ("USD",)), "2025-02-02": ("", ("USD",)),
    }  # fmt: skip
    assert "and 1 more of that day" in found["2025-02-01"].known and found["2025-02-01"].up_to is None


def test_the_fee_of_an_airdrop_is_a_price_to_give_and_no_airdrop() -> None:
    (one,) = asked(receive("2025-02-01", "5 ETH", "airdrop", worth="9 USD", fee="1 DUST"), only=PRICES)
    assert (one.asset, one.choices) == ("DUST", ())
    own = (receive("2025-02-01", "5 SCAM", "airdrop", fee="1 SCAM"),)
    assert asked(*own, only=AIRDROPS)
    assert asked(*own, only=None, answers=Answers(labels={"t1": Label.AIRDROP}, worthless={"t1": ""})) == []


@pytest.mark.parametrize(("traded", "layout"), [(False, AIRDROPS), (True, MOVES)])
def test_a_deposit_is_a_suspicious_airdrop_only_where_its_asset_was_never_traded_nor_priced(
    traded: bool, layout: Layout
) -> None:
    rows = [receive("2025-02-01", "500 COIN", account="Wallet"), *[buy("2025-01-02", "1 COIN", "9 USD")] * traded]
    (one,) = (one for one in asked(*rows) if one.layout is not ASSETS)
    assert (one.layout, one.proposed) == (layout, "bought" if traded else "worthless")
    assert len(asked(*rows, only=ASSETS)) == (not traded)
    right = Answers(assets={("Wallet", "COIN"): "COIN"})
    assert asked(*rows, answers=right, only=ASSETS) == [], "a code that is right is not asked about again"


def test_of_two_coins_under_one_code_the_place_is_asked_that_means_another_one() -> None:
    rows = (
        buy("2022-01-05", "50 BIFI", "100 USD", account="Gate.io"),
        move("2024-07-15", "20 BIFI", "Gate.io", "Binance"),
    )
    (one,) = asked(*rows, only=ASSETS)
    assert one.account == "Gate.io" and one.asset == "BIFI" != one.proposed and "BIFI" in one.choices
    for name, moved in ((one.proposed, False), ("BIFI", True)):
        answers = Answers(assets={("Gate.io", "BIFI"): name})
        assert "Gate.io" not in {one.account for one in asked(*rows, answers=answers, only=ASSETS)}
        assert bool(derive(ledger(*rows), [], basis(), answers=answers).transfers) is moved


def test_what_was_sold_without_a_purchase_is_asked_once_with_all_its_units_and_again_when_they_change() -> None:
    def keys(*rows: Rows) -> dict[str, tuple[str, tuple[str, ...]]]:
        return {one.key: (one.quantity, one.filled) for one in asked(*rows, only=PURCHASES)}

    first = keys(sell("2025-02-01", "1 BTC", "9 USD"), sell("2025-02-02", "2 BTC", "9 USD"))
    assert [*first.values()] == [("3", ("", "3", "", "USD", ""))]
    more = keys(sell("2025-02-01", "1 BTC", "9 USD"), sell("2025-02-02", "4 BTC", "9 USD"))
    assert len(more) == 1 and more.keys() != first.keys()


def test_a_name_that_an_account_has_twice_is_proposed_as_one_account_and_the_one_behind_an_api_stays() -> None:
    first = [buy(f"2025-01-0{day}", "0.1 BTC", "9000 USD") for day in (2, 3, 4)]
    rows = (*first, *(replace(t, account="kraken api") for t in first[:2]))
    result = derive(ledger(*rows), [], basis())
    for synced, names in (((), ("kraken api", "Kraken")), (("kraken api",), ("Kraken", "kraken api"))):
        (one,) = questions(result, [], basis(), NONE, synced)
        assert (one.layout, one.proposed, (one.key, *one.filled)) == (DUPLICATES, "one account", names)
    (one,) = asked(first[0], first[1], replace(first[0], account="Old"))
    assert (one.key, one.filled, one.proposed) == ("t3", ("t1",), "count the first")
    assert "first: 9000 USD left Kraken, 2025-01-02 07:00" in one.known


def test_a_time_of_which_nothing_is_known_is_asked_with_its_days_and_what_no_answer_settles_stands_beside() -> None:
    gap = {"why": "nothing before 2024-02-01", "cure": "get an export", "line": "mine, too,Ledgers,,2024-02-01,WHY"}
    margin = {"kind": "margin", "count": "2 records", "to": "", "first": "x", "rows": "y"}
    line = {"line": "mine, too,margin,2024-03-01,2024-03-02,WHY"}
    issues = [
        Issue("short_history", "mine, too", ref="gap", details=gap),
        Issue("not_supported", "mine, too", ref="margin", details=margin | line),
        Issue("short_history", "mine, too", ref="api", details={"why": "no history by API", "cure": "get an export"}),
        Issue("balance_differs", "mine, too", "BTC", details={"reported": "1", "computed": "2", "difference": "1",
              "when": "now", "likely": ""}),
        Issue("gap_answered", "mine, too", details={"stream": "a list", "when": "then", "note": "boat"}),
    ]  # fmt: skip
    result = replace(derive([], [], basis()), issues=issues)
    found = questions(result, [], basis(), NONE)
    assert [(one.layout, one.proposed, one.filled) for one in found] == [
        (GAPS, "nothing missing", ("Ledgers", "", "2024-02-01")),
        (GAPS, "nothing missing", ("margin", "2024-03-01", "2024-03-02")),
    ]
    assert len({one.key for one in found}) == 2
    assert [issue.ref or issue.code for issue in others(issues)] == ["api", "balance_differs"]
