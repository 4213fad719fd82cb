"""Which files are accepted: by their names, their extensions, and what their bytes really are."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from shared.files.documents import check_ofd, check_office, check_pdf, check_text
from shared.files.errors import KindRefused, NameUnfit
from shared.files.limits import NAME_LENGTH
from shared.files.names import has_edge, has_invisible, has_path, is_device, is_too_long
from shared.files.pictures import check_picture
from shared.files.recordings import check_amr, check_m4a, check_mp3, check_mp4, check_wav

_OFFICE: Final = "application/vnd.openxmlformats-officedocument."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file: how it is called on the wire, and the check of its bytes."""

    media_type: str
    check: Callable[[BinaryIO], None]


_JPEG: Final = Kind("image/jpeg", check_picture("JPEG"))
KINDS: Final[Mapping[str, Kind]] = {
    "jpg": _JPEG,
    "jpeg": _JPEG,
    "png": Kind("image/png", check_picture("PNG")),
    "webp": Kind("image/webp", check_picture("WEBP")),
    "pdf": Kind("application/pdf", check_pdf),
    "ofd": Kind("application/ofd", check_ofd),
    "docx": Kind(f"{_OFFICE}wordprocessingml.document", check_office("DOCX")),
    "xlsx": Kind(f"{_OFFICE}spreadsheetml.sheet", check_office("XLSX")),
    "pptx": Kind(f"{_OFFICE}presentationml.presentation", check_office("PPTX")),
    "txt": Kind("text/plain", check_text),
    "csv": Kind("text/csv", check_text),
    "mp3": Kind("audio/mpeg", check_mp3),
    "wav": Kind("audio/wav", check_wav),
    "m4a": Kind("audio/mp4", check_m4a),
    "amr": Kind("audio/amr", check_amr),
    "mp4": Kind("video/mp4", check_mp4),
}
ACCEPTED: Final = tuple(KINDS)
_ADVICE: Final[Mapping[str, str]] = {
    "doc": "旧版 Word 文件无法检查其中的宏，请另存为 docx 后上传",
    "xls": "旧版 Excel 文件无法检查其中的宏，请另存为 xlsx 后上传",
    "ppt": "旧版 PowerPoint 文件无法检查其中的宏，请另存为 pptx 后上传",
    "wps": "WPS 专有格式无法检查，请另存为 docx 后上传",
    "et": "WPS 专有格式无法检查，请另存为 xlsx 后上传",
    "docm": "含宏的文件不予接收，请另存为 docx 后上传",
    "xlsm": "含宏的文件不予接收，请另存为 xlsx 后上传",
    "pptm": "含宏的文件不予接收，请另存为 pptx 后上传",
    "heic": "HEIC 照片无法检查，请在手机相机设置中选择“兼容性最佳”，或转换为 JPG 后上传",
    "heif": "HEIF 照片无法检查，请转换为 JPG 后上传",
    "zip": "不接收压缩包，请解压后逐个上传",
    "rar": "不接收压缩包，请解压后逐个上传",
    "7z": "不接收压缩包，请解压后逐个上传",
}
_OTHERWISE: Final = f"不接收此类文件，请转换为以下格式之一后上传：{'、'.join(ACCEPTED)}"
# Somewhere before the last one they can only deceive: a reader that hides known extensions shows a program as a picture.
# fmt: off
_DISGUISES: Final = frozenset({
    "exe", "dll", "scr", "bat", "cmd", "msi", "lnk", "js", "jse", "vbs", "vbe", "wsf", "hta", "ps1", "sh", "jar",
    "php", "asp", "aspx", "jsp", "htm", "html", "svg", "xml", "docm", "xlsm", "pptm",
})
# fmt: on


def check_name(name: str, *, position: int) -> str:
    """The name in its composed form; NameUnfit when it is not one that can be kept as it is: nothing is taken off."""
    name = unicodedata.normalize("NFC", name)
    if not name:
        raise NameUnfit("missing", position=position)
    if len(name) > NAME_LENGTH or is_too_long(name):
        raise NameUnfit("too_long", position=position)
    if has_invisible(name):
        raise NameUnfit("invisible", position=position)
    if has_path(name):
        raise NameUnfit("path", position=position)
    if has_edge(name):
        raise NameUnfit("dots", position=position)
    if is_device(name):
        raise NameUnfit("device", position=position)
    if not _DISGUISES.isdisjoint(part.strip().lower() for part in name.split(".")[1:-1]):
        raise NameUnfit("disguised", position=position)
    return name


def kind_of(name: str, *, position: int) -> Kind:
    """The kind that the extension names; KindRefused says into which kind to turn another one."""
    _, dot, extension = name.rpartition(".")
    kind = KINDS.get(extension.lower()) if dot else None
    if kind is None:
        advice = _ADVICE.get(extension.lower() if dot else "", _OTHERWISE)
        raise KindRefused(advice, position=position, name=name, kinds=ACCEPTED)
    return kind
