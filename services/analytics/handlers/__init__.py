"""What analytics does: keep the figures running, and rebuild them to see that they are right."""

from services.analytics.handlers.projection import project
from services.analytics.handlers.rebuilding import rebuild

__all__ = ["project", "rebuild"]
