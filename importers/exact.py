"""JSON whose numbers keep the digits they came with, both ways.

    answer = loads('{"time": 1688467155.1234, "amount": "0.10"}')
    answer["time"]                          # Number('1688467155.1234'), a str
    dumps(answer)                           # '{"time":1688467155.1234,"amount":"0.10"}'

A float would have lost digits already; so what an exchange sent is kept as it was written.
"""

import json
from typing import Any

DIGITS_LIMIT = 100  # of one number; more is no answer of an exchange


class Number(str):
    """The digits of a JSON number that is no whole one."""

    __slots__ = ()


def loads(text: str) -> Any:
    """What `text` says. Raises ValueError."""
    try:
        return json.loads(text, parse_float=_number, parse_int=_whole, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("lists within lists, deeper than any answer of an exchange") from None


def dumps(value: Any) -> str:
    """`value` as JSON without spaces, in the order that it has."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(str(name))}:{dumps(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value)


def _number(digits: str) -> Number:
    if len(digits) > DIGITS_LIMIT:
        raise ValueError(f"a number of more than {DIGITS_LIMIT} digits")
    return Number(digits)


def _whole(digits: str) -> int:
    return int(_number(digits))


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number")
