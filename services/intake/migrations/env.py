"""How Alembic reaches intake's tables."""

from services.intake.tables import Record
from shared.db.migrate import run_environment

run_environment(Record.metadata)
