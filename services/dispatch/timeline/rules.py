"""Which entries an event makes, and the sentence of each (X1): every type of event is in KINDS or in OF_NO_ORDER."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from services.dispatch.timeline import policy
from services.dispatch.timeline.model import Entry, Facts, Kind, Told, Topic
from shared.contracts import Event, dispatch, intake, kernel, review, sla
from shared.contracts.sla import CLOCK_TITLES, WarningsDigested

# The deadlines of the centre's review are the reviewers' and not the unit's.
_OF_REVIEW: Final = frozenset({"review_turnaround", "chain_step"})


def _warned(facts: Mapping[str, Any]) -> Topic:
    if facts["kind"] in _OF_REVIEW:
        return Topic.REVIEW_DUE
    return Topic.PROMISE_DUE if facts["kind"] == "next_contact" else Topic.DUE_SOON


def _breached(facts: Mapping[str, Any]) -> Topic:
    return Topic.REVIEW_OVERDUE if facts["kind"] in _OF_REVIEW else Topic.OVERDUE


def _failed_for_good(facts: Mapping[str, Any]) -> Topic | None:
    return Topic.FEEDBACK_FAILED if facts["final"] else None


_CLOCK: Final = ("clock_id", "kind", "due_at", "provisional")
_WARNED: Final = ("clock_id", "kind", "due_at", "warned_at")
_REPLY: Final = ("reply_id", "round")

KINDS: Final[Mapping[type[Event], Kind]] = MappingProxyType(
    {
        intake.OrderReceived: Kind(
            "order.received",
            "received_at",
            (
                *("platform_no", "level", "category", "urgent", "confidential", "is_test"),
                *("upstream_due_at", "released_at"),
            ),
            policy.received,
            topic=Topic.NEW,
            of_order=True,
        ),
        intake.OrderUpdated: Kind(
            "order.updated",
            "updated_at",
            ("version", "changed", "urgent", "out_of_scope"),
            policy.updated,
            topic=Topic.CHANGED,
            of_order=True,
        ),
        intake.OrderCancelled: Kind(
            "order.cancelled",
            "cancelled_at",
            ("reason",),
            lambda _: "上级平台撤单",
            topic=Topic.CANCELLED,
            of_order=True,
        ),
        intake.OrderUrged: Kind(
            "order.urged", "urged_at", ("reason",), lambda _: "上级平台催办", topic=Topic.URGED, of_order=True
        ),
        intake.OrderRevisited: Kind(
            "order.revisited",
            "revisited_at",
            ("revisit", "valid", "solved", "satisfied", "of_earlier_reply"),
            policy.revisited,
            topic=Topic.REVISITED,
            of_order=True,
        ),
        intake.OrderRedoRequested: Kind(
            "order.redo_requested", "requested_at", ("reason",), lambda _: "上级平台退回答复，要求重办", of_order=True
        ),
        intake.NoticeRepeated: Kind(
            "order.notice_repeated", "told_at", ("notice", "reason"), policy.repeated, of_order=True
        ),
        intake.OrderFedBack: Kind(
            "order.fed_back",
            "fed_back_at",
            ("reply_id", "attempts", "by"),
            policy.fed_back,
            of_order=True,
        ),
        intake.FeedbackFailed: Kind(
            "order.feedback_failed",
            "failed_at",
            ("reply_id", "attempt", "final"),
            policy.feedback_failed,
            topic=_failed_for_good,
            of_order=True,
        ),
        intake.ReplyOutdated: Kind(
            "order.reply_outdated", "outdated_at", (*_REPLY, "version", "changed"), policy.outdated
        ),
        intake.ReplyNotSent: Kind("order.reply_not_sent", "not_sent_at", (*_REPLY, "reason"), policy.not_sent),
        dispatch.OrderAssigned: Kind(
            "order.assigned", "assigned_at", ("cause", "basis", "no_return"), policy.assigned, topic=Topic.ASSIGNED
        ),
        dispatch.OrderAccepted: Kind("order.accepted", "accepted_at", (), lambda facts: f"{facts.unit}认领工单"),
        dispatch.CallerContacted: Kind(
            "order.contacted",
            "contacted_at",
            ("contact_id", "attempt", "outcome", "counts", "contacted_at", "recorded_at", "promised_at"),
            policy.contacted,
        ),
        dispatch.ProgressNoted: Kind(
            "order.progress_noted",
            "noted_at",
            ("note_id", "promised_at"),
            lambda facts: f"{facts.unit}登记办理进度，约定 {facts.at('promised_at')} 再次联系来电人",
        ),
        dispatch.ReturnRequested: Kind(
            "order.return_requested",
            "requested_at",
            ("return_id", "suggested_unit"),
            policy.return_requested,
            topic=Topic.RETURN_ASKED,
        ),
        dispatch.ReturnAccepted: Kind(
            "order.return_accepted",
            "decided_at",
            ("return_id", "returns"),
            lambda facts: f"中心同意{facts.unit}回退（本工单第 {facts['returns']} 次回退）",
            topic=Topic.RETURNED,
        ),
        dispatch.ReturnRejected: Kind(
            "order.return_rejected",
            "decided_at",
            ("return_id",),
            lambda facts: f"中心驳回{facts.unit}的回退申请，该单位不得再次申请回退",
            topic=Topic.RETURN_REFUSED,
        ),
        dispatch.ReplySubmitted: Kind(
            "order.reply_submitted",
            "submitted_at",
            (*_REPLY, "disposition", "demand_version"),
            policy.submitted,
            topic=Topic.SUBMITTED,
        ),
        dispatch.OrderPlanned: Kind(
            "order.planned",
            "planned_at",
            ("reply_id", "plan_on"),
            lambda facts: f"列入计划跟踪，{facts.unit}应于 {facts.day('plan_on')} 前完成",
        ),
        dispatch.OrderClosed: Kind("order.closed", "closed_at", ("disposition",), policy.closed, topic=Topic.CLOSED),
        dispatch.OrderReopened: Kind(
            "order.reopened", "reopened_at", ("redos", "reason"), policy.reopened, topic=Topic.REDO
        ),
        review.ReplyLeaderApproved: Kind(
            "reply.leader_approved",
            "approved_at",
            _REPLY,
            lambda facts: f"{facts.unit}主要领导同意第 {facts['round']} 次答复，报中心审核",
            topic=Topic.TO_REVIEW,
        ),
        review.ReplyLeaderRejected: Kind(
            "reply.leader_rejected",
            "rejected_at",
            _REPLY,
            lambda facts: f"{facts.unit}主要领导退回第 {facts['round']} 次答复，由经办人修改",
            topic=Topic.SENT_BACK,
        ),
        review.ReplyApproved: Kind(
            "reply.approved",
            "approved_at",
            (*_REPLY, "disposition", "demand_version"),
            lambda facts: f"中心审核通过{policy.reply(facts)}，反馈上级平台",
            topic=Topic.APPROVED,
        ),
        review.ReplyRejected: Kind(
            "reply.rejected",
            "rejected_at",
            (*_REPLY, "taken_back"),
            policy.rejected,
            topic=Topic.SENT_BACK,
        ),
        sla.ClockStarted: Kind("clock.started", "started_at", _CLOCK, policy.clock_started),
        sla.ClockChanged: Kind(
            "clock.changed",
            "",
            (*_CLOCK, "was_due_at", "excused", "reopened", "reason"),
            policy.clock_changed,
            of_order=True,
        ),
        sla.ClockStopped: Kind(
            "clock.stopped",
            "stopped_at",
            (*_CLOCK[:3], "stopped_at", "met", "void", "original_due_at"),
            policy.clock_stopped,
        ),
        sla.ClockWarned: Kind("clock.warned", "warned_at", _WARNED, policy.clock_warned, topic=_warned),
        sla.WarningsDigested: Kind("clock.warned", "warned_at", _WARNED, policy.clock_warned, topic=_warned),
        sla.ClockBreached: Kind("clock.breached", "breached_at", _CLOCK, policy.clock_breached, topic=_breached),
        sla.BreachExcused: Kind(
            "clock.breach_excused",
            "excused_at",
            (*_CLOCK[:3], "now_due_at", "reason"),
            policy.breach_excused,
            topic=Topic.EXCUSED,
        ),
        sla.ExtensionRequested: Kind(
            "extension.requested",
            "requested_at",
            ("extension_id", "clock_id", "workdays", "reason_code", "due_at", "overridden"),
            policy.extension_requested,
            topic=Topic.EXTENSION_ASKED,
        ),
        sla.ExtensionGranted: Kind(
            "extension.granted",
            "granted_at",
            ("extension_id", "clock_id", "workdays", "was_due_at", "due_at"),
            policy.extension_granted,
            topic=Topic.EXTENSION_DECIDED,
        ),
        sla.ExtensionRefused: Kind(
            "extension.refused",
            "refused_at",
            ("extension_id", "clock_id", "cause"),
            policy.extension_refused,
            topic=Topic.EXTENSION_DECIDED,
        ),
        sla.PromiseKept: Kind("promise.kept", "kept_at", ("clock_id", "promised_at"), policy.promise_kept),
        sla.PromiseBroken: Kind(
            "promise.broken",
            "broken_at",
            ("clock_id", "promised_at"),
            policy.promise_broken,
            topic=Topic.PROMISE_BROKEN,
        ),
        sla.PlanWoken: Kind(
            "plan.woken",
            "woken_at",
            ("clock_id", "plan_on"),
            lambda facts: f"计划完成日 {facts.day('plan_on')} 已到，由{facts.unit}完成并再次联系来电人",
            topic=Topic.PLAN_DUE,
        ),
        sla.PlanBroken: Kind(
            "plan.broken",
            "broken_at",
            ("clock_id", "plan_on"),
            lambda facts: f"计划完成日 {facts.day('plan_on')} 已过，{facts.unit}仍未完成",
            topic=Topic.PLAN_DUE,
        ),
        sla.SupervisionCandidateRaised: Kind(
            "supervision.candidate_raised",
            "raised_at",
            ("cause",),
            policy.supervision,
            topic=Topic.SUPERVISION,
        ),
    }
)
"""Type of event -> what it says of an order."""

OF_NO_ORDER: Final = frozenset(
    {
        dispatch.UnitChanged,
        intake.RequestQuarantined,
        kernel.EventParked,
        sla.CalendarChanged,
        sla.RuleSetPublished,
    }
)
"""The types of event that are about no order."""

_BY_CODE: Final[Mapping[str, Kind]] = MappingProxyType({kind.code: kind for kind in KINDS.values()})

OF_THE_ORDER: Final = tuple(sorted(kind.code for kind in KINDS.values() if kind.of_order))
"""The kinds whose events name no unit: they concern everybody who has a part in the order."""

_REFERENCES: Final = ("reply_id", "contact_id", "note_id", "return_id", "extension_id")
_CLOCK_OF: Final = MappingProxyType({"promise": "next_contact", "plan": "plan"})
_UPSTREAM_WORDS: Final = frozenset({"order.cancelled", "order.urged", "order.redo_requested", "order.notice_repeated"})


def entries_of(told: Told) -> Iterator[Entry]:
    """What an event says of orders: one entry, or one for each warning of a digest; none of what is about no order."""
    event = told.event
    kind = None if event is None else KINDS.get(type(event))
    if event is None or kind is None:
        return
    if isinstance(event, WarningsDigested):
        for part, warning in enumerate(event.warnings):
            said = {**warning.model_dump(mode="json"), "warned_at": event.warned_at.isoformat()}
            yield _entry(told, kind, event, said, order_id=warning.order_id, part=part)
    elif (order_id := getattr(event, "order_id", None)) is not None:
        said = event.model_dump(mode="json", include=_kept(type(event)))
        yield _entry(told, kind, event, said, order_id=order_id, part=0)


def _entry(told: Told, kind: Kind, event: Event, said: dict[str, Any], *, order_id: str, part: int) -> Entry:
    facts = {name: said[name] for name in kind.facts if said.get(name) is not None}
    return Entry(
        event_id=told.id,
        part=part,
        order_id=order_id,
        at=getattr(event, kind.at) if kind.at else told.time,
        kind=kind.code,
        topic=kind.topic if kind.topic is None or isinstance(kind.topic, Topic) else kind.topic(facts),
        unit=getattr(event, "unit", None) or None,
        of_order=kind.of_order,
        actor=told.actor,
        actor_role=told.actor_role,
        actor_unit=told.actor_unit,
        facts=facts,
    )


_KEPT: dict[type[Event], set[str]] = {}


def _kept(event: type[Event]) -> set[str]:
    """The fields to read of an event of this type; worked out once."""
    if event not in _KEPT:
        _KEPT[event] = {*KINDS[event].facts}
    return _KEPT[event]


def sentence_of(kind: str, facts: Mapping[str, Any], unit: str | None, names: Mapping[str, str]) -> str:
    """What happened, in one Chinese sentence; `names` are those of the units."""
    return _BY_CODE[kind].say(Facts(facts, unit, names)) + "。"


def clock_title(facts: Mapping[str, Any], kind: str) -> str | None:
    """What the entry's deadline is called."""
    of_kind: Any = facts.get("kind") or _CLOCK_OF.get(kind.partition(".")[0])
    return CLOCK_TITLES.get(of_kind)


def due_at(facts: Mapping[str, Any], kind: str) -> str | None:
    """By when the entry's deadline was due then; of one that is about no deadline, None."""
    return facts.get("promised_at" if kind.startswith("promise.") else "due_at")


def upstream_words(facts: Mapping[str, Any], kind: str) -> str | None:
    """Why the upstream did it, in its own words, which are shown by right (X2)."""
    return facts.get("reason") if kind in _UPSTREAM_WORDS else None


def references_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Where the words of the entry are: the ids of its contact, note, return, reply or extension, and the versions."""
    found = {name: facts[name] for name in _REFERENCES if name in facts}
    version = facts.get("version") or facts.get("demand_version")
    return {**found, **({} if version is None else {"version": version})}


def named_units(facts: Mapping[str, Any]) -> set[str]:
    """The units, beside its own, that an entry's sentence names."""
    return {facts[name] for name in ("suggested_unit",) if name in facts}
