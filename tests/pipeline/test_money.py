"""Money is exact: what a text writes is what is kept, printed and added up; a share and its rest are the whole."""

import math
from decimal import Decimal, FloatOperation, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.money import QUANTUM, ZERO, exact, parse, plain, round_to, split

# What `parse` lets in: up to 40 digits on either side of the point.
NUMBERS = st.builds(
    lambda digits, places, sign: Decimal(f"{sign}{digits}e-{places}"),  # its arithmetic would round to 28 digits
    st.integers(0, 10**40 - 1),
    st.integers(0, 40),
    st.sampled_from(("", "-")),
)
FORTY = "1234567890" * 4


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("0.1", "0.1"),
        ("1234.5600", "1234.56"),
        ("0.123456789012345678", "0.123456789012345678"),
        ("1E-18", "0.000000000000000001"),
        ("2.5e3", "2500"),
        ("1200", "1200"),
        ("+7", "7"),
        (".5", "0.5"),
        ("7.", "7"),
        ("-3.10", "-3.1"),
        ("0.000", "0"),
        ("-0", "0"),
        ("9e39", "9" + "0" * 39),
        (f"{FORTY}.{FORTY}", f"{FORTY}.{FORTY[:-1]}"),
    ],
)
def test_what_is_read_is_printed_to_the_last_digit(text: str, printed: str) -> None:
    assert plain(parse(text)) == printed


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "-", "e5", "1e", "NaN", "-nan", "sNaN1", "Infinity", "-inf"),  # no number at all
        *("1,5", "1.234,56", "1,234.56", "1 000", "1_000", "1'000", "1.2.3", "--1", "0x10", "$5", "5 USD"),
        *("１２", "١٢٣", "१२", "1²", "−5", "1\u00a0000"),  # digits, minus and spaces of other scripts
        *("1e40", "1e41", "1e99", "1e-41", "1.5e-40", "1e999999999", "1e-999999999", "1e400"),  # out of range
        *("1" * 41, "0." + "1" * 41, FORTY + "1." + FORTY),
        *(" 1", "1 ", "1\n", "\t1", "1\x00"),
    ],
)
def test_what_could_mean_something_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        parse(text)


@given(NUMBERS)
def test_what_is_printed_reads_back_as_the_same_number(number: Decimal) -> None:
    with exact():
        text = plain(number)
        assert parse(text) == number
        assert plain(parse(text)) == text
        assert "e" not in text.lower() and not text.endswith(".") and text != "-0"


@given(NUMBERS, NUMBERS)
def test_sums_and_products_of_any_two_amounts_lose_nothing(a: Decimal, b: Decimal) -> None:
    with exact() as context:
        context.traps[Inexact] = True
        assert a + b - b == a
        assert b == ZERO or a * b / b == a


def test_a_float_can_not_be_mixed_in() -> None:
    with exact():
        with pytest.raises((FloatOperation, TypeError)):
            Decimal(1) + math.pi  # type: ignore[operator]
        with pytest.raises(FloatOperation):
            Decimal(math.pi)
        with pytest.raises(FloatOperation):
            assert Decimal(1) < math.pi


@given(NUMBERS, st.integers(1, 10**20), st.integers(1, 10**20))
def test_a_share_and_the_rest_are_the_whole(total: Decimal, part: int, rest: int) -> None:
    with exact():
        pieces = (Decimal(part).scaleb(-18), Decimal(rest).scaleb(-18))
        whole = sum(pieces)
        share = split(total, pieces[0], Decimal(whole))
        assert share + (total - share) == total
        assert abs(share * whole - total * pieces[0]) <= QUANTUM * whole


def test_parts_taken_one_after_the_other_add_up_to_the_last_digit() -> None:
    with exact():
        left, units, taken = Decimal(100), Decimal(7), []
        while units:
            taken.append(split(left, Decimal(1), units))
            left, units = left - taken[-1], units - 1
        assert taken[0] == Decimal("14.285714285714285714285714")
        assert sum(taken) == Decimal(100) and left == ZERO


def test_all_of_it_is_all_of_it_whatever_its_digits() -> None:
    with exact():
        tiny = Decimal("1e-40")
        assert split(tiny, Decimal("0.3"), Decimal("0.30")) == tiny
        assert split(tiny, ZERO, Decimal(3)) == ZERO


@pytest.mark.parametrize(
    ("number", "places", "rounded"),
    [
        ("0.005", 2, "0.01"),
        ("0.0049999999999999999999999999", 2, "0.00"),
        ("-0.005", 2, "-0.01"),
        ("2.5", 0, "3"),
        ("3.5", 0, "4"),
        ("1234567890123456789012345678901234567890.125", 2, "1234567890123456789012345678901234567890.13"),
    ],
)
def test_forms_are_rounded_half_up(number: str, places: int, rounded: str) -> None:
    assert str(round_to(Decimal(number), places)) == rounded
