"""Analytics' table of contents."""

from __future__ import annotations

from typing import Final

from services.analytics import api, handlers
from services.analytics.tables import Record
from shared.bus import DIRECTORY, ORDERS, SLA_BREACHES
from shared.service import Service

SERVICE: Final = Service(
    name="analytics",
    title="统计分析",
    about="按承办单位、日、周统计受理、交办、办结、超期与双率；全部统计可由事件重算并核对。",
    routers=(api.router,),
    metadata=Record.metadata,
    topics=(ORDERS, SLA_BREACHES, DIRECTORY),
    batch=handlers.project,
)
