"""What an administrator can do with every service: parked events, and the simulated clock."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from shared.clock import CatchingUpClock, SimulatedClock
from shared.deps import CurrentPerson, Cursor, Limit, ThisRuntime
from shared.errors import BusinessError, Incomplete
from shared.web.fields import Body, SaneMoment, Text, YesNo
from shared.web.paging import Page, cursor_of, position_of
from shared.web.routes import DeskRoute

router = APIRouter(prefix="/v1/operations", route_class=DeskRoute, tags=["运维"])


class ParkedEvent(BaseModel):
    """An event that waits for an operator."""

    id: int
    topic: str
    key: str
    event_id: str | None
    type: str | None
    reason: str = Field(
        description="undecodable 无法解码 / invalid 不合约定 / refused 规则不允许 / failed 处理失败 / gap 缺失前序 / behind 排在其后"
    )
    detail: str
    parked_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    why: str | None


class ParkedContent(ParkedEvent):
    """A parked event with its headers and bytes."""

    headers: dict[str, str]
    payload: str = Field(description="原始字节，base64")


class NewContent(Body):
    """Other content for a parked event."""

    payload: Annotated[str, Field(max_length=2_000_000, title="替换内容", description="替换内容，base64")]
    why: Annotated[Text, Field(title="理由")]


class Why(Body):
    """A reason."""

    why: Annotated[Text, Field(title="理由")]


class Key(Body):
    """Whose events are to be replayed."""

    topic: Annotated[str, Field(pattern=r"^[a-z-]{1,64}$", title="事件主题")]
    key: Annotated[str, Field(pattern=r"^[^\x00-\x1f]{1,200}$", title="事件键")]
    despite_gap: Annotated[YesNo, Field(title="仍然重放", description="已核实缺失的前序事件无法找回，仍然重放")] = False


class Replayed(BaseModel):
    """How many events were applied."""

    replayed: int


class BadPayload(Incomplete):
    """The content is not base64."""

    code = "bad_payload"

    def __init__(self) -> None:
        super().__init__("替换内容须为 base64 编码")


class ClockReal(BusinessError):
    """The platform runs on the real clock."""

    code = "clock_is_real"

    def __init__(self) -> None:
        super().__init__("平台使用真实时钟，不能调整；如需演练，请以模拟时钟启动")


ParkedId = Annotated[int, Path(ge=1, lt=2**63, title="暂存事件编号")]


@router.get("/parked", operation_id="list_parked", summary="暂存事件列表")
async def list_parked(
    runtime: ThisRuntime,
    cursor: Cursor = None,
    limit: Limit = 50,
    *,
    waiting: Annotated[bool, Query(title="只看待处理的")] = True,
) -> Page[ParkedEvent]:
    """Events that could not be applied, oldest first."""
    position = position_of(cursor, int)
    rows = await runtime.parked.listing(waiting=waiting, after=int(position[0]) if position else 0, limit=limit + 1)
    return Page(
        items=[ParkedEvent.model_validate(row) for row in rows[:limit]],
        next=cursor_of(rows[limit - 1]["id"]) if len(rows) > limit else None,
    )


@router.get("/parked/{parked_id}", operation_id="get_parked", summary="暂存事件详情")
async def get_parked(parked_id: ParkedId, runtime: ThisRuntime) -> ParkedContent:
    """One parked event with its bytes."""
    row = await runtime.parked.one(parked_id)
    return ParkedContent.model_validate({**row, "payload": base64.b64encode(bytes(row["payload"])).decode()})


@router.put("/parked/{parked_id}", operation_id="edit_parked", status_code=204, summary="修改暂存事件内容")
async def edit_parked(parked_id: ParkedId, body: NewContent, runtime: ThisRuntime, person: CurrentPerson) -> None:
    """Put other content in its place."""
    try:
        payload = base64.b64decode(body.payload, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadPayload from fault
    await runtime.parked.edit(parked_id, payload, person, body.why)


@router.post("/parked/{parked_id}/drop", operation_id="drop_parked", status_code=204, summary="放弃暂存事件")
async def drop_parked(parked_id: ParkedId, body: Why, runtime: ThisRuntime, person: CurrentPerson) -> None:
    """Drop it, with a reason."""
    await runtime.parked.drop(parked_id, person, body.why)


@router.post("/replay", operation_id="replay_parked", summary="按键重放暂存事件")
async def replay_parked(body: Key, runtime: ThisRuntime, person: CurrentPerson) -> Replayed:
    """Apply the waiting events of one key in order."""
    done = await runtime.parked.replay(body.topic, body.key, person, despite_gap=body.despite_gap)
    return Replayed(replayed=done)


class ClockState(BaseModel):
    """The platform's current time."""

    now: datetime
    simulated: bool
    rate: float = Field(description="每真实秒前进的模拟秒数")


class NewTime(Body):
    """The time to which the simulated clock is set."""

    now: Annotated[SaneMoment, Field(title="模拟时间")]
    rate: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False, title="时间倍率")] = 1.0


def _state(clock: Any) -> ClockState:
    if isinstance(clock, SimulatedClock):
        return ClockState(now=clock.now(), simulated=True, rate=clock.rate)
    if isinstance(clock, CatchingUpClock) and not clock.arrived:
        return ClockState(now=clock.now(), simulated=True, rate=0.0)
    return ClockState(now=clock.now(), simulated=False, rate=1.0)


@router.get("/clock", operation_id="get_clock", summary="查看时钟")
async def get_clock(runtime: ThisRuntime) -> ClockState:
    """The platform's clock."""
    return _state(runtime.clock)


@router.put("/clock", operation_id="set_clock", summary="设置模拟时钟")
async def set_clock(body: NewTime, runtime: ThisRuntime, person: CurrentPerson) -> ClockState:
    """Move the simulated clock, for every process of this machine; refused when the clock is real (X4)."""
    if not isinstance(runtime.clock, SimulatedClock):
        raise ClockReal
    async with runtime.works.begin(person) as work:
        work.audit(
            "clock.set",
            "clock",
            before={"now": runtime.clock.now().isoformat()},
            after={"now": body.now.isoformat(), "rate": body.rate},
        )
    runtime.clock.set(body.now, rate=body.rate)
    return _state(runtime.clock)
