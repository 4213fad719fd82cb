"""Every fault of a field has a code and a text of the platform, and none of the validation library."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_core._pydantic_core import list_all_errors

from shared.web.faults import CODES, FAULTS, fault_of

CHINESE = re.compile("[\u4e00-\u9fff]")
KINDS = [error["type"] for error in list_all_errors()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_of_the_validation_library_has_a_code(kind: str) -> None:
    assert kind in FAULTS
    assert FAULTS[kind].code in CODES
    assert CHINESE.search(FAULTS[kind].words)


def test_these_are_all_the_codes() -> None:
    assert set(CODES) == {
        "absurd_date", "control_character", "invalid", "line_break", "missing", "no_time_zone", "not_an_option",
        "not_json", "repeated_field", "repeated_parameter", "too_large", "too_long", "too_short", "too_small",
        "unknown_field", "unknown_parameter", "wrong_format", "wrong_moment", "wrong_type",
    }  # fmt: skip


def test_an_unknown_fault_of_the_library_is_invalid_and_its_name_is_not_shown() -> None:
    assert fault_of({"type": "of_tomorrow", "msg": "Input should be nicer"}).code == "invalid"


class Form(BaseModel):
    password: Annotated[SecretStr, Field(min_length=2, max_length=3)] = SecretStr("abc")
    names: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    word: Annotated[str, Field(max_length=3)] = "a"
    pair: tuple[str, str] = ("a", "b")
    choice: Literal["a", "b"] = "a"
    number: int = 0


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"password": "abcd"}, "too_long", "长度过长"),
        ({"password": "a"}, "too_short", "长度不足"),
        ({"names": ["a", "b", "c"]}, "too_long", "数量过多"),
        ({"names": []}, "too_short", "数量不足"),
        ({"word": "abcd"}, "too_long", "内容过长"),
        ({"pair": "ab"}, "wrong_type", "应为列表"),
        ({"choice": "c"}, "not_an_option", "不在可选值之内"),
        ({"number": "1" * 5000}, "too_large", "数值过大"),
    ],
)
def test_a_fault_is_described_in_words_for_people(given: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Form.model_validate(given)

    [error] = refused.value.errors()
    assert fault_of(error) == (code, words)
