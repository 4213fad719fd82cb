"""When a reply is sent again, and how its platform writes it (S2.3b, R37)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from services.intake.channels.model import Channel, Spelling
from services.intake.feedback import policy
from services.intake.feedback.model import Answer
from shared.calendar import SHANGHAI, local_day
from shared.contracts.fields import demand_fields

_PLAIN_WORD: Final = re.compile(r"[a-z0-9_.-]{1,20}")
"""What of a platform's answer is shown and kept: nothing that could be a text."""


def next_attempt_at(attempts: int, *, now: datetime, jitter: float, retry_after: timedelta | None) -> datetime | None:
    """When to send again after `attempts` failures; None when the schedule is at its end.

    `jitter` (0 to 1) stretches the wait by up to a tenth, so that not everything is sent at once to a platform that comes
    back; what the platform asks for in Retry-After is honoured up to a day.
    """
    if attempts >= len(policy.FEEDBACK_SCHEDULE):
        return None
    wait = policy.FEEDBACK_SCHEDULE[attempts] * (1 + policy.FEEDBACK_JITTER * jitter)
    if retry_after is not None:
        wait = max(wait, min(retry_after, timedelta(days=1)))
    return now + wait


def unknown_changes(changed: Mapping[int, Sequence[str]], *, known_version: int) -> tuple[str, ...]:
    """What the upstream has changed of the demand since the reply, when the centre did not know all of it; else nothing.

    `changed` are the fields of each version after the one that the reply answers, the first first.  A reviewer who let the
    reply pass all the same did so for the versions that he knew, and for no later one (S1.1.4c, S2.3a).
    """
    demand = {version: demand_fields(fields) for version, fields in changed.items()}
    if not any(fields for version, fields in demand.items() if version > known_version):
        return ()
    return tuple(dict.fromkeys(name for fields in demand.values() for name in fields))


def refutation(
    success: Mapping[str, frozenset[str]], *, content_type: str, encoding: str, body: bytes | None
) -> str | None:
    """Why an answer with 2xx is no acknowledgement: a word of policy.REASONS; None when it is one (R37).

    A platform acknowledges with an empty body, or with a JSON object that does not say the contrary: in one of the fields
    in `success`, in a field that tells an error while none says success, or so in its `data` or `result`.  Anything else
    may come from a login page or a gateway that answers 200 to everything.
    `body` is None when it was longer than policy.ANSWER_BYTES.
    """
    if body is None:
        return "too_long"
    if encoding.strip().lower() not in {"", "identity"}:
        return "encoded"
    if not body.strip():
        return None
    kind = content_type.partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return "not_json"
    try:
        said = orjson.loads(body)
        if not isinstance(said, dict):
            return "not_an_object"
        # The fast reader keeps the last of two fields with one name, and so would hide what the first one says.
        json.loads(body, object_pairs_hook=_each_once, parse_int=float)
    except _RepeatedFieldError:
        return "repeated_field"
    except (ValueError, RecursionError):
        return "not_json"
    return _failure_in(said, {_plain(name): values for name, values in success.items()})


class _RepeatedFieldError(Exception):
    """An object has two fields with one name."""


def _each_once(pairs: Sequence[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _RepeatedFieldError


def _failure_in(said: Mapping[str, Any], success: Mapping[str, frozenset[str]]) -> str | None:
    """What in an answer says failure, or None: first its own fields, then those of the objects in it."""
    judged = _judged(said, success)
    if isinstance(judged, str):
        return judged
    for name, part in said.items():
        if _plain(name) in policy.ANSWER_PARTS and isinstance(part, dict):
            read = {one: values for one, values in success.items() if not judged or one in policy.ANSWER_SUCCESSES}
            inside = _judged(part, read, f"{name}.", errors=not judged)
            if isinstance(inside, str):
                return inside
            judged = judged or inside
    if not judged and (error := _error_in(said)) is not None:
        return error
    return None


def _judged(
    said: Mapping[str, Any], success: Mapping[str, frozenset[str]], where: str = "", *, errors: bool = False
) -> str | bool:
    """What in these fields says failure; else whether one of them says success."""
    succeeds = False
    for name, value in said.items():
        plain = _plain(name)
        values = success.get(plain)
        if values is None or value is None or (plain in policy.ANSWER_PARTS and isinstance(value, dict | list)):
            continue
        if (word := _word_of(value)) not in values:
            return _failure(f"{where}{name}", word)
        succeeds = True
    if errors and not succeeds and (error := _error_in(said, where)) is not None:
        return error
    return succeeds


def _error_in(said: Mapping[str, Any], where: str = "") -> str | None:
    for name, value in said.items():
        if _plain(name) in policy.ANSWER_ERRORS and value not in (None, [], {}):
            word = _word_of(value)
            if word not in policy.NO_ERROR:
                return _failure(f"{where}{name}", word)
    return None


def _failure(field: str, word: str) -> str:
    return f"says_failure:{field}={word}" if _PLAIN_WORD.fullmatch(word) else f"says_failure:{field}"


def _plain(name: str) -> str:
    """A field's name however it is written: resultCode, result_code."""
    return name.lower().replace("_", "").replace("-", "")


def _word_of(value: Any) -> str:
    """A value as the tables of success write it: true, 0, ok."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


def words_of(outcome: str, reason: str | None) -> str:
    """How an attempt ended, in Chinese."""
    if outcome.startswith("status_"):
        return f"平台回答 HTTP {outcome.removeprefix('status_')}"
    said = policy.OUTCOMES.get(outcome, outcome)
    if reason is None:
        return said
    word, _, detail = reason.partition(":")
    why = policy.REASONS.get(word, word)
    return f"{said}：{why}（{detail}）" if detail else f"{said}：{why}"


def feedback_body(channel: Channel, answer: Answer) -> dict[str, Any]:
    """A reply in the field names and words of its platform; empty elements are left out.

    The template of a reply demands unit, date and reviewing leader beside the five elements (S2.2.3b, S2.2.3c): the unit
    by its name, the day as YYYY-MM-DD.
    """
    reply = answer.reply
    contact_at = reply.get("contact_at")
    values = {
        "order_no": answer.order_no,
        "demand_version": answer.demand_version,
        "reply_id": answer.reply_id,
        "round": answer.round,
        "unit": answer.unit_name,
        "replied_on": local_day(answer.leader_at).isoformat(),
        "leader_name": answer.leader_name,
        "disposition": policy.DISPOSITIONS.get(answer.disposition, answer.disposition),
        "contact_person": reply.get("contact_person"),
        "contact_at": None if not contact_at else spelled(datetime.fromisoformat(contact_at), channel.spelling),
        "contact_phone": reply.get("contact_phone"),
        "findings": reply.get("findings"),
        "satisfaction": policy.SATISFACTIONS.get(str(reply.get("satisfaction")), reply.get("satisfaction")),
        "remarks": reply.get("remarks"),
    }
    return {theirs: values[ours] for ours, theirs in channel.feedback.items() if values[ours] is not None}


def spelled(moment: datetime, spelling: Spelling) -> str | int:
    """A moment as a platform writes it, in local time."""
    if spelling == "millis":
        return int(moment.timestamp() * 1000)
    local = moment.astimezone(SHANGHAI).replace(microsecond=0)
    return local.isoformat() if spelling == "iso" else local.strftime("%Y-%m-%d %H:%M:%S")
