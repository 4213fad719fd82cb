"""The declarative base of dispatch's rows, with the service's one MetaData."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date
from sqlalchemy.orm import DeclarativeBase

from shared.db import TYPES, new_metadata
from shared.db.kernel import add_confidential_order, add_followed_calendar, add_followed_rule_set, add_order_part
from shared.db.logins import PROTECTED, HangsOn


class Record(DeclarativeBase):
    """The base of every row of dispatch; its metadata has the kernel's tables too."""

    metadata = new_metadata()
    type_annotation_map = {**TYPES, date: Date()}  # noqa: RUF012 - the declarative mapping's own form


add_followed_calendar(Record.metadata)
add_followed_rule_set(Record.metadata)
add_order_part(Record.metadata)
add_confidential_order(Record.metadata)
# The history of an order is its audit trail, shown to whoever sees the order.
Record.metadata.tables["audit"].info[PROTECTED] = HangsOn("subject", "order_case", "order_id", added=True)


def one_of(column: str, *values: str) -> str:
    """The condition of a check constraint: the column has one of these values."""
    return f"{column} in ({', '.join(repr(str(value)) for value in values)})"
