"""Why a notice of a platform is not applied: its order is unknown, or what it says cannot be."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.channels.errors import NotUnderstood
from services.intake.endings.policy import CONTRADICTS, UNKNOWN_ORDER


class UnknownOrder(NotUnderstood):
    """The notice is about an order that the platform never sent."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN_ORDER, "找不到该工单编号对应的工单，请核对编号，或先推送该工单")


class HappenedBeforeCall(NotUnderstood):
    """The notice is dated before the call of its order."""

    def __init__(self, field: str) -> None:
        said = "时间：不能早于该工单的来电时间"
        fault = {"field": field, "code": "before_call", "message": f"{said}，请核对"}
        super().__init__("invalid", f"{said}，请核对工单编号与时间后重新发送", [fault])


class RevisitContradicts(NotUnderstood):
    """The result of a revisit contradicts itself: nobody was reached, yet there are opinions, or the other way round (A32)."""

    code, clause = CONTRADICTS, "A32"

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        found = [{"field": field, "code": CONTRADICTS, "message": said} for field, said in faults]
        super().__init__(CONTRADICTS, "回访结果自相矛盾，请核对是否接通、解决情况与满意度后重新发送", found)
