"""What a running intake has beside the kernel's parts: the writer's queue, the channels' secrets, its own counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter

from services.intake.handlers.acceptance import Acceptance
from services.intake.policy import CHANNELS
from services.intake.settings import ChannelSecrets, channel_secrets
from shared.work import Works

NAME = "intake"
"""Where the runtime keeps them."""


@dataclass(slots=True)
class Parts:
    """Made once by `prepare`, found by routes and jobs."""

    acceptance: Acceptance
    secrets: Mapping[str, ChannelSecrets]
    signatures_refused: Counter
    keys: Mapping[str, tuple[bytes, ...]] = field(init=False)

    def __post_init__(self) -> None:
        """The keys of the signatures, decoded once and not per request."""
        self.keys = {code: secrets.keys for code, secrets in self.secrets.items()}

    @classmethod
    def of(cls, works: Works, database_url: str, secrets: str, registry: CollectorRegistry) -> Parts:
        """From the settings; BadChannelSecrets when they cannot be read."""
        return cls(
            acceptance=Acceptance(works, database_url),
            secrets=channel_secrets(secrets, frozenset(CHANNELS)),
            signatures_refused=Counter(
                "hotline_intake_signatures_refused",
                "webhooks without a valid signature",
                ["channel", "reason"],
                registry=registry,
            ),
        )
