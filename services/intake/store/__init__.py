"""Intake's queries: the group commit on asyncpg, everything else on SQLAlchemy."""
