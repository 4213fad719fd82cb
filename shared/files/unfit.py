"""Why a file is not taken, as the checks say it: they know its bytes, and neither its name nor its place in the request."""

from __future__ import annotations

import io
import zipfile
from typing import BinaryIO


class Unfit(Exception):
    """The bytes are not what they should be; `why` is stable, `words` say in Chinese what to do."""

    def __init__(self, why: str, words: str) -> None:
        super().__init__(why)
        self.why, self.words = why, words


def mismatch(kind: str) -> Unfit:
    """The bytes are no file of the kind that the extension names."""
    return Unfit("mismatch", f"内容不是有效的 {kind} 文件，请确认扩展名与内容一致，或重新导出后上传")


def truncated() -> Unfit:
    """The end is missing."""
    return Unfit("truncated", "文件不完整，请重新导出或重新传输后上传")


def size_of(file: BinaryIO) -> int:
    """How long it is; the position is its beginning afterwards."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size


def refuse_hidden_archive(file: BinaryIO) -> None:
    """A zip reads its table from the end, so that one file can be a picture to us and an archive to somebody else."""
    file.seek(0)
    if zipfile.is_zipfile(file):
        try:
            with zipfile.ZipFile(file) as archive:
                hidden = bool(archive.infolist())
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            hidden = False  # four bytes that happen to look like one
        if hidden:
            raise Unfit("polyglot", "文件中夹带了压缩包，请重新导出后上传")
    file.seek(0)
