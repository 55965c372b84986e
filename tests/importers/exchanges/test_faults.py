"""What an exchange's error codes tell a person, and that every entry is whole.

Each code comes in the exchange's form over HTTP on this machine; only what may pass is asked for again.
"""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import ccxt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from msgspec.structs import replace

import importers
from importers.base import Refused
from importers.client import Client, Unreachable, open_client
from tests.importers.exchanges.recorded import ERRORS, READ_ONLY, Recorded, Said, opened, pem

NAMES = importers.exchange_names()
MAIN = {"binanceus": "binance", "myokx": "okx", "okxus": "okx", "bybiteu": "bybit", "gateeu": "gate"}


class Balance(NamedTuple):
    """What one that can't tell a key's rights is asked for here, to see what its codes say."""

    method: str
    address: str


OTHERS = {
    "bitstamp": Balance("privatePostAccountBalances", "https://www.bitstamp.net/api/v2/account_balances/"),
    "cryptocom": Balance("v1PrivatePostPrivateUserBalance", "https://api.crypto.com/exchange/v1/private/user-balance"),
    "mexc": Balance("spotPrivateGetAccount", "https://api.mexc.com/api/v3/account"),
    "bitvavo": Balance("privateGetBalance", "https://api.bitvavo.com/v2/balance"),
}


# ---- what their error codes say ----------------------------------------------------------------

FAULTS = [
    (name, code)
    for name in NAMES
    if name != "kraken" and name not in MAIN
    for code in importers.exchange(name).faults
    if (name, code) not in (("gemini", "requires an account-key"), ("bitget", '"code":"40085"'))
]


def tried(name: str, recorded: Recorded, *answers: Any) -> tuple[Client, Callable[[], Any]]:
    """A client whose next answers these are, and what asks for them."""
    exchange = importers.exchange(name)
    client = opened(exchange, recorded)
    if name in OTHERS:
        recorded.say(OTHERS[name].address, *answers)
        return client, lambda: client.call(OTHERS[name].method, {}, lambda answer: answer)
    first, *others = READ_ONLY[name].values()
    recorded.say(first[0], *answers)
    for address, answer in others:
        recorded.say(address, answer)
    asks = client.exchange.rights
    assert asks is not None
    return client, lambda: asks(client.call)


@pytest.mark.parametrize(("name", "code"), FAULTS)
def test_an_error_code_is_told_in_its_sentence_and_only_what_passes_is_asked_again(
    name: str, code: str, recorded: Recorded
) -> None:
    fault = importers.exchange(name).faults[code]
    error = ERRORS[name](code)
    good = {"balance": "1", "code": 0} if name in OTHERS else next(iter(READ_ONLY[name].values()))[1]
    if fault.passing:
        client, ask = tried(name, recorded, error, good)
        ask()
        assert len(recorded.requests) == 2 + (name not in OTHERS and len(READ_ONLY[name]) - 1)
        return
    client, ask = tried(name, recorded, error)
    with pytest.raises(Unreachable) as told:
        ask()
    assert str(told.value).startswith(f"{client.exchange.name} (") and str(told.value).endswith(fault.sentence)
    assert len(recorded.requests) == 1 + (fault.clock and client.exchange.time is not None)  # the exchange's own time


UNKNOWN = {  # errors of each exchange's form, of a code that its entry does not know
    "binance": '{"code":-1999,"msg":"made up"}',
    "bitfinex": '["error",99999,"made up"]',
    "bitget": '{"code":"99999","msg":"made up","requestTime":1,"data":null}',
    "bitstamp": '{"status":"error","reason":"made up","code":"API9999"}',
    "bitvavo": '{"errorCode":999,"error":"made up"}',
    "bybit": '{"retCode":99999,"retMsg":"made up","result":{},"time":1}',
    "coinbase": '{"error":"INTERNAL","code":13,"message":"made up"}',
    "cryptocom": '{"id":1,"method":"private/user-balance","code":99999,"message":"made up"}',
    "gate": '{"label":"MADE_UP","message":"made up"}',
    "gemini": '{"result":"error","reason":"MadeUp","message":"made up"}',
    "htx": '{"status":"error","err-code":"made-up","err-msg":"made up","data":null}',
    "kucoin": '{"code":"999999","msg":"made up"}',
    "mexc": '{"code":99999,"msg":"made up"}',
    "okx": '{"code":"59998","msg":"made up","data":[]}',
}


@pytest.mark.parametrize("name", sorted(UNKNOWN))
def test_an_unknown_error_is_what_its_status_says(name: str, recorded: Recorded) -> None:
    """5xx: the exchange's own fault, which may pass; 401: the key's."""
    good = {"balance": "1", "code": 0} if name in OTHERS else next(iter(READ_ONLY[name].values()))[1]
    _client, ask = tried(name, recorded, Said(UNKNOWN[name], 500), good)
    ask()
    recorded.forget()
    _client, ask = tried(name, recorded, Said(UNKNOWN[name], 401))
    with pytest.raises(Unreachable, match=r"does not (take|know) the key"):
        ask()
    assert len(recorded.requests) <= 2  # and the clock's


def test_a_revoked_binance_key_is_not_asked_for_ever(recorded: Recorded) -> None:
    """After one good answer ccxt takes this code for a rate limit, which would be asked again and again."""
    exchange = replace(importers.exchange("binance"), allow=frozenset({("private", "GET", "account")}))
    client = opened(exchange, recorded)
    revoked = Said('{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}', 401)
    recorded.say("https://api.binance.com/api/v3/account", {"balances": []}, revoked)
    assert client.call("privateGetAccount", {}, dict) == {"balances": []}
    with pytest.raises(Unreachable, match=r"it does not take the key: revoked, .* or made at another of its sites"):
        client.call("privateGetAccount", {}, dict)
    assert len(recorded.requests) == 2


@pytest.mark.parametrize(
    ("name", "body", "sites"),
    [
        ("okx", '{"msg":"API key doesn\'t exist","code":"50119"}', ("myokx", "okxus")),
        ("myokx", '{"msg":"API key doesn\'t exist","code":"50119"}', ("okx", "okxus")),
        ("bybiteu", '{"retCode":10003,"retMsg":"API key is invalid.","result":{},"time":1}', ("bybit.com",)),
        ("gate", '{"label":"INVALID_KEY","message":"Invalid key provided"}', ("gateeu",)),
        ("binanceus", '{"code":-2008,"msg":"Invalid Api-Key ID."}', ("binance.com",)),
    ],
)  # fmt: skip
def test_a_key_of_another_site_says_so(name: str, body: str, sites: tuple[str, ...], recorded: Recorded) -> None:
    _client, ask = tried(name, recorded, Said(body, 401))
    with pytest.raises(Unreachable, match="another of its sites") as told:
        ask()
    assert all(site in str(told.value) for site in sites)


def test_a_master_key_of_gemini_is_refused_before_anything_is_sent(recorded: Recorded) -> None:
    exchange = importers.exchange("gemini")
    client = open_client(exchange, {"apiKey": "master-Made0Up", "secret": "made up"}, recorded.proxy_url)
    assert exchange.rights is not None
    with pytest.raises(Unreachable, match="this is a master key"):
        exchange.rights(client.call)
    assert recorded.requests == []


def test_an_htx_key_of_a_sub_user_is_told_at_once(recorded: Recorded) -> None:
    _client, ask = tried("htx", recorded, {"code": 1002, "message": "forbidden"})
    with pytest.raises(Refused, match=r"HTX .*lacks the right"):
        ask()
    assert len(recorded.requests) == 1


# ---- a Coinbase key signs ----------------------------------------------------------------------


def jwt_header(recorded: Recorded) -> dict[str, str]:
    token = recorded.requests[-1].headers["authorization"].removeprefix("Bearer ").split(".")[0]
    header: dict[str, str] = json.loads(base64.urlsafe_b64decode(token + "=="))
    return header


def test_both_kinds_of_coinbase_keys_sign(recorded: Recorded) -> None:
    exchange = importers.exchange("coinbase")
    raw = ed25519.Ed25519PrivateKey.generate()
    seed = raw.private_bytes_raw() + raw.public_key().public_bytes_raw()
    address, answer = READ_ONLY["coinbase"]["v3PrivateGetBrokerageKeyPermissions"]
    recorded.say(address, answer)
    for key, secret, algorithm in (
        ("organizations/1/apiKeys/2", pem(), "ES256"),
        ("2636c881-b44e-4263-b05d-fb10a5ad1836", base64.b64encode(seed).decode(), "EdDSA"),
    ):
        client = open_client(exchange, {"apiKey": key, "secret": secret}, recorded.proxy_url)
        assert exchange.rights is not None and exchange.rights(client.call).read
        assert (jwt_header(recorded)["alg"], jwt_header(recorded)["kid"]) == (algorithm, key)


# ---- every entry is whole ----------------------------------------------------------------------


@pytest.mark.parametrize(("site", "main"), MAIN.items())
def test_a_site_of_an_exchange_has_its_codes_and_its_own_helps(site: str, main: str) -> None:
    here, there = importers.exchange(site), importers.exchange(main)
    assert there.faults.items() <= here.faults.items()
    assert here.credentials == there.credentials
    if site != "binanceus":  # an API of its own, with other lists
        assert here.allow == there.allow
    for own, other in ((here.key_help, there.key_help), (here.bind_help, there.bind_help)):
        assert own.split(":")[0] != other.split(":")[0]


def test_every_exchange_tells_or_says_that_it_can_not() -> None:
    assert set(NAMES) - {"kraken"} == set(READ_ONLY) | set(OTHERS)
    assert {name for name in NAMES if importers.exchange(name).rights is None} == set(OTHERS)


def declared(api: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str, str]]:
    for name, inner in api.items():
        if name.upper() in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            yield from ((".".join(path), name.upper(), template) for template in inner)
        else:
            yield from declared(inner, (*path, name))


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_what_ccxt_knows_and_helps(name: str) -> None:
    exchange = importers.exchange(name)
    assert name == exchange.id and name in ccxt.exchanges
    plain = getattr(ccxt, name)()
    assert set(exchange.credentials) == {one for one, needed in plain.requiredCredentials.items() if needed}
    assert exchange.allow <= set(declared(plain.api))
    assert exchange.name and exchange.version >= 1
    for help in (exchange.key_help, exchange.bind_help, exchange.revoke_help):
        assert help and help.isascii() and not help.endswith(".")
    codes = list(exchange.faults)
    hidden = [(code, later) for index, code in enumerate(codes) for later in codes[index + 1 :] if code in later]
    assert hidden == [] and all(len(code) >= 5 for code in codes)
    for fault in exchange.faults.values():
        assert fault.sentence.isascii() and not fault.sentence.endswith(".") and (fault.passing or not fault.limited)
