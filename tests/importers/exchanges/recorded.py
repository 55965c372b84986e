"""Recorded answers of exchanges on this machine: takes requests the way ccxt's `proxyUrl` sends them.

    with Recorded() as recorded:
        recorded.say("https://www.okx.com/api/v5/account/config", {"code": "0", "data": []})
        client = open_client(EXCHANGE, credentials, recorded.proxy_url)

Nothing but what `say` was told is there; every request is kept in `requests`, without its query.
"""

import base64
import functools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct

from importers.base import Exchange
from importers.client import Client, open_client
from importers.sandbox.server import original_address


class Said(Struct, frozen=True):
    """One answer: its body as sent."""

    body: str
    status: int = 200
    content_type: str = "application/json"


class Asked(Struct, frozen=True):
    """One request. `query` is that of the original address, `headers` have small letters."""

    method: str
    address: str
    query: str
    headers: dict[str, str]
    body: str = ""


def said(answer: Any) -> Said:
    """An answer as it is, or as the JSON that exchanges send: without spaces."""
    return answer if isinstance(answer, Said) else Said(json.dumps(answer, separators=(",", ":")))


class Recorded:
    """The running server; its clock is so many seconds `late`."""

    late = 0

    def __init__(self) -> None:
        self.requests: list[Asked] = []
        self._answers: dict[str, list[Said]] = {}

    def say(self, address: str, *answers: Any) -> None:
        """What `address` answers from now on: these in turn, and the last one for ever."""
        self._answers[address] = [said(answer) for answer in answers]

    def forget(self) -> None:
        """Nothing was asked, nothing is there."""
        self.requests.clear()
        self._answers.clear()
        self.late = 0

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def answer(self, asked: Asked) -> Said:
        self.requests.append(asked)
        answers = self._answers.get(asked.address)
        if answers is None:
            return Said(f"<html>nothing at {asked.address}</html>", 404, "text/html")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def __enter__(self) -> "Recorded":
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(recorded: Recorded) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() - recorded.late)

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            address, _, query = original_address(self.path).partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            one = recorded.answer(Asked(self.command, address, query, headers, body))
            self.send_response(one.status)
            self.send_header("Content-Type", one.content_type)
            self.end_headers()
            self.wfile.write(one.body.encode())

    return Handler


# ---- a client with a key that was made up ------------------------------------------------------

KEY = "c5dcfbf1f3a7made"


@functools.cache
def pem() -> str:
    """A key block as in Coinbase's key files."""
    private = ec.generate_private_key(ec.SECP256R1())
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    ).decode()


def opened(exchange: Exchange, recorded: Recorded) -> Client:
    """The real client with credentials of the right form."""
    key = {"coinbase": "organizations/1/apiKeys/2", "gemini": "account-Made0Up"}.get(exchange.id, KEY)
    secret = pem() if exchange.id == "coinbase" else base64.b64encode(b"a made-up secret").decode()
    given = {"apiKey": key, "secret": secret, "password": "made up"}
    return open_client(exchange, {name: given[name] for name in exchange.credentials}, recorded.proxy_url)


# ---- what a key that only reads, bound to an address where that can be, gets ------------------

# exchange -> ccxt's implicit method -> (address, answer in the form that the exchange documents)
READ_ONLY: dict[str, dict[str, tuple[str, Any]]] = {
    "coinbase": {
        "v3PrivateGetBrokerageKeyPermissions": (
            "https://api.coinbase.com/api/v3/brokerage/key_permissions",
            {
                "can_view": True, "can_trade": False, "can_transfer": False, "can_receive": False,
                "portfolio_uuid": "0b8d3f0e-6d6f-4b1e-9d2b-6a0c6f7f9c11", "portfolio_type": "DEFAULT",
            },
        ),
    },
    "binance": {
        "sapiGetAccountApiRestrictions": (
            "https://api.binance.com/sapi/v1/account/apiRestrictions",
            {
                "ipRestrict": True, "createTime": 1698645219000, "enableReading": True, "enableWithdrawals": False,
                "enableInternalTransfer": False, "enableMargin": False, "enableFutures": False,
                "permitsUniversalTransfer": False, "enableVanillaOptions": False, "enableFixApiTrade": False,
                "enableFixReadOnly": True, "enableSpotAndMarginTrading": False, "enablePortfolioMarginTrading": False,
            },
        ),
    },
    "gemini": {
        "privatePostV1Roles": (
            "https://api.gemini.com/v1/roles", {"isAuditor": True, "isFundManager": False, "isTrader": False}
        ),
    },
    "kucoin": {
        "privateGetUserApiKey": (
            "https://api.kucoin.com/api/v1/user/api-key",
            {
                "code": "200000",
                "data": {
                    "remark": "tax", "apiKey": KEY, "apiVersion": 3, "permission": "General",
                    "ipWhitelist": "203.0.113.7", "createdAt": 1728443843000, "expiredAt": None, "uid": 165111215,
                    "parentUid": None, "isMaster": True, "subName": "", "thirdPartyApp": "", "siteType": "global",
                    "region": "DE", "kycStatus": 1,
                },
            },
        ),
    },
    "okx": {
        "privateGetAccountConfig": (
            "https://www.okx.com/api/v5/account/config",
            {
                "code": "0", "msg": "",
                "data": [
                    {
                        "acctLv": "2", "acctStpMode": "cancel_maker", "autoLoan": False, "ctIsoMode": "automatic",
                        "enableSpotBorrow": False, "feeType": "0", "greeksType": "PA", "ip": "203.0.113.7",
                        "kycLv": "3", "label": "tax", "level": "Lv1", "levelTmp": "", "liquidationGear": "-1",
                        "mainUid": "44705892343619584", "mgnIsoMode": "auto_transfers_ccy", "opAuth": "1",
                        "perm": "read_only", "posMode": "net_mode", "roleType": "0", "settleCcy": "USDC",
                        "settleCcyList": ["USD", "USDC"], "spotBorrowAutoRepay": False, "spotOffsetType": "",
                        "spotRoleType": "0", "spotTraderInsts": [], "stgyType": "0", "traderInsts": [], "type": "0",
                        "uid": "44705892343619584",
                    }
                ],
            },
        ),
    },
    "bybit": {
        "privateGetV5UserQueryApi": (
            "https://api.bybit.com/v5/user/query-api",
            {
                "retCode": 0, "retMsg": "", "retExtInfo": {}, "time": 1697525990798,
                "result": {
                    "id": "13770661", "note": "tax", "apiKey": KEY, "readOnly": 1, "secret": "",
                    "permissions": {
                        "ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Options": [],
                        "Wallet": ["AccountTransfer", "SubMemberTransfer"], "Derivatives": ["DerivativesTrade"],
                        "CopyTrading": [], "BlockTrade": [], "Exchange": ["ExchangeHistory"], "NFT": [],
                        "Affiliate": [], "Earn": ["Earn"], "FiatP2P": ["FiatP2POrder", "Advertising"],
                        "FiatConvertBroker": ["FiatConvertBrokerOrder"], "FiatGlobalPay": [],
                        "FiatBitPay": ["FaitPayOrder"], "BitCard": ["BitCard"], "ByXPost": ["ByXPost"],
                    },
                    "ips": ["203.0.113.7"], "type": 1, "deadlineDay": -2, "expiredAt": "1970-01-01T00:00:00Z",
                    "createdAt": "2022-10-16T02:24:40Z", "unified": 0, "uta": 1, "userID": 24617703, "inviterID": 0,
                    "vipLevel": "No VIP", "mktMakerLevel": "0", "affiliateID": 0, "rsaPublicKey": "",
                    "isMaster": True, "parentUid": "0", "kycLevel": "LEVEL_1", "kycRegion": "DEU",
                    "userIDInt64": "24617703", "inviterIDInt64": "0", "affiliateIDInt64": "0", "isFixApi": False,
                },
            },
        ),
    },
    "bitfinex": {
        "privatePostAuthRPermissions": (
            "https://api.bitfinex.com/v2/auth/r/permissions",
            [
                ["account", 1, 0], ["history", 1, 0], ["orders", 1, 0], ["positions", 1, 0], ["funding", 1, 0],
                ["settings", 1, 0], ["wallets", 1, 0], ["withdraw", 0, 0], ["ui_withdraw", 0, 0], ["bfxpay", 0, 0],
            ],
        ),
    },
    "gate": {
        "privateAccountGetDetail": (
            "https://api.gateio.ws/api/v4/account/detail",
            {
                "user_id": 1667201533, "ip_whitelist": ["203.0.113.7"], "currency_pairs": [], "key": {"mode": 1},
                "tier": 0, "copy_trading_role": 0,
            },
        ),
        "privateAccountGetMainKeys": (
            "https://api.gateio.ws/api/v4/account/main_keys",
            [
                {
                    "state": 1, "mode": 1, "name": "tax", "user_id": 1667201533, "ip_whitelist": ["203.0.113.7"],
                    "perms": [
                        {"name": "account", "read_only": True}, {"name": "spot", "read_only": True},
                        {"name": "wallet", "read_only": True},
                    ],
                    "currency_pairs": [], "key": "c5dcfbf1f3a7*****", "created_at": 1753030929,
                    "update_at": 1756300567, "last_access": 1753030929,
                }
            ],
        ),
    },
    "bitget": {
        "privateSpotGetV2SpotAccountInfo": (
            "https://api.bitget.com/api/v2/spot/account/info",
            {
                "code": "00000", "msg": "success", "requestTime": 1695808949356,
                "data": {
                    "userId": "1", "inviterId": "2", "ips": "203.0.113.7", "authorities": ["stor", "wtor", "taxr"],
                    "parentId": 1, "traderType": "not_trader", "channelCode": "6258", "channel": "official",
                    "regisTime": "1246566789345",
                },
            },
        ),
    },
    "htx": {
        "spotPrivateGetV2UserUid": ("https://api.huobi.pro/v2/user/uid", {"code": 200, "data": 63628520}),
        "spotPrivateGetV2UserApiKey": (
            "https://api.huobi.pro/v2/user/api-key",
            {
                "code": 200, "message": "success",
                "data": [
                    {
                        "accessKey": KEY, "status": "normal", "note": "tax",
                        "permission": "readOnly", "ipAddresses": "203.0.113.7", "validDays": -1,
                        "createTime": 1591348751000, "updateTime": 1591348751000,
                    }
                ],
            },
        ),
    },
}  # fmt: skip

for _site, _main, _there, _here in (
    ("binanceus", "binance", "api.binance.com", "api.binance.us"),
    ("myokx", "okx", "www.okx.com", "eea.okx.com"),
    ("okxus", "okx", "www.okx.com", "us.okx.com"),
    ("bybiteu", "bybit", "api.bybit.com", "api.bybit.eu"),
    ("gateeu", "gate", "api.gateio.ws", "api.gateeu.com"),
):
    READ_ONLY[_site] = {
        method: (address.replace(_there, _here), answer) for method, (address, answer) in READ_ONLY[_main].items()
    }

KRAKEN: tuple[str, Any] = (  # its own sandbox answers the rest
    "https://api.kraken.com/0/private/GetApiKeyInfo",
    {
        "error": [],
        "result": {
            "apiKeyName": "tax", "apiKey": KEY, "nonce": "1763932800000", "nonceWindow": 0,
            "permissions": ["query-funds", "query-closed-trades", "query-ledger"], "iban": "AA44 N84G TAXS YNCX",
            "validUntil": "0", "queryFrom": "0", "queryTo": "0", "createdTime": "1672531200",
            "modifiedTime": "1704067200", "ipAllowlist": ["203.0.113.7"], "lastUsed": "1763932800",
        },
    },
)  # fmt: skip

UNIFIED: tuple[str, Any] = (  # Bitget's other answer, of a unified account
    "https://api.bitget.com/api/v3/account/info",
    {
        "code": "00000", "msg": "success", "requestTime": 1744617600000,
        "data": {
            "userId": "123456789", "inviterId": "987654321", "parentId": "", "channelCode": "6258",
            "channel": "official", "ips": "", "permType": "read-only", "permissions": ["uta_mgt", "uta_trade"],
            "regisTime": "1704067200000",
        },
    },
)  # fmt: skip


def _bitfinex(text: str) -> Said:
    codes = {"apikey: invalid": 10100, "nonce: small": 10114, "maintenance": 20060, "ratelimit": 11010}
    return Said(json.dumps(["error", codes.get(text, 10001), text]), 500)


def _htx(code: str) -> Said:
    if code.startswith('"code"'):
        return Said("{" + code + '"message":"made up"}')
    kind, text = ("api-signature-not-valid", code) if " " in code else (code, "made up")
    return said({"status": "error", "err-code": kind, "err-msg": f"Signature not valid: {text}", "data": None})


def _coinbase(code: str) -> Said:
    if code.startswith(" "):
        return Said("Unauthorized" if "401" in code else "Too many", int(code), "text/plain")
    if code.startswith('"'):
        return Said('{"error":' + code + ',"error_details":"made up","message":"made up"}', 403)
    return said({"errors": [{"id": "made_up", "message": code}]})


def _binance(code: str) -> Said:
    if code.startswith('"code"'):
        return Said("{" + code + '"msg":"made up"}', 400)
    return said(Said(json.dumps({"code": 0, "msg": f"It is {code} now"}), 451))


# exchange -> a code of its table of faults -> an answer that has it in the exchange's form
ERRORS: dict[str, Any] = {
    "coinbase": _coinbase,
    "binance": _binance,
    "bitstamp": lambda code: (
        said({"status": "error", "reason": code, "code": "API0009"})
        if " " in code
        else Said(
            f'{{"status": "error", "reason": "made up", "code": {code if code[0] == chr(34) else json.dumps(code)}}}'
        )
    ),
    "gemini": lambda code: Said(json.dumps({"result": "error", "reason": "Made", "message": f"It is: {code}"}), 400),
    "kucoin": lambda code: Said("{" + code + ',"msg":"made up"}', 401),
    "okx": lambda code: Said('{"msg":"made up",' + code + "}", 401),
    "bybit": lambda code: (
        Said(f"<html>configured to {code}</html>", 403, "text/html")
        if " " in code
        else Said("{" + code + '"retMsg":"made up","result":{},"retExtInfo":{},"time":1}')
    ),
    "bitfinex": _bitfinex,
    "cryptocom": lambda code: Said('{"id":1,"method":"private/user-balance",' + code + ',"message":"made up"}', 401),
    "gate": lambda code: Said('{"label":' + code + ',"message":"made up"}', 401),
    "bitget": lambda code: Said("{" + code + ',"msg":"made up","requestTime":1,"data":null}', 400),
    "mexc": lambda code: Said("{" + code + '"msg":"made up"}', 400),
    "htx": _htx,
    "bitvavo": lambda code: Said("{" + code + '"error":"made up"}', 403),
}
