"""The tiny service with files: a form that attaches some, and a route that gives one back."""

from __future__ import annotations

import hashlib
import io
import wave
import zipfile
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field
from sqlalchemy import BigInteger, Column, Identity, Table, Text, select

from shared.db import new_metadata
from shared.deps import InLook, InWork, ThisRuntime
from shared.errors import NotFound
from shared.files.download import DOWNLOAD_RESPONSES, download
from shared.files.stored import StoredFile
from shared.files.upload import Upload, UploadForm, UploadRoute
from shared.service import Service
from shared.web import Body, Line
from tests.kernel.tiny import DISPATCHERS
from tests.support.files import pdf, picture

METADATA = new_metadata()
PAPER = Table(
    "paper",
    METADATA,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("thing", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("name", Text, nullable=False),
)


class Reason(Body):
    words: Line = Field(title="理由")


class Papers(Body):
    thing: Line = Field(title="事项")
    reasons: list[Reason] = Field(default_factory=list, title="说明")


router = APIRouter(prefix="/v1/papers", route_class=UploadRoute)


@router.post("", status_code=201)
async def attach_papers(upload: Annotated[Upload[Papers], Depends(UploadForm(Papers))], work: InWork) -> list[str]:
    for file in upload.files:
        await work.session.execute(
            PAPER.insert().values(
                sha256=file.sha256, thing=upload.data.thing, size=file.size, media_type=file.media_type, name=file.name
            )
        )
    work.audit("papers.attached", upload.data.thing, after={"files": len(upload.files)})
    return [file.sha256 for file in upload.files]


@router.get(
    "/{sha256}",
    response_class=Response,
    responses=DOWNLOAD_RESPONSES,
)
async def read_paper(sha256: str, request: Request, runtime: ThisRuntime, work: InLook) -> Response:
    row = (await work.session.execute(select(PAPER).where(PAPER.c.sha256 == sha256))).first()
    if row is None:
        raise NotFound("文件", sha256)
    work.audit("paper.read", row.thing)
    return await download(request, runtime.files, StoredFile(row.sha256, row.size, row.media_type, row.name))


@router.post("/none", status_code=204)
async def take_data_alone(body: Papers) -> None:
    """A command without files on the same router."""


@router.post("/mostly-none", status_code=200)
async def take_either(
    upload: Annotated[Upload[Papers], Depends(UploadForm(Papers, or_json=True))], work: InWork
) -> list[str]:
    """A command that mostly comes without files."""
    return [upload.data.thing, *(file.sha256 for file in upload.files)]


def filing_service() -> Service:
    return Service(
        name="intake",
        title="小",
        about="for tests",
        routers=(router,),
        metadata=METADATA,
        access=dict.fromkeys(("attach_papers", "read_paper", "take_data_alone", "take_either"), DISPATCHERS),
        open_operations=frozenset(),
    )


File = tuple[str | None, bytes]
"""A name and its bytes."""


def form(
    files: Sequence[File] = (), data: bytes | None = b'{"thing": "a"}', *, boundary: str = "xYzZY"
) -> tuple[bytes, dict[str, str]]:
    """The body of a form, and its headers."""
    body = b""
    if data is not None:
        body += part('form-data; name="data"', data, boundary=boundary)
    for name, content in files:
        said = 'form-data; name="files"' + ("" if name is None else f'; filename="{name}"')
        body += part(said, content, boundary=boundary)
    return body + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def part(
    disposition: str, content: bytes, *, boundary: str = "xYzZY", headers: Mapping[str, str] | None = None
) -> bytes:
    lines = [f"--{boundary}", f"Content-Disposition: {disposition}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content + b"\r\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


_MAIN = {
    "docx": ("word/document.xml", "wordprocessingml.document"),
    "xlsx": ("xl/workbook.xml", "spreadsheetml.sheet"),
    "pptx": ("ppt/presentation.xml", "presentationml.presentation"),
}


def office(kind: str = "docx", more: Mapping[str, bytes] | None = None, *, types: str = "", rels: str = "") -> bytes:
    """A small office file, with more entries, content types and relationships if given."""
    place, said = _MAIN[kind]
    main = f"application/vnd.openxmlformats-officedocument.{said}.main+xml"
    entries = {
        "[Content_Types].xml": f'<Types><Override PartName="/{place}" ContentType="{main}"/>{types}</Types>'.encode(),
        "_rels/.rels": f"<Relationships>{rels}</Relationships>".encode(),
        place: b"<document/>",
        **(more or {}),
    }
    return archive({name: content for name, content in entries.items() if content})


def archive(entries: Mapping[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, entry in entries.items():
            file.writestr(name, entry)
    return content.getvalue()


def ofd() -> bytes:
    return archive(
        {"OFD.xml": b'<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>', "Doc_0/Document.xml": b"<Document/>"}
    )


def sound() -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(1600))
    return content.getvalue()


def mp3(frames: int = 5) -> bytes:
    """Frames of 128 kbit/s at 44.1 kHz, 417 bytes each, behind an ID3 tag."""
    return b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10) + (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def amr(frames: int = 5) -> bytes:
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def box(name: bytes, content: bytes) -> bytes:
    return (len(content) + 8).to_bytes(4, "big") + name + content


def film(brand: bytes = b"isom", track: bytes = b"vide") -> bytes:
    movie = box(b"moov", box(b"trak", box(b"hdlr", bytes(8) + track + bytes(12))))
    return box(b"ftyp", brand + bytes(4) + brand) + movie + box(b"mdat", bytes(100))


SOUND_FILES: dict[str, bytes] = {
    "照片.jpg": picture("JPEG"),
    "a.JPEG": picture("JPEG", (9, 9)),
    "截图 (1).png": picture("PNG"),
    "a.webp": picture("WEBP"),
    "通知.pdf": pdf(),
    "公文.ofd": ofd(),
    "说明.v1.2.docx": office("docx"),
    "表.xlsx": office("xlsx"),
    "汇报.pptx": office("pptx"),
    "utf8.txt": "情况说明\r\n".encode(),
    "gbk.txt": "情况说明\r\n".encode("gbk"),
    "utf16.txt": "情况说明".encode("utf-16"),
    "名单.csv": "\ufeff姓名,电话\n".encode(),
    "录音.mp3": mp3(),
    "录音.wav": sound(),
    "录音.amr": amr(),
    "录音.m4a": film(b"M4A ", b"soun"),
    "现场.mp4": film(),
}
"""One file of each kind, by a good name."""
