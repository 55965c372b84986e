"""The units of the year: what was there, came, went and is there agrees with the lots that the engine keeps."""

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.gains.derive import derive
from pipeline.model import IN_TRANSIT, Balance, Rule, Transaction
from pipeline.money import ZERO, plain
from pipeline.rules.base import Scope
from reports.roll_forward import EVERYWHERE, lots, transfers
from reports.table import Report, Table
from tests.ledgers import ASSETS, Drawn, Rows, at, basis, buy, ledger, ledgers, move, row, sell, send
from tests.reports.example import report

HISTORY: tuple[Rows, ...] = (
    buy("2024-03-01", "3 BTC", "3000 USD"),
    sell("2024-05-01", "1 BTC", "2000 USD"),
    buy("2025-02-01", "1 BTC", "1500 USD", fee="0.01 BTC"),
    row("2025-03-01", received="0.5 BTC", worth="400 USD", label="reward"),
    move("2025-04-01", "1 BTC", "Kraken", "Ledger"),
    sell("2025-05-01", "0.25 BTC", "500 USD", account="Ledger"),
    buy("2026-02-01", "7 BTC", "9000 USD"),  # after the year
)


def reported(rows: list[Transaction], scope: Scope, year: int = 2025) -> Report:
    empty = report(year)
    result = derive(rows, [], basis(scope=scope), until=empty.period.ends)
    return replace(empty, result=result, scope=scope.value)


def told(table: Table) -> list[dict[str, Any]]:
    """The rows by column; numbers as text, what is 0, empty or not known left out."""
    names = [column.name for column in table.columns]
    return [{n: plain(v) if isinstance(v, type(ZERO)) else v for n, v in zip(names, row, strict=True) if v}
            for row in table.rows]  # fmt: skip


def test_opening_and_what_came_and_went_make_the_closing_units() -> None:
    kraken, wallet = told(lots(reported(ledger(*HISTORY), Scope.ACCOUNT)))
    assert kraken == {
        "asset": "BTC", "account": "Kraken", "opening": "2", "acquired": "1", "received": "0.5", "fees": "0.01",
        "moved_out": "1", "closing": "2.49", "in_lots": "2.49", "cost_basis": kraken["cost_basis"],
    }  # fmt: skip
    assert wallet | {"cost_basis": ""} == {
        "asset": "BTC", "account": "Ledger", "moved_in": "1", "disposed": "0.25", "closing": "0.75", "in_lots": "0.75",
        "cost_basis": "",
    }  # fmt: skip


def test_lots_of_no_account_stand_beside_the_sum_of_all_accounts() -> None:
    rows = told(lots(reported(ledger(*HISTORY), Scope.GLOBAL)))
    assert [(r["account"], r["closing"], r.get("in_lots")) for r in rows] == [
        ("Kraken", "2.49", None),
        ("Ledger", "0.75", None),
        (EVERYWHERE, "3.24", "3.24"),
    ]


def test_where_lots_are_no_account_s_none_is_blamed_when_all_are_gone() -> None:
    """What left one account and was sold at another, by rows that nothing ties: no lot is open, nor is any missing."""
    rows = (buy("2025-01-01", "2 BTC", "20 USD"), sell("2025-02-01", "2 BTC", "30 USD", account="Ledger"))
    table = told(lots(reported(ledger(*rows), Scope.GLOBAL)))
    assert [(r["account"], r.get("closing"), "difference" in r) for r in table] == [
        ("Kraken", "2", False),
        ("Ledger", "-2", False),
        (EVERYWHERE, None, False),
    ]
    short = told(lots(reported(ledger(sell("2025-02-01", "1 BTC", "10 USD")), Scope.GLOBAL)))
    assert [(r["account"], r.get("difference")) for r in short] == [("Kraken", None), (EVERYWHERE, "-1")]


@pytest.mark.parametrize(
    "left, arrived, expected",
    [
        ("2024-12-30", "2025-01-02", {"opening": "1", "moved_out": "1"}),
        ("2025-12-30", "2026-01-02", {"moved_in": "1", "closing": "1", "in_lots": "1"}),
        ("2025-06-01", "2025-06-02", None),
        ("2025-06-01", "", {"moved_in": "1", "closing": "1", "in_lots": "1"}),
    ],
)
def test_what_is_under_way_at_an_end_of_the_year_stands_in_transit(
    left: str, arrived: str, expected: dict[str, str] | None
) -> None:
    gone = move(left, "1 BTC", "Kraken", "Ledger", arrives=arrived) if arrived else send(left, "1 BTC")
    rows = told(lots(reported(ledger(buy("2024-01-01", "1 BTC", "10 USD"), gone), Scope.ACCOUNT)))
    found = [r for r in rows if r["account"] == IN_TRANSIT]
    assert [{k: r[k] for k in r if k not in ("asset", "account", "cost_basis")} for r in found] == (
        [expected] if expected else []
    )
    assert not any("difference" in r for r in rows)


def test_a_fee_that_is_taken_on_the_way_was_spent_as_it_left() -> None:
    gone = move("2025-12-30", "1 BTC", "Kraken", "Ledger", arrives="2026-01-02", arrived="0.999 BTC", txhash="0xabc")
    rows = told(lots(reported(ledger(buy("2024-01-01", "1 BTC", "10 USD"), gone), Scope.ACCOUNT)))
    (found,) = [r for r in rows if r["account"] == IN_TRANSIT]
    assert (found["closing"], found["in_lots"], "difference" in found) == ("0.999", "0.999", False)


def test_what_came_by_another_clock_before_it_left_is_not_there_twice() -> None:
    gone = move("2026-01-01T05:10:00+00:00", "1 BTC", "Kraken", "Ledger", arrives="2026-01-01T04:50:00+00:00")
    rows = told(lots(reported(ledger(buy("2024-01-01", "1 BTC", "10 USD"), gone), Scope.ACCOUNT)))
    assert {r["account"]: r["closing"] for r in rows} == {"Kraken": "1", "Ledger": "1", IN_TRANSIT: "-1"}


@given(ledgers(), st.sampled_from(list(Scope)))
def test_units_agree_with_the_lots_but_for_those_never_acquired(drawn: Drawn, scope: Scope) -> None:
    one = reported(drawn.transactions, scope, 2024)
    table = lots(one)
    names = [column.name for column in table.columns]
    asset, closing, held = names.index("asset"), names.index("closing"), names.index("in_lots")
    account = names.index("account")
    for each in ASSETS:
        rows = [r for r in table.rows if r[asset] == each and (scope is Scope.ACCOUNT or r[account] == EVERYWHERE)]
        unknown = [d for d in one.result.disposals if d.rule is Rule.MISSING and not d.acquisition_id]
        missing = sum((d.quantity for d in unknown if d.asset == each), ZERO)
        off = sum((r[held] - r[closing] for r in rows), ZERO)  # type: ignore[operator]
        assert off == missing if scope is Scope.GLOBAL else off >= missing


@pytest.mark.parametrize("asked, quantity, expected", [
    ("2026-03-01", "9.49", {"reported": "9.49", "moved_between": "7"}),
    ("2025-04-15", "2.5", {"reported": "2.5", "untied": "0.01"}),
    ("2025-02-15", "3", {"reported": "3", "moved_between": "0.5", "untied": "0.01"}),
])  # fmt: skip
def test_closing_units_tie_to_what_the_exchange_reported_whenever_it_was_asked(
    asked: str, quantity: str, expected: dict[str, str]
) -> None:
    one = reported(ledger(*HISTORY), Scope.ACCOUNT)
    said = [Balance("Kraken", asset, D(q), at(asked)) for asset, q in (("BTC", quantity), ("ETH", "2"), ("USD", "5"))]
    kraken, wallet, unknown = told(lots(replace(one, reported=said)))
    columns = ("reported", "moved_between", "untied")
    assert {name: kraken[name] for name in columns if name in kraken} == expected
    assert kraken["reported_at"] == at(asked)
    assert not any(name in wallet for name in columns)
    assert (unknown["asset"], unknown["reported"], unknown["untied"]) == ("ETH", "2", "2")


def test_a_move_is_one_row_with_both_its_sides() -> None:
    gone = (move("2025-04-01", "1 BTC", "Kraken", "Ledger", fee="0.001 BTC"), send("2025-05-01", "0.5 BTC"))
    first, second = told(transfers(reported(ledger(buy("2024-01-01", "3 BTC", "3 USD"), *gone), Scope.ACCOUNT)))
    assert (first["from_account"], first["to_account"], first["sent"], first["arrived"]) == (
        "Kraken",
        "Ledger",
        "1",
        "1",
    )
    assert (first["fee"], first["fee_currency"], first["out_id"], first["in_id"]) == ("0.001", "BTC", "t2", "t3")
    assert (second["sent"], second["out_id"], second.get("to_account")) == ("0.5", "t4", None)
