"""OKEx's export of spot trades of 2020 ("Order ID,Trade ID,Trade Time,Pairs,Amount,..."): one row per fill.

The amount is of the first coin of the pair, the total of the second, each with the sign of what the balance gained or
lost; the fee is in the unit beside it, negative where it was paid, and on top. Times are of the person's own zone,
where the file's name tells none.

Source: header and rows as everytrade-plugins have them (2020), with tests. From memory: that a positive fee is a
rebate.
"""

from collections.abc import Iterable

from importers.exports import LOCAL, Row, Said, export
from importers.parsers.build import Unread
from pipeline.model import Label
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    base, _, quote = row["Pairs"].partition("_")
    units, (total, unit), (fee, fee_in) = row.number("Amount"), row.with_unit("Total"), row.with_unit("Fee")
    if unit != row.asset(quote) or (fee and fee_in != row.asset(row["unit"])):
        raise Unread("its columns name other coins than its pair")
    if units * total >= ZERO:
        raise Unread("it does not say what was given for what")
    coins, money = row.of(abs(units), base), row.of(abs(total), quote)
    yield row.transaction(
        sent=coins if units < ZERO else money,
        received=money if units < ZERO else coins,
        fee=row.of(-fee, row["unit"]) if fee < ZERO else None,
        description=f"{'sell' if units < ZERO else 'buy'} {row['Pairs']} at {row['Price']}",
    )
    if fee > ZERO:
        yield row.transaction(
            received=row.of(fee, row["unit"]), label=Label.CASHBACK, description="rebate", leg="rebate"
        )


FORMAT = export(
    "okx_trades_2020",
    2,
    needs=("Order ID", "Trade ID", "Trade Time", "Pairs", "Amount", "Price", "Total", "taker/maker", "Fee", "unit"),
    date="Trade Time",
    zone=LOCAL,
    exchange="okx",
    each=read,
    id=("Trade ID", "Pairs"),
    changing=("Order ID",),
    newest_first=True,
)
