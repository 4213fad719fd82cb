"""How Alembic reaches analytics' tables."""

from services.analytics.service import SERVICE
from shared.db.migrate import run_environment

run_environment(SERVICE.metadata)
