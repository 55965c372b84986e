"""How a source tells what moved: how exactly, with fees beside its amounts or inside, and when two say the same."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from msgspec import Struct

from pipeline.model import Amount, Transaction, is_fiat
from pipeline.money import ONE, ZERO

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
_CUT = 100_000  # amounts less than a 100,000th apart are one, cut after some digits
_CLOSE = 1000  # of amounts that are told in part, one is off by less than a 1000th
_LIKE, _NEAR = 20, 200  # by what part amounts may be off that are told in part, or that may be one all the same

Shape = tuple[str, str]  # the assets that are sent and received; "": none
Way = tuple[Decimal | None, Decimal | None]  # how much of them


class Telling(Struct, frozen=True):
    """How exactly a source tells what it tells: its times (`grain`: a microsecond, a second, a minute or a day) and its
    amounts (`digits` after the point, by asset)."""

    grain: timedelta
    digits: Mapping[str, int]

    @classmethod
    def of(cls, rows: Iterable[Transaction]) -> "Telling":
        """As its finest time and its finest amounts show. Few rows show little: money has no digits then, coins 4."""
        grain, digits = DAY, defaultdict[str, int](int)
        for t in rows:
            at = t.at
            fine = timedelta.resolution if at.microsecond else SECOND if at.second else MINUTE
            if fine < grain and (fine < MINUTE or at.hour or at.minute):
                grain = fine
            for side in (t.sent, t.received):
                if side is not None and -_exponent(side.quantity) > digits[side.asset]:
                    digits[side.asset] = max(digits[side.asset], _decimals(side.quantity))
        return cls(grain, {asset: shown if is_fiat(asset) else max(shown, 4) for asset, shown in digits.items()})


def units_of(of: Shape, one: Telling, other: Telling) -> Way:
    """The last digit that both tell of what is sent and of what is received."""
    sent, received = (ONE.scaleb(-min(one.digits.get(asset, 0), other.digits.get(asset, 0))) for asset in of)
    return sent, received


def shape(t: Transaction) -> Shape:
    return (t.sent.asset if t.sent else "", t.received.asset if t.received else "")


def overlap(one: Transaction, other: Transaction) -> bool:
    """Whether two rows move the same assets, as far as both have a side, and both have one."""
    sides = list(zip(shape(one), shape(other), strict=True))
    return any(a == b != "" for a, b in sides) and all(a == b or not (a and b) for a, b in sides)


def is_trade(t: Transaction) -> bool:
    return t.sent is not None and t.received is not None


def sent_of(t: Transaction) -> Decimal:
    return t.sent.quantity if t.sent else ZERO


def plainly(t: Transaction) -> Way:
    """The amounts as they are told, fees beside them."""
    return _quantity(t.sent), _quantity(t.received)


def inside(t: Transaction) -> Way | None:
    """The amounts with the fee in them; None where it is of neither asset."""
    fee = t.fee
    if fee is not None and t.sent is not None and t.sent.asset == fee.asset:
        return t.sent.quantity + fee.quantity, _quantity(t.received)
    if fee is not None and t.received is not None and t.received.asset == fee.asset:
        return _quantity(t.sent), t.received.quantity - fee.quantity
    return None


def ways(rows: Sequence[Transaction]) -> list[Way]:
    """What rows of one shape move together: as they tell it, and with the fees inside where they can be."""
    plain = [plainly(t) for t in rows]
    found = [_added(plain)]
    if any(inside(t) is not None for t in rows):
        found.append(_added([inside(t) or way for t, way in zip(rows, plain, strict=True)]))
    return found


def beside(mine: Sequence[Transaction], theirs: Sequence[Transaction]) -> bool:
    """Whether `mine`, which tell no fee, tell the amounts of `theirs` without it, and not with it inside."""
    off = [_off(ways(mine)[0], way) for way in ways(theirs)]
    return off[0] == min(off)


def same(mine: Way, theirs: Way, units: Way, count: int = 1) -> bool:
    """Whether amounts are the same as far as both are told (to `units`), at least one of them nearly to its digits;
    `count`: so many are added up, each perhaps cut."""
    sides = _sides(mine, theirs, units)
    if not any(off * _CLOSE <= most for off, most, _ in sides):
        return False
    return all(
        off * _CUT <= most or (off < unit * count and (off * _LIKE <= most or most < ONE)) for off, most, unit in sides
    )


def nearly(mine: Way, theirs: Way, units: Way) -> bool:
    """Whether amounts may be the same, told otherwise."""
    return all(off * _NEAR <= most or off < unit for off, most, unit in _sides(mine, theirs, units))


def _sides(mine: Way, theirs: Way, units: Way) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Of what is sent and received: by how much it differs, the greater amount, the unit."""
    both = zip(mine, theirs, units, strict=True)
    return [
        (abs(x - y), max(x, y), unit) for x, y, unit in both if x is not None and y is not None and unit is not None
    ]


def _off(mine: Way, theirs: Way) -> Decimal:
    return sum((abs(x - y) for x, y in zip(mine, theirs, strict=True) if x is not None and y is not None), ZERO)


def _added(found: Sequence[Way]) -> Way:
    return _sum([sent for sent, _ in found]), _sum([received for _, received in found])


def _sum(quantities: Sequence[Decimal | None]) -> Decimal | None:
    told = [each for each in quantities if each is not None]
    return sum(told, ZERO) if told else None


def _quantity(side: Amount | None) -> Decimal | None:
    return None if side is None else side.quantity


def _decimals(number: Decimal) -> int:
    return max(0, -_exponent(number.normalize())) if _exponent(number) < 0 else 0


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent
