"""Files lie by their content, once, durably; a reader never gets another content than was kept."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore, MemoryStore, S3Store

from shared.clock import RealClock
from shared.files.errors import FileLost, StoreAway
from shared.files.store import ORPHANED_AFTER, FileStore
from shared.settings import BadSetting
from tests.kernel.filing import filing_service, sha256
from tests.kernel.tiny import tiny_at

CONTENT = bytes(range(256)) * 4096


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore.at(f"{tmp_path.as_uri()}/深%20/files")


async def keep(store: FileStore, content: bytes = CONTENT) -> str:
    digest = sha256(content)
    await store.keep(io.BytesIO(content), sha256=digest, size=len(content))
    return digest


async def read(store: FileStore, digest: str, size: int = len(CONTENT), part: range | None = None) -> bytes:
    return b"".join([block async for block in await store.read(digest, size=size, part=part)])


def paths(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
async def test_what_is_kept_is_read_again(store: FileStore, content: bytes) -> None:
    assert await read(store, await keep(store, content), len(content)) == content


async def test_a_store_in_memory_does_the_same() -> None:
    store = FileStore(MemoryStore())
    assert await read(store, await keep(store)) == CONTENT


async def test_a_content_lies_under_its_hash_and_once(store: FileStore, tmp_path: Path) -> None:
    digest = await keep(store)
    before = paths(tmp_path)[0].stat().st_ino
    await keep(store)

    assert [path.name for path in paths(tmp_path)] == [digest]
    assert paths(tmp_path)[0].parent.parts[-2:] == (digest[:2], digest[2:4])
    assert paths(tmp_path)[0].stat().st_ino == before


async def test_what_cannot_be_read_to_its_end_is_not_kept(store: FileStore, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 300_000:
                raise OSError("gone")
            return super().read(size)

    with pytest.raises(StoreAway):
        await store.keep(Broken(CONTENT), sha256=sha256(CONTENT), size=len(CONTENT))
    assert paths(tmp_path) == []


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (range(1), CONTENT[:1]),
        (range(5, 300_000), CONTENT[5:300_000]),
        (range(len(CONTENT) - 1, len(CONTENT)), CONTENT[-1:]),
        (range(0), b""),
    ],
)
async def test_a_part_is_read_alone(store: FileStore, part: range, expected: bytes) -> None:
    assert await read(store, await keep(store), part=part) == expected


async def test_a_file_that_is_gone_is_told_before_the_first_byte(store: FileStore, logs: list[dict[str, Any]]) -> None:
    with pytest.raises(FileLost):
        await store.read(sha256(b"never"), size=5)
    assert [(line["event"], line["fault"]) for line in logs] == [("file lost", "missing")]


async def test_an_altered_file_is_never_given_whole(
    store: FileStore, tmp_path: Path, logs: list[dict[str, Any]]
) -> None:
    digest = await keep(store)
    paths(tmp_path)[0].write_bytes(CONTENT[:-1] + b"?")

    blocks, given = await store.read(digest, size=len(CONTENT)), b""
    with pytest.raises(FileLost):  # noqa: PT012 - the blocks before the last one come
        while True:
            given += await anext(blocks)
    assert 0 < len(given) < len(CONTENT)
    assert [(line["event"], line["fault"]) for line in logs] == [("file lost", "altered")]


async def test_a_file_of_another_length_is_refused_also_in_part_and_repaired_when_it_comes_again(
    store: FileStore, tmp_path: Path
) -> None:
    digest = await keep(store)
    paths(tmp_path)[0].write_bytes(CONTENT[:-1])
    with pytest.raises(FileLost):
        await store.read(digest, size=len(CONTENT), part=range(5))
    await keep(store)
    assert await read(store, digest) == CONTENT


async def test_a_store_that_does_not_answer_is_away_and_its_address_is_not_logged(logs: list[dict[str, Any]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    store = FileStore(
        S3Store(
            "bucket",
            endpoint=f"http://127.0.0.1:{port}",
            access_key_id="topsecret",
            secret_access_key="topsecret",
            region="cn",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
    )
    with pytest.raises(StoreAway):
        await keep(store)
    with pytest.raises(StoreAway):
        await store.read(sha256(b""), size=1)
    assert {line["event"] for line in logs} == {"file store away"}
    assert "topsecret" not in str(logs)


async def test_only_what_no_record_names_and_is_old_is_removed(store: FileStore, tmp_path: Path) -> None:
    known, orphan, young = [await keep(store, content) for content in (b"known", b"orphan", b"young")]
    await age(tmp_path, [known, orphan], ORPHANED_AFTER + timedelta(minutes=1))
    asked: list[str] = []

    async def of_records(digests: Collection[str]) -> Collection[str]:
        asked.extend(digests)
        return {known}

    assert await store.remove_orphans(of_records) == 1
    assert {path.name for path in paths(tmp_path)} == {known, young}
    assert set(asked) == {known, orphan}


async def test_an_old_file_that_is_kept_again_is_young_again(store: FileStore, tmp_path: Path) -> None:
    """Its first record may be gone, and the sweep be on its way, when a second one comes to name it."""
    digest = await keep(store, b"again")
    await age(tmp_path, [digest], ORPHANED_AFTER + timedelta(minutes=1))
    await keep(store, b"again")

    async def nobody(digests: Collection[str]) -> Collection[str]:
        return ()

    assert await store.remove_orphans(nobody) == 0


async def age(folder: Path, digests: list[str], by: timedelta) -> None:
    moment = (RealClock().now() - by).timestamp()
    for path in paths(folder):
        if path.name in digests:
            os.utime(path, (moment, moment))


@pytest.mark.parametrize("url", ["file:///proc/nowhere/files", "file:///dev/null/files", "ftp://x/y", "nonsense"])
def test_a_place_that_cannot_be_used_is_told_at_the_start(url: str) -> None:
    with pytest.raises(BadSetting, match="GONGDAN_FILES_URL"):
        FileStore.at(url)


async def test_a_service_that_takes_files_does_not_start_without_a_place_for_them(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="GONGDAN_FILES_URL 没有设置"):
        async with tiny_at(
            "postgresql://nobody@127.0.0.1:1/x", service=filing_service(), folder=tmp_path, files_url=None
        ):
            pass
    async with tiny_at("postgresql://nobody@127.0.0.1:1/x", folder=tmp_path, files_url=None) as other:
        assert other.runtime.files.scanner is None


def test_a_bucket_takes_its_keys_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://minio:9000",
        "AWS_REGION": "cn",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
    }.items():
        monkeypatch.setenv(name, value)
    place = FileStore.at("s3://bucket/prefix/dispatch")._store
    assert isinstance(place, S3Store)
    assert place.prefix == "prefix/dispatch"


def test_a_folder_is_made(tmp_path: Path) -> None:
    place = FileStore.at(f"{tmp_path.as_uri()}/a/b")._store
    assert isinstance(place, LocalStore)
    assert (tmp_path / "a" / "b").is_dir()
