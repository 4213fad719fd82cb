"""The contents of sla: what it listens to, what it answers, and the loop that lets clocks fire."""

from __future__ import annotations

from typing import Final

from services.sla import jobs
from services.sla.api import ROUTERS
from services.sla.handlers import orders
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
    routers=ROUTERS,
    metadata=Record.metadata,
    topics=(ORDERS,),
    subscriptions={
        OrderReceived: orders.start_district_clocks,
        OrderUpdated: orders.follow_the_upstream,
        OrderCancelled: orders.end_clocks,
        OrderAssigned: orders.start_unit_clocks,
        CallerContacted: orders.stop_on_contact,
        ProgressNoted: orders.keep_the_promise,
        ReturnRequested: orders.stop_on_return_request,
        ReturnAccepted: orders.release_the_unit,
        OrderFedBack: orders.stop_on_feedback,
        OrderClosed: orders.end_clocks,
        OrderReopened: orders.start_redo,
    },
    jobs=(jobs.fire_clocks,),
    prepare=jobs.prepare,
)
