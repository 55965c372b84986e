"""Results of margin and derivatives at exchanges whose ledgers tell them: one row each, and balances that add up."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from importers.base import Exchange
from importers.exchanges import bitfinex, bybit, cryptocom, okx
from importers.parsers.build import MARGIN
from pipeline.model import Label, Parsed
from tests.importers.exchanges import judged

EXCHANGES = [bitfinex.EXCHANGE, bybit.EXCHANGE, cryptocom.EXCHANGE, okx.EXCHANGE]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.id)
def test_results_are_rows_of_their_own_and_add_up_to_the_balances(exchange: Exchange) -> None:
    """Profits with their fee, fees alone, funding, rebates, collateral that moves, what is bought to settle a cost."""
    judged.judge(exchange, "margin")
    said = judged.parsed(exchange, "margin")
    assert judged.balances(said) == judged.told(said)
    assert {t.label for t in said.transactions if t.description not in ("deposit", "sub-account transfer")} <= {
        Label.MARGIN, None,
    }  # fmt: skip


@pytest.mark.parametrize("exchange", [bybit.EXCHANGE, okx.EXCHANGE], ids=lambda exchange: exchange.id)
def test_that_there_are_options_is_told_once(exchange: Exchange) -> None:
    (issue,) = judged.parsed(exchange, "margin").issues
    assert (issue.code, issue.details["count"]) == ("option_results", "2 results")
    assert issue.ref == "mine/options"


def test_what_a_contract_says_of_a_position_is_named_and_what_its_coin_says_counts() -> None:
    (issue,) = judged.parsed(cryptocom.EXCHANGE, "margin").issues
    assert issue.details["kind"] == MARGIN and "type TRADING of a contract" in issue.details["why"]


def _why(said: Parsed) -> list[str]:
    return [issue.details["why"] for issue in said.issues if issue.code == "unread_record"]


@pytest.mark.parametrize(
    ("exchange", "was", "now"),
    [(bybit.EXCHANGE, '"cashFlow":"12"', '"cashFlow":"twelve"'), (okx.EXCHANGE, '"pnl":"20"', '"pnl":"twenty"')],
    ids=["bybit", "okx"],
)
def test_a_record_of_another_form_is_named_and_hides_no_other(exchange: Exchange, was: str, now: str) -> None:
    records = judged.records(exchange, "margin")
    whole = exchange.parse(records)
    said = exchange.parse([replace(record, payload=record.payload.replace(was, now)) for record in records])
    assert len(said.transactions) == len(whole.transactions) - 1
    assert [why.partition(": ")[2] for why in _why(said) if why.endswith("knows")] == [
        "it has another form than this version knows"
    ]


def test_a_settlement_that_takes_back_no_cost_is_not_guessed_at() -> None:
    """The cost is 0.0002 BTC, and 0.00014675 BTC were bought: then neither side of it counts."""
    records = judged.records(bitfinex.EXCHANGE, "margin")
    other = [replace(record, payload=record.payload.replace("-0.00014675", "-0.0002")) for record in records]
    said = bitfinex.EXCHANGE.parse(other)
    assert [why.partition(": ")[2] for why in judged.why(said)] == [
        "margin and derivatives: 'Settlement @ 3814.4' is not supported yet"
    ] * 2
    assert judged.balances(said)["BTC"] == Decimal("-0.0002")
