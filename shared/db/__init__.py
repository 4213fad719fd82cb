"""PostgreSQL: engines, column types, the kernel's own tables, migrations."""

from __future__ import annotations

from shared.db.engine import Moment, asyncpg_url, new_engine, sqlalchemy_url
from shared.db.kernel import NAMING, TYPES, add_kernel_tables, new_metadata

__all__ = [
    "NAMING",
    "TYPES",
    "Moment",
    "add_kernel_tables",
    "asyncpg_url",
    "new_engine",
    "new_metadata",
    "sqlalchemy_url",
]
