"""What the states are called when a platform asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.intake.feedback.model import DeliveryState
from services.intake.orders.model import State

STATE_TITLES: Final[Mapping[State, str]] = MappingProxyType(
    {
        State.RECEIVED: "已接收，待交办",
        State.ASSIGNED: "承办单位办理中",
        State.APPROVED: "审核通过，待反馈",
        State.FED_BACK: "已反馈",
        State.CLOSED: "已办结",
        State.CANCELLED: "已撤单",
    }
)
DELIVERY_TITLES: Final[Mapping[DeliveryState, str]] = MappingProxyType(
    {
        DeliveryState.WAITING: "待发送",
        DeliveryState.SENDING: "发送中",
        DeliveryState.ACKED: "已确认收到",
        DeliveryState.FAILED: "未送达，待人工重发",
        DeliveryState.CANCELLED: "工单已撤单，不再发送",
    }
)
