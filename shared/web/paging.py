"""Pages by cursor: stable while rows are added, and the last page is as fast as the first."""

from __future__ import annotations

import base64
import binascii
from typing import Generic, TypeVar

import orjson
from pydantic import BaseModel, Field

from shared.errors import Incomplete

Item = TypeVar("Item")


class BadCursor(Incomplete):
    """The cursor was not issued by this service."""

    code = "bad_cursor"

    def __init__(self) -> None:
        super().__init__("翻页标记无效，请从第一页重新查询")


class Page(BaseModel, Generic[Item]):
    """A page of a listing; `next` is to be sent as `cursor` for the following one, None at the end."""

    items: list[Item]
    next: str | None = Field(default=None, description="下一页标记；为空表示已到末页")


def cursor_of(*position: str | int) -> str:
    """A position in a list as an opaque string."""
    return base64.urlsafe_b64encode(orjson.dumps(position)).rstrip(b"=").decode()


def position_of(cursor: str | None, *kinds: type) -> tuple[str | int, ...] | None:
    """The position in a cursor, with values of these types; BadCursor if it has another form."""
    if cursor is None:
        return None
    try:
        position = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as fault:
        raise BadCursor from fault
    if not isinstance(position, list) or [type(part) for part in position] != list(kinds):
        raise BadCursor
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in position):
        raise BadCursor
    if any(isinstance(part, str) and "\x00" in part for part in position):
        raise BadCursor
    return tuple(position)
