"""The base of every event: a fact in the past tense, data only, with its type written out."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

Sealed = Annotated[str, StringConstraints(pattern=r"^s1\.")]
"""Personal text encrypted with the district's key (shared.personal.sealing), bound to its order: the bus never carries it in clear."""

Moment = AwareDatetime
"""A moment with its offset; UTC inside."""


class Event(BaseModel):
    """A fact that one service publishes for the others.

    Readers ignore fields they do not know, so a new field with a default needs no new version; any other change is a V2
    beside V1.  `type` is written out and never derived from the class name.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[str]

    @property
    def key(self) -> str:
        """The subject: events of one key keep their order."""
        raise NotImplementedError


class OrderEvent(Event):
    """A fact about one order; keyed by its id, so that a cause is read before its effect, whichever service sent it."""

    topic: ClassVar[str] = "orders"

    order_id: str

    @property
    def key(self) -> str:
        """The order's id."""
        return self.order_id
