"""How Alembic reaches sla's tables."""

from services.sla.service import SERVICE
from shared.db.migrate import run_environment

run_environment(SERVICE.metadata)
