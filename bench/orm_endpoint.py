"""The same webhook as a FastAPI tutorial would write it: dependencies, a body model, one ORM session per request.

Before it answers it does the same as ours: signature over the exact bytes, full validation, sealed personal data, no
order twice by platform and number, order and event durable in one transaction.  It writes two rows, ours six.
"""

import base64
import hmac
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import UniqueConstraint, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.db import TYPES
from shared.db.engine import sqlalchemy_url
from shared.outbox.writer import new_id
from shared.personal.sealing import Sealer
from shared.web.fields import Line, Text

WINDOW_SECONDS = 300


class Base(DeclarativeBase):
    type_annotation_map = TYPES


class Order(Base):
    __tablename__ = "tutorial_order"
    __table_args__ = (UniqueConstraint("platform", "platform_no"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    platform: Mapped[str]
    platform_no: Mapped[str]
    caller_name: Mapped[str | None]
    caller_phone: Mapped[str | None]
    address: Mapped[str | None]
    demand: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    received_at: Mapped[datetime]


class OutboxEvent(Base):
    __tablename__ = "tutorial_outbox"

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[UUID]
    key: Mapped[str]
    type: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class OrderIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    orderNum: Annotated[str, Field(pattern=r"^[0-9A-Za-z_\-./#]{1,64}$")]  # noqa: N815 - the platform's names
    title: Line
    eventDesc: Text  # noqa: N815
    orderType: Line  # noqa: N815
    category: Line
    categoryCode: Line | None = None  # noqa: N815
    acceptWay: Line | None = None  # noqa: N815
    callerName: Line | None = None  # noqa: N815
    callerSex: Line | None = None  # noqa: N815
    callerPhone: Annotated[str, Field(pattern=r"^[0-9+\-() ]{3,32}$")]  # noqa: N815
    isSecret: bool = False  # noqa: N815
    isPublic: bool | None = None  # noqa: N815
    area: Line | None = None
    street: Line | None = None
    address: Line | None = None
    lng: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    callTime: datetime  # noqa: N815
    sendTime: datetime | None = None  # noqa: N815
    timeLimit: Annotated[int, Field(ge=0, le=10_000)] | None = None  # noqa: N815
    timeUnit: Line | None = None  # noqa: N815


class OrderOut(BaseModel):
    order_id: UUID
    version: int


def build(database_url: str, secret: str) -> FastAPI:
    app = FastAPI()
    engine = create_async_engine(sqlalchemy_url(database_url), pool_size=16, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    sealer = Sealer({"bench": b"\x00" * 32})

    async def session() -> AsyncIterator[AsyncSession]:
        async with sessions() as one:
            yield one

    async def authentic(request: Request) -> None:
        identity, stamp = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not stamp.isdigit() or abs(datetime.now(UTC).timestamp() - int(stamp)) > WINDOW_SECONDS:
            raise HTTPException(401)
        digest = hmac.digest(key, f"{identity}.{stamp}.".encode() + await request.body(), "sha256")
        given = request.headers.get("webhook-signature", "")
        if not hmac.compare_digest(given, "v1," + base64.b64encode(digest).decode()):
            raise HTTPException(401)

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post(
        "/api/intake/v1/channels/{channel}/orders", status_code=201, dependencies=[Depends(authentic)],
    )  # fmt: skip
    async def receive(channel: str, body: OrderIn, db: Annotated[AsyncSession, Depends(session)]) -> OrderOut:
        known = await db.scalar(select(Order).where(Order.platform == channel, Order.platform_no == body.orderNum))
        if known is not None:
            return OrderOut(order_id=known.id, version=1)
        order_id, now = new_id(), datetime.now(UTC)
        sealed = sealer.seal(f"{body.title}\n{body.eventDesc}", f"order:{order_id}:demand")
        hidden = {"title", "eventDesc", "callerName", "callerPhone", "address"}
        db.add(
            Order(
                id=order_id, platform=channel, platform_no=body.orderNum,
                caller_name=body.callerName and sealer.seal(body.callerName, f"caller:{order_id}:name"),
                caller_phone=sealer.seal(body.callerPhone, f"caller:{order_id}:phone"),
                address=body.address and sealer.seal(body.address, f"caller:{order_id}:address"),
                demand=sealed, details=body.model_dump(mode="json", exclude=hidden), received_at=now,
            )
        )  # fmt: skip
        payload: dict[str, Any] = {
            "order_id": str(order_id), "platform": channel, "platform_no": body.orderNum, "level": "municipal",
            "subject": "person", "scheme": "ordinary", "category": body.category, "urgent": [], "out_of_scope": None,
            "street": body.street, "confidential": body.isSecret, "demand": sealed, "received_at": now.isoformat(),
        }  # fmt: skip
        db.add(OutboxEvent(id=new_id(), key=str(order_id), type="order.received.v1", payload=payload, created_at=now))
        try:
            await db.commit()
        except IntegrityError as twice:
            raise HTTPException(409) from twice
        return OrderOut(order_id=order_id, version=1)

    @app.on_event("startup")
    async def create() -> None:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

    return app


if __name__ == "__main__":
    uvicorn.run(
        build(os.environ["BENCH_DATABASE_URL"], os.environ["BENCH_SECRET"]),
        host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), loop="uvloop", http="httptools", access_log=False,
        log_level="warning",
    )  # fmt: skip
