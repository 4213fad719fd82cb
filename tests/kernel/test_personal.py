"""Numbers of persons in texts, and the masked identity of a caller (X2)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import places
from shared.contracts.places import Place
from shared.personal.masking import masked_address, masked_email, masked_id_number, masked_name, masked_phone
from shared.personal.numbers import is_phone, masked_numbers, plain_phone, same_phone, without_numbers

pytestmark = pytest.mark.clause("X2")


@pytest.mark.parametrize(
    "number", ["13812345678", "138 1234 5678", "0535-6891234", "6891234", "12345", "400-123-4567", "0535-6891234-12"]
)
def test_a_number_that_can_be_dialled_is_a_phone(number: str) -> None:
    assert is_phone(number)


@pytest.mark.parametrize("number", ["", "1234", "12812345678", "1381234567", "无", "2026-11-23", "138123456789"])
def test_a_number_that_cannot_be_dialled_is_no_phone(number: str) -> None:
    assert not is_phone(number)


@pytest.mark.parametrize(
    "number",
    [
        *("13812345678", "138 1234 5678", "138.1234.5678", "138-1234-5678", "+86 138 1234 5678"),
        *("0535-6891234", "(0535)6890000", "（0535）6890000", "0535 6891234"),
        *("370602199001011234", "37060219900101123X", "370602 19900101 123X", "370602-19900101-1234"),
    ],
)
def test_a_number_is_in_no_log_and_in_no_masked_text(number: str) -> None:
    said = f"来电人{number}反映"

    assert number not in without_numbers(said)
    digits = "".join(character for character in masked_numbers(said) if character.isdigit())
    assert len(digits) <= 7


@pytest.mark.parametrize(
    "written",
    [
        *("0535-6890000", "05356890000", "6890000", "+86 535 6890000", "(86)0535-6890000", "0086 535 689 0000"),
        *("０５３５－６８９００００", "（0535）6890000", "+86-535-689-0000"),
        *("0535-6890000转1", "0535-6890000 分机 801", "0535-6890000 ext. 12", "0535-6890000-801", "6890000-8"),
    ],
)
def test_a_landline_is_the_same_number_in_every_writing(written: str) -> None:
    assert same_phone(written, "0535-6890000")
    assert same_phone("0535-6890000", written)


@pytest.mark.parametrize("written", ["+86 138 1234 5678", "1381234-5678", "138-1234-5678", "１３８１２３４５６７８"])
def test_a_mobile_is_the_same_number_in_every_writing(written: str) -> None:
    assert same_phone(written, "13812345678")


@pytest.mark.parametrize("other", ["0535-6890001", "010-6890000", "86890000", "13812345679", "689-0000-0"])
def test_another_number_is_another(other: str) -> None:
    assert not same_phone(other, "0535-6890000")
    assert not same_phone(other, "13812345678")


def test_a_number_written_for_abroad_is_found_by_the_one_dialled_here() -> None:
    assert plain_phone("+86 535 6890000") == plain_phone("0535-6890000") == "05356890000"
    assert plain_phone("+86 10 12345678") == "01012345678"
    assert plain_phone("86123456") == "86123456"


@pytest.mark.parametrize("kept", ["2026-11-23", "3 楼 12 号", "100000", "第 12345 号"])
def test_days_and_short_numbers_stay_readable(kept: str) -> None:
    assert masked_numbers(kept) == kept


@given(st.text(alphabet="0123456789- 年月日号X", max_size=60))
def test_masking_changes_no_length_and_leaves_no_run_of_seven_digits(text: str) -> None:
    masked = masked_numbers(text)

    assert len(masked) == len(text)
    assert masked_numbers(masked) == masked


@pytest.mark.parametrize(
    ("mask", "text", "left"),
    [
        (masked_phone, "13812348000", "138****8000"),
        (masked_phone, "6891234", "****34"),
        (masked_name, "张三丰", "张**"),
        (masked_id_number, "370602199001011234", "370602********1234"),
        (masked_id_number, "12345", "********"),
        (masked_email, "someone@example.org", "s***@example.org"),
        (masked_address, "莱山区迎春大街133号2单元", "莱山区迎春大街***"),
        (masked_address, "某小区甲座乙单元", "某小区甲座乙***"),
    ],
)
def test_an_identity_is_masked_by_its_kind(mask: object, text: str, left: str) -> None:
    assert mask(text) == left  # type: ignore[operator]
    assert mask("") is None  # type: ignore[operator]
    assert mask(None) is None  # type: ignore[operator]


def test_no_two_kinds_of_text_are_sealed_for_one_place() -> None:
    patterns = [value.pattern for value in vars(places).values() if isinstance(value, Place)]

    assert len({re.sub(r"\{\w+\}", "{}", pattern) for pattern in patterns}) == len(patterns)


def test_a_place_needs_all_its_ids() -> None:
    assert places.REPLY.at(order_id="o", reply_id="r") == "order:o:reply:r"
    with pytest.raises(KeyError):
        places.REPLY.at(order_id="o")
