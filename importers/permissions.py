"""May a key be stored? Takes what an exchange says a key may do; gives one readable refusal, or none.

Withdrawing is never accepted, trading and rights that can't be told only when the user said so.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta
from typing import Any

from msgspec.structs import replace

from importers.base import LACKING, Answer, Call, Exchange, Params, Rights, Unlike, moving, shown

# ---- what an exchange says, taken with care ---------------------------------------------------


def careful(exchange: Exchange, secrets: Collection[str]) -> Exchange:
    """The exchange, whose answer about a key is never taken for less than it says, and repeats none of its `secrets`.

    Of an answer of another form than it documents (Unlike) nothing is known but what it plainly says of moving funds.
    """
    ask_rights = exchange.rights
    if ask_rights is None:
        return exchange

    def rights(call: Call, key: str) -> Rights:
        heard: list[Answer] = []

        def listening(method: str, params: Params, read: Callable[[Answer], Any]) -> Any:
            def hear(answer: Answer) -> Any:
                heard.append(answer)
                return read(answer)

            return call(method, params, hear)

        try:
            told = ask_rights(listening, key)
        except Unlike as what:
            away = moving(heard)
            told = Rights(read=False, withdraw=bool(away), unknown=True, may=away, more=away, why=str(what))
        return sayable(told, secrets)

    return replace(exchange, rights=rights)


def helpful(exchange: Exchange) -> Exchange:
    """The exchange, which says what a key must have where it only says that this one has too little."""
    told = replace(LACKING, sentence=f"{LACKING.sentence}. {exchange.key_help}".rstrip())
    faults = {code: told if fault == LACKING else fault for code, fault in exchange.faults.items()}
    return replace(exchange, faults=faults)


UNSAYABLE = "a word that can't be shown"
_WORD, _SENTENCE = re.compile(r"[\w .:/()\-]{1,60}"), re.compile(r"[\w .:/()\-,;']{1,200}")
_LONGEST, _PART = 60, 8  # characters of a word without spaces; of a secret that must not be told


def sayable(rights: Rights, secrets: Collection[str]) -> Rights:
    """`rights`, without the exchange's words that hold a part of one of `secrets`, or what no right is called."""

    def said(words: tuple[str, ...], form: re.Pattern[str]) -> tuple[str, ...]:
        fine = (form.fullmatch(each) and _short(each) and not _repeats(each, secrets) for each in words)
        return tuple(dict.fromkeys(each if good else UNSAYABLE for each, good in zip(words, fine, strict=True)))

    may, more = said(rights.may, _WORD), said(rights.more, _WORD)
    return replace(rights, may=may, more=more, limits=said(rights.limits, _SENTENCE))


def _short(text: str) -> bool:
    return max(map(len, text.split()), default=0) <= _LONGEST


def _repeats(word: str, secrets: Collection[str]) -> bool:
    text = word.casefold()
    for secret in map(str.casefold, filter(None, secrets)):
        begins = range(max(1, len(secret) - _PART + 1))
        if any(secret[begin : begin + _PART] in text for begin in begins):
            return True
    return False


# ---- what is made of it -----------------------------------------------------------------------


def verdict(
    exchange: Exchange, rights: Rights, *, trade: bool, unverified: bool, today: date = date.min, stored: str = ""
) -> str | None:
    """None when the key may be stored, else why not and how to make one that may.

    `trade` and `unverified` are what the user allowed (`--allow-trade`, `--allow-unverified`); `today`: a day of
    UTC, by which the key may have expired; `stored`: the name of one that is stored already.
    """
    reason = _reason(exchange.name, rights, trade, unverified, today, stored)
    if reason is None:
        return None
    return f"{exchange.name}: {reason}. {exchange.key_help}".rstrip()


def _reason(name: str, rights: Rights, trade: bool, unverified: bool, today: date, stored: str) -> str | None:
    can = f" (it may: {_in_order(rights)})" if rights.may else ""
    again = f"remove it, `taxsync keys remove {stored}`, and add it again" if stored else "store it as it is"
    if rights.withdraw:
        can += f", as far as can be told: {rights.why}" if rights.why else ""
        return f"this key may withdraw or move funds{can}; such a key is never stored. Revoke it, make a read-only one"
    if ended(rights, today):
        return f"the key has expired, on {shown(rights.expires)}; make a new one"
    if rights.trade and not trade:
        may = "may do what taxsync does not know, which counts as trading" if rights.unknown else "may trade"
        return f"this key {may}{can}; make a read-only one, or {again} with --allow-trade"
    if rights.missing:
        return f"this key lacks what import needs: {', '.join(rights.missing)}; add it to the key at {name}"
    if not rights.read and not rights.unknown:
        return f"this key may not read the account{can}; give it the right to read at {name}"
    if rights.unknown and not unverified:
        why = f" ({rights.why})" if rights.why else ""
        return (
            f"it can't be told whether this key only reads{why}{can}; look at its rights at {name}, "
            f"and if it only reads {again} with --allow-unverified"
        )
    return None


def _in_order(rights: Rights) -> str:
    """All that a key may do, what is too much of it first."""
    more = [shown(each) for each in rights.more]
    rest = ", ".join(shown(each) for each in rights.may if each not in rights.more)
    return f"{', '.join(more)}; besides: {rest}" if more and rest else rest or ", ".join(more)


def of_all(keys: Iterable[Rights]) -> Rights:
    """What any of an account's keys may do: for an exchange that lists them all, not saying which one asks."""
    found = list(keys)
    if not found:
        raise Unlike("its answer has none of the account's keys")
    if len(found) == 1:
        return found[0]
    may, away = sorted({word for one in found for word in one.may}), any(one.withdraw for one in found)
    if any(one.may != found[0].may for one in found):
        may.append(f"all {len(found)} keys together: it does not say which one this is")
    return Rights(
        read=any(one.read for one in found),
        trade=any(one.trade for one in found),
        withdraw=away,
        unknown=any(one.unknown for one in found),
        missing=tuple(right for right in found[0].missing if all(right in one.missing for one in found)),
        may=tuple(may),
        more=tuple(sorted({word for one in found if one.withdraw or not away for word in one.more})),
        ip_bound=found[0].ip_bound if all(one.ip_bound == found[0].ip_bound for one in found) else None,
    )


def ended(rights: Rights, today: date) -> bool:
    """Whether the key's last day is over."""
    return bool(rights.expires) and rights.expires < today.isoformat()


def notes(exchange: Exchange, rights: Rights, today: date = date.min) -> list[str]:
    """What is good to know of a key that may be stored: its reach, its end to come, what it can't see."""
    found = [f"the key does not see everything: {shown(limit, 200)}" for limit in rights.limits]
    if rights.expires and not ended(rights, today):
        found.append(f"the key expires on {shown(rights.expires)}: make a new one before")
    return [*found, *_binding(exchange, rights)]


def _binding(exchange: Exchange, rights: Rights) -> list[str]:
    """Where to bind a key to an address, unless it is bound."""
    if rights.ip_bound is None:
        why = "whether it is bound to an address can't be told, which is worth a look"
    else:
        why = "bound to no address: bind it to yours if that does not change"
    return [] if rights.ip_bound else [f"{why}. {exchange.bind_help}".rstrip()]


def in_short(rights: Rights | None) -> str:
    """What a key may do, in a word or two; None: it was never asked."""
    if rights is None:
        return "not asked"
    reads = "read in part" if rights.missing and rights.may else "read" if rights.read else ""
    more = (("trade", rights.trade), ("withdraw", rights.withdraw), ("unknown", rights.unknown))
    return ", ".join(filter(None, [reads, *(word for word, yes in more if yes)])) or "nothing"


OLD, UNUSED, ENDING = timedelta(days=365), timedelta(days=90), timedelta(days=30)


def _revoke(exchange: Exchange, name: str) -> str:
    return f"revoke it there and forget it here with `taxsync keys remove {name}`. {exchange.revoke_help}".rstrip()


def ageing(exchange: Exchange, name: str, rights: Rights | None, added: date, used: date | None, today: date) -> str:
    """What is due for a stored key because time has passed, or "". `used`: the day of its last import."""
    made = date.fromisoformat(rights.created) if rights is not None and rights.created else added
    if today - (used or added) >= UNUSED:
        return f"not used {f'since {used}' if used else 'so far'}: {_revoke(exchange, name)}"
    if today - made >= OLD:
        return f"older than a year: make a new one, then {_revoke(exchange, name)}"
    return ""


def advice(
    exchange: Exchange, name: str, rights: Rights | None, added: date, used: date | None, today: date
) -> list[str]:
    """What is due for a stored key, the most pressing first. `used`: the day of its last import."""
    due = []
    if rights is not None and rights.withdraw:
        due.append(f"may withdraw or move funds: {_revoke(exchange, name)}")
    elif rights is not None and rights.trade:
        due.append(f"may do more than read: make one that only reads. {exchange.key_help}".rstrip())
    if rights is not None and rights.expires and rights.expires <= str(today + ENDING):  # ISO days
        ends = "expired" if ended(rights, today) else "expires"
        due.append(f"{ends} on {rights.expires}: make a new one. {exchange.key_help}".rstrip())
    if rights is not None and rights.missing:
        due.append(f"lacks what import needs: {', '.join(rights.missing)}. {exchange.key_help}".rstrip())
    if aged := ageing(exchange, name, rights, added, used, today):
        due.append(aged)
    if rights is not None:
        due += _binding(exchange, rights)
    return due
