"""rotki's export of history events: one row per movement, those of one happening share a group_identifier.

Each row is of the account that its location and location_label name. A trade's spend, receive and fee are one
transaction; gas is a cost of its own. What is not one of the kinds below (wrapped and lent coins, deposits in
protocols, loans, what goes neither in nor out) is an open problem. Times are of the zone whose short name
they have: UTC, or the person's own.

Source: rotki/rotki, test_history_events_export.py (header of 2025), coinledger.py and cointracking.py there (types);
read 2026-11. From memory: how types of two words are spelt, and that an informational event moves nothing.
"""

from collections.abc import Iterable, Iterator

from importers.exports import LOCAL, TOOL, Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import Unread
from importers.parsers.sides import chain_hash, plain_word
from pipeline.model import Amount, Label

_TRADES = frozenset(("trade", "multi trade"))
_IN = {
    **dict.fromkeys((("receive", ""), ("exchange transfer", "receive"), ("deposit", "")), None),
    **dict.fromkeys((("staking", "reward"), ("staking", "block production"), ("staking", "mev reward")), Label.REWARD),
    ("receive", "reward"): Label.REWARD,
    ("receive", "airdrop"): Label.AIRDROP,
    ("receive", "interest"): Label.INTEREST,
    ("receive", "donate"): Label.GIFT,
    ("receive", "payment"): Label.INCOME,
    ("receive", "cashback"): Label.CASHBACK,
    ("margin", "profit"): Label.MARGIN,
}
_OUT = {
    **dict.fromkeys((("spend", ""), ("exchange transfer", "spend"), ("withdrawal", "")), None),
    **dict.fromkeys((("spend", "fee"), ("exchange transfer", "fee")), Label.COST),
    **dict.fromkeys((("loss", ""), ("loss", "hack")), Label.LOST),
    ("spend", "donate"): Label.DONATION,
    ("spend", "payment"): Label.SPEND,
    ("margin", "loss"): Label.MARGIN,
}


def read(rows: list[Row]) -> Iterable[Said]:
    trades = [row for row in rows if plain_word(row["event_type"]) in _TRADES]
    yield from grouped(trades, lambda row: row["group_identifier"] or row.record.source_id, _trade)
    rest = [row for row in rows if plain_word(row["event_type"]) not in _TRADES]
    yield from grouped(rest, lambda row: row.record.source_id, _single)


def _kind(row: Row) -> tuple[str, str]:
    kind, what = plain_word(row["event_type"]), plain_word(row["event_subtype"])
    return kind, "" if what == "none" else what


def _amount(row: Row) -> Amount | None:
    return row.amount("amount", row["asset_symbol"] or row["asset"])


def _trade(group: list[Row]) -> Iterator[Said]:
    sides: dict[str, list[Row]] = {"spend": [], "receive": [], "fee": []}
    for row in group:
        what = _kind(row)[1]
        if what not in sides:
            raise Unread(f"what '{what}' means in a trade is not known")
        sides[what].append(row)
    given, got, fees = sides.values()
    if len(given) != 1 or len(got) != 1 or len(fees) > 1:
        raise Unread(f"of its trade there are {len(given)} sides given, {len(got)} got and {len(fees)} fees")
    yield given[0].transaction(
        sent=_amount(given[0]), received=_amount(got[0]), fee=_amount(fees[0]) if fees else None,
        description=given[0]["auto_notes"] or "trade", txhash=chain_hash(given[0]["tx_ref"]),
    )  # fmt: skip


def _single(group: list[Row]) -> Iterator[Said]:
    row, kind = group[0], _kind(group[0])
    comes = row["direction"].casefold() == "in"
    known = _IN if comes else _OUT
    if row["direction"].casefold() not in ("in", "out") or kind not in known:
        raise Unread(f"what {' '.join(filter(None, kind))} means for one that goes {row['direction']} is not known")
    side = _amount(row)
    yield row.transaction(
        sent=None if comes else side, received=side if comes else None, label=known[kind],
        description=row["user_notes"] or row["auto_notes"] or " ".join(kind).strip(),
        txhash=chain_hash(row["tx_ref"]),
    )  # fmt: skip


def accounts(row: Cells) -> tuple[str, ...]:
    return (f"{row.get('location', '')} {row.get('location_label', '')}".strip(),)


def passed(row: Cells) -> str:
    return "informational" if plain_word(row.get("event_type", "")) == "informational" else ""


FORMAT = export(
    "rotki_events",
    2,
    needs=("timestamp", "event_type", "event_subtype", "location", "location_label", "asset", "asset_symbol", "amount",
           "fiat_value", "identifier", "entry_type", "group_identifier", "sequence_index", "direction"),
    may_have=("extra_data", "auto_notes", "user_notes", "tx_ref", "counterparty", "address", "validator_index"),
    date="timestamp",
    times=("%d/%m/%Y %H:%M:%S %Z",),
    zone=LOCAL,
    together=read,
    id=("group_identifier", "sequence_index"),
    changing=("fiat_value", "identifier", "extra_data", "auto_notes", "user_notes", "asset_symbol"),
    labels=("event_type", "event_subtype"),
    accounts=accounts,
    passed=passed,
    newest_first=True,
    rank=TOOL,
)  # fmt: skip
