"""The contents of sla: what it listens to, what it answers, and the loop that lets clocks fire."""

from __future__ import annotations

from typing import Final

from services.sla import api, handlers, jobs
from services.sla.tables import Record
from shared.bus.topics import ORDERS
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAssigned,
    OrderClosed,
    OrderReopened,
    ProgressNoted,
    ReturnAccepted,
    ReturnRequested,
)
from shared.contracts.intake import OrderCancelled, OrderFedBack, OrderReceived, OrderUpdated
from shared.service import Service

SERVICE: Final = Service(
    name="sla",
    title="时限",
    about="工作日历、时限规则与全部时钟：起算、预警、超期，以及每个时限的逐日依据。",
    routers=(api.router,),
    metadata=Record.metadata,
    topics=(ORDERS,),
    subscriptions={
        OrderReceived: handlers.start_district_clocks,
        OrderUpdated: handlers.follow_the_upstream,
        OrderCancelled: handlers.end_clocks,
        OrderAssigned: handlers.start_unit_clocks,
        CallerContacted: handlers.stop_on_contact,
        ProgressNoted: handlers.keep_the_promise,
        ReturnRequested: handlers.stop_on_return_request,
        ReturnAccepted: handlers.release_the_unit,
        OrderFedBack: handlers.stop_on_feedback,
        OrderClosed: handlers.end_clocks,
        OrderReopened: handlers.start_redo,
    },
    jobs=(jobs.fire_clocks,),
    prepare=jobs.prepare,
)
