"""Review's table of contents."""

from __future__ import annotations

from typing import Final

from services.review.record import Record
from services.review.rounds import api as rounds_api
from services.review.rounds import handlers as rounds
from services.review.rounds.store import SEQUENCE
from services.review.rounds.tables import CaseworkerRecord, ContactRecord, OrderRecord, RoundRecord
from shared.bus import ORDERS
from shared.contracts.dispatch import (
    CallerContacted,
    OrderAccepted,
    OrderAssigned,
    OrderReopened,
    ProgressNoted,
    ReplySubmitted,
    ReturnAccepted,
    ReturnRequested,
)
from shared.contracts.intake import OrderCancelled, OrderReceived, OrderUpdated, ReplyNotSent, ReplyOutdated
from shared.following import parts
from shared.following.confidential import follow_confidential
from shared.reading_ahead import RowsOfOrder
from shared.service import Service

SERVICE: Final = Service(
    name="review",
    title="答复审核",
    about="承办单位的答复经单位主要领导审阅、区89000中心审核后反馈；退回修改的每一轮均予保留。",
    routers=(rounds_api.router,),
    metadata=Record.metadata,
    topics=(ORDERS,),
    rows=(
        RowsOfOrder(OrderRecord, by=OrderRecord.order_id, lock=False),
        RowsOfOrder(CaseworkerRecord, by=CaseworkerRecord.order_id, sequence=(CaseworkerRecord.account,), lock=False),
        RowsOfOrder(
            ContactRecord,
            by=ContactRecord.order_id,
            sequence=(ContactRecord.turn, ContactRecord.attempt, ContactRecord.contact_id),
            lock=False,
        ),
        RowsOfOrder(RoundRecord, by=RoundRecord.order_id, sequence=SEQUENCE),
    ),
    subscriptions={
        OrderReceived: (follow_confidential, rounds.note_order),
        OrderUpdated: (follow_confidential, rounds.note_demand),
        OrderCancelled: rounds.void_cancelled,
        ReturnAccepted: parts.give_back,
        OrderAssigned: (parts.take_over, rounds.void_reassigned),
        OrderAccepted: rounds.note_caseworker,
        CallerContacted: (rounds.note_caseworker, rounds.note_contact),
        ProgressNoted: rounds.note_caseworker,
        ReturnRequested: rounds.note_caseworker,
        ReplySubmitted: rounds.open_round,
        OrderReopened: rounds.void_reopened,
        ReplyOutdated: rounds.take_back,
        ReplyNotSent: rounds.void_not_sent,
    },
)
