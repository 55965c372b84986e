"""What OKX's bills of perpetuals, futures and options are, and the interest on what was borrowed on margin.

A bill changes the balance of the account by `balChg` and what a position on isolated margin holds by `posBalChg`: both
together are the result with its fee, and nothing where collateral only moved. Of perpetuals and futures that has to
be just what OKX itself calls `pnl` and `fee`; a bill of which it is not stays unread. An option's premium is in no
`pnl`, hence options on isolated margin, whose premium could be collateral, stay unread. Trades of coins on margin do,
too: whether they move coins or only a position depends on the mode of the account, which no bill tells.

Sources: OKX API guide (okx.com/docs-v5), "Get bills details (last 3 months)" with its types and subtypes: "balChg:
change in balance amount at the account level, posBalChg: at the position level", "you may refer to pnl for the fee
payment" of funding; a bill of funding on isolated margin as a user recorded it (ccxt issue 28103: balChg 0, pnl equal
to posBalChg) (2026-11). From memory: that a trade's pnl is without its fee.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from importers.parsers.build import MARGIN, Said, Unread, Value, signed, unread
from importers.parsers.claims import Entry
from importers.parsers.margin import of_options, result
from pipeline.money import ZERO, plain

RESULT = "result"  # the kind of these bills
OPTION = "OPTION"

_DERIVATIVES = frozenset(("SWAP", "FUTURES", OPTION))
# Trade, delivery, liquidation, margin transfer, funding, ADL, clawback, DDH, block and spread trade, moved position,
# settlement.
_TYPES = frozenset("2 3 5 6 8 9 10 13 14 24 32 34".split())
_INTEREST = "7"
_WORDS = {  # by subtype
    "1": "buy", "2": "sell", "3": "open long", "4": "open short", "5": "close long", "6": "close short",
    "9": "interest", "14": "interest", "108": "clawback", "112": "delivery", "113": "delivery", "117": "clawback",
    **dict.fromkeys(("100", "101", "102", "103", "104", "105", "106", "107"), "liquidation"),
    **dict.fromkeys(("125", "126", "127", "128"), "auto-deleveraging"),
    "170": "exercise", "171": "exercise", "172": "expiry", "173": "funding", "174": "funding", "355": "settlement",
}  # fmt: skip


def is_result(value: Value, type: str) -> bool:
    """Whether a bill of the trading account of this type is of a derivative, or interest."""
    return type == _INTEREST or (type in _TYPES and value.get("instType") in _DERIVATIVES)


def change(value: Value) -> Decimal:
    """What the account and the position together gained or lost. Raises ValueError where a number is none."""
    _profit(value)
    return signed(value["balChg"]) + signed(value.get("posBalChg") or "0")


def read(entries: Iterable[Entry]) -> Iterator[Said]:
    """What these bills are."""
    options: list[Entry] = []
    for entry in entries:
        told = entry.value
        words = f"{_WORDS.get(str(told.get('subType')), 'result')} {told.get('instId') or entry.asset}"
        if _explained(entry):
            yield from result(entry, words)
            options += [entry] * (told.get("instType") == OPTION)
        else:
            why = (
                f"margin and futures: a change of {plain(entry.change)} {entry.asset} that its result does not explain"
            )
            yield unread(entry.record, Unread(f"{why} ({words})", MARGIN))
    yield from of_options(options)


def _explained(entry: Entry) -> bool:
    """Whether the change is a result, whole and nothing else."""
    told = entry.value
    if told.get("instType") not in _DERIVATIVES:
        return entry.change < ZERO
    if told["instType"] == OPTION:
        return told.get("mgnMode") != "isolated" and not signed(told.get("posBalChg") or "0")
    return entry.gross == _profit(told)


def _profit(value: Value) -> Decimal:
    return signed(value.get("pnl") or "0")
