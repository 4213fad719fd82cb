"""How Alembic reaches sla's tables."""

from services.sla.tables import Record
from shared.db.migrate import run_environment

run_environment(Record.metadata)
