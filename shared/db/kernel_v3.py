"""Parked events are known by their place and by what they are: a broker that was made anew counts from 0 again.

By the place alone an old row hid the new event that came to lie there.  Each service takes this up in its metadata and in
a migration of its own.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

_COLUMNS: Final = ("topic", "partition", "offset", "event_id")
# What the consumer writes since then where there is no id, or one that no index can hold.
_NAME_ALL: Final = (
    "update parked set event_id = '?' || encode(sha256(payload), 'hex') where coalesce(event_id, '') = ''",
    "update parked set event_id = '#' || encode(sha256(convert_to(event_id, 'UTF8')), 'hex') where length(event_id) > 200",
)


def identify_parked(metadata: sa.MetaData) -> None:
    """Put the event's id beside its place in the unique index."""
    parked = metadata.tables["parked"]
    parked.indexes.remove(next(index for index in parked.indexes if index.name == "uq_parked_place"))
    sa.Index("uq_parked_event", *(parked.c[name] for name in _COLUMNS), unique=True)


def create() -> None:
    """Widen the unique index; frozen like every migration.

    Every row that the narrow one let in fits into the wide one.  A replica of the release before cannot park while this
    one runs beside it: it tries again, and ends with its release.
    """
    for statement in _NAME_ALL:
        op.execute(statement)
    op.create_index("uq_parked_event", "parked", list(_COLUMNS), unique=True)
    op.drop_index("uq_parked_place", table_name="parked")


def drop() -> None:
    """Narrow it again; refused while two events stand at one place: deciding about them is the operator's."""
    op.create_index("uq_parked_place", "parked", ["topic", "partition", "offset"], unique=True)
    op.drop_index("uq_parked_event", table_name="parked")
