"""The contents of sla: what it listens to, what it answers, and the loop that lets clocks fire."""

from __future__ import annotations

from typing import Final

from services.sla import jobs
from services.sla.api import ROUTERS
from services.sla.handlers import orders, units
from services.sla.handlers.prefetching import hold_orders
from services.sla.tables import Record
from shared.bus.topics import DIRECTORY, ORDERS
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    OrderClosed,
    OrderPlanned,
    OrderReopened,
    ProgressNoted,
    ReplySubmitted,
    ReturnAccepted,
    ReturnRejected,
    ReturnRequested,
    UnitChanged,
)
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderRevisited, OrderUpdated
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.service import Service

SERVICE: Final = Service(
    name="sla",
    title="时限",
    about="工作日历、时限规则与全部时钟：起算、预警、超期，以及每个时限的逐日依据。",
    routers=ROUTERS,
    metadata=Record.metadata,
    topics=(ORDERS, DIRECTORY),
    prefetch=hold_orders,
    subscriptions={
        OrderReceived: orders.start_district_clocks,
        OrderUpdated: orders.follow_the_upstream,
        OrderCancelled: orders.end_clocks,
        OrderAssigned: orders.start_unit_clocks,
        OrderAccepted: orders.stop_on_acceptance,
        CallerContacted: orders.stop_on_contact,
        ProgressNoted: orders.keep_the_promise,
        ReturnRequested: orders.stop_on_return_request,
        ReturnAccepted: orders.release_the_unit,
        ReturnRejected: orders.lock_to_unit,
        ReplySubmitted: orders.stop_on_reply,
        ReplyLeaderApproved: orders.start_review,
        ReplyLeaderRejected: orders.go_back_to_unit,
        ReplyApproved: orders.stop_review,
        ReplyRejected: orders.stop_review,
        OrderPlanned: orders.sleep_until_planned,
        OrderFedBack: orders.stop_on_feedback,
        OrderRevisited: orders.stop_on_revisit,
        OrderClosed: orders.end_clocks,
        OrderReopened: orders.start_redo,
        UnitChanged: units.keep_unit,
    },
    jobs=(
        jobs.fire_clocks,
        jobs.keep_calendar,
        jobs.share_news,
        jobs.follow_notices,
        jobs.look_at_concentration,
        jobs.seal_old_words,
    ),
    prepare=jobs.prepare,
)
