"""Coinbase's transaction report of 2019 to 2022: without IDs and signs, times such as "2021-05-03T01:00:00Z".

At first the columns of money name its currency ("USD Subtotal"), from 2021 a column of their own does, and some files
name it in the Notes alone; "Fees and/or
Spread" was "Fees". A row is known by its time, type, asset and quantity, which all of them tell alike. See
`importers.parsers.coinbase_report`.
"""

from importers.exports import export
from importers.parsers import coinbase_report
from importers.parsers.coinbase_report import IDENTITY, MONEY

_SUMS = ("Subtotal", "Total (inclusive of fees)", "Fees")
_OTHERS = (
    *_SUMS, "Total (inclusive of fees and/or spread)", "Fees and/or Spread",
    *(f"{code} {name}" for code in MONEY for name in _SUMS),
)  # fmt: skip
_CURRENCY = ("Spot Price Currency", *(f"{code} Spot Price at Transaction" for code in MONEY))

FORMAT = export(
    "coinbase_transactions_2019",
    1,
    needs=(*IDENTITY, "Notes"),
    one_of=(*_CURRENCY, "Spot Price at Transaction"),
    may_have=_OTHERS,
    date="Timestamp",
    exchange="coinbase",
    together=coinbase_report.read,
    changing=(*_CURRENCY, "Spot Price at Transaction", *_OTHERS, "Notes"),
    passed=coinbase_report.passed,
)
