"""May a key be stored? Takes what an exchange says a key may do; gives one readable refusal, or none.

Withdrawing is never accepted, trading and rights that can't be told only when the user said so.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from importers.base import Exchange, Rights, Unlike, shown


def verdict(exchange: Exchange, rights: Rights, *, trade: bool, unverified: bool) -> str | None:
    """None when the key may be stored, else why not and how to make one that may.

    `trade` and `unverified` are what the user allowed (`--allow-trade`, `--allow-unverified`).
    """
    reason = _reason(exchange.name, rights, trade, unverified)
    if reason is None:
        return None
    return f"{exchange.name}: {reason}. {exchange.key_help}".rstrip()


def _reason(name: str, rights: Rights, trade: bool, unverified: bool) -> str | None:
    can = f" (it may: {', '.join(shown(each) for each in rights.may)})" if rights.may else ""
    if rights.withdraw:
        return f"this key may withdraw or move funds{can}; such a key is never stored. Revoke it, make a read-only one"
    if rights.trade and not trade:
        may = "may do what taxsync does not know, which counts as trading" if rights.unknown else "may trade"
        return f"this key {may}{can}; make a read-only one, or store it as it is with --allow-trade"
    if rights.missing:
        return f"this key lacks what import needs: {', '.join(rights.missing)}; add it to the key at {name}"
    if not rights.read and not rights.unknown:
        return f"this key may not read the account{can}; give it the right to read at {name}"
    if rights.unknown and not unverified:
        return (
            f"it can't be told whether this key only reads{can}; look at its rights at {name}, "
            "and if it only reads store it with --allow-unverified"
        )
    return None


def of_all(keys: Iterable[Rights]) -> Rights:
    """What any of an account's keys may do: for an exchange that lists them all, not saying which one asks."""
    found = list(keys)
    if not found:
        raise Unlike("its answer has none of the account's keys")
    if len(found) == 1:
        return found[0]
    may = sorted({word for one in found for word in one.may})
    if any(one.may != found[0].may for one in found):
        may.append(f"all {len(found)} keys together: it does not say which one this is")
    return Rights(
        read=any(one.read for one in found),
        trade=any(one.trade for one in found),
        withdraw=any(one.withdraw for one in found),
        unknown=any(one.unknown for one in found),
        missing=tuple(right for right in found[0].missing if all(right in one.missing for one in found)),
        may=tuple(may),
        ip_bound=found[0].ip_bound if all(one.ip_bound == found[0].ip_bound for one in found) else None,
    )


def notes(exchange: Exchange, rights: Rights) -> list[str]:
    """What is good to know of a key that may be stored: its reach, its end, what it can't see."""
    found = [f"the key does not see everything: {shown(limit, 200)}" for limit in rights.limits]
    if rights.expires:
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
    may = [word for word, yes in (("read", rights.read), ("trade", rights.trade), ("withdraw", rights.withdraw)) if yes]
    return ", ".join([*may, *(["unknown"] if rights.unknown else [])]) or "nothing"


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
        ends = "expires" if rights.expires >= str(today) else "expired"
        due.append(f"{ends} on {rights.expires}: make a new one. {exchange.key_help}".rstrip())
    if aged := ageing(exchange, name, rights, added, used, today):
        due.append(aged)
    if rights is not None:
        due += _binding(exchange, rights)
    return due
