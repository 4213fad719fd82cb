"""The check of a file in a thread of its own, with a bound on its time: the loop goes on meanwhile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO, Final

from shared.files.errors import ChecksBusy, ContentUnfit
from shared.files.kinds import Kind
from shared.files.unfit import Unfit

CHECK_SECONDS: Final = 20.0
# Two, because a picture of the largest size takes 320 MB while it is decoded.  Not the loop's own threads: a check that
# hangs must keep nobody from them.
_CHECKERS: Final = ThreadPoolExecutor(2, thread_name_prefix="file-check")


async def check_file(file: BinaryIO, kind: Kind, *, position: int, name: str, seconds: float = CHECK_SECONDS) -> None:
    """ContentUnfit when the bytes are not of this kind, ChecksBusy when nobody came to look in time."""
    job = _CHECKERS.submit(_check, file, kind)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wrap_future(job)
    except Unfit as fault:
        raise ContentUnfit(fault.why, fault.words, position=position, name=name) from fault
    except TimeoutError:
        if job.cancelled():
            raise ChecksBusy from None
        # The thread cannot be stopped; it works on its own until it ends, and its place is taken so long.
        words = "文件过于复杂，未能在规定时间内检查完，请精简或重新导出后上传"
        raise ContentUnfit("too_complex", words, position=position, name=name) from None


def _check(file: BinaryIO, kind: Kind) -> None:
    file.seek(0)
    if not file.read(1):
        raise Unfit("empty", "文件是空的，请核对后重新上传")
    file.seek(0)
    kind.check(file)
