"""Another tool's report beside ours by asset: what each asset's gain differs by, and how much of that each cause is.

    by_asset(comparison)    # (("fee", "lot_method"), [AssetLine("BTC", theirs, ours, apart, (2, -2.5)), ...])

This module loads pandas: import it only where a workbook of a comparison is written.
"""

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd
from msgspec import Struct

from pipeline.money import ZERO, exact
from pipeline.theirs import Comparison, Tied, by_cause


class AssetLine(Struct, frozen=True):
    """The gains of one asset. `apart`: theirs less ours; `parts`: what each cause adds to it, in the causes' order."""

    asset: str
    theirs: Decimal
    ours: Decimal
    apart: Decimal
    parts: tuple[Decimal, ...]


def by_asset(comparison: Comparison) -> tuple[tuple[str, ...], list[AssetLine]]:
    """The causes, the widest first, and every asset of either side, the widest difference first."""
    causes = tuple(share.cause for share, _ in by_cause(comparison))
    with exact():
        gains = _table([(_asset(each), *_gains(each)) for each in comparison.tied], ["asset", "theirs", "ours"])
        shares = _table(
            [(_asset(each), share.cause, share.gain) for each in comparison.tied for share in each.shares],
            ["asset", "cause", "gain"],
        )
        sums = gains.groupby("asset")[["theirs", "ours"]].sum().to_dict("index")
        parts = shares.groupby(["asset", "cause"])["gain"].sum().to_dict()
        lines = [
            AssetLine(
                str(asset), each["theirs"], each["ours"], each["theirs"] - each["ours"],
                tuple(parts.get((asset, cause), ZERO) for cause in causes),
            )
            for asset, each in sums.items()
        ]  # fmt: skip
        return causes, sorted(lines, key=lambda line: (-abs(line.apart), line.asset))


def _table(rows: Sequence[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    """Columns of objects: pandas adds up the Decimals themselves, never floats."""
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _asset(each: Tied) -> str:
    return each.told[0].asset if each.told else each.here[0].disposal.asset


def _gains(each: Tied) -> tuple[Decimal, Decimal]:
    theirs = sum((row.proceeds - row.basis + row.adjustment for row in each.told), ZERO)
    return theirs, sum((part.proceeds - part.basis for part in each.here), ZERO)
