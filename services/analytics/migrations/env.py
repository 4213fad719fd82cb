"""How Alembic reaches analytics' tables."""

from services.analytics.tables import Record
from shared.db.migrate import run_environment

run_environment(Record.metadata)
