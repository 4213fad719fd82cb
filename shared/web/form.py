"""Checks before a request is read: the parameters in its query, and the declared type of its body."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from shared.errors import UnsupportedContent
from shared.web.titles import Place, parameters

_SHOWN: Final = 20
_LONGEST: Final = 64
_DEEPEST: Final = 8
"""Parts of a place that are named, the innermost: the client chose them."""
_PLAIN: Final = frozenset({b"", b"identity"})
_UTF_8: Final = frozenset({b"", b"utf-8", b"utf8"})
Headers = Mapping[bytes, bytes]


def query_names(dependant: Dependant) -> Mapping[str, bool]:
    """The parameters that an operation takes in its query, and whether each may come more than once."""
    return {name: _is_list(field.annotation) for name, field in parameters(dependant, "query")}


def check_query(request: Request, names: Mapping[str, bool]) -> None:
    """Refuse parameters that would be ignored: a misspelt filter, which would give the whole list, or a second value."""
    if not request.scope["query_string"]:
        return
    given = Counter(name for name, _ in request.query_params.multi_items())
    faults = [
        {"type": "unknown_parameter" if name not in names else "repeated_parameter", "loc": ("query", shown(name))}
        for name, times in given.items()
        if name not in names or (times > 1 and not names[name])
    ]
    if faults:
        raise RequestValidationError(faults[:_SHOWN])


class KeyRepeated(Exception):
    """A JSON object has a key twice: one of the two values would be lost."""


class _Marked(dict[str, Any]):
    """A JSON object with a key that comes twice."""

    twice = ""


def each_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object for the parser; KeyRepeated when a key comes twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise KeyRepeated
    return found


def place_of_repeated(body: bytes) -> Place:
    """Where the key stands that made the parser raise KeyRepeated: names and positions, each name as `shown`."""

    def mark(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = _Marked(pairs)
        if len(found) < len(pairs):
            found.twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            found[found.twice] = None  # only one of its values is here: what stands in it has no place of its own
            return found
        return dict(found)

    try:
        waiting: list[tuple[Any, Place]] = [(json.loads(body, object_pairs_hook=mark), ())]
    except (ValueError, RecursionError):
        return ()  # what comes after the key is wrong too
    while waiting:
        node, place = waiting.pop()
        if isinstance(node, _Marked):
            return (*place, shown(node.twice))[-_DEEPEST:]
        if isinstance(node, dict):
            waiting += [(value, (*place, shown(name))) for name, value in node.items()]
        elif isinstance(node, list):
            waiting += [(value, (*place, number)) for number, value in enumerate(node)]
    return ()


def read_json(body: bytes) -> Any:
    """The JSON, each key once and no number that is too long; JSONDecodeError when it is not JSON."""
    try:
        return json.loads(body, object_pairs_hook=each_once)
    except KeyRepeated as fault:
        place = ("body", *place_of_repeated(body))
        raise RequestValidationError([{"type": "repeated_field", "loc": place}]) from fault
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise
    except ValueError as fault:  # an integer of thousands of digits, which Python does not read
        raise RequestValidationError([{"type": "number_too_large", "loc": ("body",)}]) from fault


def shown(name: str) -> str:
    """A name that the client chose, shortened and printable."""
    return name[:_LONGEST] if name.isprintable() else "?"


def _is_list(annotation: Any) -> bool:
    if get_origin(annotation) in {list, tuple, set, frozenset}:
        return True
    return any(_is_list(part) for part in get_args(annotation))


def headers_of(request: Request) -> Headers:
    """The headers by name; of two with one name the first counts, as it does for the framework."""
    return dict(reversed(request.scope["headers"]))


def check_content(headers: Headers) -> None:
    """Refuse a body that is declared as anything but JSON in UTF-8; a request without a body needs no content type."""
    if b"transfer-encoding" not in headers and headers.get(b"content-length", b"0").strip(b"0") == b"":
        return
    kind, _, _ = headers.get(b"content-type", b"").partition(b";")
    kind = kind.strip().lower()
    if kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        raise UnsupportedContent("type")
    check_encoding(headers)


def is_multipart(headers: Headers) -> bool:
    """Whether the body is declared as a form with files."""
    kind, _, _ = headers.get(b"content-type", b"").partition(b";")
    return kind.strip().lower() == b"multipart/form-data"


def check_multipart(headers: Headers) -> None:
    """Refuse a body that is not declared as a form with files."""
    if not is_multipart(headers):
        raise UnsupportedContent("form")
    check_encoding(headers)


def check_encoding(headers: Headers) -> None:
    """Refuse a body that is declared as compressed or as not UTF-8."""
    if headers.get(b"content-encoding", b"").strip().lower() not in _PLAIN:
        raise UnsupportedContent("encoding")
    _, more, said = headers.get(b"content-type", b"").partition(b";")
    if more and _charset_of(said) not in _UTF_8:
        raise UnsupportedContent("charset")


def _charset_of(said: bytes) -> bytes:
    for parameter in said.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip().lower() == b"charset":
            return value.strip().strip(b'"').lower()
    return b""
