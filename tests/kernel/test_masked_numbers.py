"""Numbers in a text, struck out for readers who do not have to call anybody (X2)."""

import pytest

from shared.personal.numbers import masked_numbers


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请回电13812345678。", "请回电138******78。"),
        ("0535-6891234", "053*******34"),
        ("证件37060219900101123X", "证件370************23X"),
        ("共3户，2026-11-23到场", "共3户，2026-11-23到场"),
        ("123456", "123456"),
    ],
)
def test_the_middle_of_a_number_is_struck_out(text: str, shown: str):
    assert masked_numbers(text) == shown
