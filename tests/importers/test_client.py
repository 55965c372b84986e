"""The guarded client: nothing but listed reads leaves, no failure becomes an empty answer, no secret shows.

The real ccxt class asks the sandbox exchange over HTTP. Pauses are noted instead of waited for.
"""

import base64
import copy
import errno
import json
import logging
import pickle
import re
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import localcontext
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from inspect import Parameter, signature
from typing import Any, NoReturn
from urllib.parse import quote

import ccxt
import pytest
import requests
from ccxt.base.types import Entry
from msgspec.structs import replace

import importers
from importers.base import Answer, Listed, Rights, Span, Unlike
from importers.client import Client, Forbidden, Unreachable, open_client
from importers.exact import Number
from importers.exchanges.kraken import EXCHANGE
from importers.guard import guarded
from importers.sandbox import server
from importers.sandbox.history import DemoHistory, demo_history
from importers.sandbox.kraken import Counter, Key
from importers.sandbox.server import Fault, Faults, Sandbox, redirect, slow
from importers.session import let_out
from tests.importers.exchanges.recorded import ERRORS, READ_ONLY, Recorded, Said
from tests.importers.exchanges.test_faults import OTHERS, tried

LEDGERS = EXCHANGE.streams[0]
FAULTS = {name: fault for name, fault in vars(server).items() if isinstance(fault, Fault)}


def says(text: str | bytes, status: int = 200, kind: str = "application/json") -> Fault:
    return Fault(status, lambda _: text if isinstance(text, bytes) else text.encode(), kind)


def always(fault: Fault) -> Faults:
    return lambda number, path: fault


def once(fault: Fault) -> Faults:
    return lambda number, path: fault if number == 1 else None


def ledgers(client: Client) -> Listed:
    """The first page of the ledger, the way an import asks for it."""
    return client.call(LEDGERS.method, LEDGERS.ask(Span()), lambda answer: LEDGERS.read(answer, Span()))


def opened(sandbox: Sandbox, waiting: Callable[[str], None] = lambda _: None) -> Client:
    return open_client(EXCHANGE, sandbox.records.credentials, sandbox.proxy_url, waiting)


def behind(client: Client) -> Any:
    """The ccxt object: what a fault of the program, or a line smuggled into it, could lay hands on."""
    return client._api


def failure(client: Client, ask: Callable[[Client], object] = ledgers) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        ask(client)
    line = str(caught.value)
    assert re.match(r"Kraken \(\w+\): [a-z]", line) and line.isprintable() and len(line) < 250, line
    return caught.value


@pytest.fixture(scope="module")
def history() -> DemoHistory:
    return demo_history()


@pytest.fixture
def sandbox(history: DemoHistory) -> Iterator[Sandbox]:
    with Sandbox(history) as running:
        yield running
        assert running.forbidden == []


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the client would have waited, one by one."""
    noted: list[float] = []
    monkeypatch.setattr(time, "sleep", noted.append)
    return noted


class Elsewhere:
    """Another server on this machine: keeps the headers that reach it, and repeats all it is told in an error."""

    def __init__(self, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.heard: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.heard.append(dict(self.headers))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                told = f"{self.path} {dict(self.headers)} {body}".replace('"', "'")
                self.send_response(status, told.replace("\n", " "))
                self.send_header("Content-Type", "application/json")
                for name, value in (headers or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(f'{{"error":["EEcho:{told}"]}}'.encode())

            do_POST = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> "Elsewhere":
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


# ---- the guard --------------------------------------------------------------------------------

IMPLICIT = {
    name: entry for cls in ccxt.kraken.__mro__ for name, entry in vars(cls).items() if isinstance(entry, Entry)
}  # in both spellings
LISTED = {name for name, entry in IMPLICIT.items() if (".".join(entry.api), entry.method, entry.path) in EXCHANGE.allow}

CHANGING = re.compile(
    r"(create|cancel|edit|close|withdraw|transfer|borrow|repay|set|sign_?[iI]n|deposit|reduce|redeem|stake|add_?[mM])"
)
# what begins so, too, and changes its own object at most
HELPERS = re.compile(
    r"set_?(headers|last_?re|markets|property|sandbox|take)|create_?(ccxt|exp|oh|safe)|deposit_?w|reduce_?fees|close$",
    re.I,
)


def test_every_implicit_method_that_is_not_on_the_list_is_refused(sandbox: Sandbox) -> None:
    api = behind(opened(sandbox))
    refused = IMPLICIT.keys() - LISTED
    for name in refused:
        with pytest.raises(Forbidden, match="is not on the list of reads"):
            getattr(api, name)({})
    assert len(refused) > 50
    assert sandbox.requests == []


def test_the_reads_on_the_list_pass(sandbox: Sandbox) -> None:
    api = behind(opened(sandbox))
    for name in LISTED:
        assert getattr(api, name)({"pair": "XBT/USD"} if "ohlc" in name.lower() else {})["result"], name
    assert {request.name for request in sandbox.requests} == {path for _, _, path in EXCHANGE.allow}
    assert len(LISTED) == 2 * len(EXCHANGE.allow)  # a path that ccxt does not have would be a slip of the pen


def test_every_unified_method_that_changes_something_is_refused(sandbox: Sandbox) -> None:
    api = behind(opened(sandbox))
    names = [name for name in dir(api) if CHANGING.match(name) and not HELPERS.match(name)]
    for name in names:
        wanted = signature(getattr(ccxt.kraken, name)).parameters.values()
        with pytest.raises((Forbidden, ccxt.NotSupported)):
            getattr(api, name)(*("1" for each in list(wanted)[1:] if each.default is Parameter.empty))
    assert len(names) > 100 and {"createOrder", "create_order", "withdraw", "transferOut"} <= set(names)
    assert sandbox.requests == []


def test_the_list_alone_would_do(sandbox: Sandbox) -> None:
    """ccxt's own methods, not shadowed and with all that they look up at hand, get no further than the list."""
    settings = {**sandbox.records.credentials, "proxyUrl": sandbox.proxy_url, "enableRateLimit": False}
    api = guarded(ccxt.kraken, EXCHANGE.allow | {("public", "GET", "Assets")})(settings)
    with localcontext():  # which ccxt changes when it rounds to a market's steps
        api.load_markets()
        for method, *arguments in (
            (ccxt.kraken.create_order, "BTC/USD", "market", "buy", 1),
            (ccxt.kraken.edit_order, "1", "BTC/USD", "limit", "buy", 1, 1),
            (ccxt.kraken.cancel_order, "1", "BTC/USD"),
            (ccxt.kraken.cancel_all_orders,),
            (ccxt.kraken.withdraw, "BTC", 1, "an-address", {"key": "its name"}),
            (ccxt.kraken.transfer, "BTC", 1, "spot", "futures"),
            (ccxt.kraken.create_deposit_address, "BTC", {"network": "BTC"}),
            (ccxt.kraken.fetch_open_orders,),
        ):
            with pytest.raises(Forbidden, match="is not on the list of reads"):
                method(api, *arguments)
    assert {request.name for request in sandbox.requests} == {"Assets", "AssetPairs"}


def smuggled(urls: Mapping[str, str]) -> Callable[[Any], object]:
    def ask(api: Any) -> object:
        api.urls["api"].update(urls)
        return api.privatePostLedgers({})

    return ask


PRIVATE = "https://api.kraken.com/0/private"
ORDER = {"pair": "XBTUSD", "type": "sell", "ordertype": "market", "volume": "1"}


def by_the_class(api: Any) -> object:
    """An order as ccxt's own class signs and sends it, past every method of the guard."""
    request = ccxt.kraken.sign(api, "AddOrder", ["private"], "POST", ORDER)
    return ccxt.Exchange.fetch(api, request["url"], request["method"], request["headers"], request["body"])


def by_another_adapter(api: Any) -> object:
    api.session.mount("https://", requests.adapters.HTTPAdapter())
    return api.session.get_adapter(PRIVATE).send(requests.Request("POST", f"{PRIVATE}/AddOrder").prepare())


def after(**changed: Any) -> Callable[[Any], object]:
    """A listed read, once something of the opened exchange is changed."""

    def ask(api: Any) -> object:
        for name, value in changed.items():
            setattr(api, name, value)
        return api.privatePostLedgers({})

    return ask


WAYS_ROUND: dict[str, Callable[[Any], object]] = {
    "request": lambda api: api.request("Withdraw", ["private"], "POST", {"asset": "XBT"}),
    "section as text": lambda api: api.request("Withdraw", "private", "POST"),
    "GET for POST": lambda api: api.fetch2("Ledgers", ["private"], "GET"),
    "POST for GET": lambda api: api.fetch2("OHLC", ["public"], "POST"),
    "PUT": lambda api: api.fetch2("Ledgers", ["private"], "PUT"),
    "post": lambda api: api.fetch2("Ledgers", ["private"], "post"),
    "ledgers": lambda api: api.fetch2("ledgers", ["private"], "POST"),
    "Private": lambda api: api.fetch2("Ledgers", ["Private"], "POST"),
    "another section": lambda api: api.fetch2("Ledgers", ["public"], "POST"),
    "two sections": lambda api: api.fetch2("Ledgers", ["private", "x"], "POST"),
    "a path behind it": lambda api: api.fetch2("Ledgers/../Withdraw", ["private"], "POST"),
    "a query behind it": lambda api: api.fetch2("Ledgers?x=1", ["private"], "POST"),
    "a slash before it": lambda api: api.fetch2("/Ledgers", ["private"], "POST"),
    "white space": lambda api: api.fetch2("Ledgers ", ["private"], "POST"),
    "a path of parameters": lambda api: api.fetch2("{path}", ["private"], "POST", {"path": "Withdraw"}),
    "fetch": lambda api: api.fetch(f"{PRIVATE}/Withdraw", "POST", {}, "nonce=1"),
    "fetch of a listed read": lambda api: api.fetch(f"{PRIVATE}/Ledgers", "POST", {}, "nonce=1"),
    "fetch from another host": lambda api: api.fetch("https://example.org/"),
    "fetch2 of ccxt itself": lambda api: ccxt.kraken.fetch2(api, "Withdraw", ["private"], "POST", {"asset": "XBT"}),
    "another host": smuggled({"private": "https://example.org"}),
    "a host in a name": smuggled({"private": "https://api.kraken.com@example.org"}),
    "another host of the exchange": smuggled({"private": "https://kraken.zendesk.com"}),
    "a host that ends alike": smuggled({"private": "https://api.kraken.com.example.org"}),
    "without TLS": smuggled({"private": "http://api.kraken.com"}),
    "sign and fetch of ccxt itself": by_the_class,
    "request of the session": lambda api: api.session.request("POST", f"{api.proxyUrl}{PRIVATE}/Ledgers"),
    "post of the session": lambda api: api.session.post(f"{api.proxyUrl}{PRIVATE}/AddOrder", data=ORDER),
    "get of the session": lambda api: api.session.get(f"{api.proxyUrl}https://example.org/"),
    "send of the session": lambda api: api.session.send(
        requests.Request("POST", f"{api.proxyUrl}{PRIVATE}/AddOrder", data=ORDER).prepare()
    ),
    "another adapter": by_another_adapter,
    "another session": lambda api: setattr(api, "session", requests.Session()),
    "another session from the start": lambda api: type(api)({"session": requests.Session()}),
    "another proxy": after(proxyUrl="https://example.org/"),
    "another proxy from the start": lambda api: type(api)({"proxyUrl": "http://example.org/"}),
    "no proxy any more": after(proxyUrl=None),
    "a proxy for each": after(proxyUrl=None, proxyUrlCallback=lambda *_: "http://127.0.0.1:9/https://example.org/?"),
    "a proxy of another name": after(proxyUrl=None, proxy="http://127.0.0.1:9/"),
    "verbose": lambda api: setattr(api, "verbose", True),
    "verbose from the start": lambda api: type(api)({"verbose": True}),
    "pickle": pickle.dumps,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS_ROUND)
def test_a_way_round_the_list_is_refused(sandbox: Sandbox, way: str) -> None:
    with pytest.raises(Forbidden):
        WAYS_ROUND[way](behind(opened(sandbox)))
    assert sandbox.requests == []


@pytest.mark.parametrize(
    ("exchange", "read", "name"),
    [
        (ccxt.bitstamp, ("private", "POST", "user_transactions/{pair}/"), "pair"),
        (ccxt.htx, ("private", "GET", "account/accounts/{sub-uid}"), "sub-uid"),
    ],
)
@pytest.mark.parametrize(
    "value", ["../withdraw", "..", "a/b", "a?b=1", "a#b", "a%2Fb", "a\\b", "{other}"], ids=lambda value: repr(value)
)
def test_a_parameter_brings_no_other_path_in(exchange: Any, read: Any, name: str, value: str, sandbox: Sandbox) -> None:
    section, method, path = read
    api = guarded(exchange, frozenset({read}))({"apiKey": "a", "secret": "b", "proxyUrl": sandbox.proxy_url})
    with pytest.raises(Forbidden, match="with another path inside"):
        api.fetch2(path, [section], method, {name: value, "other": "../withdraw"})
    assert sandbox.requests == []


def test_what_the_guard_lets_out_leaves_once_as_it_is(sandbox: Sandbox) -> None:
    """Also while a listed read is on its way, the session sends that one and no other."""
    api, url = behind(opened(sandbox)), "https://api.kraken.com/0/public/AssetPairs"
    with let_out("GET", url):
        for method, other in (("POST", url), ("GET", f"{PRIVATE}/Withdraw"), ("GET", f"{url}?pair=XBTUSD")):
            with pytest.raises(Forbidden):
                api.session.request(method, sandbox.proxy_url + other)
        with pytest.raises(Forbidden):
            api.session.get(sandbox.proxy_url + url, params={"pair": "XBTUSD"})
        assert sandbox.requests == []
        assert api.session.get(sandbox.proxy_url + url, verify=False).ok
        with pytest.raises(Forbidden):
            api.session.get(sandbox.proxy_url + url)
    assert [request.name for request in sandbox.requests] == ["AssetPairs"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_the_key_nowhere(history: DemoHistory, status: int) -> None:
    with Elsewhere() as other, Sandbox(history) as sandbox:
        for target in (f"{other.url}0/private/Ledgers", f"{sandbox.proxy_url}{PRIVATE}/Withdraw"):
            sandbox.faults = always(replace(redirect(target), status=status))
            failure(opened(sandbox))
        assert other.heard == [] and sandbox.forbidden == []
        assert [request.name for request in sandbox.requests] == ["Ledgers"] * 2


# ---- what fails -------------------------------------------------------------------------------

# Beside the sandbox's own faults: answers that ccxt takes for empty, or stumbles over.
ODD = {
    "a number": says("12"),
    "no errors at all": says('{"error":null}'),
    "an object of errors": says('{"error":{"a":1}}'),
    "an error of no text": says('{"error":[{}]}'),
    "NaN": says('{"error":[],"result":{"ledger":{"L1":{"time":NaN}},"count":1}}'),
    "an endless number": says('{"error":[],"result":{"ledger":{"L1":{"time":1' + "0" * 5_000 + '}},"count":1}}'),
    "endless lists": says("[" * 100_000),
    "another encoding": says(b'\xff\xfe{"error":[]}'),
    "a file": says(b"\xff\xfe", kind="application/octet-stream"),
    "500": says('{"error":[]}', 500),
    "520": says("", 520),
    "too much for memory": Fault(body=lambda right: b" " * (64 << 20) + right),
}


@pytest.fixture(scope="module")
def undisturbed(history: DemoHistory) -> Listed:
    with Sandbox(history) as sandbox:
        return ledgers(opened(sandbox))


@pytest.mark.parametrize("name", [*FAULTS, *ODD])
def test_what_fails_once_is_asked_for_again(
    name: str, history: DemoHistory, undisturbed: Listed, pauses: list[float]
) -> None:
    with Sandbox(history, faults=once((FAULTS | ODD)[name])) as sandbox:
        assert ledgers(opened(sandbox)) == undisturbed
        first, second = sandbox.requests
        assert (first.path, first.params) == (second.path, second.params)
        assert sandbox.forbidden == []
    assert len(undisturbed.items) == 50 and pauses


@pytest.mark.parametrize("name", [*FAULTS, *ODD])
def test_what_fails_for_ever_ends_in_one_line(name: str, history: DemoHistory, pauses: list[float]) -> None:
    with Sandbox(history, faults=always((FAULTS | ODD)[name])) as sandbox:
        line = str(failure(opened(sandbox)))
        assert line.startswith("Kraken (Ledgers): ") and "run `taxsync import` again later" in line
        assert 3 <= len(sandbox.requests) <= 10
    assert sum(pauses) < 600


@pytest.mark.parametrize("name", ["BROKEN_JSON", "CUT_JSON", "EMPTY", "NULL", "HTML", "a number", "another encoding"])
def test_what_is_no_data_reaches_no_reader(name: str, history: DemoHistory, pauses: list[float]) -> None:
    with Sandbox(history, faults=always((FAULTS | ODD)[name])) as sandbox:
        failure(opened(sandbox), lambda client: client.call(LEDGERS.method, {}, pytest.fail))


def test_what_is_never_answered_is_given_up(history: DemoHistory, pauses: list[float]) -> None:
    with Sandbox(history, faults=always(slow(60))) as sandbox:
        client = opened(sandbox)
        behind(client).timeout = 20  # milliseconds
        assert "it did not answer in time" in str(failure(client))
        assert 3 <= len(sandbox.requests) <= 10


def test_public_data_is_given_up_sooner_as_another_exchange_has_it_too(
    history: DemoHistory, pauses: list[float]
) -> None:
    with Sandbox(history, faults=always(slow(60))) as sandbox:
        client = open_client(EXCHANGE, None, sandbox.proxy_url)
        assert behind(client).timeout <= 10_000
        behind(client).timeout = 20  # milliseconds
        failure(client, lambda client: client.call("publicGetAssetPairs", {}, filled))
    assert len(pauses) == 1


def test_nobody_there_is_one_line(history: DemoHistory, pauses: list[float]) -> None:
    with Sandbox(history) as sandbox:
        client = opened(sandbox)
    assert "it can't be reached" in str(failure(client))


NOWHERE = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
NO_NETWORK = OSError(errno.ENETUNREACH, "Network is unreachable")


@pytest.mark.parametrize("what", [NOWHERE, NO_NETWORK], ids=["no name", "no network"])
def test_without_a_network_it_is_said_so_after_a_few_tries(
    what: OSError, history: DemoHistory, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def fail(*arguments: object, **_: object) -> NoReturn:
        tried.append(arguments)
        raise what

    address = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))
    monkeypatch.setattr(socket, "getaddrinfo", fail if what is NOWHERE else lambda *_, **__: [address])
    monkeypatch.setattr(socket.socket, "connect", fail)
    line = str(failure(open_client(EXCHANGE, history.credentials)))
    assert "(Ledgers): no connection to api.kraken.com from this machine; " in line
    assert 2 <= len(tried) <= 3 and sum(pauses) < 20


# an answer's Retry-After, and the least and the most that is waited before it is asked again
ASKED = {
    "7": (7, 7),
    "100": (100, 100),
    "86400": (120, 120),
    "9" * 5_000: (120, 120),
    f"{format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)}": (120, 120),
    f"{format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)}": (0, 1),
    "soon": (0, 1),
    "-5": (0, 1),
    "": (0, 1),
}


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked[:12])
def test_the_pause_that_an_answer_asks_for_is_kept_up_to_a_limit(
    asked: str, status: int, history: DemoHistory, pauses: list[float]
) -> None:
    least, most = ASKED[asked]
    told: list[str] = []
    with Elsewhere(status, {"Retry-After": asked}) as server:
        client = open_client(EXCHANGE, history.credentials, server.url, told.append)
        failure(client, lambda client: client.call("publicGetAssetPairs", {}, pytest.fail))
    assert least <= pauses[0] <= most
    assert len([pause for pause in pauses if pause >= least]) >= 5  # each time; ccxt's own pace is between
    assert told or least == 0


def test_an_old_answer_asks_for_no_pause(history: DemoHistory, pauses: list[float]) -> None:
    with Elsewhere(429, {"Retry-After": "100"}) as server:
        client = open_client(EXCHANGE, history.credentials, server.url)
        failure(client)
    pauses.clear()
    assert "it can't be reached" in str(failure(client))  # the server has gone
    assert pauses and max(pauses) < 60


def test_a_failure_says_what_to_do_next(history: DemoHistory, pauses: list[float]) -> None:
    with Sandbox(history, faults=always(server.EMPTY)) as sandbox:
        client = open_client(EXCHANGE, sandbox.records.credentials, sandbox.proxy_url, then="try again later")
        line = str(failure(client))
    assert line.endswith("; try again later") and "taxsync import" not in line


def test_an_answer_that_stays_as_it_is_is_asked_for_once(history: DemoHistory, pauses: list[float]) -> None:
    """What an exchange says of a key in another form than it documents is no fault of the line."""

    def read(answer: Answer) -> Rights:
        raise Unlike("its answer does not say what the key may do")

    with Sandbox(history) as sandbox:
        client = opened(sandbox)
        with pytest.raises(Unlike, match=r"^its answer does not say what the key may do$") as caught:
            client.call_stable("privatePostBalance", {}, read)
        assert len(sandbox.requests) == 1 and pauses == []
        assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["BAD_GATEWAY", "CUT_JSON", "EMPTY", "HTML", "RATE_LIMIT"])
def test_what_may_pass_is_tried_again_for_a_stable_answer_too(
    name: str, history: DemoHistory, pauses: list[float]
) -> None:
    with Sandbox(history, faults=once(FAULTS[name])) as sandbox:
        assert opened(sandbox).call_stable("privatePostBalance", {}, lambda answer: answer["result"])
        assert len(sandbox.requests) == 2


def test_a_rate_limit_is_obeyed(history: DemoHistory, pauses: list[float], undisturbed: Listed) -> None:
    counter = Counter(clock=lambda: time.monotonic() + sum(pauses))
    with Sandbox(history, counter=counter) as sandbox:
        client = opened(sandbox)
        for _ in range(40):
            assert ledgers(client) == undisturbed
        assert 1 <= len(sandbox.requests) - 40 <= 6  # told so often, it asks slowly enough, also on this machine


def test_between_requests_it_waits_as_long_as_the_exchange_asks_and_hardly_longer(
    history: DemoHistory, pauses: list[float], undisturbed: Listed
) -> None:
    with Sandbox(history) as sandbox:
        client = opened(sandbox)
        api = client._api
        api.enableRateLimit = True  # as everywhere but on this machine
        for _ in range(10):
            assert ledgers(client) == undisturbed
        least = (len(sandbox.requests) - 1) * api.api["private"]["post"]["Ledgers"]["cost"] * api.rateLimit / 1000
        assert least * 0.9 <= sum(pauses) <= least * 1.1, "what passes meanwhile counts as waited"


def test_a_long_pause_is_told_while_it_lasts(history: DemoHistory, pauses: list[float]) -> None:
    told: list[str] = []
    with Sandbox(history, faults=always(server.RATE_LIMIT)) as sandbox:
        failure(opened(sandbox, told.append))
    assert told[0] == "Kraken (Ledgers): it asks for fewer requests; tried again in 3 s"
    assert len(told) >= 3 and all(line.isprintable() for line in told)


# ---- what an exchange says --------------------------------------------------------------------

CODES = {
    "binance": '"code":-2008,',
    "bitget": '"code":"40006"',
    "bitvavo": '"errorCode":305,',
    "bybit": '"retCode":10003,',
    "coinbase": '"invalid_token"',
    "cryptocom": '"code":40103',
    "gate": '"INVALID_KEY"',
    "htx": '"code":1003,',
    "kucoin": '"code":"400003"',
    "mexc": '"code":10072,',
    "okx": '"code":"50119"',
}


@pytest.mark.parametrize("name", CODES)
def test_a_code_is_known_however_the_answer_is_spaced_and_wherever_the_code_stands(name: str) -> None:
    code = CODES[name]
    answer = ERRORS[name](code)
    fields = json.loads(answer.body)
    backwards = dict(reversed(fields.items()))
    with Recorded() as recorded:
        for body in (json.dumps(fields), json.dumps(backwards), json.dumps(backwards, indent=2)):
            recorded.forget()
            _client, ask = tried(name, recorded, replace(answer, body=body))
            with pytest.raises(Unreachable) as told:
                ask()
            entry = importers.exchange(name)
            assert str(told.value).endswith(entry.faults[code].sentence), body
            assert len(recorded.requests) == 1 + (entry.faults[code].clock and entry.time is not None)


@pytest.mark.parametrize("name", sorted(READ_ONLY.keys() | OTHERS.keys()))
@pytest.mark.parametrize("empty", ["{}", "{ }\n"])
def test_an_answer_of_nothing_is_asked_for_again(name: str, empty: str) -> None:
    """ccxt takes it for an error of some exchanges, and for an answer of others."""
    good = {"balance": "1", "code": 0} if name in OTHERS else next(iter(READ_ONLY[name].values()))[1]
    with Recorded() as recorded:
        client, _ = tried(name, recorded, Said(empty), good)
        method = OTHERS[name].method if name in OTHERS else next(iter(READ_ONLY[name]))
        client.call(method, {}, filled)
        assert len(recorded.requests) == 2
        client, _ = tried(name, recorded, Said(empty))
        with pytest.raises(Unreachable, match=r"; run `taxsync import` again later") as told:
            client.call(method, {}, filled)
    assert "does not know" not in str(told.value)


def filled(answer: Answer) -> Answer:
    if not answer:
        raise Unlike("its answer holds nothing")
    return answer


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("coinbase", "Coinbase (BrokerageKeyPermissions)"),
        ("htx", "HTX (UserUid)"),
        ("binance", "Binance (AccountApiRestrictions)"),
        ("bybit", "Bybit (UserQueryApi)"),
        ("cryptocom", "Crypto.com Exchange (PrivateUserBalance)"),
    ],
)
def test_a_line_names_the_list_and_not_the_section_or_version_of_the_api(name: str, words: str) -> None:
    with Recorded() as recorded:
        _client, ask = tried(name, recorded, Said("<html>away</html>", 401, "text/html"))
        with pytest.raises(Unreachable) as told:
            ask()
    assert str(told.value).startswith(f"{words}: ")


# ---- what the key is at fault for -------------------------------------------------------------


def nothing_but(*rights: str) -> Callable[[Key], Key]:
    return lambda key: replace(key, permissions=rights)


# what the exchange knows of the key, what the user gave instead, what the line says
KEYS: dict[str, tuple[Callable[[Key], Key], dict[str, str], str]] = {
    "another key": (lambda key: key, {"apiKey": "ab12" * 14}, "it does not know the key"),
    "another secret": (lambda key: key, {"secret": "ab12" * 22}, "the secret does not belong to the key"),
    "half a secret": (lambda key: key, {"secret": "ab12" * 9 + "a"}, "not of the form"),
    "a secret of another script": (lambda key: key, {"secret": "ключ"}, "not of the form"),
    "a key of another script": (lambda key: key, {"apiKey": "ключ"}, "not of the form"),
    "a key that has ended": (lambda key: replace(key, valid_until=1), {}, "or it has expired"),
    "a right too few": (nothing_but("query-funds"), {}, "the key lacks the right to this; add it to the key there"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_that_is_at_fault_is_told_at_once(name: str, history: DemoHistory, pauses: list[float]) -> None:
    known, given, line = KEYS[name]
    key = history.keys[0]
    with Sandbox(replace(history, keys=(known(key),))) as sandbox:
        client = open_client(EXCHANGE, key.credentials | given, sandbox.proxy_url)
        assert line in str(failure(client))
        assert len(sandbox.requests) <= 1 and pauses == []


def test_without_a_key_only_public_data_is_given(sandbox: Sandbox) -> None:
    client = open_client(EXCHANGE, None, sandbox.proxy_url)
    assert "without a key" in str(failure(client))
    assert sandbox.requests == []
    assert client.call("publicGetAssetPairs", {}, lambda answer: answer)["result"]


def test_another_program_on_the_same_key_is_told(history: DemoHistory, pauses: list[float]) -> None:
    with Sandbox(history) as sandbox:
        first, second = opened(sandbox), opened(sandbox)
        behind(first).options["lastNonce"] = 10**18
        ledgers(first)
        assert "another program uses this key" in str(failure(second))


# ---- nothing secret ---------------------------------------------------------------------------


def leaked(text: str, *secrets: str) -> list[str]:
    """What `text` shows of them, plain or in another form, in whole or from the beginning."""
    found = []
    for secret in secrets:
        raw = secret.encode()
        ways = [secret, quote(secret, safe=""), base64.b64encode(raw).decode(), raw.hex()]
        if len(secret) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]+=*", secret):
            ways += [base64.b64decode(secret).hex(), repr(base64.b64decode(secret))[2:-1]]
        found += [way for way in ways if way[:24] in text]
    return found


def everything(error: BaseException) -> Iterator[str]:
    """All that an exception says, with the variables of our own frames, and every exception reachable from it."""
    todo, done = [error], list[BaseException]()
    while todo:
        one = todo.pop()
        if any(one is each for each in done):
            continue
        done.append(one)
        yield from (str(one), repr(one), repr(one.args), repr(vars(one)), *traceback.format_exception(one))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != __file__:
                yield repr(frame.f_locals)
        near = (one.__cause__, one.__context__, *one.args, *vars(one).values())
        todo += [each for each in near if isinstance(each, BaseException)]


FAILURES: dict[str, tuple[Fault | None, dict[str, str]]] = {
    **{name: (fault, {}) for name, fault in (FAULTS | ODD).items() if name != "too much for memory"},
    **{name: (None, given) for name, (_, given, _) in KEYS.items() if given},
    "a key of two lines": (None, {"apiKey": "first-line-of-a-key\nsecond-line-of-a-key"}),
    "401": (says("<html>401</html>", 401, "text/html"), {}),
    "429": (says("<html>429</html>", 429, "text/html"), {}),
    "a redirect": (redirect("http://127.0.0.1:9/"), {}),
    "a new error": (says('{"error":["EAPI:Something new"]}'), {}),
}


@pytest.fixture
def logs(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, of every library, as after basicConfig(level=DEBUG)."""
    for name in ("", "ccxt", "ccxt.base.exchange", "urllib3", "urllib3.connectionpool", "requests", "tenacity"):
        caplog.set_level(logging.DEBUG, name)
    return caplog


def shown(client: Client, error: BaseException, logs: pytest.LogCaptureFixture, told: list[str]) -> str:
    records = [f"{record.getMessage()} {vars(record)}" for record in logs.records]
    return "\n".join([repr(client), str(client), f"{client}", *everything(error), *records, *told])


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_shows_nothing_secret(
    name: str,
    history: DemoHistory,
    pauses: list[float],
    logs: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fault, given = FAILURES[name]
    credentials, told = history.credentials | given, list[str]()
    with Sandbox(history, faults=always(fault) if fault else None) as sandbox:
        client = open_client(EXCHANGE, credentials, sandbox.proxy_url, told.append)
        error = failure(client)
    assert error.__cause__ is None and error.__context__ is None
    text = shown(client, error, logs, [*told, *capsys.readouterr()])
    assert not leaked(text, *credentials.values())
    assert not re.search(r"[A-Za-z0-9+/]{86}==", text)  # a signature
    for left in ("last_request_headers", "last_request_body", "last_request_url"):
        assert getattr(behind(client), left) is None


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 418, 429, 500, 503, 520])
def test_an_exchange_that_repeats_the_request_shows_nothing_secret(
    status: int, history: DemoHistory, pauses: list[float], logs: pytest.LogCaptureFixture
) -> None:
    with Elsewhere(status) as echo:
        client = open_client(EXCHANGE, history.credentials, echo.url)
        text = shown(client, failure(client), logs, [])
    signatures = [headers["API-Sign"] for headers in echo.heard]
    assert signatures and not leaked(text, *history.credentials.values(), *signatures)


def test_a_refusal_shows_nothing_secret(history: DemoHistory, logs: pytest.LogCaptureFixture) -> None:
    with Sandbox(history) as sandbox:
        client = opened(sandbox)
        for way in WAYS_ROUND.values():
            with pytest.raises(Forbidden) as caught:
                way(behind(client))
            text = "\n".join((str(caught.value), repr(caught.value), *traceback.format_exception(caught.value)))
            assert not leaked(text, *history.credentials.values())
        assert leaked(str(vars(behind(client))), *history.credentials.values())  # it would be found


# ---- numbers ----------------------------------------------------------------------------------


def test_numbers_keep_the_digits_that_were_sent(history: DemoHistory) -> None:
    digits = ["1688467155.1234567", "0.123456789012345678901234567890", "1e-8", "0.10", "1E400", "-0.0"]
    body = '{"error":[],"result":{"whole":123456789012345678901234567890,"text":"0.10","numbers":[%s]}}'
    with Sandbox(history, faults=always(says(body % ",".join(digits)))) as sandbox:
        result = opened(sandbox).call("privatePostBalance", {}, lambda answer: answer["result"])
    assert result["numbers"] == digits and {type(each) for each in result["numbers"]} == {Number}
    assert result["whole"] == 123456789012345678901234567890 and type(result["text"]) is str


def test_a_page_holds_what_the_exchange_holds(history: DemoHistory, undisturbed: Listed) -> None:
    for item in undisturbed.items:
        kept = history.ledgers[item.id]
        assert item.time == kept["time"] and item.value == {**kept, "time": str(kept["time"])}
    assert max(len(str(item.time)) for item in undisturbed.items) >= len("1688467155.123456")
