"""FTX' and FTX US' exports of fills, from the page and from the claims portal (2019 to 2022).

The fee is on top; a negative one is a rebate. What was bought for nothing was given out. Markets of futures
("BTC-PERP") are not read. Times have their zone. Columns as converters have them (BittyTax).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import MARGIN, Unread
from importers.parsers.moved import moved, traded
from pipeline.model import Label
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    base, _, quote = row["Market"].partition("/")
    if not quote:
        raise Unread(f"the market {row['Market']} is none of coins", MARGIN if "-" in base else "")
    fee, currency = row.number("Fee"), row["Fee Currency"] or row["feeCurrency"]
    paid = row.of(fee, currency) if fee > ZERO else None
    words = f"{row['Side'].lower()} {row['Market']} at {row['Price']}"
    if row["Side"].casefold() == "buy" and not row.number("Total"):
        yield moved(row, row.number("Size"), base, Label.AIRDROP, fee=paid, description=words)
    else:
        yield traded(row, row["Side"], row.amount("Size", base), row.amount("Total", quote), paid, words)
    if fee < ZERO:
        yield moved(row, -fee, currency, Label.CASHBACK, description="rebate of a trading fee", leg="rebate")


FORMAT = export(
    "ftx_trades",
    1,
    needs=("ID", "Time", "Market", "Side", "Size", "Price", "Total", "Fee"),
    one_of=("Fee Currency", "feeCurrency"),
    may_have=("Order Type", "type"),
    date="Time",
    each=read,
    id=("ID",),
    newest_first=True,
    exactly=True,
)
