"""The Chinese name of a field or parameter, from its declaration: the `title` of its Field, Query or Path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Place = tuple[str | int, ...]
"""The place of a value in pydantic's form: names of fields, and positions in lists."""


def title_of(place: Place, fields: Mapping[str, FieldInfo], names: Mapping[str, str] | None = None) -> str:
    """The Chinese name of a place: `days.0.on` is 更改的日期第 1 项的日期; `names` has those of fields without a title."""
    said = ""
    for part in place:
        if isinstance(part, int):
            said += f"第 {part + 1} 项"
            continue
        field = fields.get(part)
        title = (field.title if field is not None else None) or (names or {}).get(part, part)
        said += f"的{title}" if said else title
        fields = _fields_within(field.annotation) if field is not None else {}
    return said


def title_in_request(location: Place, route: object) -> str:
    """The same for a place in a request, which begins with body, query, path or header."""
    if not isinstance(route, APIRoute) or not location:
        return title_of(location[1:], {})
    kind, place = location[0], location[1:]
    if kind == "body":
        model = getattr(route, "body_model", None)
        if model is None and route.body_field is not None:
            model = route.body_field.field_info.annotation
        return title_of(place, _fields_within(model))
    return title_of(place, dict(parameters(route.dependant, str(kind))))


def _fields_within(annotation: Any) -> Mapping[str, FieldInfo]:
    """The fields of the first model in the annotation, also inside a list or an optional."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation.model_fields
    return next((found for part in get_args(annotation) if (found := _fields_within(part))), {})


def parameters(dependant: Dependant, kind: str) -> Iterator[tuple[str, FieldInfo]]:
    """The parameters of an operation in its query, path or header, with their declarations."""
    for parameter in getattr(dependant, f"{kind}_params", ()):
        yield parameter.alias, parameter.field_info
    for below in dependant.dependencies:
        yield from parameters(below, kind)
