"""What a request must look like before anybody reads it: the names in its query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from shared.web.titles import parameters

_SHOWN: Final = 20
_LONGEST: Final = 64


def query_names(dependant: Dependant) -> Mapping[str, bool]:
    """The parameters that an operation takes in its query, and whether each may come more than once."""
    return {name: _is_list(field.annotation) for name, field in parameters(dependant, "query")}


def check_query(request: Request, names: Mapping[str, bool]) -> None:
    """Refuse what would be passed by: a misspelt filter gives the whole list, of two values only one is looked at."""
    if not request.scope["query_string"]:
        return
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [
        {"type": "unknown_parameter" if name not in names else "repeated_parameter", "loc": ("query", _shown(name))}
        for name, times in given.items()
        if name not in names or (times > 1 and not names[name])
    ]
    if faults:
        raise RequestValidationError(faults[:_SHOWN])


def _shown(name: str) -> str:
    """A name of the client's making, as far as it can be printed."""
    return name[:_LONGEST] if name.isprintable() else "?"


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in {list, tuple, set, frozenset}:
        return True
    return any(_is_list(part) for part in get_args(annotation))
