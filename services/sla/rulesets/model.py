"""Where a rule set stands."""

from __future__ import annotations

from enum import StrEnum


class RuleSetState(StrEnum):
    """A draft may change and applies to nobody; what was published never changes."""

    DRAFT = "draft"
    PUBLISHED = "published"
