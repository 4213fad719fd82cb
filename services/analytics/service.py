"""Analytics' table of contents."""

from __future__ import annotations

from typing import Final

from services.analytics.figures import api as figures_api
from services.analytics.figures import handlers as figures
from services.analytics.rebuilds import api as rebuilds_api
from services.analytics.record import Record
from shared.bus import DIRECTORY, ORDERS, SLA_BREACHES
from shared.service import Service

SERVICE: Final = Service(
    name="analytics",
    title="统计分析",
    about="按承办单位、日、周统计受理、交办、办结、超期与双率；全部统计可由事件重算并核对。",
    routers=(figures_api.router, rebuilds_api.router),
    metadata=Record.metadata,
    topics=(ORDERS, SLA_BREACHES, DIRECTORY),
    batch=figures.project,
)
