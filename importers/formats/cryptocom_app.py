"""The Crypto.com App's exports of the crypto wallet, the fiat wallet (cash account) and the card: one header for all.

Import them into one account (`--account`): a purchase or sale for money stands in the first two, and then counts once.
A trade is one row with both sides, or a row of the coin whose other side was a card: its value in the money of the app
(Native Amount) is then what was paid or got. Small balances made into CRO, and coins that became others, are rows of
one moment. What moved into Earn, a stake or an order is still the person's. Times are UTC; the newest row is the first.

Columns and kinds as converters and people show them, 2020 to 2025. Kinds of loans and of the investment product are
not read: what they do to the balances is not told. From memory: that `crypto_transfer` says nothing of why.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal

from importers.exports import Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import MALFORMED, Unread
from importers.parsers.moved import moved
from pipeline.issues import Issue
from pipeline.model import Amount, Label, is_fiat
from pipeline.money import ZERO, plain, split

_TRADES = frozenset(
    "crypto_exchange crypto_viban_exchange crypto_viban viban_purchase van_purchase crypto_to_van_sell_order "
    "recurring_buy_order trading_limit_order_crypto_wallet_exchange trading.limit_order.crypto_wallet.exchange "
    "trading.limit_order.fiat_wallet.purchase_commit trading.limit_order.fiat_wallet.sell_commit "
    "trading.limit_order.cash_account.purchase_commit trading.limit_order.cash_account.sell_commit "
    "trading.crypto_purchase.twap.cash_account trading.crypto_sale.twap.cash_account "
    "trading.defi_purchase.cash_account".split()
)
_BY_CARD = frozenset(
    "crypto_purchase trading.crypto_purchase.google_pay trading.crypto_purchase.apple_pay card_top_up".split()
)
_SWAPS = ("dust_conversion", "dynamic_coin_swap", "lockup_swap", "crypto_wallet_swap", "interest_swap")
_OVERALL = "dynamic_coin_swap"  # of MCO into CRO, August 2020: the sum of the three after it
_LABELS = {
    **dict.fromkeys(
        "crypto_earn_interest_paid crypto_earn_extra_interest_paid "
        "finance.crypto_earn.loyalty_program_extra_interest_paid.crypto_wallet".split(),
        Label.INTEREST,
    ),
    **dict.fromkeys(
        "mco_stake_reward staking_reward crypto_earn_staking_reward supercharger_reward_to_app_credited "
        "finance.dpos.compound_interest.crypto_wallet finance.dpos.non_compound_interest.crypto_wallet "
        "finance.lockup.dpos_compound_interest.crypto_wallet".split(),
        Label.REWARD,
    ),
    **dict.fromkeys(
        "referral_card_cashback card_cashback_reverted transfer_cashback pay_checkout_reward reimbursement "
        "reimbursement_reverted gift_card_reward mobile_airtime_reward "
        "reward.loyalty_program.trading_rebate.crypto_wallet".split(),
        Label.CASHBACK,
    ),
    **dict.fromkeys(
        "referral_bonus referral_gift rewards_platform_deposit_credited campaign_reward".split(), Label.INCOME
    ),
}
# What came or went without a word why: by the sign, or where the fiat wallet writes none by the kind.
_MOVED = frozenset(
    "crypto_transfer red_envelope_transfer admin_wallet_credited admin_wallet_debited crypto_payment_refund".split()
)
_CAME = frozenset("crypto_deposit exchange_to_crypto_transfer viban_deposit viban_deposit_precredit".split())
_WENT = frozenset(
    "crypto_withdrawal crypto_to_exchange_transfer viban_withdrawal viban_card_top_up "
    "viban_deposit_precredit_repayment".split()
)
_INTERNAL = frozenset(
    "crypto_earn_program_created crypto_earn_program_withdrawn crypto_earn_program_extended lockup_lock lockup_unlock "
    "lockup_upgrade lockup_swap_rebate supercharger_deposit supercharger_withdrawal council_node_deposit_created "
    "council_node_deposit_withdrawn finance.lockup.dpos_lock.crypto_wallet finance.lockup.dpos_unlock.crypto_wallet "
    "finance.lockup.dpos_lock_upgrade.crypto_wallet finance.dpos.staking.crypto_wallet "
    "finance.dpos.unstaking.crypto_wallet".split()
)
_AT_THE_EXCHANGE = frozenset("dynamic_coin_swap_bonus_exchange_deposit airdrop_to_exchange_transfer".split())
_MOMENT = timedelta(seconds=1)  # the rows of one conversion may be of two seconds


def passed(row: Cells) -> str:
    kind = row.get("Transaction Kind", "")
    if kind in _INTERNAL or (kind.startswith("trading") and kind.endswith(("_lock", "_unlock"))):
        return "internal"
    if kind in _AT_THE_EXCHANGE:
        return "of the exchange, not of the app"
    return "locked" if kind == "airdrop_locked" else ""


def read(rows: list[Row]) -> Iterable[Said]:
    trades = [row for row in rows if row["Transaction Kind"] in _TRADES]
    swaps = [row for row in rows if _family(row) in _SWAPS]
    rest = [row for row in rows if row["Transaction Kind"] not in _TRADES and _family(row) not in _SWAPS]
    yield from grouped(_once(trades), _itself, lambda row: _trade(row[0]))
    yield from grouped(rest, _itself, lambda row: _single(row[0]))
    yield from grouped(swaps, _by_moment(swaps), _swap)


def _itself(row: Row) -> object:
    return row.record.source_id


# ---- one row ------------------------------------------------------------------------------------


def _sides(row: Row) -> tuple[Amount | None, Amount | None]:
    return row.size("Amount", row["Currency"]), row.amount("To Amount", row["To Currency"])


def _once(trades: Iterable[Row]) -> Iterator[Row]:
    """Each trade once, that stands in two exports. Equal rows of one export are as many trades."""
    same: dict[object, dict[tuple[bool, str], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in trades:
        written = (row["Transaction Kind"] == "crypto_viban", row.record.source_id.partition("#")[0])
        try:
            same[row.at, *_sides(row)][written].append(row)
        except MALFORMED:
            yield row
    for exports in same.values():
        yield from min(exports.items(), key=lambda each: (-len(each[1]), each[0]))[1]


def _trade(row: Row) -> Iterator[Said]:
    sent, received = _sides(row)
    if sent is None or received is None:
        raise Unread("one of its two sides is missing")
    yield row.transaction(sent=sent, received=received, description=row["Transaction Description"])


def _by_card(row: Row) -> Iterator[Said]:
    """For money that comes from a card, or goes onto it, and was in no wallet of the app."""
    if row["To Currency"]:
        yield from _trade(row)
        return
    coin, money = row.size("Amount", row["Currency"]), row.size("Native Amount", row["Native Currency"])
    sells, words = row["Transaction Kind"] == "card_top_up", row["Transaction Description"]
    if coin is None or money is None or (row.number("Amount") < ZERO) != sells:
        raise Unread("it does not say what was given for what")
    yield row.transaction(sent=coin if sells else money, received=money if sells else coin, description=words)
    yield row.transaction(
        sent=money if sells else None, received=None if sells else money, leg="paid",
        description="onto the card" if sells else "by card",
    )  # fmt: skip


def _single(row: Row) -> Iterator[Said]:
    kind, quantity, code = row["Transaction Kind"], row.number("Amount"), row["Currency"]
    label = _LABELS.get(kind)
    if kind in _BY_CARD:
        yield from _by_card(row)
        return
    if kind in _CAME or kind in _WENT:
        quantity = abs(quantity) if kind in _CAME else -abs(quantity)
    elif kind == "crypto_payment":
        quantity, label = -abs(quantity), Label.SPEND
    elif not kind and is_fiat(row.asset(code)):  # the card's own
        label = None if quantity > ZERO else Label.SPEND
    elif label is None and kind not in _MOVED:
        raise Unread(f"kind {kind} is not known" if kind else "it has no kind")
    yield moved(row, quantity, code, label, description=row["Transaction Description"], txhash=row["Transaction Hash"])


# ---- rows of one moment -------------------------------------------------------------------------


def _by_moment(rows: Iterable[Row]) -> Callable[[Row], object]:
    """Which conversion a row is of: those of one kind that came within a moment of each other are one."""
    moments: dict[str, object] = {}
    last: dict[bool, Row] = {}
    for row in sorted(filter(_dated, rows), key=lambda row: row.at):
        dust = _family(row) == "dust_conversion"
        before = last.get(dust)
        near = before is not None and row.at - before.at <= _MOMENT
        moments[row.record.source_id] = moments[before.record.source_id] if before and near else (dust, row.at)
        last[dust] = row
    return lambda row: moments[row.record.source_id] if row.at else None


def _dated(row: Row) -> bool:
    try:
        return row.at is not None
    except MALFORMED:
        return False


def _family(row: Row) -> str:
    return row["Transaction Kind"].rpartition("_")[0]


def _change(row: Row) -> tuple[str, Decimal]:
    quantity = abs(row.number("Amount"))
    return row.asset(row["Currency"]), quantity if row["Transaction Kind"].endswith("_credited") else -quantity


def _net(rows: Iterable[Row]) -> dict[str, Decimal]:
    net: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for asset, quantity in map(_change, rows):
        net[asset] += quantity
    return {asset: quantity for asset, quantity in net.items() if quantity}


def _swap(group: list[Row]) -> Iterator[Said]:
    overall = [row for row in group if _family(row) == _OVERALL]
    parts = [row for row in group if _family(row) != _OVERALL]
    if overall and parts and _net(overall) != _net(parts):
        raise Unread("the overall swap is not the sum of its parts")
    rows = sorted(overall or parts, key=lambda row: row.record.source_id)
    net = _net(rows)
    given, got = sorted(asset for asset in net if net[asset] < ZERO), [asset for asset in net if net[asset] > ZERO]
    if not net:
        return  # another name of one coin
    if len(got) != 1 or not given:
        raise Unread("the other side of the conversion is missing")
    legs = [[row for row in rows if _change(row)[0] == asset] for asset in given]
    worth = [sum((abs(row.number("Native Amount (in USD)")) for row in leg), ZERO) for leg in legs]
    how = "by the value that Crypto.com gives each"
    if not all(worth):
        worth, how = [Decimal(1)] * len(given), "evenly"
    left, whole = net[got[0]], sum(worth, ZERO)
    for asset, leg, weight in zip(given, legs, worth, strict=True):
        part = split(left, weight, whole)
        left, whole = left - part, whole - weight
        yield leg[0].transaction(
            sent=Amount(-net[asset], asset), received=Amount(part, got[0]) if part else None,
            description=leg[0]["Transaction Description"],
        )  # fmt: skip
    if len(given) > 1:
        what = {"assets": ", ".join(given), "received": f"{plain(net[got[0]])} {got[0]}", "how": how}
        first = rows[0].record
        yield Issue("divided_proceeds", first.account, got[0], rows[0].at, first.source_id, details=what)


FORMAT = export(
    "cryptocom_app",
    1,
    needs=("Timestamp (UTC)", "Transaction Description", "Currency", "Amount", "To Currency", "To Amount",
           "Native Currency", "Native Amount", "Native Amount (in USD)", "Transaction Kind"),
    may_have=("Transaction Hash",),
    date="Timestamp (UTC)",
    exchange="cryptocom",
    together=read,
    changing=("Transaction Hash", "Native Amount (in USD)"),
    passed=passed,
    newest_first=True,
)  # fmt: skip
