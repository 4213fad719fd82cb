"""How Alembic reaches dispatch's tables."""

from services.dispatch.service import SERVICE
from shared.db.migrate import run_environment

run_environment(SERVICE.metadata)
