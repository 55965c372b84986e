"""What no list tells is named for each exchange; where the history shows that it was used, that is told."""

import json
import re
from typing import Any

import pytest

import importers
from importers import exchange, exchange_names
from importers.elsewhere import MOVED
from importers.sync import FINEST
from pipeline.model import RawRecord

SECONDS = 1_736_424_000
EVERYTHING = {"bitvavo"}  # whose one list has all that an account there can do


@pytest.mark.parametrize("name", exchange_names())
def test_what_is_not_read_is_named_with_what_has_it(name: str) -> None:
    places = exchange(name).not_read
    assert bool(places) == (name not in EVERYTHING)
    assert len({one.what for one in places}) == len(places)
    for one in places:
        assert one.export and one.export[-1] not in ".;," and one.export.split()[0] in ("at", "in", "add", "import")
        assert "," not in one.what, "it stands in a line of a CSV file"
        re.compile(one.shown)


def places(name: str, stream: str, *values: dict[str, Any]) -> list[str]:
    """Where the records of one list say that money moved."""
    records = [
        RawRecord(name, "mine", stream, f"id{n}", SECONDS * int(FINEST), json.dumps(value), f"{name} {stream} id{n}")
        for n, value in enumerate(values)
    ]
    (parsed,) = importers.parse(name, records)
    assert [issue.code for issue in parsed.issues] == [MOVED] * len(parsed.issues)
    assert {issue.ref for issue in parsed.issues} <= {t.id for t in parsed.transactions}
    return [issue.details["place"] for issue in parsed.issues]


def of_kraken(refid: str, type: str, subtype: str) -> dict[str, Any]:
    return {"refid": refid, "time": SECONDS, "type": type, "subtype": subtype, "asset": "ZUSD", "amount": "-5.0000",
            "fee": "0.0000"}  # fmt: skip


def of_coinbase(type: str, code: str, **more: Any) -> dict[str, Any]:
    return {"id": type, "type": type, "status": "completed", "amount": {"amount": "-5", "currency": code},
            "created_at": "2025-01-09T12:00:00Z", **more}  # fmt: skip


def of_gate(type: str, code: str = "") -> dict[str, Any]:
    return {"id": "1", "time": SECONDS, "currency": "USDT", "change": "-5", "type": type, "code": code}


def of_htx(type: str) -> dict[str, Any]:
    return {"transactType": "transfer", "transferType": type, "transactAmt": "-5", "currency": "usdt"}


def of_mexc(into: str) -> dict[str, Any]:
    return {"status": "SUCCESS", "amount": "5", "asset": "USDT", "fromAccountType": "SPOT", "toAccountType": into}


def of_bitstamp(type: str) -> dict[str, Any]:
    return {"id": 1, "datetime": "2025-01-09 12:00:00.000000", "type": type, "fee": "0.0", "usd": "-5.00"}


@pytest.mark.parametrize(
    ("name", "stream", "value", "told"),
    [
        ("kraken", "Ledgers", of_kraken("a", "transfer", "spottofutures"), ["Kraken Futures"]),
        ("kraken", "Ledgers", of_kraken("a", "withdrawal", ""), []),
        ("coinbase", "Transactions w", of_coinbase("derivatives_settlement", "USD"), ["US futures"]),
        ("coinbase", "Transactions w", of_coinbase("intx_deposit", "USDC", details={"title": "Sent"}),
         ["perpetual futures"]),
        ("coinbase", "Transactions w", of_coinbase("send", "USDC", description="to my derivatives desk"), []),
        ("gate", "AccountBook", of_gate("perp_out"), ["margin and futures and options and bots"]),
        ("gate", "AccountBook", of_gate("", "601"), ["margin and futures and options and bots"]),
        ("gate", "AccountBook", of_gate("withdraw"), []),
        ("htx", "Ledger", of_htx("margin-transfer-out"), ["margin and loans"]),
        ("htx", "Ledger", of_htx("swap-transfer"), ["futures"]),
        ("mexc", "Transfers SPOT-FUTURES", of_mexc("FUTURES"), ["futures"]),
        ("bitstamp", "user_transactions", of_bitstamp("33"), ["perpetual futures"]),
        ("bitstamp", "user_transactions", of_bitstamp("1"), []),
    ],
)  # fmt: skip
def test_a_transfer_there_is_told_and_no_other(name: str, stream: str, value: dict[str, Any], told: list[str]) -> None:
    assert places(name, stream, value) == told
