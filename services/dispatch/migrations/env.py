"""How Alembic reaches dispatch's tables."""

from services.dispatch.tables import Record
from shared.db.migrate import run_environment

run_environment(Record.metadata)
