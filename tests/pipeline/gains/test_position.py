"""The position of a filed year: what goes on from it where nothing changed, and where the records did.

The first is a property of every country, method and scope: to go on from what was filed is to walk from the beginning.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.gains.derive import Basis, derive, derived
from pipeline.gains.position import Position, of_texts, to_texts
from pipeline.model import Disposal, Price, Result, Transaction
from pipeline.money import exact
from tests.ledgers import (
    NEW_YEAR,
    Drawn,
    Rows,
    at,
    basis,
    buy,
    codes,
    ledger,
    ledgers,
    move,
    prices,
    sell,
    table,
)  # fmt: skip
from tests.pipeline.test_properties import EVERY

GAINS = [one for one in EVERY if one.rules.gains]


def filed(rows: Sequence[Transaction], prices: Sequence[Price], by: Basis, end: datetime) -> Position:
    """What is kept of the year that ends then, written and read back."""
    with exact():
        _, position = derived(rows, prices, by, until=end)
        assert position is not None
        return of_texts(json.loads(json.dumps(to_texts(replace(position(), year="2024")))))


def after(result: Result, end: datetime) -> list[Disposal]:
    return [d for d in result.disposals if d.disposed_at >= end]


def year_end(by: Basis) -> datetime:
    return by.rules.year.period(by.rules.year.of(NEW_YEAR.date()) - 1, by.zone).ends


@given(st.sampled_from(GAINS), ledgers())
def test_where_no_record_changed_a_year_goes_on_as_if_it_had_not_been_closed(by: Basis, drawn: Drawn) -> None:
    end = year_end(by)
    start = filed(drawn.transactions, drawn.prices, by, end)
    whole = derive(drawn.transactions, drawn.prices, by)
    going_on = derive(drawn.transactions, drawn.prices, by, start=start)
    assert after(going_on, end) == after(whole, end)
    assert going_on.lots == whole.lots
    assert "filed_position" not in codes(going_on)


def units(result: Result) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for lot in result.lots:
        found[lot.asset] += lot.quantity
    return {asset: quantity for asset, quantity in found.items() if quantity}


@given(st.sampled_from(GAINS), ledgers(), st.data())
def test_units_are_those_of_the_records_whatever_was_filed(by: Basis, drawn: Drawn, data: st.DataObject) -> None:
    end = year_end(by)
    known = data.draw(st.sets(st.sampled_from([t.id for t in drawn.transactions])))
    start = filed([t for t in drawn.transactions if t.id in known], drawn.prices, by, end)
    whole = derive(drawn.transactions, drawn.prices, by)
    going_on = derive(drawn.transactions, drawn.prices, by, start=start)
    assert units(going_on) == units(whole)
    by_disposal = [defaultdict[str, Decimal](Decimal), defaultdict[str, Decimal](Decimal)]
    for sums, result in zip(by_disposal, (going_on, whole), strict=True):
        for d in after(result, end):
            sums[d.id] += d.quantity
    assert by_disposal[0] == by_disposal[1]


# ---- by hand ----------------------------------------------------------------------------------


def gone_on(by: Basis, then: Sequence[Rows], now: Sequence[Rows], end: str) -> Result:
    """What the records come to `now`, from the position of a year that was closed on them as they were `then`."""
    start = filed(ledger(*then), PRICES, by, at(end))
    return derive(ledger(*now), PRICES, by, start=start)


PRICES = prices("2024-12-31 BTC 4000 USD", "2025-06-01 BTC 4000 USD", "2025-06-01 ETH 100 USD")
BOUGHT, SOLD = buy("2023-05-01", "2 BTC", "2000 USD"), sell("2024-12-20", "1 BTC", "800 USD")
AGAIN, OUT = buy("2025-01-05", "1 BTC", "4000 USD"), sell("2025-06-01", "2 BTC", "9000 USD")
END = "2025-01-01 05:00"  # midnight in New York


@pytest.mark.parametrize(
    ("country", "method", "then", "now", "expected"),
    [
        # What was bought after the year's end, and came after it was closed, is matched into no closed year.
        ("ca", "average", [BOUGHT, SOLD], [BOUGHT, SOLD, AGAIN, OUT], "2 BTC: 9000 - 5000 = 4000 average sale"),
        # What was known then stays as it was filed: the denied loss of 200 / 2 joins the purchase.
        ("ca", "average", [BOUGHT, SOLD, AGAIN], [BOUGHT, SOLD, AGAIN, OUT], "2 BTC: 9000 - 5200 = 3800 average sale"),
        # A cost that was corrected since is not the cost that was filed.
        ("us", "fifo", [BOUGHT, SOLD], [buy("2023-05-01", "2 BTC", "2600 USD"), SOLD, AGAIN, OUT],
         "1 BTC: 4500 - 1000 = 3500 long fifo sale"),
        # A purchase that came to light counts, at its own cost and date; what it would have been sold for is filed.
        ("us", "fifo", [BOUGHT, SOLD], [BOUGHT, SOLD, OUT, buy("2022-01-01", "1 BTC", "300 USD")],
         "1 BTC: 4500 - 300 = 4200 long fifo sale"),
        # A sale that came to light leaves fewer units, not others.
        ("us", "fifo", [BOUGHT, SOLD], [BOUGHT, SOLD, AGAIN, OUT, sell("2024-03-01", "0.5 BTC", "700 USD")],
         "0.5 BTC: 2250 - 500 = 1750 long fifo sale"),
        # Units under way at the year's end arrive as they were filed.
        ("us", "fifo", [BOUGHT, move("2024-12-31", "2 BTC", "Kraken", "Ledger", arrives="2025-01-02")],
         [buy("2023-05-01", "2 BTC", "2600 USD"), move("2024-12-31", "2 BTC", "Kraken", "Ledger", arrives="2025-01-02"),
          replace(OUT, account="Ledger")], "2 BTC: 9000 - 2000 = 7000 long fifo sale"),
        # France: the price of the whole as filed, and what the late purchase cost.
        ("fr", "average", [BOUGHT], [BOUGHT, buy("2024-02-01", "2 BTC", "500 USD"), OUT],
         "2 BTC: 9000 - 1250 = 7750 average sale"),
    ],
)  # fmt: skip
def test_a_year_goes_on_from_what_was_filed(
    country: str, method: str, then: Sequence[Rows], now: Sequence[Rows], expected: str
) -> None:
    by = replace(basis(country, method, currency="USD"), zone=basis().zone)
    assert table(after(gone_on(by, then, now, END), at(END)))[0] == expected


def test_a_purchase_that_came_after_closing_is_not_paired_with_a_sale_of_the_closed_year() -> None:
    """uk: it goes into the pool whole; one that was known when the year was closed stays paired."""
    end = "2024-04-06 00:00+01:00"
    bought, sold = buy("2023-05-01", "2 BTC", "2000 USD"), sell("2024-04-01", "1 BTC", "5000 USD")
    later, out = buy("2024-04-20", "1 BTC", "4000 USD"), sell("2024-09-01", "2 BTC", "9000 USD")
    by = basis("uk", "pool", currency="USD")
    now = (bought, sold, later, out)
    assert table(gone_on(by, (bought, sold), now, end).disposals)[-1] == "2 BTC: 9000 - 5000 = 4000 pool sale"
    assert table(gone_on(by, (bought, sold, later), now, end).disposals)[-1] == "2 BTC: 9000 - 2000 = 7000 pool sale"


def test_an_average_that_was_filed_goes_on_in_lots_at_its_cost() -> None:
    average, fifo = basis("generic", "average"), basis("generic", "fifo")
    rows = (buy("2023-05-01", "1 BTC", "1000 USD"), buy("2023-06-01", "1 BTC", "3000 USD"))
    sale = sell("2025-06-01", "1 BTC", "9000 USD")
    start = filed(ledger(*rows), (), average, at("2025-01-01 00:00"))
    assert table(derive(ledger(*rows, sale), (), fifo, start=start).disposals) == [
        "1 BTC: 9000 - 2000 = 7000 long fifo sale"
    ]
