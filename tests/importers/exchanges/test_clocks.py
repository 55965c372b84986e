"""A machine whose clock is wrong: what an exchange tells of its own time is what requests bear from then on.

The exchange of these tests is an hour late; it refuses the first request in its own words, as it would any whose time
is not near its own.
"""

import base64
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import importers
from importers.client import Client, Unreachable
from tests.importers.exchanges.recorded import ERRORS, READ_ONLY, Asked, Recorded, opened
from tests.importers.exchanges.test_faults import MAIN, OTHERS

HOUR = 3600
# exchange -> (where it tells its time, in which form); the others tell it by the Date of every answer only
TIMES: dict[str, tuple[str, Any]] = {
    "binance": ("https://api.binance.com/api/v3/time", lambda ms: {"serverTime": ms}),
    "bitget": (
        "https://api.bitget.com/api/v2/public/time",
        lambda ms: {"code": "00000", "data": {"serverTime": str(ms)}},
    ),
    "bitvavo": ("https://api.bitvavo.com/v2/time", lambda ms: {"time": ms}),
    "bybit": ("https://api.bybit.com/v5/market/time", lambda ms: {"retCode": 0, "result": {}, "time": ms}),
    "gate": ("https://api.gateio.ws/api/v4/spot/time", lambda ms: {"server_time": ms}),
    "htx": ("https://api.huobi.pro/v1/common/timestamp", lambda ms: {"status": "ok", "data": ms}),
    "kucoin": ("https://api.kucoin.com/api/v1/timestamp", lambda ms: {"code": "200000", "data": ms}),
    "mexc": ("https://api.mexc.com/api/v3/time", lambda ms: {"serverTime": ms}),
    "okx": ("https://www.okx.com/api/v5/public/time", lambda ms: {"code": "0", "data": [{"ts": str(ms)}]}),
}
CLOCKS = [
    (name, code)
    for name in importers.exchange_names()
    if name not in MAIN and name != "coinbase"  # whose time is inside a token: test_coinbase
    for code, fault in importers.exchange(name).faults.items()
    if fault.clock and fault.sentence.startswith(("the clock", "it does not take the signature"))
]


def refused(name: str, code: str, recorded: Recorded) -> tuple[Client, Callable[[], Any]]:
    """A client whose first answer is this error and the others good ones, and what asks for them."""
    client, error = opened(importers.exchange(name), recorded), ERRORS[name](code)
    if name in OTHERS:
        recorded.say(OTHERS[name].address, error, {"balance": "1", "code": 0})
        return client, lambda: client.call(OTHERS[name].method, {}, lambda answer: answer)
    for number, (address, answer) in enumerate(READ_ONLY[name].values()):
        recorded.say(address, *([answer] if number else [error, answer]))
    asks = client.exchange.rights
    assert asks is not None
    return client, lambda: asks(client.call, client.key)


def borne(asked: Asked) -> set[float]:
    """The times that a request bears, in Unix seconds."""
    payload = base64.b64decode(asked.headers.get("x-gemini-payload", "")).decode()
    texts = " ".join([asked.query, asked.body, payload, *asked.headers.values()]).replace("%3A", ":")
    numbers = {int(text[:10]) for text in re.findall(r"(?<!\d)1[789]\d{8}(?:\d{3})?(?!\d)", texts)}
    written = {datetime.fromisoformat(text) for text in re.findall(r"\d{4}-\d\d-\d\dT[\d:]{8}", texts)}
    return numbers | {at.replace(tzinfo=UTC).timestamp() for at in written}


def near(asked: Asked, moment: float) -> bool:
    return any(abs(at - moment) < 120 for at in borne(asked))


@pytest.mark.parametrize(("name", "code"), CLOCKS)
def test_after_a_refusal_for_its_time_a_request_bears_the_exchanges_own(
    name: str, code: str, recorded: Recorded
) -> None:
    recorded.late, now = HOUR, time.time()
    client, ask = refused(name, code, recorded)
    assert (client.exchange.time is None) == (name not in TIMES)
    if name in TIMES:
        address, form = TIMES[name]
        recorded.say(address, form(int((now - HOUR) * 1000)))
    ask()
    asked = [one for one in recorded.requests if name not in TIMES or one.address != TIMES[name][0]]
    assert near(asked[0], now) and not near(asked[0], now - HOUR)
    assert all(near(one, now - HOUR) and not near(one, now) for one in asked[1:]) and len(asked) > 1


@pytest.mark.parametrize("name", ["bybit", "bitstamp"])
def test_a_clock_that_is_right_is_not_the_reason_and_nothing_is_asked_again(name: str, recorded: Recorded) -> None:
    code = next(code for other, code in CLOCKS if other == name)
    client, ask = refused(name, code, recorded)
    if name in TIMES:
        address, form = TIMES[name]
        recorded.say(address, form(int(time.time() * 1000)))
    with pytest.raises(Unreachable, match="the clock of this machine is wrong"):
        ask()
    assert len(recorded.requests) == 1 + (client.exchange.time is not None)
