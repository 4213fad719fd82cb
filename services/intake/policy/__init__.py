"""What the circular and the district say about intake: channels, words, limits."""

from __future__ import annotations

from services.intake.policy.channels import CHANNELS
from services.intake.policy.titles import TITLES

__all__ = ["CHANNELS", "TITLES"]
