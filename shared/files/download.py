"""A stored file as an answer: whole or in part, to be saved and never to be run.

Every answer says nosniff already (shared.web.headers).

work.audit("attachment.read", order_id, after={"attachment": attachment_id})
return await download(request, runtime.files, file)
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from shared.files.kinds import KINDS
from shared.files.names import safe_name
from shared.files.store import FileStore
from shared.files.stored import StoredFile
from shared.web.problem import problem_response

_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.IGNORECASE)
_ASCII: Final = re.compile(r"[^A-Za-z0-9._-]")
_HEADERS: Final = {
    "Accept-Ranges": "bytes",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_CONTENT: Final = {kind.media_type: _BYTES for kind in KINDS.values()}
DOWNLOAD_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "整个文件", "content": _CONTENT},
    206: {"description": "文件的一段（Range）", "content": _CONTENT},
    304: {"description": "与 If-None-Match 所给的版本相同"},
    416: {"description": "所请求的范围不在文件之内", "content": {"application/problem+json": {}}},
}
"""For the OpenAPI document of a route that downloads."""


async def download(request: Request, store: FileStore, file: StoredFile) -> Response:
    """The answer to this request for the file: 200, 206, 304 or 416."""
    tag = f'"{file.sha256}"'
    given = request.headers
    headers = {**_HEADERS, "ETag": tag, "Content-Disposition": disposition(file.name)}
    if tag in _tags(given.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": tag})
    part = part_of(given.get("range", ""), file.size) if given.get("if-range", tag) == tag else None
    if part is not None and not part:
        outside = {"Content-Range": f"bytes */{file.size}"}
        said = f"所请求的范围不在文件之内，文件共 {file.size} 字节，请核对 Range 后重试"
        return problem_response(416, "range_not_satisfiable", said, headers=outside)
    headers["Content-Length"] = str(file.size if part is None else len(part))
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{file.size}"
    blocks = await store.read(file.sha256, size=file.size, part=part)
    return StreamingResponse(blocks, 200 if part is None else 206, headers=headers, media_type=file.media_type)


def part_of(asked: str, size: int) -> range | None:
    """The bytes that a Range header asks for, empty when none of them is there; None stands for the whole.

    Several ranges at once, and what makes no sense, are answered with the whole, as RFC 9110 leaves to us.
    """
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or found[1] == found[2] == "":
        return None
    if not found[1]:
        return range(max(0, size - int(found[2])), size) if int(found[2]) else range(0)
    first = int(found[1])
    last = int(found[2]) if found[2] else size - 1
    if found[2] and last < first:
        return None
    return range(first, min(last + 1, size)) if first < size else range(0)


def disposition(name: str) -> str:
    """Content-Disposition with the name for all readers (RFC 6266, RFC 8187): to be saved, never shown in our place.

    The name is made safe once more, whatever the table says that it came from.
    """
    name = safe_name(name)
    plain = _ASCII.sub("_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _tags(said: str) -> set[str]:
    return {part.strip().removeprefix("W/") for part in said.split(",")}
