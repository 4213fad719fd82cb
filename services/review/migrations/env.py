"""How Alembic reaches review's tables."""

from services.review.service import SERVICE
from shared.db.migrate import run_environment

run_environment(SERVICE.metadata)
