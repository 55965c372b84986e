"""What a key may do, as every exchange says it: only what it says to read is taken for reading.

Asked by the real client over HTTP on this machine, of answers in the exchanges' documented form.
"""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import importers
from importers.base import Rights, Unlike
from importers.client import Unreachable
from importers.permissions import notes, verdict
from tests.importers.exchanges.recorded import READ_ONLY, UNIFIED, Recorded, Said, opened

TELLING = sorted(READ_ONLY)
# Where the answers say what the key may do.
KUCOIN, OKX, BITGET, HTX = (
    ("data", "permission"),
    ("data", 0, "perm"),
    ("data", "authorities"),
    ("data", 0, "permission"),
)
BYBIT = ("result", "permissions")
GONE = object()


def asked(name: str, answers: dict[str, tuple[str, Any]], recorded: Recorded) -> Rights:
    """What the exchange says when each method gives this."""
    for address, answer in answers.values():
        recorded.say(address, answer)
    client = opened(importers.exchange(name), recorded)
    assert client.exchange.rights is not None
    return client.exchange.rights(client.call)


def changed(name: str, *path: Any, to: Any, of: str = "") -> dict[str, tuple[str, Any]]:
    """The answers to a key that only reads, with another value at `path` of the last one (`of`: of that method)."""
    answers = copy.deepcopy(READ_ONLY[name])
    inner = answers[of or list(answers)[-1]][1]
    for step in path[:-1]:
        inner = inner[step]
    if to is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return answers


# ---- what only reads ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", TELLING)
def test_a_key_that_only_reads_is_taken(name: str, recorded: Recorded) -> None:
    exchange = importers.exchange(name)
    rights = asked(name, READ_ONLY[name], recorded)
    assert (rights.read, rights.trade, rights.withdraw, rights.unknown) == (True, False, False, False)
    assert rights.missing == () and rights.may
    assert verdict(exchange, rights, trade=False, unverified=False) is None
    assert [one.address for one in recorded.requests] == [address for address, _ in READ_ONLY[name].values()]


@pytest.mark.parametrize(
    ("name", "created"),
    [("binance", "2023-10-30"), ("kucoin", "2024-10-09"), ("bybit", "2022-10-16"), ("gate", "2025-07-20"),
     ("htx", "2020-06-05"), ("okx", ""), ("coinbase", "")],
)  # fmt: skip
def test_the_day_of_its_making_is_told_where_the_exchange_has_it(name: str, created: str, recorded: Recorded) -> None:
    rights = asked(name, READ_ONLY[name], recorded)
    assert rights.created == created and rights.expires == ""


def test_a_coinbase_key_sees_one_portfolio_and_says_which(recorded: Recorded) -> None:
    rights = asked("coinbase", READ_ONLY["coinbase"], recorded)
    (limit,) = rights.limits
    assert "only one portfolio" in limit and "0b8d3f0e-6d6f-4b1e-9d2b-6a0c6f7f9c11 (default)" in limit
    (note,) = notes(importers.exchange("coinbase"), rights)
    assert limit in note


# ---- what does more ----------------------------------------------------------------------------


TRADES = [
    ("coinbase", ("can_trade",), True), ("coinbase", ("can_receive",), True),
    *(("binance", (flag,), True) for flag in (
        "enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions",
        "enablePortfolioMarginTrading", "enableFixApiTrade",
    )),
    ("binanceus", ("enableSpotAndMarginTrading",), True),
    ("gemini", ("isTrader",), True), ("gemini", ("isAccountAdmin",), True),
    *(("kucoin", KUCOIN, f"General,{right}") for right in ("Spot", "Margin", "Futures", "Earn", "Trade")),
    *((name, OKX, "read_only,trade") for name in ("okx", "myokx", "okxus")),
    *(("bitfinex", (index, 2), 1) for index in range(6)),
    *(("gate", (0, "perms", 0), {"name": name, "read_only": False}) for name in ("account", "futures", "unified")),
    ("gate", (0, "perms", 1), {"name": "spot"}),
    *(("bitget", BITGET, ["stor", "wtor", right]) for right in ("stow", "smow", "coow", "cpow", "ttow", "p2p")),
    ("bitget", BITGET, ["trade", "readonly"]),
    ("htx", HTX, "readOnly,trade"),
]  # fmt: skip

MOVES = [
    ("coinbase", ("can_transfer",), True),
    *(("binance", (flag,), True) for flag in (
        "enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer",
    )),
    ("binance", ("enableSubAccountTransfer",), True),
    ("binanceus", ("enableWithdrawals",), True),
    ("gemini", ("isFundManager",), True),
    *(("kucoin", KUCOIN, f"General, {right}") for right in (
        "Withdrawal", "Transfer", "InnerTransfer", "FlexTransfers", "SomeNewTransfer",
    )),
    *((name, OKX, "read_only,withdraw,trade") for name in ("okx", "myokx", "okxus")),
    *(("bitfinex", (index, 2), 1) for index in range(6, 10)),
    *(("gate", (0, "perms", 1), {"name": name, "read_only": False}) for name in ("wallet", "withdraw", "custody")),
    ("gateeu", (0, "perms", 2), {"name": "wallet", "read_only": None}),
    *(("bitget", BITGET, ["stor", "wtor", right]) for right in ("wtow", "wwow", "chow", "withdraw")),
    ("htx", HTX, "readOnly,trade,withdraw"),
]  # fmt: skip

UNKNOWN = [
    ("coinbase", ("can_launch",), True), ("coinbase", ("can_launch",), "perhaps"),
    ("binance", ("enableRockets",), True), ("binance", ("enableRockets",), 7), ("binance", ("enableRockets",), None),
    ("gemini", ("isAstronaut",), True), ("gemini", ("isAstronaut",), "perhaps"),
    ("kucoin", KUCOIN, "General,Rockets"), ("okx", OKX, "read_only,rockets"), ("htx", HTX, "readOnly,rockets"),
    ("bitfinex", (2, 0), "rockets"), ("bitfinex", (2, 2), 2),
    ("gate", (0, "perms", 0), {"name": "rockets", "read_only": "no"}),
    ("bitget", BITGET, ["stor", "wtor", "rocw"]),
    *(("bybit", ("result", "readOnly"), value) for value in (2, "1", True, None)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value"), TRADES)
def test_a_key_that_trades_is_taken_only_when_that_is_allowed(
    name: str, path: tuple[Any, ...], value: Any, recorded: Recorded
) -> None:
    rights = asked(name, changed(name, *path, to=value), recorded)
    assert (rights.trade, rights.withdraw, rights.unknown) == (True, False, False)
    refusal = verdict(importers.exchange(name), rights, trade=False, unverified=True)
    assert refusal is not None and "--allow-trade" in refusal
    assert verdict(importers.exchange(name), rights, trade=True, unverified=False) is None


@pytest.mark.parametrize(("name", "path", "value"), MOVES)
def test_a_key_that_moves_funds_is_never_taken(
    name: str, path: tuple[Any, ...], value: Any, recorded: Recorded
) -> None:
    rights = asked(name, changed(name, *path, to=value), recorded)
    assert rights.withdraw
    refusal = verdict(importers.exchange(name), rights, trade=True, unverified=True)
    assert refusal is not None and "never stored" in refusal and "--allow" not in refusal
    assert refusal.endswith(importers.exchange(name).key_help)


@pytest.mark.parametrize(("name", "path", "value"), UNKNOWN)
def test_what_is_not_known_counts_as_more_than_reading(
    name: str, path: tuple[Any, ...], value: Any, recorded: Recorded
) -> None:
    answers = changed(name, *path, to=value)
    if name == "bitfinex" and path[-1] == 0:
        answers["privatePostAuthRPermissions"][1].insert(0, ["rockets", 0, 1])
        answers["privatePostAuthRPermissions"][1][3][0] = "orders"
    rights = asked(name, answers, recorded)
    assert rights.unknown and rights.trade
    for trade, unverified in ((False, False), (True, False), (False, True)):
        assert verdict(importers.exchange(name), rights, trade=trade, unverified=unverified) is not None


@pytest.mark.parametrize(
    ("group", "right", "moves"),
    [("Wallet", "AccountTransfer", True), ("Wallet", "SubMemberTransfer", True), ("Wallet", "Withdraw", True),
     ("Wallet", "SubMemberTransferList", True), ("Wallet", "Rockets", True), ("FiatBybitPay", "FaitPayOrder", True),
     ("FiatP2P", "FiatP2POrder", True), ("Spot", "SpotTrade", False), ("ContractTrade", "Order", False),
     ("Derivatives", "DerivativesTrade", False), ("Options", "OptionsTrade", False), ("Earn", "Earn", False),
     ("Exchange", "ExchangeHistory", False)],
)  # fmt: skip
@pytest.mark.parametrize("name", ["bybit", "bybiteu"])
def test_a_bybit_key_that_writes_may_do_what_is_ticked(
    name: str, group: str, right: str, moves: bool, recorded: Recorded
) -> None:
    answers = changed(name, "result", "permissions", to={"Spot": [], "Wallet": [], group: [right]})
    assert verdict(importers.exchange(name), asked(name, answers, recorded), trade=False, unverified=False) is None
    next(iter(answers.values()))[1]["result"]["readOnly"] = 0
    rights = asked(name, answers, recorded)
    assert (rights.trade, rights.withdraw, rights.unknown) == (True, moves, False)
    assert f"{group} {right}" in rights.may


def test_a_bybit_key_that_writes_with_nothing_ticked_or_something_new_still_writes(recorded: Recorded) -> None:
    for ticked, unknown in (({"Spot": []}, False), ({"Spot": [], "Rockets": ["Launch"]}, True)):
        answers = changed("bybit", "result", "permissions", to=ticked)
        answers["privateGetV5UserQueryApi"][1]["result"]["readOnly"] = 0
        rights = asked("bybit", answers, recorded)
        assert rights.trade and rights.unknown is unknown


@pytest.mark.parametrize(
    ("kind", "permissions", "flags"),
    [("read-only", ["uta_mgt", "uta_trade", "withdraw"], (False, False, False)),
     ("read-and-write", ["uta_trade"], (True, False, False)), ("read-and-write", ["uta_mgt"], (True, True, False)),
     ("read-and-write", ["withdraw"], (True, True, False)), ("read-and-write", ["rockets"], (True, False, True)),
     ("perhaps", ["uta_trade"], (True, False, True))],
)  # fmt: skip
def test_a_unified_account_at_bitget_is_asked_in_its_own_way(
    kind: str, permissions: list[str], flags: tuple[bool, ...], recorded: Recorded
) -> None:
    classic = READ_ONLY["bitget"]["privateSpotGetV2SpotAccountInfo"][0]
    address, answer = copy.deepcopy(UNIFIED)
    answer["data"] |= {"permType": kind, "permissions": permissions}
    refused = Said('{"code":"40085","msg":"You are in Unified Account mode","requestTime":1,"data":null}', 400)
    rights = asked("bitget", {"classic": (classic, refused), "unified": (address, answer)}, recorded)
    assert (rights.trade, rights.withdraw, rights.unknown) == flags
    assert rights.read and rights.ip_bound is False
    assert [one.address for one in recorded.requests] == [classic, address]


# ---- several keys in one list ------------------------------------------------------------------

KEYS = {"gate": "privateAccountGetMainKeys", "htx": "spotPrivateGetV2UserApiKey"}


def with_another(name: str, **other: Any) -> dict[str, tuple[str, Any]]:
    """A list of two keys: that which only reads, and one that withdraws."""
    answers = copy.deepcopy(READ_ONLY[name])
    listed = answers[KEYS[name]][1]
    listed = listed if name == "gate" else listed["data"]
    listed.insert(0, {**copy.deepcopy(listed[0]), **other})
    return answers


OTHER = {
    "gate": {"key": "52fd0035f665*****", "perms": [{"name": "withdraw", "read_only": False}]},
    "htx": {"accessKey": "other", "permission": "readOnly,withdraw"},
}


@pytest.mark.parametrize("name", ["gate", "htx"])
def test_where_it_is_not_said_which_key_asks_all_of_them_count(name: str, recorded: Recorded) -> None:
    rights = asked(name, with_another(name, **OTHER[name]), recorded)
    refusal = verdict(importers.exchange(name), rights, trade=True, unverified=True)
    assert refusal is not None and "all 2 keys together: it does not say which one this is" in refusal
    same = asked(name, with_another(name), recorded)
    assert verdict(importers.exchange(name), same, trade=False, unverified=False) is None


@pytest.mark.parametrize(
    ("name", "key"), [("gate", "c5dcfbf1f3a7made-up"), ("htx", "4ba5cdf2-4a92c5da-718ba144-dbuqg6hkte")]
)
def test_where_it_is_known_which_key_asks_only_that_one_counts(name: str, key: str) -> None:
    answers = with_another(name, **OTHER[name])
    rights: Any = importers.exchange(name).rights
    told = rights(lambda method, _params, read: read(answers[method][1]), key)
    assert (told.read, told.trade, told.withdraw, told.unknown) == (True, False, False, False)


# ---- bound, ending, lacking --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "path", "value", "bound"),
    [
        ("binance", ("ipRestrict",), False, False), ("binance", ("ipRestrict",), "yes", None),
        ("kucoin", ("data", "ipWhitelist"), "", False), ("kucoin", ("data", "ipWhitelist"), GONE, False),
        ("kucoin", ("data", "ipWhitelist"), "203.0.113.7,203.0.113.8", True),
        ("okx", ("data", 0, "ip"), "", False), ("okx", ("data", 0, "ip"), "203.0.113.7", True),
        ("bybit", ("result", "ips"), ["*"], False), ("bybit", ("result", "ips"), [], False),
        ("bybit", ("result", "ips"), ["203.0.113.7"], True),
        ("bitget", ("data", "ips"), "", False), ("bitget", ("data", "ips"), "203.0.113.7", True),
        ("htx", ("data", 0, "ipAddresses"), "", False), ("htx", ("data", 0, "ipAddresses"), GONE, False),
        ("htx", ("data", 0, "ipAddresses"), "203.0.113.7", True),
    ],
)  # fmt: skip
def test_a_key_is_bound_to_an_address_or_not(
    name: str, path: tuple[Any, ...], value: Any, bound: bool | None, recorded: Recorded
) -> None:
    assert asked(name, changed(name, *path, to=value), recorded).ip_bound is bound


def test_a_gate_key_is_bound_as_its_account_says(recorded: Recorded) -> None:
    assert asked("gate", READ_ONLY["gate"], recorded).ip_bound is True
    unbound = changed("gate", "ip_whitelist", to=[], of="privateAccountGetDetail")
    assert asked("gate", unbound, recorded).ip_bound is False
    assert asked("coinbase", READ_ONLY["coinbase"], recorded).ip_bound is None


def test_the_end_of_a_key_is_a_day(recorded: Recorded) -> None:
    ending = changed("bybit", "result", "expiredAt", to="2027-12-22T07:20:25Z")
    assert asked("bybit", ending, recorded).expires == "2027-12-22"
    before = datetime.now(UTC)
    told = asked("htx", changed("htx", "data", 0, "validDays", to=88), recorded).expires
    assert told in {f"{moment + timedelta(days=88):%Y-%m-%d}" for moment in (before, datetime.now(UTC))}


@pytest.mark.parametrize(
    ("name", "path", "value", "lacks"),
    [
        ("coinbase", ("can_view",), False, "View"), ("binance", ("enableReading",), False, "Enable Reading"),
        ("kucoin", KUCOIN, "Earn", "General"), ("okx", OKX, "trade", "Read"), ("htx", HTX, "trade", "Read-only"),
        ("bitfinex", (1, 1), 0, "Account History: read"), ("bitfinex", (6, 1), 0, "Wallets: read"),
        ("gate", (0, "perms"), [{"name": "account", "read_only": True}, {"name": "spot", "read_only": True}], "Wallet"),
        ("bitget", BITGET, ["stor", "taxr"], "wallet transfer: read"),
    ],
)  # fmt: skip
def test_a_right_that_import_needs_is_named(
    name: str, path: tuple[Any, ...], value: Any, lacks: str, recorded: Recorded
) -> None:
    rights = asked(name, changed(name, *path, to=value), recorded)
    refusal = verdict(importers.exchange(name), rights, trade=True, unverified=True)
    assert refusal is not None and f"lacks what import needs: {lacks}; add it" in refusal


def test_a_gemini_trader_sees_no_transfers(recorded: Recorded) -> None:
    answers = changed("gemini", "isTrader", to=True)
    answers["privatePostV1Roles"][1]["isAuditor"] = False
    rights = asked("gemini", answers, recorded)
    assert rights.read and rights.trade and "only an Auditor sees them" in rights.limits[0]


def test_binance_us_without_the_list_can_not_tell(recorded: Recorded) -> None:
    client = opened(importers.exchange("binanceus"), recorded)
    assert client.exchange.rights is not None
    rights = client.exchange.rights(client.call)
    assert rights == Rights(read=False, unknown=True) and len(recorded.requests) == 1
    refusal = verdict(client.exchange, rights, trade=False, unverified=False)
    assert refusal is not None and "--allow-unverified" in refusal


# ---- another form ------------------------------------------------------------------------------

FORMS = [
    *((name, method, (), form) for name in TELLING for method in READ_ONLY[name] for form in ({}, [], {"data": []})),
    *(("coinbase", "", (flag,), form) for flag in ("can_view", "can_trade", "can_transfer") for form in (GONE, "no")),
    *(("binance", "", (flag,), form) for flag in ("enableReading", "enableWithdrawals", "permitsUniversalTransfer",
                                                   "enableInternalTransfer", "enableSpotAndMarginTrading")
      for form in (GONE, "no", 0)),
    *(("gemini", "", (role,), GONE) for role in ("isAuditor", "isTrader", "isFundManager")),
    *(("kucoin", "", KUCOIN, form) for form in (GONE, "", " ", None, ["General"])),
    *(("okx", "", OKX, form) for form in (GONE, "", None, ["read_only"])), ("okx", "", ("data", 0, "ip"), GONE),
    *(("bybit", "", ("result", field), GONE) for field in ("readOnly", "permissions", "ips")),
    ("bybit", "", BYBIT, ["Spot"]), ("bybit", "", (*BYBIT, "Spot"), "SpotTrade"), ("bybit", "", (*BYBIT, "Spot"), [1]),
    ("bitfinex", "", (1,), ["history", 1]), ("bitfinex", "", (1,), ["history", True, False]),
    ("bitfinex", "", (7,), GONE), ("bitfinex", "", (8,), ["withdraw", 0, 1]),
    ("gate", "", (0, "perms"), GONE), ("gate", "", (0, "perms"), {"spot": True}), ("gate", "", (0, "perms", 1), "spot"),
    ("gate", "", (0, "perms", 1), {"read_only": True}), ("gate", "privateAccountGetDetail", ("ip_whitelist",), GONE),
    *(("bitget", "", BITGET, form) for form in (GONE, [], "stor", [1])),
    *(("htx", "", HTX, form) for form in (GONE, "", None, ["readOnly"])), ("htx", "", ("code",), 500),
    ("htx", "spotPrivateGetV2UserUid", ("data",), "63628520"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "method", "path", "form"), FORMS)
def test_an_answer_of_another_form_is_no_answer(name: str, method: str, path: tuple[Any, ...], form: Any) -> None:
    answers = changed(name, *path, to=form, of=method) if path else copy.deepcopy(READ_ONLY[name])
    if not path:
        answers[method] = ("", form)
    rights = importers.exchange(name).rights
    assert rights is not None
    with pytest.raises(Unlike):
        rights(lambda asks, _params, read: read(answers[asks][1]))


def test_an_answer_of_another_form_is_asked_for_again_and_then_one_line(recorded: Recorded) -> None:
    address, good = READ_ONLY["okx"]["privateGetAccountConfig"]
    recorded.say(address, {"code": "0", "msg": "", "data": []}, good)
    client = opened(importers.exchange("okx"), recorded)
    assert client.exchange.rights is not None and client.exchange.rights(client.call).read
    recorded.say(address, {"code": "0", "msg": "", "data": []})
    with pytest.raises(Unreachable) as told:
        client.exchange.rights(client.call)
    assert "does not say what the key may do" in str(told.value) and "\n" not in str(told.value)
