"""Why a start may fail, in words for the person who started it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from shared.clock import BadClock
from shared.run.postgres import PostgresFailed
from shared.run.process import PortTaken
from shared.settings import BadSetting

_REASONS: Final[Mapping[int, str]] = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EEXIST: "它不是目录",
    errno.ENOTDIR: "它或它的上级不是目录",
    errno.EISDIR: "那里应为文件，却是目录",
    errno.ENOENT: "那里不能建立目录",
    errno.EROFS: "所在的文件系统只读",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已用完",
    errno.ENAMETOOLONG: "路径过长",
}


class FolderUnusable(RuntimeError):
    """数据目录不能建立或写入。"""

    code = "folder_unusable"

    def __init__(self, folder: Path, fault: OSError) -> None:
        why = _REASONS.get(fault.errno or 0, f"系统错误 {fault.errno}")
        super().__init__(f"数据目录 {folder} 不能使用（{why}）；请用 GONGDAN_VAR 指定一个可以写入的目录。")
        self.folder = folder


class FolderOfAnotherState(RuntimeError):
    """数据目录由本仓库更早的状态建立，缺少现在需要的密钥。"""

    code = "folder_of_another_state"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"数据目录 {folder} 由本程序更早的开发版本建立，不能继续使用；请移走该目录，或用 GONGDAN_VAR 指定另一个目录。"
        )
        self.folder = folder


REFUSALS: Final = (BadSetting, BadClock, PortTaken, PostgresFailed, FolderUnusable, FolderOfAnotherState)
"""Errors that end a start with one line instead of a traceback."""


def data_folder(default: Path) -> Path:
    """The folder of the data: GONGDAN_VAR, or `default`."""
    return Path(os.environ.get("GONGDAN_VAR") or default).resolve()


def usable(folder: Path) -> Path:
    """`folder`, created if missing; FolderUnusable when no file can be created in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise FolderUnusable(folder, fault) from fault
    return folder


@contextlib.contextmanager
def telling(folder: Path) -> Iterator[None]:
    """Turn an error about a file under `folder` inside the block into FolderUnusable with that file."""
    try:
        yield
    except OSError as fault:
        path = Path(os.fsdecode(fault.filename)) if fault.filename else None
        if path is None or not path.is_relative_to(folder):
            raise
        raise FolderUnusable(path, fault) from fault


def refusal_in(fault: BaseException, kinds: tuple[type[BaseException], ...]) -> BaseException | None:
    """`fault` if it is of these kinds, or the first such error in an exception group."""
    if isinstance(fault, BaseExceptionGroup):
        return next((found for part in fault.exceptions if (found := refusal_in(part, kinds)) is not None), None)
    return fault if isinstance(fault, kinds) else None
