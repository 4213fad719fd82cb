"""One owner for a data folder and a port, and child processes that end with their owner."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import psutil

_HOST: Final = "127.0.0.1"
_LEFTOVER_SECONDS: Final = 15.0

# The watching shell starts before the program, so the program never runs without it.  It reads a line when the owner
# says that the program has ended; the pipe breaks when the owner itself has ended, however that happened.
_LEASH: Final = 'exec 3<&0 </dev/null; (read -r _ <&3 || kill -KILL "$$") >/dev/null 2>&1 & exec 3<&-; exec "$@"'


class FolderInUse(RuntimeError):
    """数据目录正由另一个进程使用。"""

    code = "folder_in_use"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"数据目录 {folder} 正由另一个进程使用；请先停止它，或换一个数据目录。")
        self.folder = folder


class PortTaken(RuntimeError):
    """端口已被占用。"""

    code = "port_taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"端口 {port} 已被占用{_by_whom(port)}；请先停止占用它的程序，或换一个端口。")
        self.port = port


class FolderLock:
    """A lock on a folder, for one owner at a time; it ends with this process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Lock the folder, which is created if missing. Raises FolderInUse."""
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise FolderInUse(folder) from None
        self._handle: int | None = handle

    @property
    def held(self) -> bool:
        """Whether the folder is still ours."""
        return self._handle is not None

    def release(self) -> None:
        """Release the folder; a second call does nothing."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


class Leash:
    """Ends a child process with this one: when the pipe between them breaks, for whatever reason, the child is killed.

    The kernel's parent-death signal would not do: it is sent when the thread that started the child ends.

        with Leash() as leash:
            child = Popen(leash.around(command), stdin=leash.end)
        ...
        child.wait()
        leash.let_go()
    """

    def __init__(self) -> None:
        self.end, self._ours = os.pipe()

    def around(self, command: Sequence[str]) -> list[str]:
        """The command to start instead: it becomes `command`, under the same process id."""
        return ["/bin/sh", "-c", _LEASH, "gongdan-leash", *command]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        """Close our copy of the pipe's end: the child has its own, or does not exist."""
        os.close(self.end)
        if kind is not None:
            self.let_go()

    def let_go(self) -> None:
        """Stop watching: the child has ended, and its process id may be used again. A second call does nothing."""
        ours, self._ours = self._ours, -1
        if ours >= 0:
            with contextlib.suppress(BrokenPipeError):
                os.write(ours, b"\n")
            os.close(ours)


def refuse_taken(port: int) -> None:
    """Raise PortTaken when somebody listens on `port` of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as fault:
            if fault.errno != errno.EADDRINUSE:
                raise
            raise PortTaken(port) from fault


def listens(pid: int, port: int) -> bool:
    """Whether this process listens on `port`: an answer may come from another program."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except (psutil.Error, RuntimeError):  # it ended, or the kernel's table changed while it was read
        return False
    return any(_is_listening(found, port) for found in connections)


def _is_listening(connection: Any, port: int) -> bool:
    return bool(connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port)


def end_leftovers(is_ours: Callable[[psutil.Process], bool]) -> None:
    """End every process that an earlier owner left running, and print that.  The caller holds the folder's lock."""
    left = [process for process in psutil.process_iter() if _safely(is_ours, process)]
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            print(f"结束上次运行遗留的进程 {process.pid}（{process.name()}）", file=sys.stderr)
            process.kill()
    psutil.wait_procs(left, timeout=_LEFTOVER_SECONDS)


def _safely(is_ours: Callable[[psutil.Process], bool], process: psutil.Process) -> bool:
    try:
        return is_ours(process)
    except psutil.Error:
        return False


def _by_whom(port: int) -> str:
    with contextlib.suppress(psutil.Error, RuntimeError, OSError):
        for found in psutil.net_connections(kind="tcp"):
            if _is_listening(found, port) and found.pid is not None:
                return f"（{psutil.Process(found.pid).name()}，进程 {found.pid}）"
    return ""
