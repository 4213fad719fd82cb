"""The rules of intake by table: signatures, flags, streets, revisits, the schedule of feedback."""

from __future__ import annotations

import base64
import contextlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from services.intake.channels.errors import NotUnderstood, SignatureRefused
from services.intake.channels.model import UpstreamOrder
from services.intake.channels.policy import CHANNELS
from services.intake.channels.rules import check_signature, signature
from services.intake.channels.schemas import decoded
from services.intake.feedback.model import Answer
from services.intake.feedback.policy import FEEDBACK_SCHEDULE
from services.intake.feedback.rules import feedback_body, next_attempt_at
from services.intake.first_look.rules import scope_suspicion, street_of, urgency_of
from services.intake.notices.model import RevisitCall
from services.intake.notices.policy import SATISFIED_WORDS, SOLVED_WORDS
from services.intake.notices.rules import contradictions, revisit_result
from services.intake.settings import BadChannelSecrets, channel_secrets, key_of

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
NEW, OLD, STRANGER = b"n" * 32, b"o" * 32, b"s" * 32
BODY = '{"title": "占道"}'.encode()


def check(**changes: Any) -> str:
    asked: dict[str, Any] = {
        "webhook_id": "msg_1",
        "timestamp": str(AT),
        "signatures": signature(NEW, "msg_1", AT, BODY),
        "body": BODY,
        "now": NOW,
    } | changes
    return check_signature((NEW, OLD), **asked)


def test_a_signature_of_either_live_key_is_accepted() -> None:
    assert check() == "msg_1"
    assert check(signatures=signature(OLD, "msg_1", AT, BODY)) == "msg_1"


def test_one_good_signature_among_several_is_enough() -> None:
    bad = signature(STRANGER, "msg_1", AT, BODY)
    assert check(signatures=f"v1a,xyz {bad} {signature(NEW, 'msg_1', AT, BODY)}") == "msg_1"


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_off_is_still_accepted(seconds: int) -> None:
    at = AT + seconds
    assert check(timestamp=str(at), signatures=signature(NEW, "msg_1", at, BODY)) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_second_more_is_a_replay(seconds: int) -> None:
    at = AT + seconds
    with pytest.raises(SignatureRefused) as refused:
        check(timestamp=str(at), signatures=signature(NEW, "msg_1", at, BODY))

    assert refused.value.reason == "stale"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"webhook_id": None}, "missing"),
        ({"webhook_id": ""}, "missing"),
        ({"timestamp": None}, "missing"),
        ({"signatures": None}, "missing"),
        ({"webhook_id": "a b"}, "malformed"),
        ({"webhook_id": "x" * 129}, "malformed"),
        ({"webhook_id": "号"}, "malformed"),
        ({"timestamp": f"{AT}.9"}, "malformed"),
        ({"timestamp": f"+{AT}"}, "malformed"),
        ({"timestamp": "٣"}, "malformed"),
        ({"timestamp": "9" * 400}, "malformed"),
        ({"webhook_id": "msg_2"}, "mismatch"),
        ({"body": BODY + b" "}, "mismatch"),
        ({"signatures": "v1"}, "mismatch"),
        ({"signatures": "v1,a,b"}, "mismatch"),
        ({"signatures": "v1,%%%"}, "mismatch"),
        ({"signatures": "v1,é"}, "mismatch"),
        ({"signatures": "v1,=  v1,"}, "mismatch"),
        ({"signatures": signature(STRANGER, "msg_1", AT, BODY)}, "mismatch"),
        ({"signatures": signature(NEW, "msg_1", AT, BODY).replace("v1,", "v2,")}, "mismatch"),
    ],
)
def test_any_other_signature_is_refused_with_its_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(SignatureRefused) as refused:
        check(**changes)

    assert refused.value.reason == reason


def test_a_channel_without_a_key_accepts_nothing() -> None:
    with pytest.raises(SignatureRefused):
        check_signature((), webhook_id="m", timestamp=str(AT), signatures="v1,", body=b"", now=NOW)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=80), st.binary(max_size=40))
def test_no_header_raises_anything_but_a_refusal(webhook_id: str, timestamp: str, signatures: str, body: bytes) -> None:
    with contextlib.suppress(SignatureRefused):
        check(webhook_id=webhook_id, timestamp=timestamp, signatures=signatures, body=body)
        raise AssertionError("accepted")


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60), st.text(max_size=60))
def test_our_signatures_are_those_of_the_standard(webhook_id: str, text: str) -> None:
    oracle = Webhook(base64.b64encode(NEW).decode())

    assert signature(NEW, webhook_id, AT, text.encode()) == oracle.sign(webhook_id, NOW, text)


# --- Settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_of_24_to_64_bytes_is_read(size: int) -> None:
    assert len(key_of("whsec_" + base64.b64encode(b"k" * size).decode())) == size


@pytest.mark.parametrize(
    "spelling",
    [
        "not json",
        "[]",
        '{"nobody": {"in": ["whsec_' + base64.b64encode(NEW).decode() + '"]}}',
        '{"city_12345": {"in": []}}',
        '{"city_12345": {"in": ["whsec_' + base64.b64encode(b"k" * 23).decode() + '"]}}',
        '{"city_12345": {"in": ["whsec_' + base64.b64encode(b"k" * 65).decode() + '"]}}',
        '{"city_12345": {"in": ["plain"]}}',
        '{"city_12345": {"in": ["whsec_' + base64.b64encode(NEW).decode() + '"], "url": "file:///etc/passwd"}}',
    ],
)
def test_secrets_that_cannot_be_used_stop_the_start_and_are_not_shown(spelling: str) -> None:
    with pytest.raises(BadChannelSecrets) as refused:
        channel_secrets(spelling, frozenset(CHANNELS))

    assert base64.b64encode(NEW).decode() not in str(refused.value)


# --- What the text says ---------------------------------------------------------------------------------------------


@pytest.mark.clause("S1.3.1a")
@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("小区燃气泄漏，气味很大", ("safety",)),
        ("楼上外墙脱落砸坏车辆", ("safety",)),
        ("家里停水两天", ("livelihood",)),
        ("公租房补贴政策怎么申请", ("policy",)),
        ("停水后电梯有人被困", ("safety", "livelihood")),
        ("小区绿化带被占用", ()),
    ],
)
def test_urgent_words_are_recognised(text: str, urgent: tuple[str, ...]) -> None:
    assert urgency_of(text) == urgent


@pytest.mark.clause("S2.2.2a")
@pytest.mark.parametrize(
    ("text", "suspicion"),
    [
        ("对法院判决不服，要求政府处理", "litigation"),
        ("信访局答复不满意", "petition"),
        ("该案已立案侦查", "criminal"),
        ("噪音扰民", None),
    ],
)
def test_matters_out_of_scope_are_suspected_with_their_class(text: str, suspicion: str | None) -> None:
    assert scope_suspicion(text) == suspicion


@pytest.mark.parametrize(
    ("place", "street"),
    [
        ({"street": "初家街道"}, "初家街道"),
        ({"address": "烟台市莱山区黄海路街道海天小区"}, "黄海路街道"),
        ({"address": "解甲庄街道办事处门口"}, "解甲庄街道"),
        ({"address": "莱山区院格庄镇某村"}, "院格庄街道"),
        ({"area": "芝罘区", "address": "滨海路街道"}, None),
        ({"area": "莱山区", "address": "滨海路街道与芝罘区交界"}, "滨海路街道"),
        ({"address": "滨海路88号"}, None),
        ({"address": "高新区马山街道"}, None),
        ({}, None),
    ],
)
def test_the_street_is_found_within_the_district_only(place: dict[str, str], street: str | None) -> None:
    order = UpstreamOrder(upstream_no="1", title="t", content="c", category="k", **place)  # type: ignore[arg-type]

    assert street_of(order) == street


# --- Revisits -------------------------------------------------------------------------------------------------------


def call(*, connected: bool, solved: str | None, satisfied: str | None) -> RevisitCall:
    return RevisitCall("N1", NOW, connected=connected, solved=solved, satisfied=satisfied, opinion=None)


@pytest.mark.parametrize(
    ("connected", "solved", "satisfied", "result"),
    [
        (True, "解决", "满意", (True, "solved", "satisfied")),
        (True, "基本解决", "基本满意", (True, "mostly_solved", "mostly_satisfied")),
        (True, "未解决", "不满意", (True, "unsolved", "unsatisfied")),
        (True, "未解决", "满意", (True, "unsolved", "satisfied")),
        (False, None, None, (False, None, None)),
        (False, None, "无人接听", (False, None, None)),
        (False, "无法回访", "未接通", (False, None, None)),
    ],
)
def test_a_revisit_counts_only_when_somebody_answered(
    connected: bool, solved: str | None, satisfied: str | None, result: tuple[Any, ...]
) -> None:
    given = call(connected=connected, solved=solved, satisfied=satisfied)
    found = revisit_result(given)

    assert contradictions(given) == ()
    assert (found.valid, found.solved, found.satisfied) == result


@pytest.mark.parametrize(
    ("connected", "solved", "satisfied", "fields"),
    [
        (False, "解决", "满意", ["solved", "satisfied"]),
        (False, "未解决", None, ["solved"]),
        (False, "无法回访", "不满意", ["satisfied"]),
        (True, None, None, ["solved", "satisfied"]),
        (True, "解决", None, ["satisfied"]),
        (True, "解决", "无法回访", ["satisfied"]),
        (True, "未接通", "无人接听", ["solved", "satisfied"]),
    ],
)
def test_a_revisit_that_contradicts_itself_is_found_with_its_fields(
    connected: bool, solved: str | None, satisfied: str | None, fields: list[str]
) -> None:
    found = contradictions(call(connected=connected, solved=solved, satisfied=satisfied))

    assert [field for field, _ in found] == fields


def test_every_combination_of_a_revisits_words_has_a_result_or_contradicts_itself() -> None:
    for connected in (True, False):
        for solved in (*SOLVED_WORDS, None):
            for satisfied in (*SATISFIED_WORDS, None):
                given = call(connected=connected, solved=solved, satisfied=satisfied)
                if not contradictions(given):
                    assert revisit_result(given).valid is connected


# --- The schedule ---------------------------------------------------------------------------------------------------


def test_the_schedule_is_the_standard_one_and_ends_after_ten_attempts() -> None:
    waits = [next_attempt_at(n, now=NOW, jitter=0, retry_after=None) for n in range(11)]

    assert [at - NOW for at in waits[:-1] if at] == list(FEEDBACK_SCHEDULE)
    assert waits[-1] is None
    assert sum(FEEDBACK_SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        (None, timedelta(seconds=5.5)),
        (timedelta(seconds=2), timedelta(seconds=5.5)),
        (timedelta(seconds=60), timedelta(seconds=60)),
        (timedelta(days=9), timedelta(days=1)),
    ],
)
def test_retry_after_stretches_the_wait_and_jitter_never_shortens_it(
    retry_after: timedelta | None, wait: timedelta
) -> None:
    assert next_attempt_at(1, now=NOW, jitter=1, retry_after=retry_after) == NOW + wait


@pytest.mark.parametrize("code", CHANNELS)
def test_a_reply_is_written_in_the_platforms_own_words(code: str) -> None:
    reply = {
        "contact_person": "李工",
        "contact_at": "2026-11-23T03:00:00+00:00",
        "contact_phone": "6881234",
        "findings": "已清理",
        "satisfaction": "satisfied",
        "remarks": None,
    }
    channel = CHANNELS[code]
    answer = Answer("N1", 1, "r1", 1, "城管局", "周局长", NOW, "solved", reply)
    body = feedback_body(channel, answer)

    assert set(body) == set(channel.feedback.values()) - {channel.feedback["remarks"]}
    assert body[channel.feedback["disposition"]] == "办结"
    written = {"local": "2026-11-23 11:00:00", "iso": "2026-11-23T11:00:00+08:00", "millis": 1795402800000}
    assert body[channel.feedback["contact_at"]] == written[channel.spelling]


def _object(pairs: list[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


_SPELT = st.sampled_from(['"a"', '"b"', '"\\u0061"', '"a\\""', '"a\\\\"', '"\\\\\\""', '""', '"b\\n"', '"\\u0022"'])
_VALUES = st.recursive(
    st.one_of(_SPELT, st.sampled_from(["1", "true", "null", "-0.5"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda values: f"[{', '.join(values)}]"),
        st.lists(st.tuples(_SPELT, inner), max_size=3).map(_object),
    ),
)


@given(st.lists(st.tuples(_SPELT, _VALUES), max_size=3).map(_object))
def test_a_key_that_comes_twice_is_found_however_it_is_spelt_and_whatever_stands_beside_it(body: str) -> None:
    twice = False

    def pairs_seen(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        twice |= len(dict(pairs)) < len(pairs)
        return dict(pairs)

    plain = json.loads(body, object_pairs_hook=pairs_seen)
    if twice:
        with pytest.raises(NotUnderstood, match="出现了两次"):
            decoded(body.encode())
    else:
        assert decoded(body.encode()) == plain
