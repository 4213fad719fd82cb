"""Boards as people see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.clocks.schemas import Clock
from shared.web import Page


class UnitCount(BaseModel):
    """How many clocks a unit has on a board."""

    unit: Annotated[str | None, Field(description="承担单位；为空表示区89000中心")]
    count: int


class BoardPage(Page[Clock]):
    """A board: the clocks, the most urgent first, and how many each unit has in all."""

    as_of: datetime
    units: list[UnitCount]
