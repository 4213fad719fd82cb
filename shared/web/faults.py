"""Faults of a field: a small set of stable codes, each with its Chinese text.

The validation library's own names are not used: they change with its versions, and one fault has several.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple


class Fault(NamedTuple):
    """A stable code, and the text for people."""

    code: str
    words: str


_REST: Final = Fault("invalid", "内容有误")
_COUNTED: Final = {"too_short": Fault("too_short", "数量不足"), "too_long": Fault("too_long", "数量过多")}
"""Codes for a number of items; texts, for which the length is measured, have the same codes with other words."""
_MEASURED: Final = frozenset({"Value", "String", "Bytes"})
OURS: Final = frozenset({"control_character", "line_break", "absurd_date"})
"""Codes of our own field types, which have their own texts."""
# Code, text, and the library's names for it; `tests/kernel/test_faults.py` compares the table with the library's list.
_ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        "missing",
        "缺少必填项",
        "missing missing_argument missing_keyword_only_argument missing_positional_only_argument",
    ),
    (
        "unknown_field",
        "不认识的字段，请删除",
        "extra_forbidden unexpected_keyword_argument unexpected_positional_argument",
    ),
    ("repeated_field", "该字段出现了两次，请只保留一次", "repeated_field multiple_argument_values"),
    ("unknown_parameter", "不认识的查询参数，请核对名称或删除", "unknown_parameter"),
    ("repeated_parameter", "该查询参数只能填写一次", "repeated_parameter"),
    ("not_json", "不是有效的 JSON", "json_invalid json_type"),
    ("wrong_type", "应为文字", "string_type string_unicode bytes_type url_type uuid_type"),
    ("wrong_type", "应为整数", "int_type int_parsing int_from_float"),
    (
        "wrong_type",
        "应为数值",
        """
        float_type float_parsing decimal_type decimal_parsing fraction_type fraction_parsing complex_type
        complex_str_parsing
        """,
    ),
    ("wrong_type", "应为是或否", "bool_type bool_parsing"),
    (
        "wrong_type",
        "应为 JSON 对象",
        """
        model_type model_attributes_type dataclass_type dataclass_exact_type named_tuple_type dict_type
        frozen_dict_type ordered_dict_type counter_type mapping_type arguments_type invalid_key
        """,
    ),
    (
        "wrong_type",
        "应为列表",
        "list_type tuple_type set_type frozen_set_type deque_type iterable_type iteration_error set_item_not_hashable",
    ),
    ("wrong_type", "应为空", "none_required missing_sentinel_error ellipsis_error"),
    (
        "wrong_format",
        "格式不正确",
        """
        string_pattern_mismatch string_not_ascii bytes_invalid_encoding url_parsing url_syntax_violation
        url_scheme uuid_parsing uuid_version multiple_of
        """,
    ),
    ("wrong_format", "应为有限的数值", "finite_number"),
    ("not_an_option", "不在可选值之内", "enum literal_error union_tag_invalid union_tag_not_found"),
    ("too_short", "不能为空或过短", "string_too_short bytes_too_short"),
    ("too_short", "长度不足", "too_short"),
    ("too_long", "内容过长", "string_too_long bytes_too_long url_too_long"),
    ("too_long", "长度过长", "too_long"),
    ("too_small", "数值过小", "greater_than greater_than_equal"),
    (
        "too_large",
        "数值过大",
        "less_than less_than_equal int_parsing_size decimal_max_digits decimal_max_places decimal_whole_digits",
    ),
    ("too_large", "其中有过大的数值", "number_too_large"),
    ("no_time_zone", "时间须带时区，如 2026-11-23T09:00:00+08:00", "timezone_aware timezone_offset"),
    (
        "wrong_moment",
        "时间格式不正确",
        """
        datetime_type datetime_parsing datetime_object_invalid datetime_from_date_parsing timezone_naive
        time_type time_parsing time_delta_type time_delta_parsing
        """,
    ),
    (
        "wrong_moment",
        "日期格式不正确，应写作 2026-11-23",
        "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
    ),
    ("absurd_date", "日期不在允许的范围之内", "date_past date_future datetime_past datetime_future"),
    (
        _REST.code,
        _REST.words,
        """
        value_error assertion_error no_such_attribute needs_python_object recursion_loop
        recursion_depth_exceeded frozen_field frozen_instance get_attribute_error default_factory_not_called
        is_instance_of is_subclass_of callable_type
        """,
    ),
)


def _table() -> Iterator[tuple[str, Fault]]:
    for code, words, names in _ROWS:
        for name in names.split():
            yield name, Fault(code, words)


FAULTS: Final[Mapping[str, Fault]] = dict(_table())
CODES: Final = tuple(dict.fromkeys((*(code for code, _, _ in _ROWS), *sorted(OURS))))


def fault_of(error: Mapping[str, Any]) -> Fault:
    """The code and text for one of the library's errors; an unknown one is `invalid`."""
    kind = error["type"]
    if kind in OURS:
        return Fault(kind, error["msg"])
    if kind in _COUNTED and (error.get("ctx") or {}).get("field_type") not in _MEASURED:
        return _COUNTED[kind]
    return FAULTS.get(kind, _REST)
