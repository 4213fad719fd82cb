"""The contents of sla: what it listens to, what it answers, and the loop that lets clocks fire."""

from __future__ import annotations

from typing import Final

from services.sla.boards import api as boards
from services.sla.by_hand import api as by_hand
from services.sla.calendar import api as calendar
from services.sla.calendar.jobs import watch_calendar
from services.sla.candidates import api as candidates
from services.sla.candidates.jobs import look_at_concentration
from services.sla.chain_plans import api as chain_plans
from services.sla.clocks import api as clocks
from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockRecord
from services.sla.counting import api as counting
from services.sla.extensions import api as extensions
from services.sla.firing import jobs as firing
from services.sla.order_events import handlers as orders
from services.sla.orders.tables import OrderRecord
from services.sla.plans import handlers as plans
from services.sla.recomputing import api as recomputing
from services.sla.recomputing import jobs as recomputing_jobs
from services.sla.record import Record
from services.sla.rulesets import api as rulesets
from services.sla.streams import api as streams
from services.sla.streams import jobs as streams_jobs
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
from shared.following import parts, units
from shared.following.confidential import follow_confidential
from shared.reading_ahead import RowsOfOrder
from shared.service import Runtime, Service


async def prepare(runtime: Runtime) -> None:
    """Every loop's parts, and the calendar in force, before any task starts."""
    firing.prepare(runtime)
    streams_jobs.prepare(runtime)
    await recomputing_jobs.prepare(runtime)


SERVICE: Final = Service(
    name="sla",
    title="时限",
    about="工作日历、时限规则与全部时钟：起算、预警、超期，以及每个时限的逐日依据。",
    routers=(
        clocks.router,
        extensions.router,
        by_hand.router,
        boards.router,
        candidates.router,
        chain_plans.router,
        streams.router,
        streams.passes,
        counting.router,
        recomputing.router,  # its paths before /calendar/{year}
        calendar.router,
        rulesets.router,
    ),
    metadata=Record.metadata,
    topics=(ORDERS, DIRECTORY),
    rows=(
        RowsOfOrder(OrderRecord, by=OrderRecord.order_id),
        RowsOfOrder(
            ClockRecord,
            by=ClockRecord.order_id,
            sequence=(ClockRecord.due_at, ClockRecord.id),
            where=ClockRecord.state == State.RUNNING,
        ),
    ),
    subscriptions={
        OrderReceived: (follow_confidential, orders.start_district_clocks),
        OrderUpdated: (follow_confidential, orders.follow_the_upstream),
        OrderCancelled: orders.end_clocks,
        OrderAssigned: (parts.take_over, orders.start_unit_clocks),
        OrderAccepted: orders.stop_on_acceptance,
        CallerContacted: orders.stop_on_contact,
        ProgressNoted: orders.keep_the_promise,
        ReturnRequested: orders.stop_on_return_request,
        ReturnAccepted: (parts.give_back, orders.release_the_unit),
        ReturnRejected: orders.lock_to_unit,
        ReplySubmitted: orders.stop_on_reply,
        ReplyLeaderApproved: orders.start_review,
        ReplyLeaderRejected: orders.go_back_to_unit,
        ReplyApproved: orders.stop_review,
        ReplyRejected: orders.stop_review,
        OrderPlanned: plans.sleep_until_planned,
        OrderFedBack: orders.stop_on_feedback,
        OrderRevisited: orders.stop_on_revisit,
        OrderClosed: orders.end_clocks,
        OrderReopened: orders.start_redo,
        UnitChanged: units.follow_unit,
    },
    follows_rules=True,
    jobs=(
        firing.fire_clocks,
        watch_calendar,
        recomputing_jobs.recompute_clocks,
        streams_jobs.notify_replicas,
        streams_jobs.follow_announcements,
        look_at_concentration,
    ),
    next_due=firing.next_due,
    prepare=prepare,
)
