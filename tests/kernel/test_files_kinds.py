"""What is accepted is what its name says, to the last byte; everything else is told what to do instead."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from typing import Any

import pikepdf
import pytest

from shared.files import checking, documents, pictures
from shared.files.checking import check_file
from shared.files.errors import ChecksBusy, ContentUnfit, KindRefused, NameUnfit
from shared.files.kinds import KINDS, Kind, check_name, kind_of
from shared.files.limits import NAME_BYTES, NAME_LENGTH
from shared.files.names import safe_name
from tests.kernel.filing import SOUND_FILES, amr, archive, box, film, mp3, ofd, office, sound
from tests.support.files import pdf, picture


async def check(name: str, content: bytes) -> None:
    await check_file(io.BytesIO(content), kind_of(name, position=1), position=1, name=name)


@pytest.mark.parametrize("name", SOUND_FILES)
async def test_a_sound_file_of_each_kind_is_taken(name: str) -> None:
    assert check_name(name, position=1) == name
    await check(name, SOUND_FILES[name])


def test_every_kind_has_its_example() -> None:
    assert {name.rpartition(".")[2].lower() for name in SOUND_FILES} == set(KINDS)


@pytest.mark.parametrize("extension", KINDS)
async def test_no_kind_passes_for_another(extension: str) -> None:
    taken = {
        name.rpartition(".")[2].lower()
        for name, content in SOUND_FILES.items()
        if await _passes(f"a.{extension}", content)
    }

    family = next((same for same in ({"jpg", "jpeg"}, {"txt", "csv"}) if extension in same), {extension})
    assert taken == family


async def _passes(name: str, content: bytes) -> bool:
    try:
        await check(name, content)
    except ContentUnfit:
        return False
    return True


@pytest.mark.parametrize("extension", KINDS)
@pytest.mark.parametrize("content", [b"", b"\x00", b"MZ\x90\x00\x03" + bytes(200), bytes(4096), b"\xff" * 4096])
async def test_bytes_that_are_nothing_are_no_file_of_any_kind(extension: str, content: bytes) -> None:
    with pytest.raises(ContentUnfit) as refused:
        await check(f"a.{extension}", content)
    assert (refused.value.why == "empty") == (content == b"")


@pytest.mark.parametrize("name", [name for name in SOUND_FILES if not name.endswith((".txt", ".csv", ".mp3"))])
async def test_a_file_without_its_end_is_refused(name: str) -> None:
    """Text and MP3 have no end of their own; the form that was not sent whole is refused before."""
    content = SOUND_FILES[name]
    with pytest.raises(ContentUnfit):
        await check(name, content[: len(content) * 2 // 3])


# --- Names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "missing"),
        ("a" * (NAME_LENGTH - 3) + ".png", "too_long"),
        ("照" * (NAME_BYTES // 3 - 1) + ".png", "too_long"),
        ("../../etc/passwd.png", "path"),
        ("C:\\照片\\a.png", "path"),
        ("a\\b.png", "path"),
        ("/a.png", "path"),
        ("a\x00.png", "invisible"),
        ("a\n.png", "invisible"),
        ("a\x7f.png", "invisible"),
        ("a\u202egnp.exe.png", "invisible"),
        ("a\u2066b.png", "invisible"),
        ("a\u200bb.png", "invisible"),
        ("a\u2028b.png", "invisible"),
        ("\ufeffa.png", "invisible"),
        ("a\ue000.png", "invisible"),
        (".png", "dots"),
        ("..png", "dots"),
        ("a.png.", "dots"),
        ("a.png ", "dots"),
        (" a.png", "dots"),
        ("...", "dots"),
        ("CON.png", "device"),
        ("com1 .png", "device"),
        ("a.exe.png", "disguised"),
        ("a.JS.pdf", "disguised"),
        ("a.html.txt", "disguised"),
        ("a.php .jpg", "disguised"),
    ],
)
def test_a_name_that_would_surprise_is_refused_and_not_repeated(name: str, why: str) -> None:
    with pytest.raises(NameUnfit) as refused:
        check_name(name, position=3)
    assert refused.value.facts == {"position": 3, "why": why}
    assert "第 3 个文件" in refused.value.message
    assert not name.strip() or name not in refused.value.message


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("情况说明.pdf", "情况说明.pdf"),
        ("CONTRACT.pdf", "CONTRACT.pdf"),
        ("e\u0301.png", "é.png"),
        ("../../etc/passwd.png", "passwd.png"),
        ("..\\..\\etc\\passwd.png", "passwd.png"),
        ("C:\\照片/a.png", "a.png"),
        ("/etc/", "附件"),
        ("", "附件"),
        ("..", "附件"),
        ("\u202e\x00", "附件"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("a\r\nX-Evil: 1.png", "aX-Evil_ 1.png"),
        ("\u2066..\u2069/b.png", "b.png"),
        (".htaccess", "htaccess"),
        (" . .a.png. ", "a.png"),
        ("\u3000a.png", "a.png"),
        ("con", "_con"),
        ("NUL.tar.gz", "_NUL.tar.gz"),
        ("lpt¹.txt", "_lpt¹.txt"),
        ("./aux.png", "_aux.png"),
        ('a<b>:"c|d?e*.png', "a_b___c_d_e_.png"),
        ("照" * 100 + ".png", "照" * 78 + ".png"),
        ("a" * 230 + "." + "b" * 30, "a" * 230 + "." + "b" * 9),
        ("." * 300 + "x" * 300, "x" * NAME_BYTES),
    ],
)
def test_a_name_that_nobody_can_be_asked_about_is_made_safe(name: str, safe: str) -> None:
    found = safe_name(name)

    assert found == safe
    assert safe_name(found) == found
    assert len(found.encode()) <= NAME_BYTES


def test_a_name_of_exactly_the_longest_length_is_kept_in_its_composed_form() -> None:
    assert check_name("e\u0301" * (NAME_LENGTH - 4) + ".png", position=1) == "é" * (NAME_LENGTH - 4) + ".png"


@pytest.mark.parametrize(
    "name", ["a", "png", "a.exe", "a.svg", "a.html", "a.gif", "a.png.exe", "a.zip", "a.heic", "a."]
)
def test_another_kind_is_told_into_what_to_turn_it(name: str) -> None:
    with pytest.raises(KindRefused) as refused:
        kind_of(name, position=1)
    assert refused.value.status == 415
    assert refused.value.kinds == tuple(KINDS)


@pytest.mark.parametrize(
    ("name", "instead"),
    [("a.doc", "docx"), ("a.XLS", "xlsx"), ("a.docm", "docx"), ("a.wps", "docx"), ("a.heic", "JPG")],
)
def test_what_cannot_be_checked_has_advice_of_its_own(name: str, instead: str) -> None:
    with pytest.raises(KindRefused, match=instead):
        kind_of(name, position=1)


# --- Pictures -------------------------------------------------------------------------------------------------------


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def png_of(width: int, height: int, pixels: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("width", "height"), [(40_000, 40_000), (pictures.MOST_PIXELS // 8 + 1, 8), (1, 2**31 - 1), (2**31 - 1, 2**31 - 1)]
)
async def test_a_picture_with_too_many_pixels_is_refused_by_its_head(width: int, height: int) -> None:
    with pytest.raises(ContentUnfit) as refused:
        await check("a.png", png_of(width, height))
    assert refused.value.why == "too_many_pixels"


async def test_a_picture_of_exactly_the_most_pixels_is_decoded() -> None:
    width, height = 10_000, pictures.MOST_PIXELS // 10_000
    await check("a.png", png_of(width, height, bytes((width // 8 + 1) * height)))


@pytest.mark.parametrize(
    "content",
    [
        png_of(0, 0),
        png_of(8, 8),
        png_of(8, 8, b"\x00" * 5),
        picture("PNG").replace(b"IDAT", b"IDAX"),
        picture("GIF"),
        picture("BMP"),
        b"GIF89a" + picture("PNG"),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    ],
)
async def test_a_picture_that_cannot_be_drawn_is_none(content: bytes) -> None:
    with pytest.raises(ContentUnfit):
        await check("a.png", content)


@pytest.mark.parametrize("name", ["照片.jpg", "截图 (1).png", "a.webp", "通知.pdf", "录音.mp3", "录音.wav", "现场.mp4"])
async def test_an_archive_behind_a_file_makes_it_two_files(name: str) -> None:
    with pytest.raises(ContentUnfit) as refused:
        await check(name, SOUND_FILES[name] + archive({"a.exe": b"MZ"}))
    assert refused.value.why == "polyglot"


# --- PDFs -----------------------------------------------------------------------------------------------------------


def action(**parts: Any) -> Any:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = pikepdf.Dictionary({f"/{name}": value for name, value in parts.items()})

    return change


def deep_script(document: pikepdf.Pdf) -> None:
    nested: Any = pikepdf.Dictionary({"/S": pikepdf.Name("/JavaScript"), "/JS": "app.alert(1)"})
    for _ in range(50):
        nested = pikepdf.Array([pikepdf.Dictionary({"/Next": nested})])
    document.pages[0].obj["/AA"] = nested


def attached(document: pikepdf.Pdf) -> None:
    document.attachments["a.exe"] = b"MZ"


def form_of_scripts(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = pikepdf.Dictionary({"/XFA": document.make_stream(b"<xdp/>")})


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (pdf(action(S=pikepdf.Name("/JavaScript"), JS="app.alert(1)")), "active"),
        (pdf(action(S=pikepdf.Name("/Launch"), F="cmd.exe")), "active"),
        (pdf(action(S=pikepdf.Name("/SubmitForm"), F="http://x")), "active"),
        (pdf(deep_script), "active"),
        (pdf(deep_script, object_stream_mode=pikepdf.ObjectStreamMode.generate), "active"),
        (pdf(form_of_scripts), "active"),
        (pdf(attached), "embedded"),
        (pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "encrypted"),
        (pdf(encryption=pikepdf.Encryption(owner="o", user="")), "encrypted"),
        (b"\n" + pdf(), "mismatch"),
        (b"MZ" + pdf(), "mismatch"),
        (b"<script>alert(1)</script>" + pdf(), "mismatch"),
        (pdf().replace(b"startxref", b"startxxxx"), "mismatch"),
        (b"%PDF-1.7\n%%EOF", "mismatch"),
        (b"%PDF-1.7\n" + bytes(2000), "truncated"),
        (office(), "mismatch"),
        (archive({"a": b"b"}), "polyglot"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_pdf_that_does_more_than_show_pages_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ContentUnfit) as refused:
        await check("a.pdf", content)
    assert refused.value.why in {why, "polyglot" if why == "mismatch" else why}


async def test_a_pdf_with_bookmarks_and_a_place_to_open_at_is_taken() -> None:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, pikepdf.Name("/Fit")])
        with document.open_outline() as outline:
            outline.root.append(pikepdf.OutlineItem("一", 0))

    await check("a.pdf", pdf(change, object_stream_mode=pikepdf.ObjectStreamMode.generate))


async def test_a_pdf_of_more_values_than_anybody_reads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MOST_PDF_VALUES", 3)
    with pytest.raises(ContentUnfit) as refused:
        await check("a.pdf", pdf())
    assert refused.value.why == "too_complex"


# --- Office files ---------------------------------------------------------------------------------------------------

MACRO_TYPE = '<Override PartName="/x" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'


def link(kind: str, mode: str = "External") -> str:
    return f'<Relationship Id="r" Type="http://x/relationships/{kind}" Target="http://x/a" TargetMode="{mode}"/>'


def field(*instruction: str) -> bytes:
    parts = "".join(f"<w:r><w:instrText>{part}</w:instrText></w:r>" for part in instruction)
    begin, end = ('<w:fldChar w:fldCharType="' + kind + '"/>' for kind in ("begin", "end"))
    return f'<w:hdr xmlns:w="w">{begin}{parts}{end}</w:hdr>'.encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (office(more={"word/vbaProject.bin": b"x"}), "macros"),
        (office(more={"word/VBAPROJECT.BIN": b"x"}), "macros"),
        (office(more={"xl/macrosheets/sheet1.xml": b"x"}), "macros"),
        (office(more={"word/activeX/activeX1.xml": b"x"}), "macros"),
        (office(types=MACRO_TYPE), "macros"),
        (office(more={"word/embeddings/oleObject1.bin": b"x"}), "embedded"),
        (office(more={"word/media/a.exe": b"x"}), "embedded"),
        (office(rels=link("attachedTemplate")), "followed"),
        (office(rels=link("oleObject")), "followed"),
        (office(rels=link("image")), "followed"),
        (office(rels=link("vbaProject", "Internal")), "macros"),
        (office(rels=link("xlMacrosheet", "Internal")), "macros"),
        (office(rels=link("control", "Internal")), "macros"),
        (office(rels=link("oleObject", "Internal")), "macros"),
        (office(rels=link("image", "EXTERNAL")), "followed"),
        (
            office(more={"word/_rels/a.xml.RELS": f"<Relationships>{link('image')}</Relationships>".encode()}),
            "followed",
        ),
        (office(more={"word/footer1.xml": field("DDEAUTO c:/x.exe")}), "followed"),
        (office(more={"word/footer1.xml": field("D", "DE", " c:/x.exe")}), "followed"),
        (office(more={"word/footer1.xml": field("DDE ", "</w:instrText><w:fldChar/><w:instrText>")}), "followed"),
        (office(more={"word/footer1.xml": b'<w xmlns:v="v"><v:fldSimple v:instr=" dde x y "/></w>'}), "followed"),
        (office(more={"xl/externalLinks/externalLink1.xml": b'<a><ddeLink ddeService="cmd"/></a>'}), "followed"),
        (office(more={"../../a.xml": b"x"}), "malformed"),
        (office(more={"word/../../a.xml": b"x"}), "malformed"),
        (office(more={"/a.xml": b"x"}), "malformed"),
        (office(more={"WORD/document.xml": b"x"}), "malformed"),
        (office(more={"[Content_Types].xml": b""}), "mismatch"),
        (office(more={"[Content_Types].xml": b"<Types/>"}), "mismatch"),
        (office(more={"[Content_Types].xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><Types>&b;</Types>"}), "mismatch"),
        (office(more={"_rels/.rels": b"<broken"}), "mismatch"),
        (office(more={"word/a.xml": bytes(30 * 1024 * 1024)}), "bomb"),
        (archive({f"{number}.xml": b"" for number in range(documents.MOST_ENTRIES + 1)}), "too_complex"),
        (archive({"a.txt": b"x"}), "mismatch"),
        (b"MZ" + office(), "mismatch"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000), "encrypted"),
        (ofd(), "mismatch"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_office_file_that_acts_or_bursts_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ContentUnfit) as refused:
        await check("a.docx", content)
    assert refused.value.why == why


async def test_an_office_file_with_links_charts_and_pictures_is_taken() -> None:
    more = {
        "word/media/image1.png": picture(),
        "word/embeddings/Microsoft_Excel_Sheet1.xlsx": office("xlsx"),
        "word/footer1.xml": field(" PAGE ", " ADDED ") + b"<!-- DDE -->",
        "word/_rels/document.xml.rels": f"<Relationships>{link('hyperlink')}{link('image', 'Internal')}</Relationships>".encode(),
    }
    await check("a.docx", office(more=more))


async def test_an_archive_that_unpacks_to_more_than_the_bound_is_refused_whatever_its_ratio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "MOST_UNPACKED", 1000)
    await check("a.ofd", ofd())
    with pytest.raises(ContentUnfit) as refused:
        await check("a.docx", office(more={"a.xml": bytes(range(256)) * 4}))
    assert refused.value.why == "bomb"


async def test_an_entry_with_a_password_is_refused() -> None:
    content = bytearray(office())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    with pytest.raises(ContentUnfit) as refused:
        await check("a.docx", bytes(content))
    assert refused.value.why == "encrypted"


# --- Texts and recordings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"a\x00b", b"a\x07", b"\x81", b"%PDF-1.7", b"PK\x03\x04", b"\xff\xfea", "a\x00".encode("utf-16")],
)
async def test_what_is_no_text_is_not_taken_for_one(content: bytes) -> None:
    with pytest.raises(ContentUnfit):
        await check("a.txt", content)


async def test_a_character_on_the_edge_of_two_blocks_is_one_character() -> None:
    for content in ("a" + "情" * 200_000, "情" * 200_000):
        await check("a.txt", content.encode())
        await check("a.txt", content.encode("gbk"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.mp3", mp3(2)),
        ("a.mp3", b"ID3" + bytes(4000)),
        ("a.mp3", b"\xff\xff" * 4000),
        ("a.wav", sound().replace(b"WAVE", b"AVI ")),
        ("a.wav", sound().replace(b"data", b"date")),
        ("a.wav", sound()[:-100]),
        ("a.amr", b"#!AMR\n"),
        ("a.amr", amr() + b"\x3c"),
        ("a.amr", b"#!AMR\n" + b"\x54" * 100),
        ("a.mp4", film(b"qt  ")),
        ("a.mp4", film(b"heic")),
        ("a.mp4", film()[:-1]),
        ("a.mp4", film() + b"\x00"),
        ("a.mp4", box(b"ftyp", b"isom" + bytes(4)) + box(b"mdat", b"")),
        ("a.mp4", box(b"ftyp", b"isom" + bytes(4)) + b"\x00\x00\x00\x02moov"),
        ("a.mp4", box(b"moov", b"")),
        ("a.mp4", box(b"ftyp", b"isom" + bytes(4)) + box(b"free", b"") * 20_000),
        ("a.m4a", box(b"ftyp", b"")),
        ("a.m4a", film(b"isom", b"vide")),
        ("a.mp4", film(b"isom", b"text")),
    ],
)
async def test_a_recording_whose_container_does_not_hold_together_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(ContentUnfit):
        await check(name, content)


# --- The thread -----------------------------------------------------------------------------------------------------


async def test_a_check_that_does_not_end_refuses_the_file_and_those_behind_it_are_asked_to_wait() -> None:
    let_go = threading.Event()

    def wait(_: object) -> None:
        let_go.wait(30)

    slow = Kind("x/x", wait)
    try:
        for _ in range(checking._CHECKERS._max_workers):
            with pytest.raises(ContentUnfit) as refused:
                await check_file(io.BytesIO(b"x"), slow, position=1, name="a", seconds=0.05)
            assert refused.value.why == "too_complex"
        with pytest.raises(ChecksBusy):
            await check_file(io.BytesIO(b"x"), slow, position=1, name="a", seconds=0.05)
    finally:
        let_go.set()
    await check("a.png", picture())
