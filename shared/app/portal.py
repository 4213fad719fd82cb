"""The web portal: the files of portal/dist, compressed once, with a strict Content-Security-Policy."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

DIST: Final = Path(__file__).resolve().parents[2] / "portal" / "dist"

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style that stands in a page: text of an order stays text."""

_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
_NOT_PAGES: Final = frozenset({"api", "metrics", "livez", "readyz", "startupz", "assets", "sample"})
# The sign-in page asks for it.  Where there is sample data, somebody else answers before; elsewhere there is nobody to
# show, which is no fault.
_SAMPLE_ACCOUNTS: Final = "/sample/accounts"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_FIRST: Final = "no-cache"
# Not the machine's own table of types, which differs from one to the next.  A file of another kind ends the start-up.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
_COMPRESSED: Final = frozenset({".js", ".css", ".html", ".svg"})
_SHORT: Final = 512


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent."""

    body: bytes
    zipped: bytes | None
    media_type: str
    cache: str
    etag: str


class Portal:
    """Answers with the portal's files, and with index.html for its pages; everything else is `otherwise`'s.

    The names of the built files have a hash of their content, so that a browser keeps them for ever.  index.html is asked
    for anew, so that a new portal is there with the next page.  A built file that is gone is no page: the tab of an old
    portal notices it and loads the new one.
    """

    def __init__(self, otherwise: ASGIApp, dist: Path = DIST) -> None:
        self._otherwise = otherwise
        paths = [path for path in sorted(dist.rglob("*")) if path.is_file()]
        self._files = {f"/{path.relative_to(dist).as_posix()}": _read(path) for path in paths}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        reads = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        file = self._file_at(scope["path"]) if reads else None
        if reads and scope["path"] == _SAMPLE_ACCOUNTS:
            await Response(status_code=204, headers={"cache-control": "no-store"})(scope, receive, send)
        elif file is None:
            await self._otherwise(scope, receive, send)
        else:
            await _answer(Request(scope), file)(scope, receive, send)

    def _file_at(self, path: str) -> _File | None:
        if path in self._files:
            return self._files[path]
        is_page = "." not in path.rsplit("/", 1)[-1] and path.isprintable() and path.split("/")[1] not in _NOT_PAGES
        return self._files.get("/index.html") if is_page else None


def _answer(request: Request, file: _File) -> Response:
    headers = {"cache-control": file.cache, "etag": file.etag, "vary": "accept-encoding", **_HEADERS}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    body = file.body
    if file.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = file.zipped, "gzip"
    headers["content-length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, media_type=file.media_type, headers=headers)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    zipped = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED and len(body) > _SHORT else None
    return _File(
        body=body,
        zipped=zipped,
        media_type=_TYPES[path.suffix],
        cache=_FOR_EVER if path.parent.name == "assets" else _ASK_FIRST,
        etag=f'"{sha256(body).hexdigest()[:20]}"',
    )
