"""HTTP for the routes of a service: problem+json, paging, checked fields, kinds of route."""

from __future__ import annotations

from shared.web.fields import Body, Code, Identifier, Line, PastMoment, SaneMoment, Text, YesNo
from shared.web.paging import Page, cursor_of, position_of
from shared.web.routes import CommandRoute, DeskRoute, RawRoute, whole_body

__all__ = [
    "Body",
    "Code",
    "CommandRoute",
    "DeskRoute",
    "Identifier",
    "Line",
    "Page",
    "PastMoment",
    "RawRoute",
    "SaneMoment",
    "Text",
    "YesNo",
    "cursor_of",
    "position_of",
    "whole_body",
]
