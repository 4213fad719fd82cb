"""Where files lie: by the SHA-256 of their bytes, in a folder or a bucket, each content once.

A file is complete before it is put here, and `put` lets nobody see a part of it; a crash leaves nothing half.  What the
bytes are called, and by whom, says the table of the service that owns them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from shared.clock import Clock, RealClock
from shared.files.errors import FileLost, StoreAway
from shared.files.scanner import Scanner, scanner_at
from shared.settings import BadSetting
from shared.telemetry import logger

log = logger("files")

_BLOCK: Final = 256 * 1024
_GONE: Final = (FileNotFoundError, NotFoundError)
# What the library raises, for a folder and for a bucket.
_AWAY: Final = (BaseError, OSError)
ORPHANED_AFTER: Final = timedelta(days=2)
"""A file that no record names is removed when it is older: its transaction may still be on its way before."""
_RENEWED_AFTER: Final = timedelta(days=1)
"""One that is kept again is written again from this age on, so that nobody removes it under the new record."""


class FileStore:
    """The files of one service."""

    def __init__(
        self, store: ObjectStore | None, *, scanner: Scanner | None = None, clock: Clock | None = None
    ) -> None:
        # The store's own moments are the machine's: a simulated clock would say nothing about the age of a file.
        self._place, self.scanner, self._clock = store, scanner, clock or RealClock()

    @classmethod
    def at(cls, url: str, *, scanner_url: str | None = None) -> FileStore:
        """The store at this address: file:///folder, s3://bucket/prefix, or memory:/// for a test."""
        try:
            # A folder is made when it is missing; a bucket is for whoever runs the platform to make.
            store = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
        except (*_AWAY, ValueError) as fault:
            raise BadSetting("GONGDAN_FILES_URL 所指的位置不能使用，请确认文件夹可以写入，或桶的地址正确") from fault
        return cls(store, scanner=scanner_at(scanner_url))

    @property
    def _store(self) -> ObjectStore:
        assert self._place is not None, "the service takes no files: none of its routes is an UploadRoute"
        return self._place

    async def keep(self, file: BinaryIO, *, sha256: str, size: int) -> None:
        """Have these bytes durably here when this returns; StoreAway otherwise."""
        key = _key(sha256)
        try:
            if not await self._has(key, size):
                await obstore.put_async(self._store, key, _blocks(file))
                await asyncio.to_thread(self._sync, key)
        except _AWAY as fault:
            raise _away("keep", fault) from fault

    async def read(self, sha256: str, *, size: int, part: range | None = None) -> AsyncIterator[bytes]:
        """The bytes, or a part of them, as they come; FileLost before the first one when they are not here.

        The whole is hashed while it is read, and the last block held back until the hash is right: whoever reads an
        altered file never gets all of it.
        """
        part = part if part is not None else range(size)
        if not part:
            return _nothing()
        try:
            found = await obstore.get_async(self._store, _key(sha256), options={"range": (part.start, part.stop)})
        except _GONE as fault:
            raise self._lost(sha256, "missing") from fault
        except _AWAY as fault:
            raise _away("read", fault) from fault
        if found.meta["size"] != size:
            raise self._lost(sha256, "size")
        blocks = aiter(found.stream(min_chunk_size=_BLOCK))
        return self._verified(blocks, sha256) if len(part) == size else blocks

    async def remove_orphans(self, known: Callable[[Collection[str]], Awaitable[Collection[str]]]) -> int:
        """Remove what is older than ORPHANED_AFTER and not among those that `known` knows; how many they were."""
        try:
            return await self._remove_orphans(known)
        except _AWAY as fault:
            raise _away("remove", fault) from fault

    async def _remove_orphans(self, known: Callable[[Collection[str]], Awaitable[Collection[str]]]) -> int:
        removed = 0
        async for listed in self._store.list(chunk_size=1000):
            old = {
                meta["path"].rpartition("/")[2]: meta["path"]
                for meta in listed
                if self._age(meta["last_modified"]) > ORPHANED_AFTER
            }
            named = set(await known(tuple(old))) if old else set()
            orphans = [path for sha256, path in old.items() if sha256 not in named]
            if orphans:
                with contextlib.suppress(*_GONE):  # another replica removed one of them first
                    await obstore.delete_async(self._store, orphans)
                    removed += len(orphans)
        return removed

    async def _has(self, key: str, size: int) -> bool:
        try:
            meta = await obstore.head_async(self._store, key)
        except _GONE:
            return False
        # Another size under this key is damage; writing it again repairs it.
        return meta["size"] == size and self._age(meta["last_modified"]) < _RENEWED_AFTER

    def _age(self, written_at: datetime) -> timedelta:
        return self._clock.now() - written_at

    async def _verified(self, blocks: AsyncIterator[bytes], sha256: str) -> AsyncIterator[bytes]:
        digest, held = hashlib.sha256(), b""
        async for block in blocks:
            digest.update(block)
            if held:
                yield held
            held = bytes(block)
        if digest.hexdigest() != sha256:
            raise self._lost(sha256, "altered")
        yield held

    def _sync(self, key: str) -> None:
        """Have a file and its folders on the disk: the commit of the record promises it, and a rename alone does not."""
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return
        top = Path(self._store.prefix)
        place = top / key
        for path in (place, *place.parents[: len(Path(key).parts)]):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    @staticmethod
    def _lost(sha256: str, fault: str) -> FileLost:
        log.error("file lost", sha256=sha256, fault=fault)
        return FileLost()


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(_BLOCK):
        yield block


async def _nothing() -> AsyncIterator[bytes]:
    for _ in ():
        yield b""


def _away(doing: str, fault: Exception) -> StoreAway:
    # Never its text: an address may hold a key.
    log.error("file store away", doing=doing, error=type(fault).__name__)
    return StoreAway()
