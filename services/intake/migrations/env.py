"""How Alembic reaches intake's tables."""

from services.intake.service import SERVICE
from shared.db.migrate import run_environment

run_environment(SERVICE.metadata)
