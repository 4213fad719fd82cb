"""How a person corrects the flags."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.intake import Urgency
from shared.web.fields import Body, Line

ScopeClass = Literal["litigation", "criminal", "petition", "discipline", "unlawful"]


class FlagsBody(Body):
    """A person's judgement of the flags."""

    urgent: Annotated[list[Urgency], Field(max_length=3, title="紧急类别")]
    out_of_scope: Annotated[ScopeClass | None, Field(title="不在受理范围的类别")]
    reason: Annotated[Line, Field(title="更改理由")]
