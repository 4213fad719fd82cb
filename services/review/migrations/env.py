"""How Alembic reaches review's tables."""

from services.review.tables import Record
from shared.db.migrate import run_environment

run_environment(Record.metadata)
