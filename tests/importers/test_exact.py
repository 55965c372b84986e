"""JSON without a float: every number keeps its digits both ways, and what is no number is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.exact import Number, Odd, dumps, heard, loads

WHOLE = st.integers(-(10**98), 10**98)
BROKEN = st.from_regex(
    r"-?(0|[1-9][0-9]{0,20})((\.[0-9]{1,30})([eE][+-]?[0-9]{1,3})?|[eE][+-]?[0-9]{1,3})", fullmatch=True
)
LEAVES = st.none() | st.booleans() | WHOLE | BROKEN.map(Number) | st.text() | BROKEN
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def same(one: Any, other: Any) -> bool:
    """Equal, down to the types: the text "0.10" is not the number 0.10, True is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@given(VALUES)
def test_what_was_written_is_read_again(value: Any) -> None:
    text = dumps(value)
    assert same(loads(text), value)
    assert dumps(loads(text)) == text


@given(VALUES)
def test_what_is_written_is_json_to_everyone_else(value: Any) -> None:
    def rough(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: rough(each) for name, each in value.items()}
        if isinstance(value, list):
            return [rough(each) for each in value]
        return float(value) if isinstance(value, Number) else value

    assert json.loads(dumps(value)) == rough(value)


@given(BROKEN)
def test_a_number_is_its_own_digits(digits: str) -> None:
    read = loads(f' {{ "time" : {digits} }} ')["time"]
    assert isinstance(read, Number) and read == digits


@pytest.mark.parametrize(
    "text",
    [
        '{"time":1688467155.1234567,"amount":"0.10"}',
        '{"time":1688467155.0,"n":[1688467155,-0.0,1e-8,1E400,0.123456789012345678901234567890]}',
        '{"z":1,"a":{"z":null,"a":[true,false,[],{},""]}}',
        '{"a":9007199254740993,"b":123456789012345678901234567890}',
        '{"name":"\\"\\u00e9\\n\\ud800\\u0000"}',
    ],
)
def test_an_answer_is_kept_to_the_letter(text: str) -> None:
    assert dumps(loads(text)) == text


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("form", ["{}", "[1, {}]", '{{"time": {}}}'])
def test_what_is_no_number_is_refused(form: str, name: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        loads(form.format(name))


@pytest.mark.parametrize(
    "digits",
    ["9" * 101, "-" + "9" * 5_000, "0." + "1" * 5_000, "1" * 5_000 + ".5", "1e" + "9" * 5_000],
    ids=["101", "5000", "decimals", "before the point", "exponent"],
)
def test_a_number_of_thousands_of_digits_is_refused(digits: str) -> None:
    with pytest.raises(ValueError, match="more than 100 digits") as caught:
        loads(f'{{"amount": {digits}}}')
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize("text", ["", "{", '{"a":1', '{"a"=1}', "{'a':1}", '{"a":1}{}', "0x10", "+1", "01", "1.", ".5"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        loads(text)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_endless_nesting_is_refused_like_any_other_nonsense(text: str) -> None:
    with pytest.raises(ValueError, match="deeper than any answer"):
        loads(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":2}', "two things under one name"),
        ('[{"ledger":{"L1":{"amount":"1"},"L1":{"amount":"2"}}}]', "two things under one name"),
        ('["\\ud800"]', "half a character"),
        ('{"\\uDFFFx":1}', "half a character"),
        ("[" * 60 + "]" * 60, "lists within lists"),
        ('{"a":' * 100_000, "lists within lists"),
        ("[" + "{}," * 1_100_000 + "{}]", "more values than any list"),
    ],
    ids=lambda text: text[:20],
)
def test_what_json_allows_and_no_exchange_sends_is_told(text: str, why: str) -> None:
    with pytest.raises(Odd, match=why):
        heard(text)


def test_what_exchanges_send_is_heard_as_it_is() -> None:
    for text in ('{"a":1,"a":1}', '"\\ud83d\\ude42"', "[" * 49 + "]" * 49, '{"L1":{"amount":0.10},"L2":{"a":[1,{}]}}'):
        assert same(heard(text), loads(text))
