"""What Gate's records mean: the account book is the truth of all but trades, which MyTrades tells exactly.

The account book has a line for each change of a spot balance, conversions, dust and interest among them; its
lines of orders are told by MyTrades, and count there. The wallet's lists add the fee and the hash of a deposit or
withdrawal. What moves to Gate's own places where the coins stay the person's (Simple Earn, staking) is no
transaction; what moves to margin, futures, options, bots or a sub-account is a transfer without a label. Points
are prepaid fees, no asset: buying them is a cost, and fees paid in them count no more.

Sources: gate.com/docs/developers/apiv4, "AccountBook type", "AccountBook code", "Trade", "UniInterestRecord"
(2026-11). From memory: that interest which is reinvested is not in the account book; that a withdrawal's amount has
its fee in it (ccxt, too), where the account book does not say.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from importers.assets import asset
from importers.base import shown
from importers.parsers import build
from importers.parsers.build import MALFORMED, Said, Unread, amount, at_of, signed, unread
from importers.parsers.claims import Entry, bunches, conversion, one_sided
from importers.parsers.movements import Movement, movements, trade
from pipeline.model import Label, RawRecord
from pipeline.money import ZERO

BOOK, TRADES, DEPOSITS, WITHDRAWALS, INTEREST = "AccountBook", "MyTrades", "Deposits", "Withdrawals", "UniInterest"
POINT = "POINT"
AT_ONCE = timedelta(seconds=5)  # at most, between the lines of one conversion

# ---- what a line of the account book is --------------------------------------------------------

ORDER, MOVE, RETURN, SWAP, DUST, DUST_FEE, OWN, AWAY = "order", "move", "return", "swap", "dust", "dust fee", "own", ""
_REWARD, _INTEREST, _INCOME, _AIRDROP, _BACK, _FORK, _GIFT = (
    (Label.REWARD, None), (Label.INTEREST, None), (Label.INCOME, None), (Label.AIRDROP, None),
    (Label.CASHBACK, Label.COST), (Label.FORK, None), (Label.GIFT, Label.GIFT),
)  # fmt: skip
Meaning = str | tuple[Label | None, Label | None]  # what it is, or its label when something came and when it went


def _table(*rows: tuple[Meaning, str]) -> dict[str, Meaning]:
    return {word: meaning for meaning, words in rows for word in words.split()}


_CODES = _table(
    (ORDER, "1 2 101 102 103 116 131 132 151 152 171 172"),
    (MOVE, "4 17 18 19 110 121 122 124 1901 1907 1908 2650 2651"),
    (RETURN, "9 104 113 803 1905 1906"),
    (SWAP, "143 144 181 182 2601 2602 2605 2606 2612 2613"),
    (DUST, "1301 1302 1307 1310 1311 1312 1322 1323"),
    (DUST_FEE, "1303"),
    (OWN, "603 604 610 611 621 622 624 625 661 662 686 687 721 722 724 725 727 728 729 731 733 734 735 737 751 753 "
          "1181 1184 1191 1194 1251 1253 1258 3001 3008 3028 160303 160304 160607"),
    (AWAY, "601 602 651 652 701 702 703 704 705 706 911 912 1401 1601 1602 1603 1604 1701 1702 1703 3201 3202 3203 "
           "3601 3602 3603 3604 3605 3606 100202 150210 150211 150215 150216 150217 150218 150219"),
    (_REWARD, "623 626 754 1171 1173 1174 1186 1196 1255 2314"),
    (_INTEREST, "612 627 628 669 681 688 689 723 726 730 732 736 738 110106 120103 160301 160302 160401 160402 160406 "
                "160501"),
    (_INCOME, "109 162 164 166 191 196 401 402 403 405 739 3120 3301 3321 3381 3390 3410 4002 4009"),
    (_AIRDROP, "404 2614 3104 6010"),
    (_FORK, "501"),
    (_BACK, "123 125 613 901 902 3105 3341 5104"),
    (_GIFT, "801 802 804 805 806 807"),
)  # fmt: skip
_TYPES = _table(  # of lines without a code
    (ORDER, "new_order cancel_order order_fill order_rej order_fee system_fee"),
    (MOVE, "withdraw deposit withdraw_gatecode deposit_gatecode withdraw_fireblock deposit_fireblock withdraw_copper "
           "deposit_copper push_sent push_rcvd"),
    (RETURN, "withdraw_rej cancel_withdraw push_canceled push_rej rp_rej"),
    (SWAP, "cv_buy cv_sell eth_swap"),
    (DUST, "dust_swap_dctd dust_swap_gt_add"),
    (DUST_FEE, "dust_swap_fee"),
    (OWN, "lending_in lending_out lending_lent collected redeem lend pay_in pay_out"),
    (AWAY, "margin_in margin_out spot_settle_in spot_settle_out cross_in cross_out perp_in perp_out perp_settle_in "
           "perp_settle_out delivery_in delivery_out ai_in ai_out e_options_in e_options_out options_in options_out "
           "quant_in quant_out quant_return subaccount_trf fct_in fct_out fct_refund"),
    (_REWARD, "slot_int_in mining_rewards"),
    (_INTEREST, "interest_in hodl_int str_int_in"),
    (_INCOME, "referral_rebate sec_rebate_in ab_rebate eb_rebate u_rebate ads_rebate au_rebate pis_rebate pds_rebate "
              "pu_rebate deposit_bonus trading_rewards purchase_bonus award"),
    (_AIRDROP, "airdrop"),
    (_BACK, "points_purchase lending_fee"),
    (_GIFT, "rp_sent rp_rcvd ls_offered ls_rcvd pt_offered pt_rcvd"),
)  # fmt: skip


def _meaning(value: Any) -> Meaning | None:
    """What a line is; None: not known, or not supported (loans, dual investment, P2P, NFT)."""
    code, kind = str(value.get("code") or ""), str(value.get("type") or "")
    return _CODES[code] if code in _CODES else _TYPES.get(kind)


# ---- the account book and the wallet's lists ------------------------------------------------------

Lines = dict[str, list[Entry]]  # those that are known only with others, by what they are


def _joined(pairs: list[tuple[RawRecord, Any]]) -> Iterator[Said]:
    lines: Lines = {kind: [] for kind in (MOVE, SWAP, DUST, DUST_FEE)}
    listed: list[Movement] = []
    for record, value in pairs:
        try:
            if record.stream != BOOK:
                listed += _movement(record, value)
                continue
            yield from list(_line(record, value, lines))
        except MALFORMED as why:
            yield unread(record, why)
    yield from movements(lines[MOVE], {each.kind for each in lines[MOVE]}, listed)
    for pair in _paired(lines[SWAP]):
        if len({each.asset for each in pair}) == 1 and not sum(each.change for each in pair):
            continue  # one coin under its new name
        yield from conversion(pair, pair[0].kind)
    for bunch in bunches(_in_order([*lines[DUST], *lines[DUST_FEE]]), AT_ONCE):
        yield from _swept(bunch, lines[DUST_FEE])


def _line(record: RawRecord, value: Any, lines: Lines) -> Iterator[Said]:
    """One line of the account book: what it says by itself, or it goes to `lines` until the others are known."""
    meaning, change = _meaning(value), signed(value["change"])
    if meaning in (ORDER, OWN) or value["currency"] == POINT or not change:
        return
    kind, code = str(value.get("type") or ""), str(value.get("code") or "")
    words = shown(" ".join(filter(None, (kind, code and f"({code})"))))
    if meaning is None:
        raise Unread(f"an account change of type {words or 'unknown'} is not supported yet")
    at = at_of(record)
    entry = Entry(record, words, asset(value["currency"], "gate", at), change, at)
    if meaning == RETURN:
        gone = [each for each in lines[MOVE] if (each.asset, each.change) == (entry.asset, -change)]
        if gone:
            lines[MOVE].remove(gone[-1])  # as if nothing had been
        else:
            yield one_sided(entry, description=words)
    elif meaning == AWAY:
        yield one_sided(entry, description=words)
    elif isinstance(meaning, str):
        lines[meaning].append(entry)
    else:
        label = meaning[0 if change > ZERO else 1]
        if label is None:
            raise Unread(f"an account change of type {words} that takes something is not supported yet")
        yield one_sided(entry, label, words)


def _movement(record: RawRecord, value: Any) -> list[Movement]:
    """A deposit or withdrawal that is done."""
    if value.get("status") != "DONE":
        return []
    incoming, at = record.stream == DEPOSITS, at_of(record)
    code = str(value["currency"]).split("_")[0].upper()  # USDT_TRX
    words = " ".join(filter(None, ("deposit" if incoming else "withdrawal", str(value.get("chain") or ""))))
    quantity, fee = abs(signed(value["amount"])), signed(value.get("fee") or "0")
    txhash = str(value.get("txid") or "")
    return [Movement(record, at, asset(code, "gate", at), quantity, fee, incoming, words, txhash, within=True)]


def _paired(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Conversions of one asset into another: each line with the next of the other sign; alone, where there is none."""
    waiting: list[Entry] = []
    for entry in _in_order(entries):
        near = [o for o in waiting if entry.at - o.at <= AT_ONCE and (o.change < ZERO) != (entry.change < ZERO)]
        if near:
            waiting.remove(near[0])
            yield [near[0], entry]
        else:
            waiting.append(entry)
    yield from ([entry] for entry in waiting)


def _swept(bunch: Sequence[Entry], fees: Sequence[Entry]) -> Iterator[Said]:
    """A sweep of dust: the fee was taken out of what was got."""
    taken: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in bunch:
        if entry in fees:
            taken[entry.asset] -= entry.change
    lines = [entry for entry in bunch if entry not in fees]
    got = next((entry for entry in lines if entry.change > ZERO and taken[entry.asset]), None)
    if got is not None:
        net = got.change - taken[got.asset]
        lines[lines.index(got)] = replace(got, change=net, fee=taken.pop(got.asset))
    yield from conversion(lines, "dust") if lines else ()
    yield from (one_sided(each, Label.COST, "fee of dust") for each in bunch if each in fees and taken[each.asset])


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda each: (each.at, each.record.position, each.record.source_id))


# ---- trades, interest, balances -----------------------------------------------------------------


def _trade(record: RawRecord, value: Any) -> Iterator[Said]:
    at = at_of(record)
    base, quote = (asset(code, "gate", at) for code in value["currency_pair"].split("_"))
    size = amount(value["amount"], base)
    cost = amount(value.get("deal") or signed(value["amount"]) * signed(value["price"]), quote)
    if size is None or cost is None or value["side"] not in ("buy", "sell"):
        raise Unread("a trade without an amount or a side")
    fees = [(signed(value.get("gt_fee") or "0"), "GT")]
    if value.get("fee_currency") and value["fee_currency"] != POINT:
        fees.insert(0, (signed(value.get("fee") or "0"), asset(value["fee_currency"], "gate", at)))
    elif signed(value.get("fee") or "0") and not value.get("fee_currency"):
        raise Unread("a trade with a fee in an asset that it does not name")
    given, got = (cost, size) if value["side"] == "buy" else (size, cost)
    yield from trade(record, at, given, got, fees, f"{value['side']} {value['currency_pair']} at {value['price']}")


def _interest(record: RawRecord, value: Any) -> Iterator[Said]:
    """Interest of Simple Earn that stays there; what is paid out is in the account book."""
    if str(value.get("status")) != "1" or value.get("interest_status") == "interest_dividend":
        return
    if value.get("interest_status") != "interest_reinvest":
        raise Unread("interest of which it is not told whether it was paid out or reinvested")
    at = at_of(record)
    got = amount(value["interest"], asset(value["currency"], "gate", at))
    if got is not None:
        yield build.transaction(record, at, received=got, label=Label.INTEREST, description="Simple Earn interest")


def _balances(_record: RawRecord, value: Any) -> Iterator[tuple[str, Decimal]]:
    for each in value:
        if each["currency"] != POINT:
            held = signed(each["amount"]) if "amount" in each else signed(each["available"]) + signed(each["locked"])
            yield asset(each["currency"], "gate"), held


read_records: Callable[..., Any] = build.parser(
    {TRADES: _trade, INTEREST: _interest}, _balances, {f"{BOOK} {DEPOSITS} {WITHDRAWALS}": _joined}
)
