"""Intake's table of contents."""

from __future__ import annotations

from services.intake import api, jobs
from services.intake.handlers import following
from services.intake.handlers.parts import NAME, Parts
from services.intake.tables import Record
from shared.bus.topics import ORDERS
from shared.contracts.dispatch import OrderAssigned, OrderClosed, OrderReopened, ReturnAccepted
from shared.contracts.review import ReplyApproved
from shared.service import Runtime, Service


async def prepare(runtime: Runtime) -> None:
    """Read the channels' secrets and make the writer's queue."""
    runtime.parts[NAME] = Parts.of(
        runtime.works,
        runtime.database_url,
        runtime.settings.channel_secrets.get_secret_value(),
        runtime.metrics.registry,
    )


SERVICE = Service(
    name="intake",
    title="受理",
    about="七个上级渠道的工单受理、隔离请求、办理结果反馈与回访结果。上级平台以 Standard Webhooks 签名推送。",
    routers=api.ROUTERS,
    metadata=Record.metadata,
    topics=(ORDERS,),
    prefetch=following.hold_orders,
    subscriptions={
        OrderAssigned: following.give_to_unit,
        ReturnAccepted: following.take_from_unit,
        OrderReopened: following.give_again,
        OrderClosed: following.close_order,
        ReplyApproved: following.queue_feedback,
    },
    jobs=(jobs.write_orders, jobs.deliver_feedback),
    prepare=prepare,
)
