"""Intake's table of contents."""

from __future__ import annotations

from services.intake.acceptance import api as acceptance
from services.intake.acceptance.handlers import Acceptance
from services.intake.acceptance.jobs import write_orders
from services.intake.acceptance.schemas import order_schemas
from services.intake.channels.handlers import Signatures
from services.intake.channels.policy import CHANNELS
from services.intake.feedback import api as feedback
from services.intake.feedback.handlers import queue_feedback
from services.intake.feedback.jobs import deliver_feedback, next_due
from services.intake.feedback.schemas import feedback_schemas, feedback_webhooks
from services.intake.first_look import api as first_look
from services.intake.notices import api as notices
from services.intake.notices.schemas import notice_schemas
from services.intake.orders import api as orders
from services.intake.orders.handlers import close_order, give_again, give_to_unit, take_from_unit
from services.intake.orders.tables import UpstreamOrderRecord
from services.intake.quarantine import api as quarantine
from services.intake.record import Record
from services.intake.releases import api as releases
from services.intake.searching import api as searching
from services.intake.settings import channel_secrets
from services.intake.states import api as states
from services.intake.states.schemas import state_schemas
from shared.bus.topics import DIRECTORY, ORDERS
from shared.contracts.dispatch import OrderAssigned, OrderClosed, OrderReopened, ReturnAccepted, UnitChanged
from shared.contracts.review import ReplyApproved
from shared.following import parts
from shared.following.units import follow_unit
from shared.reading_ahead import RowsOfOrder
from shared.service import Runtime, Service


async def prepare(runtime: Runtime) -> None:
    """Read the channels' secrets and make the writer's queue."""
    secrets = channel_secrets(runtime.settings.channel_secrets.get_secret_value(), frozenset(CHANNELS))
    runtime.parts.put(secrets)
    runtime.parts.put(Signatures(secrets.keys(), runtime.metrics.registry))
    runtime.parts.put(Acceptance(runtime.works, runtime.database_url))


SERVICE = Service(
    name="intake",
    title="受理",
    about="七个上级渠道的工单受理、隔离请求、办理结果反馈与回访结果。上级平台以 Standard Webhooks 签名推送。",
    routers=(
        acceptance.router,
        notices.router,
        notices.revisits,
        states.router,
        searching.router,
        orders.router,
        first_look.router,
        quarantine.router,
        releases.router,
        feedback.router,
    ),
    metadata=Record.metadata,
    schemas={**order_schemas(), **notice_schemas(), **state_schemas(), **feedback_schemas()},
    webhooks=feedback_webhooks(),
    topics=(ORDERS, DIRECTORY),
    rows=(RowsOfOrder(UpstreamOrderRecord, by=UpstreamOrderRecord.order_id),),
    subscriptions={
        OrderAssigned: (parts.take_over, give_to_unit),
        ReturnAccepted: (parts.give_back, take_from_unit),
        OrderReopened: give_again,
        OrderClosed: close_order,
        ReplyApproved: queue_feedback,
        UnitChanged: follow_unit,
    },
    jobs=(write_orders, deliver_feedback),
    next_due=next_due,
    prepare=prepare,
)
