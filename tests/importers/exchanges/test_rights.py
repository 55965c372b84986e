"""What a key may do, as every exchange says it: only what it says to read is taken for reading.

Tables of an answer to a key that only reads, with one thing changed, and what then holds. A key that only
reads, and what has to do with the requests, goes through the real client over HTTP on this machine.
"""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import importers
from importers import base, exact
from importers.base import Refused, Rights, Unlike
from importers.client import Unreachable
from importers.permissions import notes, verdict
from tests.importers.exchanges.recorded import KEY, KRAKEN, READ_ONLY, UNIFIED, Recorded, Said, opened

Answers = dict[str, tuple[str, Any]]  # ccxt's implicit method -> (address, answer)

CLASSIC, UTA = "privateSpotGetV2SpotAccountInfo", "privateUtaGetV3AccountInfo"
DETAIL, KEYS = "privateAccountGetDetail", "privateAccountGetMainKeys"
NOT_CLASSIC = Refused("Bitget (SpotGetV2SpotAccountInfo): its account is a unified one")
TOLD: dict[str, Answers] = {
    **READ_ONLY,
    "kraken": {"privatePostGetApiKeyInfo": KRAKEN},
    "bitget, unified": {CLASSIC: ("", NOT_CLASSIC), UTA: UNIFIED},
}
# Where the object about the key is in the last answer; {} elsewhere: it is the answer.
OBJECT: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("kraken", "bybit", "bybiteu"), ("result",)),
    **dict.fromkeys(("kucoin", "bitget", "bitget, unified"), ("data",)),
    **dict.fromkeys(("okx", "myokx", "okxus", "htx"), ("data", 0)),
    **dict.fromkeys(("gate", "gateeu"), (0,)),
}
TELLING, MAIN = sorted(READ_ONLY), sorted(set(TOLD) - {"binanceus", "bybiteu", "gateeu", "myokx", "okxus"})
GONE = object()


def changed(name: str, *path: Any, to: Any, of: str = "") -> Answers:
    """The answers to a key that only reads, with another value at `path` of the object about the key (`of`: of the
    answer to that method)."""
    answers = copy.deepcopy(TOLD[name])
    inner = answers[of or list(answers)[-1]][1]
    *way, last = path if of else (*OBJECT.get(name, ()), *path)
    for step in way:
        inner = inner[step]
    if to is GONE:
        del inner[last]
    elif last == len(inner) and isinstance(inner, list):
        inner.append(to)
    else:
        inner[last] = to
    return answers


def told(name: str, answers: Answers, key: str = KEY) -> Rights:
    """What the exchange's entry makes of these answers, read as the client reads them."""
    rights = importers.exchange(name.partition(",")[0]).rights
    assert rights is not None

    def call(method: str, _params: Any, read: Any) -> Any:
        answer = answers[method][1]
        if isinstance(answer, Exception):
            raise answer
        return read(exact.loads(json.dumps(answer)))

    return rights(call, key)


def asked(name: str, answers: Answers, recorded: Recorded) -> Rights:
    """The same, asked over HTTP."""
    for address, answer in answers.values():
        recorded.say(address, answer)
    client = opened(importers.exchange(name), recorded)
    assert client.exchange.rights is not None
    return client.exchange.rights(client.call, client.key)


def in_days(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def sayings(name: str, answers: Answers) -> Iterator[str]:
    """All that the tables may say of these answers."""
    try:
        rights = told(name, answers)
    except Unlike:
        yield "no answer"
        return
    except Refused as why:
        yield "expired" if base.EXPIRED.sentence in str(why) else "locked" if base.LOCKED.sentence in str(why) else ""
        return
    kind = "moves" if rights.withdraw else "trades" if rights.trade else "reads"
    yield f"unknown, {kind}" if rights.unknown else kind
    yield {True: "bound", False: "not bound", None: "bound isn't told"}[rights.ip_bound]
    yield f"ends {rights.expires}"
    yield f"made {rights.created}"
    yield from (f"lacks {right}" for right in rights.missing)
    yield from (f"limit {limit}" for limit in rights.limits)


def judged(name: str, answers: Answers) -> set[str]:
    """The sayings; a key that moves, trades or may do what is not known is refused as such."""
    found = set(sayings(name, answers))
    if found & {"no answer", "expired", "locked"}:
        return found
    exchange, rights = importers.exchange(name.partition(",")[0]), told(name, answers)
    refusals = {
        (trade, unverified): verdict(exchange, rights, trade=trade, unverified=unverified) or ""
        for trade in (False, True)
        for unverified in (False, True)
    }
    if rights.withdraw:
        assert all("never stored" in refusal and "--allow" not in refusal for refusal in refusals.values())
    elif rights.trade:
        assert "--allow-trade" in refusals[False, False] and "--allow-trade" in refusals[False, True]
        assert bool(refusals[True, False]) >= rights.unknown
    return found


# ---- each exchange: what is changed in the object about the key -> what holds -------------------

NO_WORDS = ("", " ", None, ["General"], GONE, 7)
TABLES: dict[str, list[tuple[Any, Any, str]]] = {
    "kraken": [
        *(("permissions", ["query-funds", "query-ledger", "query-closed-trades", right], says) for right, says in (
            ("query-open-trades", "reads"), ("export-data", "reads"), ("modify-trades", "trades"),
            ("close-trades", "trades"), ("create-ws-token", "trades"), ("add-funds", "trades"),
            ("earn-funds", "trades"), ("withdraw-funds", "moves"), ("add-withdraw-address", "moves"),
            ("update-withdraw-address", "moves"), ("sub-transfer", "moves"), ("rockets", "unknown, trades"),
        )),
        ("permissions", ["query-funds", "query-ledger"], "lacks Query closed orders & trades"),
        *(("permissions", form, "no answer") for form in ("query-funds", None, GONE, [1])),
        ("ipAllowlist", [], "not bound"), ("ipAllowlist", ["203.0.113.7"], "bound"),
        ("ipAllowlist", ["0.0.0.0/0"], "not bound"), ("ipAllowlist", GONE, "bound isn't told"),
        ("createdTime", "1672531200", "made 2023-01-01"), ("validUntil", "1767225600", "ends 2026-01-01"),
        ("validUntil", 1767225600, "ends 2026-01-01"), ("validUntil", "0", "ends "),
        ("validUntil", "soon", "no answer"), ("validUntil", "", "ends "),
        ("queryFrom", "1704067200", "limit nothing before 2024-01-01 (its Query start date at Kraken)"),
        ("queryTo", "1704067200", "limit nothing after 2024-01-01 (its Query end date at Kraken)"),
        ("queryFrom", True, "no answer"),
    ],
    "coinbase": [
        ("can_trade", True, "trades"), ("can_receive", True, "trades"), ("can_transfer", True, "moves"),
        ("can_receive", GONE, "reads"), ("can_receive", "perhaps", "trades"), ("can_view", False, "lacks View"),
        *((flag, form, "no answer") for flag in ("can_view", "can_trade", "can_transfer") for form in (GONE, "no", 0)),
        ("can_view", True, "bound isn't told"),
    ],
    "binance": [
        *((flag, True, "trades") for flag in (
            "enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions",
            "enablePortfolioMarginTrading", "enableFixApiTrade",
        )),
        *((flag, True, "moves") for flag in (
            "enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer",
        )),
        ("enableFixApiTrade", "perhaps", "trades"), ("enableFixApiTrade", GONE, "reads"),
        ("enableReading", False, "lacks Enable Reading"), ("tradingAuthorityExpirationTime", 1628985600000, "reads"),
        *((flag, form, "no answer") for form in (GONE, "no", 0) for flag in (
            "enableReading", "enableWithdrawals", "permitsUniversalTransfer", "enableInternalTransfer",
            "enableSpotAndMarginTrading",
        )),
        ("ipRestrict", True, "bound"), ("ipRestrict", False, "not bound"), ("ipRestrict", "yes", "bound isn't told"),
        ("createTime", 1698645219000, "made 2023-10-30"),
    ],
    "gemini": [
        ("isTrader", True, "trades"), ("isAccountAdmin", True, "trades"), ("isFundManager", True, "moves"),
        ("counterparty_id", "EMONNYXH", "reads"), ("isAuditor", True, "bound isn't told"),
        *((role, form, "no answer") for role in ("isAuditor", "isTrader", "isFundManager") for form in (GONE, "no")),
    ],
    "kucoin": [
        *(("permission", f"General,{right}", "trades") for right in ("Spot", "Margin", "Futures", "Earn", "Trade")),
        *(("permission", f"General, {right}", "moves") for right in (
            "Withdrawal", "Transfer", "InnerTransfer", "FlexTransfers", "SomeNewTransfer",
        )),
        ("permission", "General,Rockets", "unknown, trades"), ("permission", "Earn", "lacks General"),
        *(("permission", form, "no answer") for form in NO_WORDS), ("permissions", ["Withdrawal"], "unknown, moves"),
        ("ipWhitelist", "203.0.113.7,203.0.113.8", "bound"), ("ipWhitelist", "", "not bound"),
        ("ipWhitelist", GONE, "not bound"), ("createdAt", 1728443843000, "made 2024-10-09"),
        ("expiredAt", 1829347200000, "ends 2027-12-21"), ("expiredAt", "1829347200000", "ends 2027-12-21"),
        ("expiredAt", "soon", "no answer"),
    ],
    "okx": [
        ("perm", "read_only,trade", "trades"), ("perm", "read_only,withdraw,trade", "moves"),
        ("perm", "read_only,rockets", "unknown, trades"), ("perm", "trade", "lacks Read"),
        *(("perm", form, "no answer") for form in NO_WORDS), ("perms", "read_only,trade", "unknown, trades"),
        ("ip", "", "not bound"), ("ip", "203.0.113.7", "bound"), ("ip", GONE, "no answer"),
        ("perm", "read_only", "made "), ("perm", "read_only", "ends "),
    ],
    "bybit": [
        *(("readOnly", form, "unknown, moves") for form in (2, "1", True, None)), ("readOnly", 0, "moves"),
        ("readOnly", GONE, "no answer"), ("permissions", {}, "lacks Spot, Wallet and the rest, read only"),
        ("permissions", {"Spot": []}, "lacks Spot, Wallet and the rest, read only"),
        ("permissions", {"Wallet": ["Withdraw"]}, "reads"),
        *(("permissions", form, "no answer") for form in (GONE, ["Spot"], {"Spot": "SpotTrade"}, {"Spot": [1]}, None)),
        ("isFixApi", True, "unknown, trades"),
        ("ips", ["*"], "not bound"), ("ips", [], "not bound"), ("ips", ["203.0.113.7"], "bound"),
        ("ips", "203.0.113.7", "no answer"), ("ips", GONE, "no answer"),
        ("createdAt", "2022-10-16T02:24:40Z", "made 2022-10-16"), ("createdAt", 1665887080000, "made 2022-10-16"),
        ("createdAt", "2022-10-16T23:24:40-05:00", "made 2022-10-17"), ("createdAt", "1" * 30, "no answer"),
        ("expiredAt", "2027-12-22T07:20:25Z", "ends 2027-12-22"), ("expiredAt", 1829460025, "ends 2027-12-22"),
        ("expiredAt", "1829460025000", "ends 2027-12-22"), ("expiredAt", GONE, "ends "), ("expiredAt", [], "no answer"),
        ("expiredAt", "soon", "no answer"), ("deadlineDay", -2, "ends "), ("deadlineDay", True, "no answer"),
    ],
    "bitfinex": [
        *(((index, 2), 1, "trades") for index in range(6)), *(((index, 2), 1, "moves") for index in range(6, 10)),
        ((2, 2), 2, "unknown, trades"), ((2, 1), 2, "unknown, trades"), (10, ["rockets", 0, 1], "unknown, trades"),
        (10, ["rockets", 1, 0], "reads"), ((2, 3), 1, "unknown, trades"), ((7, 3), 1, "unknown, moves"),
        ((2, 3), 0, "reads"), ((7, 3), None, "reads"), ((1, 1), 0, "lacks Account History: read"),
        ((6, 1), 0, "lacks Wallets: read"), (1, ["history", True, False], "no answer"),
        (1, ["history", 1], "no answer"), (1, "history", "no answer"), (7, GONE, "no answer"),
        (8, ["withdraw", 0, 1], "no answer"), ((0, 1), 1, "bound isn't told"),
    ],
    "gate": [
        *((("perms", 0), {"name": name, "read_only": False}, "trades") for name in ("account", "futures", "unified")),
        (("perms", 1), {"name": "spot"}, "trades"),
        *((("perms", 0), {"name": name, "read_only": False}, "moves") for name in ("wallet", "withdraw", "custody")),
        (("perms", 2), {"name": "wallet", "read_only": None}, "moves"),
        (("perms", 0), {"name": "rockets", "read_only": "no"}, "unknown, trades"),
        ("perms", [{"name": "spot", "read_only": True}], "lacks Wallet"),
        *(("perms", form, "no answer") for form in (GONE, {"spot": True}, ["spot"], [{"read_only": True}])),
        ("withdraw", True, "unknown, moves"), ("whitelist_withdraw", 1, "unknown, moves"),
        ("state", 2, "locked"), ("state", 3, "locked"), ("state", 4, "unknown, trades"),
        ("state", "1", "unknown, trades"), ("state", GONE, "reads"),
        ("name", ["tax"], "reads"), ("updated_at", "1756300567", "reads"), ("key", {"mode": 1}, "reads"),
        ("created_at", 1753030929, "made 2025-07-20"), ("created_at", "1753030929", "made 2025-07-20"),
        ("key", "52fd0035f665*****", "no answer"),
    ],
    "bitget": [
        *(("authorities", ["stor", "wtor", right], "trades") for right in (
            "stow", "smow", "coow", "cpow", "ttow", "p2p",
        )),
        *(("authorities", ["stor", "wtor", right], "moves") for right in ("wtow", "wwow", "chow", "withdraw")),
        ("authorities", ["trade", "readonly"], "trades"), ("authorities", ["readonly"], "reads"),
        ("authorities", ["stor", "wtor", "rocw"], "unknown, trades"),
        ("authorities", ["stor", "taxr"], "lacks wallet transfer: read"),
        *(("authorities", form, "no answer") for form in (GONE, [], "stor", [1])),
        ("permType", "read-and-write", "unknown, trades"), ("permissions", ["withdraw"], "unknown, moves"),
        ("ips", "", "not bound"), ("ips", "203.0.113.7", "bound"), ("ips", GONE, "bound isn't told"),
        ("regisTime", "1246566789345", "made "),
    ],
    "bitget, unified": [
        ("permissions", ["uta_mgt", "uta_trade", "copy_futures_order"], "reads"),
        ("permissions", ["uta_mgt", "uta_trade", "withdraw"], "moves"), ("permissions", ["transfer"], "moves"),
        ("permissions", ["uta_trade", "rockets"], "unknown, trades"), ("permType", "read-and-write", "moves"),
        ("permType", "perhaps", "unknown, moves"), ("permType", GONE, "no answer"),
        *(("permissions", form, "no answer") for form in (GONE, [], "uta_trade")),
        ("ips", "203.0.113.7", "bound"), ("ips", ["203.0.113.7"], "bound"), ("uid", "123456789", "reads"),
    ],
    "htx": [
        ("permission", "readOnly,trade", "trades"), ("permission", "readOnly,trade,withdraw", "moves"),
        ("permission", "readOnly,rockets", "unknown, trades"), ("permission", "trade", "lacks Read-only"),
        *(("permission", form, "no answer") for form in NO_WORDS),
        ("status", "expired", "expired"), ("status", "frozen", "unknown, trades"), ("status", True, "unknown, trades"),
        ("ipAddresses", "", "not bound"), ("ipAddresses", GONE, "not bound"), ("ipAddresses", "203.0.113.7", "bound"),
        ("createTime", 1591348751000, "made 2020-06-05"), ("validDays", -1, "ends "), ("validDays", None, "ends "),
        ("validDays", True, "no answer"), ("validDays", "some", "no answer"), ("accessKey", "other", "no answer"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "path", "value", "says"), [(name, *row) for name, rows in TABLES.items() for row in rows]
)
def test_an_answer_says_what_the_key_may_do(name: str, path: Any, value: Any, says: str) -> None:
    way = path if isinstance(path, tuple) else (path,)
    assert says in judged(name, changed(name, *way, to=value))


@pytest.mark.parametrize(
    ("name", "field", "value"), [("htx", "validDays", 88), ("htx", "validDays", "88"), ("bybit", "deadlineDay", 88),
                                 ("bybit", "deadlineDay", "88")],
)  # fmt: skip
def test_days_that_are_left_are_the_day_of_its_end(name: str, field: str, value: Any) -> None:
    before = in_days(88)
    assert told(name, changed(name, field, to=value)).expires in {before, in_days(88)}


# Bybit: of a key that writes, by what is ticked.
TICKED = [
    *((f"Wallet {right}", "moves") for right in (
        "AccountTransfer", "SubMemberTransfer", "SubMemberTransferList", "Withdraw", "Rockets",
    )),
    *((right, "moves") for right in (
        "FiatP2P FiatP2POrder", "FiatP2P Advertising", "FiatBybitPay FaitPayOrder", "FiatBitPay FaitPayOrder",
        "FiatConvertBroker FiatConvertBrokerOrder", "FiatGlobalPay Any", "BitCard BitCard",
    )),
    *((right, "trades") for right in (
        "Spot SpotTrade", "ContractTrade Order", "ContractTrade Position", "Derivatives DerivativesTrade",
        "Options OptionsTrade", "Earn Earn", "Exchange ExchangeHistory", "CopyTrading CopyTrading",
        "BlockTrade BlockTrade", "ByXPost ByXPost", "Affiliate Affiliate", "NFT NFTQueryProductList",
    )),
    ("Rockets Launch", "unknown, trades"), ("Spot SpotTransfer", "moves"),
]  # fmt: skip


@pytest.mark.parametrize(("ticked", "says"), TICKED)
@pytest.mark.parametrize("name", ["bybit", "bybiteu"])
def test_a_bybit_key_that_writes_may_do_what_is_ticked(name: str, ticked: str, says: str) -> None:
    group, right = ticked.split()
    answers = changed(name, "permissions", to={"Spot": [], "Wallet": [], group: [right]})
    assert "reads" in judged(name, answers)
    next(iter(answers.values()))[1]["result"]["readOnly"] = 0
    assert says in judged(name, answers) and ticked in told(name, answers).may


def test_a_bybit_key_that_writes_with_nothing_ticked_still_writes() -> None:
    answers = changed("bybit", "permissions", to={})
    answers["privateGetV5UserQueryApi"][1]["result"]["readOnly"] = 0
    assert "trades" in judged("bybit", answers)


# ---- fields that are not known -----------------------------------------------------------------

# Every object about a key: (exchange, method, where it is).
OBJECTS = [
    *((name, list(TOLD[name])[-1], OBJECT.get(name, ())) for name in sorted(TOLD) if name != "bitfinex"),
    ("gate", KEYS, (0, "perms", 0)), ("gate", DETAIL, ("key",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "method", "at"), OBJECTS)
def test_a_field_that_is_not_known_counts_as_more_than_reading(name: str, method: str, at: tuple[Any, ...]) -> None:
    for value in (True, 1, "yes", ["all"], {"all": 0}):
        answers = changed(name, *at, "canLaunch", to=value, of=method)
        assert "unknown, trades" in judged(name, answers) and "canLaunch" in told(name, answers).may
    for field, value in (("canWithdraw", True), ("autoTransfers", "on"), ("scopes", ["read", "withdraw"])):
        assert "unknown, moves" in judged(name, changed(name, *at, field, to=value, of=method))


@pytest.mark.parametrize(("name", "method", "at"), OBJECTS)
def test_a_field_that_says_nothing_gives_nothing(name: str, method: str, at: tuple[Any, ...]) -> None:
    for value in ("", 0, False, None, [], {}):
        assert "reads" in judged(name, changed(name, *at, "canWithdraw", to=value, of=method))


# ---- another key, several keys -----------------------------------------------------------------

NAMED = {"kraken": "apiKey", "kucoin": "apiKey", "bybit": "apiKey", "bybiteu": "apiKey", "htx": "accessKey",
         "gate": "key", "gateeu": "key"}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_is_said_of_another_key_is_no_answer(name: str) -> None:
    assert told(name, TOLD[name]).read
    with pytest.raises(Unlike):
        told(name, TOLD[name], "another-key-0815")
    if name != "htx":  # which is asked for the one key by its whole name
        hidden = changed(name, NAMED[name], to=f"{KEY[:10]}*****{KEY[-2:]}")
        assert told(name, hidden).read
        with pytest.raises(Unlike):
            told(name, hidden, f"{KEY[:10]}-not-it")


def with_another(name: str) -> Answers:
    """A list of two keys: that which only reads, and one that withdraws."""
    other = {
        "gate": {"key": "52fd0035f665*****", "perms": [{"name": "withdraw", "read_only": False}]},
        "htx": {"accessKey": "other", "permission": "readOnly,withdraw"},
    }
    answers = copy.deepcopy(TOLD[name])
    listed = list(answers.values())[-1][1]
    listed = listed if name == "gate" else listed["data"]
    listed.insert(0, {**copy.deepcopy(listed[0]), **other[name]})
    return answers


@pytest.mark.parametrize("name", ["gate", "htx"])
def test_of_a_list_of_keys_only_the_one_that_asks_counts_and_all_where_it_is_not_known(name: str) -> None:
    assert "reads" in judged(name, with_another(name))
    refusal = verdict(importers.exchange(name), told(name, with_another(name), ""), trade=True, unverified=True)
    assert refusal is not None and "all 2 keys together: it does not say which one this is" in refusal


def test_gate_keys_that_are_not_named_all_count() -> None:
    answers = with_another("gate")
    for one in answers[KEYS][1]:
        one["key"] = {"mode": 1}
    assert "moves" in judged("gate", answers)


# ---- an answer of another form -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "method", "form"),
    [(name, method, form) for name in MAIN for method in TOLD[name] for form in ({}, [], {"data": []}, {"result": 1})],
)
def test_an_answer_of_another_form_is_no_answer(name: str, method: str, form: Any) -> None:
    assert set(sayings(name, {**TOLD[name], method: ("", form)})) == {"no answer"}


@pytest.mark.parametrize(
    ("name", "method", "path", "value"),
    [("gate", DETAIL, ("ip_whitelist",), GONE), ("gate", DETAIL, ("key",), "mode 1"),
     ("htx", "spotPrivateGetV2UserUid", ("data",), "63628520"), ("htx", "spotPrivateGetV2UserApiKey", ("code",), 500),
     ("okx", "privateGetAccountConfig", ("data", 1), {"perm": "trade"})],
)  # fmt: skip
def test_what_lies_around_the_key_is_looked_at_too(name: str, method: str, path: tuple[Any, ...], value: Any) -> None:
    assert set(sayings(name, changed(name, *path, to=value, of=method))) == {"no answer"}


def test_a_gate_key_is_bound_as_its_account_says() -> None:
    assert "bound" in judged("gate", TOLD["gate"])
    assert "not bound" in judged("gate", changed("gate", "ip_whitelist", to=[], of=DETAIL))


def test_a_gemini_trader_sees_no_transfers() -> None:
    answers = changed("gemini", "isTrader", to=True)
    answers["privatePostV1Roles"][1]["isAuditor"] = False
    rights = told("gemini", answers)
    assert rights.read and rights.trade and "only an Auditor sees them" in rights.limits[0]


def test_a_coinbase_key_sees_one_portfolio_and_says_which() -> None:
    rights = told("coinbase", TOLD["coinbase"])
    (limit,) = rights.limits
    assert "only one portfolio" in limit and "0b8d3f0e-6d6f-4b1e-9d2b-6a0c6f7f9c11 (default)" in limit
    assert any(limit in note for note in notes(importers.exchange("coinbase"), rights))


# ---- over HTTP ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TELLING)
def test_a_key_that_only_reads_is_taken(name: str, recorded: Recorded) -> None:
    exchange = importers.exchange(name)
    rights = asked(name, TOLD[name], recorded)
    assert (rights.read, rights.trade, rights.withdraw, rights.unknown) == (True, False, False, False)
    assert rights.missing == () and rights.may
    assert verdict(exchange, rights, trade=False, unverified=False) is None
    assert [one.address for one in recorded.requests] == [address for address, _ in TOLD[name].values()]


def test_kraken_s_answer_is_read_over_http_too(recorded: Recorded) -> None:
    rights = asked("kraken", TOLD["kraken"], recorded)
    assert rights == told("kraken", TOLD["kraken"]) and (rights.read, rights.trade, rights.ip_bound) == (
        True,
        False,
        True,
    )


def test_a_unified_account_at_bitget_is_asked_in_its_own_way(recorded: Recorded) -> None:
    classic, (address, answer) = TOLD["bitget"][CLASSIC][0], UNIFIED
    refused = Said('{"code":"40085","msg":"You are in Unified Account mode","requestTime":1,"data":null}', 400)
    rights = asked("bitget", {"classic": (classic, refused), "unified": (address, answer)}, recorded)
    assert (rights.read, rights.trade, rights.withdraw, rights.unknown, rights.ip_bound) == (True, *[False] * 4)
    assert [one.address for one in recorded.requests] == [classic, address]


def test_binance_us_without_the_list_can_not_tell(recorded: Recorded) -> None:
    client = opened(importers.exchange("binanceus"), recorded)
    assert client.exchange.rights is not None
    rights = client.exchange.rights(client.call, client.key)
    assert rights == Rights(read=False, unknown=True) and len(recorded.requests) == 1
    refusal = verdict(client.exchange, rights, trade=False, unverified=False)
    assert refusal is not None and "--allow-unverified" in refusal


@pytest.mark.parametrize(
    ("name", "path", "value", "why"),
    [
        ("okx", ("perm",), "", "does not say what the key may do"),
        ("bybit", ("apiKey",), "another", "about another key"),
    ],
)
def test_an_answer_of_another_form_is_asked_for_again_and_then_one_line(
    name: str, path: tuple[Any, ...], value: Any, why: str, recorded: Recorded
) -> None:
    ((address, good),) = TOLD[name].values()
    ((_, other),) = changed(name, *path, to=value).values()
    recorded.say(address, other, good)
    client = opened(importers.exchange(name), recorded)
    assert client.exchange.rights is not None and client.exchange.rights(client.call, client.key).read
    recorded.say(address, other)
    with pytest.raises(Unreachable) as failed:
        client.exchange.rights(client.call, client.key)
    assert why in str(failed.value) and "\n" not in str(failed.value)
