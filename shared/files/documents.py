"""Documents: PDFs read object by object, office files opened with bounds, texts decoded.

What can act by itself is refused: scripts, macros, programs, embedded objects, references that a reader would follow
without being asked.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final
from xml.parsers import expat

import pikepdf

from shared.files.unfit import Unfit, mismatch, refuse_hidden_archive, size_of, truncated

_TAIL: Final = 1024
MOST_PDF_VALUES: Final = 500_000
_INFLATED: Final = 64 * 1024 * 1024
# What a PDF does beside showing pages: scripts, programs, sending forms away, files inside of it.
_PDF_ACTIONS: Final = frozenset({"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/Rendition"})
_PDF_SCRIPTS: Final = frozenset({"/JS", "/JavaScript", "/XFA"})
_PDF_FILES: Final = frozenset({"/EF", "/EmbeddedFiles", "/RichMediaContent"})

MOST_ENTRIES: Final = 5_000
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_RATIO: Final = 100
_RATIO_FROM: Final = 10 * 1024 * 1024
"""Below this a high ratio hurts nobody, and an empty table of a spreadsheet has one."""
_XML_BYTES: Final = 4 * 1024 * 1024
_BLOCK: Final = 256 * 1024
_PROGRAMS: Final = re.compile(
    r"\.(exe|dll|scr|com|bat|cmd|msi|lnk|js|jse|vbs|vbe|wsf|hta|ps1|sh|jar|docm|xlsm|pptm|dotm|xltm|xlam)$"
)
_MACROS: Final = re.compile(r"(^|/)(vbaproject|vbadata|macrosheets|activex)")
_OBJECTS: Final = re.compile(r"(^|/)embeddings/(?!.*\.(docx|xlsx|pptx)$)")
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."
_MAIN: Final = {
    "DOCX": f"{_OFFICE}wordprocessingml.document.main+xml",
    "XLSX": f"{_OFFICE}spreadsheetml.sheet.main+xml",
    "PPTX": f"{_OFFICE}presentationml.presentation.main+xml",
}
_ACTIVE_TYPES: Final = re.compile(r"macro|vbaproject|activex|oleobject", re.IGNORECASE)
_TYPES: Final = "[Content_Types].xml"
_DDE: Final = re.compile(r"\bDDE(AUTO)?\b", re.IGNORECASE)
"""A field of Word that starts another program when the file is opened."""

_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")

pikepdf.settings.set_qpdf_limits(
    doc_max_warnings=100, flate_max_memory=_INFLATED, png_max_memory=_INFLATED, run_length_max_memory=_INFLATED
)


def check_pdf(file: BinaryIO) -> None:
    """A PDF that opens without repairs and without a password, has pages, and does nothing by itself."""
    refuse_hidden_archive(file)
    if file.read(5) != b"%PDF-":
        raise mismatch("PDF")
    file.seek(-min(size_of(file), _TAIL), io.SEEK_END)
    if b"%%EOF" not in file.read():
        raise truncated()
    file.seek(0)
    try:
        # Repairs are for readers: what each of them makes of a broken table is not what was looked at here.
        with pikepdf.open(file, attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise _encrypted()
            if len(pdf.pages) == 0:
                raise mismatch("PDF")
            _refuse_active_pdf(pdf)
    except pikepdf.PasswordError as fault:
        raise _encrypted() from fault
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError, RecursionError) as fault:
        raise mismatch("PDF") from fault


def _encrypted() -> Unfit:
    return Unfit("encrypted", "文件已加密，请去除密码和权限限制后重新上传")


def _refuse_active_pdf(pdf: pikepdf.Pdf) -> None:
    for number, value in enumerate(_values(pdf)):
        if number > MOST_PDF_VALUES:
            raise Unfit("too_complex", "PDF 结构过于复杂，请重新打印为 PDF 后上传")
        if not isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            continue
        keys = set(value.keys())
        if not _PDF_SCRIPTS.isdisjoint(keys) or ("/S" in keys and str(value["/S"]) in _PDF_ACTIONS):
            raise Unfit("active", "PDF 含有脚本、启动程序或提交表单的动作，请重新打印为 PDF 后上传")
        if not _PDF_FILES.isdisjoint(keys) or ("/Type" in keys and str(value["/Type"]) == "/EmbeddedFile"):
            raise Unfit("embedded", "PDF 中嵌有其他文件，请去除后重新上传，所嵌文件可单独上传")


def _values(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every array and dictionary of the file, each once: a reference is passed by, its object comes by itself."""
    waiting: list[Any] = [pdf.trailer]
    for whole in pdf.objects:
        waiting.append(whole)
        while waiting:
            value = waiting.pop()
            yield value
            if isinstance(value, pikepdf.Array):
                parts: Any = list(value)
            elif isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
                parts = [part for _, part in value.items()]
            else:
                continue
            waiting += [
                part for part in parts if isinstance(part, (pikepdf.Array, pikepdf.Dictionary)) and not part.is_indirect
            ]


def check_office(kind: str) -> Callable[[BinaryIO], None]:
    """The check for DOCX, XLSX or PPTX."""

    def check(file: BinaryIO) -> None:
        with _opened(file, kind) as archive:
            names = set(_unpacked(archive, size_of(file)))
            if _TYPES not in names:
                raise mismatch(kind)
            said = [attributes for _, attributes in _elements(archive, _TYPES, kind)]
            types = [attributes.get("ContentType", "") for attributes in said]
            if any(_ACTIVE_TYPES.search(one) for one in types):
                raise _macros()
            if _MAIN[kind] not in types:
                raise mismatch(kind)
            links = {
                attributes.get("PartName", "").lstrip("/").lower()
                for attributes in said
                if attributes.get("ContentType", "").lower().endswith("externallink+xml")
            }
            for name in names:
                lower = name.lower()
                if lower.endswith(".rels"):
                    _refuse_followed(archive, name, kind)
                elif lower in links or "externallink" in lower or (kind == "DOCX" and lower.endswith(".xml")):
                    _refuse_commands(archive, name, kind)

    return check


def check_ofd(file: BinaryIO) -> None:
    """OFD, the national format of fixed documents (GB/T 33190)."""
    with _opened(file, "OFD") as archive:
        names = set(_unpacked(archive, size_of(file)))
        if "OFD.xml" not in names or not any(tag.endswith("OFD") for tag, _ in _elements(archive, "OFD.xml", "OFD")):
            raise mismatch("OFD")


def _opened(file: BinaryIO, kind: str) -> zipfile.ZipFile:
    if file.read(4) == b"\xd0\xcf\x11\xe0":
        raise Unfit("encrypted", "文件已加密，或是旧版格式，请去除密码，并另存为新版格式后重新上传")
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise mismatch(kind)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as fault:
        raise mismatch(kind) from fault


def _unpacked(archive: zipfile.ZipFile, size: int) -> Iterator[str]:
    """The names of the entries, each read to its end: what a header says of its size is not believed."""
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise Unfit("too_complex", f"文件内部条目超过 {MOST_ENTRIES} 个，请拆分后重新上传")
    if len({entry.filename.lower() for entry in entries}) < len(entries):
        raise Unfit("malformed", "文件内部有重名条目，请重新另存后上传")
    unpacked = 0
    for entry in entries:
        _check_entry(entry)
        for block in _blocks(archive, entry):
            unpacked += block
            if unpacked > MOST_UNPACKED or (unpacked > _RATIO_FROM and unpacked > size * MOST_RATIO):
                raise Unfit("bomb", "文件解压后过大，请精简后重新上传")
        yield entry.filename


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename.lower()
    if entry.flag_bits & 0x1:
        raise _encrypted()
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
        raise Unfit("malformed", "文件内部有越界的路径，请重新另存后上传")
    if _MACROS.search(name):
        raise _macros()
    if _PROGRAMS.search(name) or _OBJECTS.search(name):
        raise Unfit("embedded", "文件中嵌有程序或 OLE 对象，请删除后重新上传")


def _macros() -> Unfit:
    return Unfit("macros", "文件含有宏或控件，请另存为不含宏的格式后重新上传")


def _blocks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[int]:
    try:
        with archive.open(entry) as content:
            while block := content.read(_BLOCK):
                yield len(block)
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, NotImplementedError) as fault:
        raise truncated() from fault


def _refuse_followed(archive: zipfile.ZipFile, name: str, kind: str) -> None:
    """A link that a person clicks may lead outside; a template, an object or a picture that is loaded may not.

    What is active is known by the type of the relationship too: the part's own name is free.
    """
    for _, attributes in _elements(archive, name, kind):
        external = attributes.get("TargetMode", "").lower() == "external"
        if external and not attributes.get("Type", "").lower().endswith("/hyperlink"):
            raise _followed()
        said = attributes.get("Type", "").rpartition("/")[2]
        if said.lower() == "control" or _ACTIVE_TYPES.search(said):
            raise _macros()


def _followed() -> Unfit:
    return Unfit("followed", "文件引用了外部的模板、对象或数据，请断开链接后重新上传")


def _refuse_commands(archive: zipfile.ZipFile, name: str, kind: str) -> None:
    """Links to other programs (DDE), which no relationship names: a field of a document, a link of a workbook."""
    commands = _Commands()
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = commands.start, commands.end
    parser.CharacterDataHandler = commands.text
    parser.StartDoctypeDeclHandler = lambda *_: commands.refuse(mismatch(kind))
    try:
        with archive.open(name) as part:
            parser.ParseFile(part)
    except expat.ExpatError as fault:
        raise mismatch(kind) from fault


class _Commands:
    """Looks for DDE in one part as the part is read, whatever its size; an instruction may be spread over many elements."""

    def __init__(self) -> None:
        self._instruction: list[str] = []
        self._inside = False

    @staticmethod
    def refuse(fault: Unfit) -> None:
        raise fault

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        self._inside = local == "instrText"
        if local in {"ddeLink", "oleLink"}:
            raise _followed()
        if local == "fldChar":
            self._check("".join(self._instruction))
            self._instruction.clear()
        elif local == "fldSimple":
            self._check(" ".join(attributes.values()))

    def end(self, _: str) -> None:
        self._inside = False

    def text(self, words: str) -> None:
        if self._inside:
            self._instruction.append(words)

    @staticmethod
    def _check(instruction: str) -> None:
        if _DDE.search(instruction):
            raise _followed()


def _elements(archive: zipfile.ZipFile, name: str, kind: str) -> list[tuple[str, dict[str, str]]]:
    """Every element of one XML part, with its attributes; one that declares entities is not read."""
    with archive.open(name) as part:
        content = part.read(_XML_BYTES + 1)
    if len(content) > _XML_BYTES:
        raise Unfit("too_complex", "文件结构过于复杂，请拆分后重新上传")
    found: list[tuple[str, dict[str, str]]] = []

    def refuse(*_: object) -> None:
        raise mismatch(kind)

    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, attributes: found.append((tag, attributes))
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as fault:
        raise mismatch(kind) from fault
    return found


def check_text(file: BinaryIO) -> None:
    """Text in UTF-8, UTF-16 with its mark, or GB 18030, without control characters."""
    start = file.read(4)
    marked = start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}
    if start == b"%PDF":
        raise mismatch("文本")
    for encoding in ("utf-16",) if marked else ("utf-8", "gb18030"):
        file.seek(0)
        try:
            _check_characters(file, encoding)
        except UnicodeError:
            continue
        return
    raise mismatch("文本（UTF-8 或 GBK 编码）")


def _check_characters(file: BinaryIO, encoding: str) -> None:
    decoder = codecs.getincrementaldecoder(encoding)()
    while block := file.read(_BLOCK):
        if _CONTROL.search(decoder.decode(block)):
            raise mismatch("文本")
    decoder.decode(b"", final=True)
