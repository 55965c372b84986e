"""JSON whose numbers keep the digits they came with, both ways.

    answer = loads('{"time": 1688467155.1234, "amount": "0.10"}')
    answer["time"]                          # Number('1688467155.1234'), a str
    dumps(answer)                           # '{"time":1688467155.1234,"amount":"0.10"}'

A float would have lost digits already; so what an exchange sent is kept as it was written. `heard` is for what comes
over a network: it takes no more than an answer of an exchange can be.
"""

import json
import re
from typing import Any

DIGITS_LIMIT = 100  # of one number; more is no answer of an exchange
VALUES_LIMIT = 2_000_000  # of one answer, which take 200 MB; Binance's list of all symbols has under a million
DEPTH_LIMIT = 50  # of lists and objects within each other


class Number(str):
    """The digits of a JSON number that is no whole one."""

    __slots__ = ()


def loads(text: str) -> Any:
    """What `text` says. Raises ValueError."""
    try:
        return json.loads(text, parse_float=_number, parse_int=_whole, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("lists within lists, deeper than any answer of an exchange") from None


class Odd(ValueError):
    """JSON that is no answer of an exchange: a sentence that says why."""


def heard(text: str) -> Any:
    """What an answer says. Raises ValueError, an Odd one for what JSON allows and no exchange sends: one name twice
    with different contents, half a character, and more or deeper nested values than a machine should be made to
    hold."""
    if sum(map(text.count, ",[{")) > VALUES_LIMIT:
        raise Odd("its answer holds more values than any list of records")
    try:
        value = json.loads(
            text, parse_float=_number, parse_int=_whole, parse_constant=_refuse, object_pairs_hook=_object
        )
    except RecursionError:
        raise Odd(_DEEP) from None
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [inner for each in level if type(each) in (dict, list) for inner in _inside(each)]
        if not level:
            break
    else:
        raise Odd(_DEEP)
    if re.search(r"\\u[dD][89a-fA-F]", text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Odd("its answer holds half a character, which can't be kept") from None
    return value


_DEEP = "its answer has lists within lists, deeper than any answer of an exchange"


def _inside(value: Any) -> Any:
    return value.values() if type(value) is dict else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) and any(found[name] != value for name, value in pairs):
        raise Odd("its answer says two things under one name")
    return found


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
