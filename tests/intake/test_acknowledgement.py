"""Which answers of a platform say that it has a reply (S2.3b, R37)."""

import json
from typing import Any

import pytest

from services.intake.channels.model import USUAL_SUCCESS
from services.intake.feedback.rules import refutation


def refuted(body: bytes | dict[str, Any], success: Any = USUAL_SUCCESS) -> str | None:
    sent = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return refutation(success, content_type="application/json", encoding="", body=sent)


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"result": "fail", "msg": "签名错误"}, "says_failure:result=fail"),
        ({"error": "unauthorized"}, "says_failure:error=unauthorized"),
        ({"errors": [{"field": "orderNum"}]}, "says_failure:errors"),
        ({"errmsg": "工单不存在"}, "says_failure:errmsg"),
        ({"resultCode": "9999", "resultMsg": "系统异常"}, "says_failure:resultCode=9999"),
        ({"result_code": 1}, "says_failure:result_code=1"),
        ({"retCode": "E01"}, "says_failure:retCode=e01"),
        ({"ret": -1, "msg": "fail"}, "says_failure:ret=-1"),
        ({"isSuccess": False}, "says_failure:isSuccess=false"),
        ({"is_success": "N"}, "says_failure:is_success=n"),
        ({"state": False, "info": "未登录"}, "says_failure:state=false"),
        ({"ok": False}, "says_failure:ok=false"),
        ({"data": {"success": False}}, "says_failure:data.success=false"),
        ({"result": {"code": 500}}, "says_failure:result.code=500"),
        ({"data": {"error": "denied"}}, "says_failure:data.error=denied"),
        # A gateway passed the call on, and the platform behind it refused.
        ({"code": 200, "data": {"success": False}}, "says_failure:data.success=false"),
        ({"code": 0, "success": False}, "says_failure:success=false"),
        ({"success": {}}, "says_failure:success"),
    ],
)
def test_an_answer_that_says_failure_in_a_usual_field_is_no_acknowledgement(
    answer: dict[str, Any], reason: str
) -> None:
    assert refuted(answer) == reason


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"code": 0, "msg": "操作成功"},
        {"errcode": 0, "errmsg": "无"},
        {"success": True, "error": "无"},
        {"error": None, "errors": [], "errmsg": ""},
        {"error": 0},
        {"errmsg": "OK"},
        {"resultCode": "0000"},
        {"result": "success"},
        {"result": "成功"},
        {"result": {"success": "true"}},
        {"ret": 0},
        {"isSuccess": "Y"},
        {"data": {"success": True}},
        # What the platform tells of the order itself, once it has said that it took the reply.
        {"code": 200, "data": {"status": "pending", "result": "waiting", "code": "A01"}},
        {"success": True, "result": []},
        {"data": "R-2026-1", "result": None},
    ],
)
def test_an_answer_that_does_not_say_failure_acknowledges(answer: dict[str, Any]) -> None:
    assert refuted(answer) is None


@pytest.mark.clause("S2.3b")
@pytest.mark.parametrize(
    "body",
    [b'{"code":500,"code":0}', b'{"code":0,"code":0}', b'{"data":{"success":false,"success":true}}'],
)
def test_an_answer_with_a_field_twice_is_no_acknowledgement(body: bytes) -> None:
    assert refuted(body) == "repeated_field"


@pytest.mark.parametrize("body", [b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"a":' * 900 + b"1" + b"}" * 900])
def test_an_answer_however_deep_is_judged(body: bytes) -> None:
    assert refuted(body) in {None, "not_json"}


def test_a_number_of_thousands_of_digits_is_judged() -> None:
    assert refuted(b'{"serial":' + b"9" * 5000 + b"}") in {None, "not_json"}


@pytest.mark.clause("S2.3b")
def test_a_channel_may_have_fields_of_its_own_and_then_only_these_are_read() -> None:
    own = {"result_code": frozenset({"1"})}

    assert refuted({"resultCode": 1, "code": 77}, own) is None
    assert refuted({"ResultCode": 0}, own) == "says_failure:ResultCode=0"
