"""Binance.US over its API. It has Binance's form and, beside trades, deposits and withdrawals, lists of its own.

Sources: github.com/binance-us/binance-us-api-docs (2026-11), "errors" and the older "wapi" (the fiat lists: offset,
less than 90 days a request); ccxt 4.5.90 for which lists there are; the lists of dust (userDustConvertHistory), of
fiat (assetLogRecordList) and of instant purchases (dataList, feeCoin, feeAmount) as open-source clients read them. For
what a key may do, Binance's (see `binance`). From memory: the rest of what these lists hold, that the fee of an
instant purchase is a part of what was paid, that the endpoint of rights answers 404 here (then they can't be told),
and that the windows are no narrower than Binance's.
"""

from datetime import date

from msgspec.structs import replace

from importers.base import Answer, Call, Fault, Refused, Rights, Stream, Wallet
from importers.elsewhere import OWN_KEY, NotRead
from importers.exchanges.binance import DEPOSITS, RIGHTS, WITHDRAWALS, in_time, read_rights, spot, trades, window
from importers.exchanges.binance import EXCHANGE as BINANCE
from importers.paging import Ways, by, by_offset, by_page, by_time, listed
from importers.parsers import binance as names

LATE, PENDING = 14, 60  # days that a record may come late, or stay unfinished
_STAKING = date(2022, 6, 1)


def _fiat() -> Ways:
    """Its pages have no size that is told: the one after the last is empty."""
    return by_offset(window(), listed("assetLogRecordList"), by("orderId"), "createTime", 1)


def _orders(rows: str) -> Ways:
    return by_page(window(), listed(rows), by("orderId"), "createTime", ("limit", 100))


STREAMS = (
    DEPOSITS,
    WITHDRAWALS,
    Stream(
        names.FIAT_DEPOSITS, "fiat deposits", "sapiGetFiatpaymentQueryDepositHistory", *_fiat(), PENDING, window=89
    ),
    Stream(
        names.FIAT_WITHDRAWALS, "fiat withdrawals", "sapiGetFiatpaymentQueryWithdrawHistory", *_fiat(), PENDING,
        window=89,
    ),
    Stream(names.US_OTC, "over-the-counter trades", "sapiGetOtcOrders", *_orders("rows"), LATE, window=89),
    Stream(names.US_INSTANT, "instant purchases and sales", "sapiGetOcbsOrders", *_orders("dataList"), LATE, window=89),
    Stream(
        names.DUST, "conversions of dust", "sapiGetAssetQueryDustLogs",
        *by_time(window(), "startTime", "endTime", listed("userDustConvertHistory"), by("tranId"), "operateTime", 100),
        LATE, window=36_500,
    ),
    Stream(
        names.DIVIDENDS, "distributions", "sapiGetAssetAssetDistributionHistory",
        *in_time(listed("rows"), by("id"), "divTime", 500), LATE, window=179,
    ),
    Stream(
        names.US_STAKING, "staking rewards", "sapiGetStakingStakingRewardsHistory",
        *by_page(window(), listed("data"), by("tranId"), "time", ("limit", 500)), LATE, window=29, begins=_STAKING,
    ),
    trades({}),
)  # fmt: skip


def _staked(answer: Answer) -> Answer:
    listed("data")(answer)
    return answer


_NOT_TOLD = Fault("it has no such list")


def _ask_rights(call: Call, _key: str = "") -> Rights:
    try:
        rights: Rights = call(RIGHTS, {}, read_rights)
    except Refused as why:
        if not str(why).endswith(_NOT_TOLD.sentence):
            raise
        return Rights(read=False, unknown=True)
    return rights


_REPORT = "at binance.us: Reports > Transaction History > Export"

EXCHANGE = replace(
    BINANCE,
    id="binanceus",
    name="Binance.US",
    allow=frozenset(
        {
            ("public", "GET", "exchangeInfo"),
            ("public", "GET", "time"),
            ("private", "GET", "account"),
            ("private", "GET", "myTrades"),
            *(
                ("sapi", "GET", path)
                for path in (
                    "account/apiRestrictions",
                    "capital/deposit/hisrec",
                    "capital/withdraw/history",
                    "fiatpayment/query/deposit/history",
                    "fiatpayment/query/withdraw/history",
                    "otc/orders",
                    "ocbs/orders",
                    "asset/query/dust-logs",
                    "asset/assetDistributionHistory",
                    "staking/stakingRewardsHistory",
                    "staking/stakingBalance",
                )
            ),
        }
    ),
    streams=STREAMS,
    wallets=(Wallet("", "privateGetAccount", spot), Wallet(names.STAKED, "sapiGetStakingStakingBalance", _staked)),
    begins=date(2019, 9, 17),
    not_read=(NotRead("Pay transactions", _REPORT, hidden=True), NotRead("sub-accounts", OWN_KEY)),
    gap_help=_REPORT,
    rights=_ask_rights,
    faults={**BINANCE.faults, " 404 ": _NOT_TOLD},
    key_help=(
        "At binance.us: Settings > API Management > Create API; keep only Can Read ticked, so no trading and no "
        "withdrawals"
    ),
    bind_help="At binance.us: Settings > API Management, Edit, Restrict access to trusted IPs only",
    revoke_help="At binance.us: Settings > API Management, Delete beside the key",
)
