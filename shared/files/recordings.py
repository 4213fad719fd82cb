"""Recordings of sound and film: what their containers say of themselves, from the first byte to the last."""

from __future__ import annotations

import re
import struct
from typing import BinaryIO, Final

from shared.files.unfit import Unfit, mismatch, refuse_hidden_archive, size_of, truncated

_MOST_BOXES: Final = 10_000
_BEFORE_SOUND: Final = 64 * 1024
_FRAMES_THAT_CONVINCE: Final = 3
_UNKNOWN_SIZES: Final = frozenset({0, 0xFFFFFFFF})
_FILM: Final = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV"}
)
_SOUND: Final = frozenset({b"M4A ", b"M4B ", b"isom", b"iso2", b"mp41", b"mp42", b"3gp4", b"3gp5", b"3gp6"})
_TRACK: Final = re.compile(rb"hdlr.{8}(.{4})", re.DOTALL)
# Kilobits per second of MPEG audio, layer III, by the four bits of its header: version 1, and versions 2 and 2.5.
_RATES: Final = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
_HERTZ: Final = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
# Bytes after a frame's first one, by its type; None where the type is not in use.
_AMR: Final[dict[bytes, tuple[int | None, ...]]] = {
    b"#!AMR\n": (12, 13, 15, 17, 19, 20, 26, 31, 5, None, None, None, None, None, None, 0),
    b"#!AMR-WB\n": (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, None, None, None, None, 0, 0),
}


def check_mp3(file: BinaryIO) -> None:
    """MPEG audio, layer III: frames that follow one another, behind an ID3 tag if there is one."""
    refuse_hidden_archive(file)
    head = file.read(10)
    begin = 0
    if head[:3] == b"ID3" and len(head) == 10:  # noqa: PLR2004 - the length of that tag's head
        begin = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    file.seek(begin)
    sound = file.read(_BEFORE_SOUND)
    at = sound.find(b"\xff")
    while at >= 0:
        if _frames_from(sound, at) >= _FRAMES_THAT_CONVINCE:
            return
        at = sound.find(b"\xff", at + 1)
    raise mismatch("MP3")


def _frames_from(sound: bytes, at: int) -> int:
    found = 0
    while found < _FRAMES_THAT_CONVINCE and (length := _mp3_frame(sound[at : at + 4])):
        found, at = found + 1, at + length
    return found


def _mp3_frame(head: bytes) -> int:
    """The length of the frame that begins so; 0 when none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - sync, and layer III
        return 0
    version, rate, hertz = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version not in _HERTZ or rate in {0, 15} or hertz == 3:  # noqa: PLR2004 - reserved
        return 0
    first = version == 3  # noqa: PLR2004 - MPEG 1
    return (144 if first else 72) * 1000 * _RATES[not first][rate] // _HERTZ[version][hertz] + (head[2] >> 1 & 1)


def check_wav(file: BinaryIO) -> None:
    """RIFF of type WAVE, with a format and sound."""
    refuse_hidden_archive(file)
    size = size_of(file)
    head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise mismatch("WAV")
    declared = int.from_bytes(head[4:8], "little")
    if declared not in _UNKNOWN_SIZES and declared + 8 > size:
        raise truncated()
    seen: set[bytes] = set()
    for _ in range(_MOST_BOXES):
        chunk = file.read(8)
        if len(chunk) < 8:  # noqa: PLR2004 - a chunk's head
            break
        seen.add(chunk[:4])
        length = int.from_bytes(chunk[4:], "little")
        file.seek(length + length % 2, 1)
    if not {b"fmt ", b"data"} <= seen:
        raise mismatch("WAV")


def check_amr(file: BinaryIO) -> None:
    """AMR, narrow or wide: frames from the first to the last byte."""
    refuse_hidden_archive(file)
    content = file.read()
    magic = next((magic for magic in _AMR if content.startswith(magic)), b"")
    if not magic or len(content) == len(magic):
        raise mismatch("AMR")
    at, lengths = len(magic), _AMR[magic]
    while at < len(content):
        length = lengths[content[at] >> 3 & 15]
        if length is None or content[at] & 0x83:
            raise mismatch("AMR")
        at += 1 + length
    if at > len(content):
        raise truncated()


def check_m4a(file: BinaryIO) -> None:
    """MPEG-4 with sound alone: telephones give it the type of a film."""
    tracks = _tracks_of(file, _SOUND, "M4A")
    if b"soun" not in tracks or b"vide" in tracks:
        raise mismatch("M4A")


def check_mp4(file: BinaryIO) -> None:
    """MPEG-4 film."""
    if _tracks_of(file, _FILM, "MP4").isdisjoint({b"soun", b"vide"}):
        raise mismatch("MP4")


def _tracks_of(file: BinaryIO, brands: frozenset[bytes], kind: str) -> set[bytes]:
    """What the tracks of an ISO base media file hold: boxes that fill it exactly, the type first, a movie among them."""
    refuse_hidden_archive(file)
    size = size_of(file)
    at, boxes, movie = 0, 0, b""
    while at < size:
        name, length = _box_at(file, at, size, kind)
        if boxes == 0:
            _check_type(name, file.read(min(length, 256)), brands, kind)
        elif boxes == _MOST_BOXES:
            raise Unfit("too_complex", "文件结构过于复杂，请重新导出后上传")
        elif name == b"moov":
            movie = file.read(min(length, size))
        boxes, at = boxes + 1, at + length
    if at > size:
        raise truncated()
    return {found[1] for found in _TRACK.finditer(movie)}


def _box_at(file: BinaryIO, at: int, size: int, kind: str) -> tuple[bytes, int]:
    """The name and the length of the box that begins there; the position is its beginning afterwards."""
    file.seek(at)
    head = file.read(16)
    file.seek(at)
    if len(head) < 8:  # noqa: PLR2004 - a box's head
        raise truncated() if at else mismatch(kind)
    length, name = struct.unpack(">I4s", head[:8])
    if length == 0:
        length = size - at
    elif length == 1 and len(head) == 16:  # noqa: PLR2004 - with a long size
        length = struct.unpack(">Q", head[8:])[0]
    if length < 8:  # noqa: PLR2004 - a box holds its own head
        raise mismatch(kind)
    return name, length


def _check_type(name: bytes, box: bytes, brands: frozenset[bytes], kind: str) -> None:
    """The first box says which kinds of reader can read the file: one of them must be known here."""
    said = {box[8:12], *(box[i : i + 4] for i in range(16, len(box) - 3, 4))}
    if name != b"ftyp" or said.isdisjoint(brands):
        raise mismatch(kind)
