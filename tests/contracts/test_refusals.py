"""What a refusal says is Chinese: names of fields and codes stand in fields of their own, and in no message (R4)."""

from __future__ import annotations

import ast
import inspect
import re
import typing
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import pytest

import services.analytics.service
import services.dispatch.service
import services.intake.service
import services.review.service
import services.sla.service
from shared.calendar import SHANGHAI
from shared.errors import BusinessError

# Importing a service makes its refusals, and those of the kernel, known.
SERVICES: Final = (
    services.analytics.service.SERVICE,
    services.dispatch.service.SERVICE,
    services.intake.service.SERVICE,
    services.review.service.SERVICE,
    services.sla.service.SERVICE,
)
ROOT: Final = Path(__file__).resolve().parents[2]
CHINESE: Final = re.compile("[\u3400-\u9fff]")
WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What people call so themselves: formats, units, programs, and the headers that programs of platforms send.
USUAL: Final = frozenset(
    re.findall(
        r"\S+",
        """
    ASCII COM1 CON DTEND DTSTART DURATION ETag Excel GBK HEIC HEIF HTTP IP ISO JPG JSON KB Kafka MB OLE PDF PowerPoint UTC
    UTF WPS Windows Word W W48 T09 Z docx iCalendar pptx xlsx base64 UOS HMAC SHA256
    Authorization Content Encoding Type Cookie Idempotency Key If Match None Last Event ID Range Retry After
    application json multipart form data charset utf boundary webhook id timestamp signature
        """,
    )
)
# For whoever starts the platform, and the documents of the API: settings and fields are called by their names there.
NOT_FOR_CLIENTS: Final = re.compile(
    r"shared/(run|bus|db)/|shared/(clock|settings|files/store)\.py|__main__\.py|/settings\.py|/(schemas|service|api)\.py"
    r"|shared/(app/http|streams/sse|calendar/notice)\.py|shared/calendar/icalendar_file\.py|shared/personal/"
)
DOCUMENTED: Final = frozenset(
    {
        "description",
        "summary",
        "title",
        "examples",
        "responses",
        "json_schema_extra",
        "openapi_extra",
        "comment",
        "tags",
    }
)
MACHINE: Final = "zz_machine_word"
WRITTEN: Final = "人写的话"
# What a person wrote, or what a rule has said in Chinese: it is repeated.
REPEATED: Final = frozenset(
    {"message", "words", "problem", "advice", "holiday", "piece", "source_notice", "what", "title", "name"}
)
REPEATED_BY: Final = frozenset({("IllegalMove", "reason")})


def refusals() -> list[type[BusinessError]]:
    """Every class of refusal of the services and the kernel."""

    def below(kind: type[BusinessError]) -> Iterator[type[BusinessError]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    found = {one for one in below(BusinessError) if one.__module__.split(".")[0] in {"services", "shared"}}
    return sorted(found, key=lambda one: (one.__module__, one.__name__))


def given(kind: type[BusinessError], name: str, annotation: Any) -> Any:
    """Something for a parameter; a machine word, unless the message may repeat it."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if name in REPEATED or (kind.__name__, name) in REPEATED_BY:
        return WRITTEN
    usual: dict[Any, Any] = {
        str: MACHINE,
        int: 3,
        bool: True,
        datetime: datetime(2026, 11, 23, 9, tzinfo=SHANGHAI),
        date: date(2026, 11, 23),
    }
    if get_origin(annotation) in {tuple, list, Sequence}:
        return ()
    return next((usual[one] for one in (annotation, *get_args(annotation)) if one in usual), None)


def built(kind: type[BusinessError]) -> BusinessError | None:
    """A refusal of this class; None where its words depend on a code that the test does not know, or on a subclass."""
    hints = typing.get_type_hints(kind.__init__)
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    try:
        arguments = {one.name: given(kind, one.name, hints.get(one.name, str)) for one in parameters}
        return kind(**arguments)
    except (KeyError, AttributeError):
        return None


def machine_words(text: str) -> list[str]:
    """The words of a Chinese text that are for programs."""
    return [word for word in WORD.findall(text) if word not in USUAL]


def texts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Every text in a module that is neither a docstring nor for the documents of the API."""
    if isinstance(node, ast.keyword) and node.arg in DOCUMENTED:
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else "…" for one in node.values]
        yield node.lineno, "".join(map(str, parts))
        node = ast.Tuple([one.value for one in node.values if isinstance(one, ast.FormattedValue)], ast.Load())
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, re.sub(r"\{\w+\}", "…", node.value)
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def offenders(source: str) -> list[str]:
    """The Chinese texts of a module that have words for programs in them."""
    found = texts(ast.parse(source))
    return [f"{line}: {text}" for line, text in found if CHINESE.search(text) and machine_words(text)]


def test_no_text_for_people_has_the_name_of_a_field_or_a_code() -> None:
    paths = [path for folder in ("services", "shared") for path in sorted((ROOT / folder).rglob("*.py"))]
    read = {path.relative_to(ROOT).as_posix(): path for path in paths if "migrations" not in path.parts}
    found = {
        name: faults
        for name, path in read.items()
        if not NOT_FOR_CLIENTS.search(name) and (faults := offenders(path.read_text(encoding="utf-8")))
    }

    assert len(read) > 300
    assert found == {}


def test_no_refusal_repeats_a_code_that_it_is_given() -> None:
    made = [(kind, one) for kind in refusals() if (one := built(kind)) is not None]
    found = {
        kind.__qualname__: one.message
        for kind, one in made
        if MACHINE in one.message or not CHINESE.search(one.message) or machine_words(one.message)
    }

    assert len(SERVICES) == 5
    assert len(made) > 150
    assert found == {}


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ('say("驳回须填写理由（reason）")', 1),
        ('say(f"规则 {name}：应为 yes 或 no")', 1),
        ('say(f"规则“{title}”：应为是或否，PDF 不超过 {most} MB")', 0),
        ('Field(description="reason 理由")', 0),
        ('"""docstring 中的 reason"""', 0),
    ],
)
def test_a_planted_word_is_found(planted: str, found: int) -> None:
    assert len(offenders(planted)) == found
