"""Review's table of contents."""

from __future__ import annotations

from typing import Final

from services.review import api, handlers
from services.review.tables import Record
from shared.bus import ORDERS
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    ProgressNoted,
    ReplySubmitted,
    ReturnRequested,
)
from shared.contracts.intake import OrderCancelled, OrderReceived
from shared.service import Service

SERVICE: Final = Service(
    name="review",
    title="答复审核",
    about="承办单位的答复经单位主要领导审阅、区89000中心审核后反馈；退回修改的每一轮均予保留。",
    routers=(api.router,),
    metadata=Record.metadata,
    topics=(ORDERS,),
    prefetch=handlers.hold_orders,
    subscriptions={
        OrderReceived: handlers.note_order,
        OrderCancelled: handlers.void_cancelled,
        OrderAssigned: handlers.void_reassigned,
        OrderAccepted: handlers.note_handler,
        CallerContacted: handlers.note_handler,
        ProgressNoted: handlers.note_handler,
        ReturnRequested: handlers.note_handler,
        ReplySubmitted: handlers.open_round,
    },
)
