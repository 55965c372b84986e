"""What the person answers counts before what taxsync finds by itself; what no longer fits is told, never dropped."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.answers import Answers, OpeningLot
from pipeline.gains.checks import balances
from pipeline.gains.derive import Basis, derive
from pipeline.model import IN_TRANSIT, Label, Result
from pipeline.money import ZERO, exact, plain
from pipeline.rules.base import Scope
from tests.ledgers import (
    ALL,
    ASSETS,
    Drawn,
    Rows,
    amount,
    at,
    basis,
    buy,
    codes,
    ledger,
    ledgers,
    prices,
    receive,
    sell,
    send,
    table,
)  # fmt: skip

GLOBAL = basis("us", scope=Scope.GLOBAL)
BTC = prices("2025-03-01 BTC 50000 USD", "2025-04-01 BTC 60000 USD")


def answered(answers: Answers, *rows: Rows, country: str = "us", until: str = "") -> Result:
    end = at(until) if until else None
    return derive(ledger(*rows), BTC, basis(country), until=end, answers=answers)


def lot(
    quantity: str, cost: str = "", when: str = "2020-01-05", account: str = "Kraken", id: str = "lot", by: str = ""
) -> OpeningLot:
    units = amount(quantity)
    assert units is not None
    return OpeningLot(id, account, units.asset, units.quantity, at(when), amount(cost), "a mail", by)


def holdings(result: Result) -> dict[str, str]:
    return {f"{x.account} {x.asset}": plain(x.quantity) for x in result.lots}


# ---- labels -----------------------------------------------------------------------------------------


def test_a_label_says_what_a_row_without_one_was() -> None:
    rows = (buy("2025-01-02", "1 BTC", "40000 USD"), send("2025-03-01", "0.5 BTC"))
    assert "unmatched_withdrawal" in codes(answered(Answers(), *rows))
    result = answered(Answers(labels={"t2": Label.SPEND}), *rows)
    assert codes(result) == []
    assert table(result.disposals) == ["0.5 BTC: 25000 - 20000 = 5000 short fifo spend"]


def test_a_label_stands_before_the_one_of_the_record_and_makes_a_transfer_of_it_where_it_says_so() -> None:
    rows = (
        buy("2025-01-02", "1 BTC", "40000 USD"),
        send("2025-03-01", "1 BTC", "spend"),
        receive("2025-03-01 12:10", "1 BTC", "gift", account="Ledger"),
    )
    result = answered(Answers(labels={"t2": None, "t3": None}), *rows)
    assert (codes(result), result.disposals, result.transfers["t2"]) == ([], [], "t3")


@pytest.mark.parametrize(
    ("ref", "label", "why"),
    [("t1", Label.GIFT, "trade"), ("t2", Label.REWARD, "it was sent"), ("t9", Label.SPEND, "not in the ledger")],
)
def test_a_label_that_no_longer_fits_changes_nothing_and_is_told(ref: str, label: Label, why: str) -> None:
    rows = (buy("2025-01-02", "1 BTC", "40000 USD"), send("2025-03-01", "0.5 BTC", "spend"))
    before, result = answered(Answers(), *rows), answered(Answers(labels={ref: label}), *rows)
    assert result.disposals == before.disposals
    (issue,) = result.issues
    assert (issue.code, issue.ref) == ("answer_not_used", ref) and why in issue.message


# ---- matches ----------------------------------------------------------------------------------------


def test_a_match_by_hand_stands_before_the_hash_and_the_difference_is_the_fee() -> None:
    rows = (
        buy("2025-01-02", "1 BTC", "40000 USD"),
        send("2025-03-01 10:00", "0.5 BTC", txhash="aa"),
        receive("2025-03-01 10:05", "0.5 BTC", account="Trezor", txhash="aa"),
        receive("2025-03-01 11:00", "0.499 BTC", "reward", account="Ledger"),
    )
    result = answered(Answers(matches={"t2": "t4", "t3": ""}), *rows)
    assert result.transfers == {"t2": "t4", "t4": "t2"}
    assert table(result.disposals) == ["0.001 BTC: 50 - 40 = 10 short fifo fee"]
    assert codes(result) == ["unmatched_deposit"], "the person says that this one came from nowhere"
    assert result.incomes == []


def test_of_several_possible_sides_the_named_one_is_taken_and_the_other_stays_open() -> None:
    rows = (
        buy("2025-01-02", "1 BTC", "40000 USD"),
        send("2025-03-01 10:00", "1 BTC"),
        receive("2025-03-01 11:00", "1 BTC", account="Ledger"),
        receive("2025-03-01 12:00", "1 BTC", account="Trezor"),
    )
    assert codes(answered(Answers(), *rows)) == ["ambiguous_transfer"] * 3
    result = answered(Answers(matches={"t2": "t4"}), *rows)
    assert result.transfers["t2"] == "t4" and codes(result) == ["unmatched_deposit"]


def test_a_withdrawal_to_a_place_of_ones_own_without_records_stays_in_transit_and_changes_no_figure() -> None:
    rows = (
        buy("2025-01-02", "1 BTC", "40000 USD"),
        send("2025-03-01 10:00", "1 BTC"),
        receive("2025-03-01 11:00", "1 BTC", account="Ledger"),
    )
    result = answered(Answers(matches={"t2": ""}), *rows)
    assert codes(result) == ["unmatched_deposit", "no_other_side"]
    assert holdings(result) == {f"{IN_TRANSIT} BTC": "1", "Ledger BTC": "1"} and result.disposals == []
    labelled = answered(Answers(matches={"t2": ""}, labels={"t2": Label.LOST, "t3": Label.REWARD}), *rows)
    assert "no_other_side" not in codes(labelled) and len(labelled.disposals) == 1


@pytest.mark.parametrize(
    ("out", "into", "why"),
    [
        ("t2", "t9", "not in the ledger"),
        ("t9", "t3", "not in the ledger"),
        ("t1", "t3", "no longer a withdrawal and a deposit"),
        ("t2", "t4", "what left is BTC, what arrived ETH"),
        ("t2", "t5", "more arrived than left"),
    ],
)
def test_a_match_that_no_longer_fits_is_told_and_its_rows_are_matched_as_ever(out: str, into: str, why: str) -> None:
    rows = (
        buy("2025-01-02", "3 BTC", "40000 USD"),
        send("2025-03-01 10:00", "1 BTC"),
        receive("2025-03-01 11:00", "1 BTC", account="Ledger"),
        receive("2025-03-01 11:00", "1 ETH", "reward", account="Ledger", worth="1 USD"),
        receive("2025-03-01 11:00", "2 BTC", "reward", account="Ledger", worth="1 USD"),
    )
    result = answered(Answers(matches={out: into}), *rows)
    assert result.transfers["t2"] == "t3"
    (issue,) = [i for i in result.issues if i.code == "answer_not_used"]
    assert issue.ref == out and why in issue.message


# ---- opening lots -----------------------------------------------------------------------------------


def test_an_opening_lot_cures_what_was_missing_with_its_date_and_cost() -> None:
    rows = (sell("2025-03-01", "2 BTC", "90000 USD"),)
    assert "missing_acquisition" in codes(answered(Answers(), *rows))
    result = answered(Answers(openings=(lot("2.5 BTC", "500 USD"),)), *rows)
    assert table(result.disposals) == ["2 BTC: 90000 - 400 = 89600 long fifo sale"]
    assert result.disposals[0].acquisition_id == "lot" and codes(result) == []
    assert (balances(result.transactions)["Kraken", "BTC"], holdings(result)) == (Decimal("0.5"), {"Kraken BTC": "0.5"})


def test_a_lot_counts_only_in_its_account_where_lots_are_those_of_an_account() -> None:
    rows = (sell("2025-03-01", "2 BTC", "90000 USD"),)
    result = answered(Answers(openings=(lot("2 BTC", "500 USD", account="Ledger"),)), *rows)
    assert "missing_acquisition" in codes(result) and holdings(result) == {"Ledger BTC": "2"}


def test_a_cost_in_other_money_counts_at_the_rate_of_its_day_and_is_open_without_one() -> None:
    rows, opening = (sell("2025-03-01", "2 BTC", "90000 USD"),), Answers(openings=(lot("2 BTC", "500 EUR"),))
    result = answered(opening, *rows)
    assert codes(result) == ["missing_price"] and [need.asset for need in result.needs] == ["EUR"]
    result = derive(ledger(*rows), prices("2020-01-05 EUR 1.1 USD"), basis(), answers=opening)
    assert codes(result) == [] and table(result.disposals) == ["2 BTC: 90000 - 550 = 89450 long fifo sale"]


def test_a_lot_of_unknown_cost_keeps_its_date_and_is_an_open_problem() -> None:
    result = answered(Answers(openings=(lot("2 BTC"),)), sell("2025-03-01", "2 BTC", "90000 USD"))
    assert table(result.disposals) == ["2 BTC: 90000 - 0 = 90000 long fifo sale"]
    assert codes(result) == ["unknown_basis"] and "Cost Currency" in result.issues[0].remedy


@pytest.mark.parametrize("label", ["", "gift"])
def test_lots_that_came_by_a_receipt_give_it_their_dates_and_costs(label: str) -> None:
    rows = (
        receive("2025-03-01 11:00", "1 BTC", label),
        send("2025-03-01 12:00", "1 BTC", account="Ledger"),
        sell("2025-04-01", "1 BTC", "60000 USD"),
    )
    part = lot("0.75 BTC", "300 USD", by="t1"), lot("0.25 BTC", "500 USD", "2025-01-05", id="later", by="t1")
    result = answered(Answers(openings=part), *rows)
    assert table(d for d in result.disposals if d.account == "Kraken") == [
        "0.75 BTC: 45000 - 300 = 44700 long fifo sale",
        "0.25 BTC: 15000 - 500 = 14500 short fifo sale",
    ]
    assert balances(result.transactions)["Kraken", "BTC"] == ZERO
    assert not {i.ref for i in result.issues} & {"t1", "lot", "later"}
    result = answered(Answers(openings=part[:1]), *rows)
    (issue,) = [i for i in result.issues if i.ref == "t1"]
    assert issue.details["quantity"] == "0.25", "the rest has no basis yet"


@pytest.mark.parametrize(
    ("quantity", "label", "why"), [("2 BTC", "", "more than came"), ("1 BTC", "reward", "known from its record")]
)
def test_lots_that_a_receipt_can_not_have_brought_are_told_and_not_used(quantity: str, label: str, why: str) -> None:
    rows = (receive("2025-03-01", "1 BTC", label), sell("2025-04-01", "1 BTC", "60000 USD"))
    opening = Answers(openings=(lot(quantity, "300 USD", by="t1"),))
    result = answered(opening, *rows)
    assert result.disposals == answered(Answers(), *rows).disposals
    (issue,) = [i for i in result.issues if i.code == "answer_not_used"]
    assert why in issue.message
    assert codes(answered(opening, *rows, until="2025-01-01")) == [], "it is a problem of the year in which they came"


def test_lots_that_are_alike_in_two_accounts_are_no_transactions_imported_twice() -> None:
    lots = [lot("1 BTC", "5 USD", when, account, f"{account} {when}") for when in ("2020-01-05", "2021-01-05")
            for account in ("Ledger", "Trezor")]  # fmt: skip
    result = answered(Answers(openings=tuple(lots)))
    assert codes(result) == [] and holdings(result) == {"Ledger BTC": "1", "Trezor BTC": "1"}


def test_countries_without_gains_ask_for_no_cost() -> None:
    assert codes(answered(Answers(openings=(lot("2 BTC"), lot("1 BTC", "5 EUR", id="b"))), country="nl")) == []


# ---- for every ledger -------------------------------------------------------------------------------


@st.composite
def answers_to(draw: st.DrawFn, drawn: Drawn) -> Answers:
    """Answers about rows of a ledger, sensible or not."""
    refs = st.sampled_from([*(t.id for t in drawn.transactions), "gone"])
    lots = draw(st.lists(st.tuples(st.integers(1, 30), st.sampled_from(["", "", *(t.id for t in drawn.transactions)]))))
    return Answers(
        labels=draw(st.dictionaries(refs, st.sampled_from([None, *Label]), max_size=4)),
        matches=draw(st.dictionaries(refs, st.just("") | refs, max_size=4)),
        openings=tuple(
            OpeningLot(
                f"lot {n}",
                "Kraken",
                "BTC",
                Decimal(units) / 10,
                at(f"2023-01-{n % 27 + 1:02}"),
                amount("5 USD"),
                "",
                by,
            )
            for n, (units, by) in enumerate(lots[:4])
        ),
    )


@given(ledgers(), st.sampled_from(ALL), st.data())
def test_answers_in_any_order_give_the_same_result_and_unmatched_rows_are_never_matched(
    drawn: Drawn, by: Basis, data: st.DataObject
) -> None:
    said = data.draw(answers_to(drawn))
    result = derive(drawn.transactions, drawn.prices, by, answers=said)
    turned = replace(
        said,
        labels=dict(reversed(list(said.labels.items()))),
        matches=dict(reversed(list(said.matches.items()))),
        openings=tuple(reversed(said.openings)),
    )
    assert derive(list(reversed(drawn.transactions)), drawn.prices, by, answers=turned) == result
    assert not {ref for ref, other in said.matches.items() if other == ""} & result.transfers.keys()


@given(ledgers(), st.data())
def test_whatever_is_answered_no_unit_is_lost_or_made(drawn: Drawn, data: st.DataObject) -> None:
    """Units held are those that the rows add up to, those that left to a place of one's own, and those missing."""
    result = derive(drawn.transactions, drawn.prices, GLOBAL, answers=data.draw(answers_to(drawn)))
    with exact():
        for asset in ASSETS:
            held = sum((x.quantity for x in result.lots if x.asset == asset), ZERO)
            rows = sum((units for (_, name), units in balances(result.transactions).items() if name == asset), ZERO)
            away = [
                t.sent.quantity
                for t in result.transactions
                if t.sent and not t.received and not t.label and t.sent.asset == asset and t.id not in result.transfers
            ]
            short = [i for i in result.issues if i.code == "missing_acquisition" and i.asset == asset]
            assert held == rows + sum(away, ZERO) + sum((Decimal(i.details["quantity"]) for i in short), ZERO)
