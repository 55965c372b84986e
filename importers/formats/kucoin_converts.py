"""KuCoin's "Convert Orders": "UID,Account Type,Payment Account,Sell,Buy,Price,Tax,Time of Update(UTC+08:00),Status".

At first without Tax. Amounts with their unit ("10285.1148 KAS"); there is no fee.

Source: headers and a row as public readers of the file have them (2026-11).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.formats.kucoin_deposits import DONE, nothing
from importers.parsers.build import Unread
from pipeline.model import Amount


def read(row: Row) -> Iterable[Said]:
    (given, sold), (got, bought) = row.with_unit("Sell"), row.with_unit("Buy")
    if given <= 0 or got <= 0 or row.number("Tax"):
        raise Unread("its amounts should be positive, without tax")
    yield row.transaction(sent=Amount(given, sold), received=Amount(got, bought), description=f"convert {row['Price']}")


FORMAT = export(
    "kucoin_converts",
    1,
    needs=("UID", "Account Type", "Payment Account", "Sell", "Buy", "Price", "Time of Update(UTC*)", "Status"),
    may_have=("Tax",),
    date="Time of Update(UTC*)",
    exchange="kucoin",
    each=read,
    changing=("UID", "Tax", "Status"),
    status=DONE,
    passed=nothing,
    newest_first=True,
)
