"""Forms with files: read piece by piece, each file into a temporary one, checked, and kept when all are sound.

    form = UploadForm(ReturnBody)

    @router.post("/{order_id}/return")
    async def request_return(upload: Annotated[Upload[ReturnBody], Depends(form)], work: InWork) -> ...:

The router has `route_class=UploadRoute`.  The form stands before `work`: no transaction waits for a slow sender.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import re
import tempfile
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Generic, TypeVar, cast

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from shared.errors import BusinessError
from shared.files import limits
from shared.files.checking import check_file
from shared.files.errors import (
    DataTooLarge,
    FileInfected,
    FileTooLarge,
    FormUnreadable,
    NameUnfit,
    TooManyFiles,
    TooManyUploads,
    UploadTooSlow,
)
from shared.files.kinds import ACCEPTED, Kind, check_name, kind_of
from shared.files.store import FileStore
from shared.files.stored import StoredFile
from shared.telemetry import logger
from shared.web.form import Headers, check_content, check_multipart, headers_of, is_multipart, read_json, shown
from shared.web.problem import TITLES
from shared.web.routes import CommandRoute

log = logger("files")

DATA: Final = "data"
FILES: Final = "files"
_PIECE: Final = 64 * 1024
_HEADERS: Final = 8
_HEADER_BYTES: Final = 4 * 1024
_FLUSHED_FROM: Final = 256 * 1024
# What RFC 2046 allows.
_BOUNDARY: Final = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PLAIN: Final = frozenset({b"", b"7bit", b"8bit", b"binary"})
# The parser writes a line for every form that it cannot read; ours is written where the refusal is.
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
_places = asyncio.Semaphore(limits.UPLOADS_AT_ONCE)

Data = TypeVar("Data", bound=BaseModel)

UPLOAD_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    408: {
        "description": TITLES[408],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""For the OpenAPI document of a route that reads a form."""


@dataclass(frozen=True, slots=True)
class Upload(Generic[Data]):
    """A form that was read whole: its data, and its files, which are in the store."""

    data: Data
    files: tuple[StoredFile, ...]


@dataclass(slots=True)
class _Draft:
    """A file on its way: it has no name on the disk, so that nothing is left of it when the process dies."""

    position: int
    name: str
    kind: Kind
    file: BinaryIO
    digest: Any = field(default_factory=hashlib.sha256)
    size: int = 0
    waiting: list[bytes] = field(default_factory=list)

    def flush(self) -> None:
        """Write and hash what has come; in a thread, because a disk may be slow."""
        for block in self.waiting:
            self.file.write(block)
            self.digest.update(block)
        self.waiting.clear()

    @property
    def stored(self) -> StoredFile:
        """What the service will keep of it."""
        return StoredFile(self.digest.hexdigest(), self.size, self.kind.media_type, self.name)


class _Reading:
    """One form while it comes: the parser says what it sees, and the first thing that is wrong ends it."""

    def __init__(self, boundary: bytes, most_files: int) -> None:
        self.data: bytearray | None = None
        self.drafts: list[_Draft] = []
        self.ended = False
        self._most_files, self._parts, self._waiting = most_files, 0, 0
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = b"", b""
        self._draft: _Draft | None = None
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header,
                "on_headers_finished": self._open,
                "on_part_data": self._take,
                "on_end": self._end,
            },
            max_header_count=_HEADERS,
            max_header_size=_HEADER_BYTES,
        )

    async def write(self, piece: bytes) -> None:
        """The next piece of the body; FormUnreadable or FileRefused when something is wrong with it."""
        try:
            self._parser.write(piece)
        except FormParserError as fault:
            raise FormUnreadable("header" if "header" in str(fault).lower() else "malformed") from fault
        if self._waiting >= _FLUSHED_FROM:
            await self.flush()

    async def flush(self) -> None:
        """Have on the disk what has come."""
        self._waiting = 0
        for draft in self.drafts:
            if draft.waiting:
                await asyncio.to_thread(draft.flush)

    def close(self) -> None:
        """Let go of the temporary files."""
        for draft in self.drafts:
            draft.file.close()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._most_files + 1:
            raise TooManyFiles(self._most_files)
        self._headers, self._draft = {}, None

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        name = self._name.lower()
        if name in self._headers:
            raise FormUnreadable("malformed")
        self._headers[name] = self._value
        self._name, self._value = b"", b""

    def _open(self) -> None:
        said = self._headers.get(b"content-disposition", b"")
        kind, options = parse_options_header(said)
        if kind != b"form-data" or b"name" not in options:
            raise FormUnreadable("part")
        if self._headers.get(b"content-transfer-encoding", b"").lower() not in _PLAIN:
            raise FormUnreadable("malformed")
        name = options[b"name"].decode("utf-8", "replace")
        if name == DATA:
            if self.data is not None:
                raise RequestValidationError([{"type": "repeated_field", "loc": ("body", DATA)}])
            self.data = bytearray()
        elif name == FILES:
            self._draft = self._drafted(said, options.get(b"filename", b""))
            self.drafts.append(self._draft)
        else:
            raise RequestValidationError([{"type": "extra_forbidden", "loc": ("body", shown(name))}])

    def _drafted(self, said: bytes, filename: bytes) -> _Draft:
        position = len(self.drafts) + 1
        if position > self._most_files:
            raise TooManyFiles(self._most_files)
        # The parser takes a path of Windows off in silence.
        if b"\\" in said.replace(b'\\"', b""):
            raise NameUnfit("path", position=position)
        try:
            name = filename.decode()
        except UnicodeDecodeError as fault:
            raise NameUnfit("encoding", position=position) from fault
        name = check_name(name, position=position)
        kind = kind_of(name, position=position)
        return _Draft(position, name, kind, cast("BinaryIO", tempfile.TemporaryFile()))

    def _take(self, data: bytes, start: int, end: int) -> None:
        block, draft = data[start:end], self._draft
        if draft is None:
            assert self.data is not None
            self.data += block
            if len(self.data) > limits.DATA_BYTES:
                raise DataTooLarge(limits.DATA_BYTES)
            return
        draft.size += len(block)
        if draft.size > limits.FILE_BYTES:
            raise FileTooLarge(position=draft.position, name=draft.name)
        draft.waiting.append(block)
        self._waiting += len(block)

    def _end(self) -> None:
        self.ended = True


@dataclass(frozen=True)
class UploadForm(Generic[Data]):
    """A dependency that reads a form: `data` is JSON of this model, `files` are at most so many."""

    data: type[Data]
    most_files: int = limits.MOST_FILES
    or_json: bool = False
    """Whether the data may also come alone, as a JSON body."""

    async def __call__(self, request: Request) -> Upload[Data]:
        """The form, its files kept; a refusal leaves nothing behind."""
        if self.takes_json(headers_of(request)):
            return await self._alone(request)
        if _places.locked():
            raise TooManyUploads
        async with _places:
            reading = _Reading(_boundary(request), self.most_files)
            with contextlib.closing(reading):
                await _read(request, reading)
                data = self._validated(reading.data)
                store = cast("FileStore", request.app.state.runtime.files)
                await _check(reading.drafts, store)
                for draft in reading.drafts:
                    await store.keep(draft.file, sha256=draft.stored.sha256, size=draft.size)
                files = tuple(draft.stored for draft in reading.drafts)
        # The same form in other pieces is the same command: what its idempotency key is held against.
        digests = [f"{file.sha256} {file.name}" for file in files]
        request.state.content = b"\n".join([bytes(reading.data or b""), *(line.encode() for line in digests)])
        return Upload(data, files)

    def takes_json(self, headers: Headers) -> bool:
        """Whether this request is read as the data alone."""
        return self.or_json and not is_multipart(headers)

    async def _alone(self, request: Request) -> Upload[Data]:
        try:
            content = await request.body()
        except ClientDisconnect as gone:
            raise FormUnreadable("truncated") from gone
        if not content:
            raise RequestValidationError([{"type": "missing", "loc": ("body",)}])
        return Upload(self._validated(content), ())

    def _validated(self, content: bytes | bytearray | None) -> Data:
        if content is None:
            raise RequestValidationError([{"type": "missing", "loc": ("body", DATA)}])
        try:
            return self.data.model_validate(read_json(bytes(content)))
        except (json.JSONDecodeError, UnicodeDecodeError) as fault:
            raise RequestValidationError([{"type": "json_invalid", "loc": ("body",)}]) from fault
        except RecursionError as fault:
            raise FormUnreadable("nested") from fault
        except ValidationError as fault:
            errors = fault.errors(include_url=False, include_input=False)
            raise RequestValidationError([{**error, "loc": ("body", *error["loc"])} for error in errors]) from fault

    @property
    def document(self) -> dict[str, Any]:
        """The form for the OpenAPI document; the model's schema stands among the components."""
        model = {"$ref": f"#/components/schemas/{self.data.__name__}"}
        files = {
            "type": "array",
            "title": "文件",
            "maxItems": self.most_files,
            "items": {"type": "string", "format": "binary", "maxLength": limits.FILE_BYTES},
            "description": f"文件，每个不超过 {limits.FILE_BYTES // limits.MEBIBYTE} MB，格式：{'、'.join(ACCEPTED)}",
        }
        schema: dict[str, Any] = {
            "type": "object",
            "required": [DATA],
            "additionalProperties": False,
            "properties": {DATA: {"title": "内容", **model}, FILES: files},
        }
        content: dict[str, Any] = {"application/json": {"schema": model}} if self.or_json else {}
        encoding = {DATA: {"contentType": "application/json"}}
        content["multipart/form-data"] = {"schema": schema, "encoding": encoding}
        return {"required": True, "content": content}


class UploadRoute(CommandRoute):
    """A command whose body is a form with files, if a dependency of it is an UploadForm; a common command otherwise."""

    def __init__(self, path: str, endpoint: Any, **declared: Any) -> None:
        super().__init__(path, endpoint, **declared)
        self.form = _form_of(self.dependant)
        if self.form is not None:
            self.openapi_extra = {**(self.openapi_extra or {}), "requestBody": self.form.document}

    @property
    def body_model(self) -> type[BaseModel] | None:
        """What the form's data must be."""
        return None if self.form is None else cast("type[BaseModel]", self.form.data)

    def check_headers(self, headers: Headers) -> None:
        """Refuse a body of another kind than this route reads."""
        check = check_content if self.form is None or self.form.takes_json(headers) else check_multipart
        check(headers)


def _form_of(dependant: Dependant) -> UploadForm[Any] | None:
    for below in dependant.dependencies:
        if isinstance(below.call, UploadForm):
            return below.call
    return None


def _boundary(request: Request) -> bytes:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        raise FormUnreadable("boundary")
    return boundary


async def _read(request: Request, reading: _Reading) -> None:
    """The whole form, in time.

    What comes after a fault is dropped, not left: a browser reads nothing before it has sent everything, and would see
    a broken connection in place of the refusal.
    """
    fault: Exception | None = None
    try:
        async with asyncio.timeout(limits.UPLOAD_SECONDS):
            async for piece in request.stream():
                try:
                    for begin in range(0, len(piece) if fault is None else 0, _PIECE):
                        await reading.write(piece[begin : begin + _PIECE])
                except (BusinessError, RequestValidationError) as found:
                    fault = found
                    reading.close()
    except TimeoutError:
        raise UploadTooSlow from None
    except ClientDisconnect as gone:
        raise FormUnreadable("truncated") from gone
    if fault is not None:
        raise fault
    await reading.flush()
    if not reading.ended:
        raise FormUnreadable("truncated")


async def _check(drafts: list[_Draft], store: FileStore) -> None:
    """Each file by its kind, then by the scanner: nothing of a form is kept when one of its files is refused."""
    for draft in drafts:
        await check_file(draft.file, draft.kind, position=draft.position, name=draft.name)
        if store.scanner is not None and not await store.scanner.is_clean(draft.file):
            log.warning("infected file refused", sha256=draft.stored.sha256, media_type=draft.kind.media_type)
            raise FileInfected(position=draft.position, name=draft.name)
