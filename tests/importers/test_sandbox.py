"""The sandbox speaks Kraken's protocol as Kraken documents it, over one account whose books add up.

Asked here with plain HTTP and with signatures made by this file, so that neither ccxt nor the sandbox
vouches for itself.
"""

import base64
import hashlib
import hmac
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_UP, Decimal, localcontext
from http.client import HTTPConnection
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import pytest
from msgspec.structs import replace

from importers import exact
from importers.sandbox.history import DemoHistory, demo_history
from importers.sandbox.kraken import CHANGING, Counter, Key, Records
from importers.sandbox.market import PAIRS
from importers.sandbox.server import DROPPED, NOW, RATE_LIMIT, Fault, Sandbox, original_address

HOST = "https://api.kraken.com"
NONCES = count(1)
DAY = 86_400


def signed(key: Key, path: str, body: str, nonce: str) -> dict[str, str]:
    """The headers that docs.kraken.com/api/docs/guides/spot-rest-auth describes."""
    inner = hashlib.sha256((nonce + body).encode()).digest()
    mac = hmac.new(base64.b64decode(key.secret), path.encode() + inner, hashlib.sha512)
    return {"API-Key": key.api_key, "API-Sign": base64.b64encode(mac.digest()).decode()}


def send(sandbox: Sandbox, method: str, address: str, body: str = "", headers: dict[str, str] | None = None) -> Any:
    """The JSON of one answer; `address` is whatever stands behind the proxy's own slash."""
    connection = HTTPConnection(urlsplit(sandbox.proxy_url).netloc, timeout=10)
    try:
        connection.request(method, f"/{address}", body, headers or {})
        return exact.loads(connection.getresponse().read().decode())
    finally:
        connection.close()


def private(sandbox: Sandbox, name: str, key: Key | None = None, **params: object) -> Any:
    """A rightly signed question; the whole answer."""
    nonce = str(next(NONCES))
    body, path = urlencode({"nonce": nonce, **params}), f"/0/private/{name}"
    return send(sandbox, "POST", HOST + path, body, signed(key or sandbox.records.keys[0], path, body, nonce))


def public(sandbox: Sandbox, name: str, **params: object) -> Any:
    return send(sandbox, "GET", quote(f"{HOST}/0/public/{name}?{urlencode(params)}", safe=""))


def error(answer: Any) -> str:
    (text,) = answer["error"]
    assert "result" not in answer
    return str(text)


@pytest.fixture(scope="module")
def history() -> DemoHistory:
    return demo_history()


@pytest.fixture
def sandbox(history: DemoHistory) -> Iterator[Sandbox]:
    with Sandbox(history) as running:
        yield running
        assert all("nonce" not in request.params for request in running.requests)


def account(entries: int, **key: Any) -> Records:
    """One ledger entry a second, the last two at the same time, and a deposit beside each."""
    times = [Decimal(1_700_000_000 + min(n, entries - 2)) + Decimal("0.1234567") for n in range(entries)]
    entry = {"asset": "ZUSD", "type": "deposit", "amount": "1.0000", "fee": "0.0000", "balance": "1.0000"}
    return Records(
        ledgers={f"L{n:03}": {**entry, "refid": f"Q{n:03}", "time": time} for n, time in enumerate(times)},
        deposits=[
            {"asset": "ZUSD", "method": "Wire", "refid": f"Q{n:03}", "time": int(t)} for n, t in enumerate(times)
        ],
        keys=(Key("key", base64.b64encode(b"secret").decode(), **key),),
    )


# ---- who may ask ------------------------------------------------------------------------------


def test_only_the_right_signature_is_answered(sandbox: Sandbox) -> None:
    key = sandbox.records.keys[0]
    path, body = "/0/private/Balance", "nonce=1000"
    right = signed(key, path, body, "1000")
    other = replace(key, secret=base64.b64encode(b"another").decode())
    assert error(send(sandbox, "POST", HOST + path, body)) == "EAPI:Invalid key"
    assert error(send(sandbox, "POST", HOST + path, body, right | {"API-Key": "?"})) == "EAPI:Invalid key"
    for wrong in (
        right | {"API-Sign": ""},
        signed(other, path, body, "1000"),
        signed(key, "/0/private/Ledgers", body, "1000"),
        signed(key, path, body, "1001"),
        signed(key, path, "nonce=1000&asset=ZUSD", "1000"),
    ):
        assert error(send(sandbox, "POST", HOST + path, body, wrong)) == "EAPI:Invalid signature"
    assert send(sandbox, "POST", HOST + path, body, right)["error"] == []


@pytest.mark.parametrize("nonce", ["1000", "999", "0", "", "-1", "soon"])
def test_a_nonce_must_grow(sandbox: Sandbox, nonce: str) -> None:
    key, path = sandbox.records.keys[0], "/0/private/Balance"
    assert send(sandbox, "POST", HOST + path, "nonce=1000", signed(key, path, "nonce=1000", "1000"))["error"] == []
    body = f"nonce={nonce}"
    assert error(send(sandbox, "POST", HOST + path, body, signed(key, path, body, nonce))) == "EAPI:Invalid nonce"


def test_a_key_ends_and_sees_only_its_span() -> None:
    begin = 1_700_000_000
    with Sandbox(account(9, query_from=begin + 2, query_to=begin + 5)) as sandbox:
        result = private(sandbox, "Ledgers")["result"]
        assert list(result["ledger"]) == ["L004", "L003", "L002"] and result["count"] == 3
        info = private(sandbox, "GetApiKeyInfo")["result"]
        assert (info["queryFrom"], info["queryTo"]) == (str(begin + 2), str(begin + 5))
    with Sandbox(account(1, valid_until=int(NOW.timestamp()))) as sandbox:
        assert error(private(sandbox, "Balance")) == "EAPI:Invalid key"


READS = {
    "Balance": {"query-funds"},
    "Ledgers": {"query-ledger"},
    "TradesHistory": {"query-closed-trades"},
    "DepositStatus": {"query-funds"},
    "WithdrawStatus": {"withdraw-funds", "query-ledger"},
}


@pytest.mark.parametrize("right", ["query-funds", "query-ledger", "query-closed-trades", "query-open-trades"])
def test_each_read_wants_its_own_right(right: str) -> None:
    with Sandbox(account(2, permissions=(right,))) as sandbox:
        for name, needs in READS.items():
            answer = private(sandbox, name)
            assert answer["error"] == ([] if right in needs else ["EGeneral:Permission denied"]), name
        assert private(sandbox, "GetApiKeyInfo")["result"]["permissions"] == [right]


def test_who_tries_to_change_something_is_refused_and_listed(sandbox: Sandbox) -> None:
    for name in CHANGING:
        assert error(private(sandbox, name)) == "EGeneral:Permission denied"
    assert sandbox.forbidden == [f"POST /0/private/{name}" for name in CHANGING]
    with pytest.raises(ValueError, match="Expecting value"):
        send(sandbox, "GET", "https://example.org/0/public/Time")
    assert sandbox.forbidden[-1] == "GET example.org"


def test_too_many_calls_are_refused_until_time_has_passed() -> None:
    seconds = [0.0]
    with Sandbox(account(2), counter=Counter(clock=lambda: seconds[0])) as sandbox:
        answers = [private(sandbox, "Ledgers")["error"] for _ in range(9)]
        assert answers == [[]] * 7 + [["EAPI:Rate limit exceeded"]] * 2
        seconds[0] += 6
        assert private(sandbox, "Ledgers")["error"] == []
        assert error(private(sandbox, "Ledgers")) == "EAPI:Rate limit exceeded"


# ---- pages ------------------------------------------------------------------------------------


def test_pages_of_50_newest_first_that_count_the_whole() -> None:
    records = account(120)
    with Sandbox(records) as sandbox:
        pages = [private(sandbox, "Ledgers", ofs=ofs)["result"] for ofs in (0, 50, 100, 150)]
        assert [len(page["ledger"]) for page in pages] == [50, 50, 20, 0]
        assert {page["count"] for page in pages} == {120}
        assert [id for page in pages for id in page["ledger"]] == list(reversed(records.ledgers))
        assert "count" not in private(sandbox, "Ledgers", without_count="true")["result"]


def test_an_entry_that_comes_in_while_paging_pushes_the_others_back() -> None:
    records = account(60)
    with Sandbox(records) as sandbox:
        private(sandbox, "Ledgers")
        records.ledgers["LNEW"] = records.ledgers["L059"] | {"time": Decimal(1_800_000_000)}
        result = private(sandbox, "Ledgers", ofs=50)["result"]
        assert result["count"] == 61 and next(iter(result["ledger"])) == "L010"


@pytest.mark.parametrize(
    ("bounds", "ids"),
    [
        ({"start": "1700000003.1234567"}, ["L005", "L004"]),  # exclusive
        ({"start": "1700000003.1234566"}, ["L005", "L004", "L003"]),
        ({"end": "1700000001.1234567"}, ["L001", "L000"]),  # inclusive
        ({"end": "1700000001.1234566"}, ["L000"]),
        ({"start": "1700000000.2", "end": "1700000002.2"}, ["L002", "L001"]),
        ({"start": "1700000004.1234567"}, []),  # both of one time
        ({"start": "L004"}, ["L005"]),  # an id tells them apart
        ({"start": "L001", "end": "L003"}, ["L003", "L002"]),
        ({"start": "", "end": "", "type": "withdrawal"}, []),
        ({"asset": "XBT"}, []),
        ({"asset": "USD", "type": "deposit", "ofs": 4}, ["L001", "L000"]),
    ],
)
def test_start_is_exclusive_end_inclusive_and_count_is_of_what_they_leave(
    bounds: dict[str, str], ids: list[str]
) -> None:
    with Sandbox(account(6)) as sandbox:
        result = private(sandbox, "Ledgers", **bounds)["result"]
        assert list(result["ledger"]) == ids
        assert result["count"] == len(ids) + int(bounds.get("ofs", 0))


@pytest.mark.parametrize("params", [{"start": "soon"}, {"end": "L999"}, {"ofs": "-1"}, {"ofs": "x"}])
def test_nonsense_is_an_error_and_no_empty_page(params: dict[str, str]) -> None:
    with Sandbox(account(3)) as sandbox:
        assert error(private(sandbox, "Ledgers", **params)).startswith("EGeneral:Invalid arguments")


def test_statuses_come_as_a_list_or_by_cursor() -> None:
    with Sandbox(account(60)) as sandbox:
        newest = [f"Q{n:03}" for n in range(59, -1, -1)]
        assert [each["refid"] for each in private(sandbox, "DepositStatus")["result"]] == newest[:25]
        seen, cursor = [], "true"
        while cursor:
            result = private(sandbox, "DepositStatus", cursor=cursor)["result"]
            seen.append([each["refid"] for each in result["deposit"]])
            cursor = result["next_cursor"]
        assert seen == [newest[:25], newest[25:50], newest[50:]]
        late = private(sandbox, "DepositStatus", cursor="True", start=1_700_000_057)["result"]
        assert [each["refid"] for each in late["deposit"]] == newest[:3] and late["next_cursor"] is None
        assert error(private(sandbox, "DepositStatus", cursor="elsewhere")) == "EGeneral:Invalid arguments:cursor"


def test_candles_are_the_latest_720_whatever_since_says(sandbox: Sandbox) -> None:
    today = int(NOW.timestamp()) // DAY * DAY
    for since in (0, 1, today - 1_000 * DAY):
        rows = public(sandbox, "OHLC", pair="XBTUSD", interval=1440, since=since)["result"]["XXBTZUSD"]
        assert [row[0] for row in rows] == [today - back * DAY for back in range(719, -1, -1)]
    result = public(sandbox, "OHLC", pair="XBT/USD", interval=1440, since=today - 3 * DAY)["result"]
    assert [row[0] for row in result["XXBTZUSD"]] == [today - 2 * DAY, today - DAY, today]
    assert result["last"] == today - DAY  # the last one that is complete
    for _, start, high, low, close, average, *_ in rows:
        assert Decimal(low) <= min(map(Decimal, (start, close, average)))
        assert Decimal(high) >= max(map(Decimal, (start, close, average)))
    assert all(before[4] == after[1] for before, after in pairwise(rows))


@pytest.mark.parametrize("params", [{"pair": "NOPE"}, {}, {"pair": "XBTUSD", "interval": 7}])
def test_candles_of_nothing_are_an_error(sandbox: Sandbox, params: dict[str, object]) -> None:
    assert error(public(sandbox, "OHLC", **params)).startswith(("EQuery:Unknown", "EGeneral:Invalid arguments"))


# ---- the wire ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"{HOST}/0/private/Ledgers",
        f"{HOST}/0/public/OHLC?pair=XBT%2FUSD&since=1",
        f"{HOST}/0/public/OHLC?pair=https://elsewhere",
    ],
)
def test_both_forms_of_a_proxied_address_lead_to_the_original(address: str) -> None:
    assert original_address(f"/{address}") == address
    assert original_address("/" + quote(address, safe="")) == address
    assert original_address("/" + quote(address, safe="!~*'()")) == address  # as encodeURIComponent writes it


def test_faults_come_after_the_exchange_has_done_its_part() -> None:
    told: list[tuple[int, str]] = []

    def faults(number: int, path: str) -> Fault | None:
        told.append((number, path))
        return {1: RATE_LIMIT, 2: DROPPED}.get(number)

    with Sandbox(account(3), faults=faults) as sandbox:
        assert error(private(sandbox, "Ledgers", ofs=1)) == "EAPI:Rate limit exceeded"
        with pytest.raises(ConnectionError):
            private(sandbox, "Balance")
        assert len(private(sandbox, "Ledgers", ofs=2)["result"]["ledger"]) == 1
        asked = [(request.number, request.method, request.name, request.params) for request in sandbox.requests]
    assert told == [(1, "/0/private/Ledgers"), (2, "/0/private/Balance"), (3, "/0/private/Ledgers")]
    assert asked == [
        (1, "POST", "Ledgers", {"ofs": "1"}),
        (2, "POST", "Balance", {}),
        (3, "POST", "Ledgers", {"ofs": "2"}),
    ]


def test_times_are_numbers_with_the_digits_of_the_account(sandbox: Sandbox) -> None:
    page = private(sandbox, "Ledgers")["result"]["ledger"]
    for id, entry in page.items():
        kept = sandbox.records.ledgers[id]
        assert isinstance(entry["time"], exact.Number) and entry["time"] == str(kept["time"])
        assert {**entry, "time": kept["time"]} == kept
    assert max(len(entry["time"].partition(".")[2]) for entry in page.values()) >= 6


# ---- the account ------------------------------------------------------------------------------


def test_the_history_is_the_same_on_every_run(history: DemoHistory) -> None:
    with localcontext(rounding=ROUND_UP, prec=9):  # ccxt, once used, leaves another rounding behind
        assert demo_history() == history
    shows = "from importers.sandbox.history import demo_history; print(repr(demo_history()))"
    elsewhere = subprocess.run(
        [sys.executable, "-c", shows],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": "7"},  # another order of every set
        capture_output=True,
        check=True,
        text=True,
    )
    assert elsewhere.stdout.rstrip("\n") == repr(history)


def test_the_running_balances_add_up(history: DemoHistory, sandbox: Sandbox) -> None:
    held: dict[str, Decimal] = defaultdict(Decimal, {"XLTC": Decimal("1.5")})  # what the user is to find
    for entry in sorted(history.ledgers.values(), key=lambda entry: entry["time"]):
        held[entry["asset"]] += Decimal(entry["amount"]) - Decimal(entry["fee"])
        assert held[entry["asset"]] == Decimal(entry["balance"]) >= 0, entry
    assert {asset: Decimal(text) for asset, text in private(sandbox, "Balance")["result"].items()} == held


def test_trades_and_movements_agree_with_the_ledger(history: DemoHistory) -> None:
    by_refid = defaultdict(list)
    for id, entry in history.ledgers.items():
        by_refid[entry["refid"]].append(id)
    for id, trade in history.trades.items():
        quote_leg, base_leg = (history.ledgers[leg] for leg in trade["ledgers"])
        assert by_refid[id] == trade["ledgers"] and quote_leg["time"] == base_leg["time"] == trade["time"]
        sign = 1 if trade["type"] == "buy" else -1
        assert Decimal(base_leg["amount"]) == sign * Decimal(trade["vol"])
        assert abs(Decimal(quote_leg["amount"]) + sign * Decimal(trade["cost"])) <= Decimal("0.00005")
        assert (quote_leg["asset"], base_leg["asset"]) == (PAIRS[trade["pair"]].quote, PAIRS[trade["pair"]].base)
    for kind, movements, sign in (("deposit", history.deposits, 1), ("withdrawal", history.withdrawals, -1)):
        assert movements
        for movement in movements:
            first, *back = (history.ledgers[id] for id in by_refid[movement["refid"]])
            assert (first["type"], first["asset"]) == (kind, movement["asset"])
            assert Decimal(first["amount"]) == sign * Decimal(movement["amount"])
            assert bool(back) == (movement["status"] != "Success")
    moved = {entry["refid"] for entry in history.ledgers.values() if entry["type"] in ("deposit", "withdrawal")}
    assert moved == {movement["refid"] for movement in (*history.deposits, *history.withdrawals)}


def test_what_left_for_the_wallet_arrives_in_its_file(history: DemoHistory) -> None:
    sent = {movement["txid"] for movement in history.withdrawals if movement["txid"]}
    assert len(sent) > 3 and all(history.wallet_csv.count(txid) == 1 for txid in sent)
