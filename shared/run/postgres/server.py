"""The server as a child process: starting, stopping, killing and restarting it."""

import atexit
import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import quote

import psutil

from shared.run.postgres.cluster import USER, ensure_cluster, popen
from shared.run.postgres.databases import create_database
from shared.run.postgres.errors import PortTaken, PostgresFailed, PostgresInUse
from shared.run.postgres.place import home_for, programs_for

HOST: Final = "127.0.0.1"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0

_RUN: Final[Mapping[str, str]] = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Otherwise the server opens and syncs some thousand files one by one after a crash before it starts.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
}
_TEST: Final[Mapping[str, str]] = {
    **_RUN,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "autovacuum": "off",
}

# Reads until the pipe breaks, which happens however its owner ends, then asks the server for a fast shutdown.
_GUARD: Final = 'read -r _; kill -INT "$1" 2>/dev/null'


class PostgresServer:
    """One running server and its data folder; made by `PostgresServer.start`."""

    def __init__(self, home: Path, programs: Path, password: str, *, port: int | None, fsync: bool) -> None:
        """Use `start`, which prepares these arguments."""
        self.home: Final = home
        self._programs: Final = programs
        self._password: Final = password
        self._wanted_port: Final = port
        self._fsync: Final = fsync
        self.port: int = port or 0
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    @classmethod
    def start(cls, data_dir: Path | str, *, port: int | None = None, fsync: bool = True) -> Self:
        """Start a server on the data in `data_dir`, which is created if missing.

        `home` is the folder of the data: `data_dir`, or one under /var/tmp when root starts the server and its user
        cannot reach `data_dir`. Without `port` a free one is taken. `fsync=False` gives up durability for speed, for
        tests that kill nothing.

        Blocks for about a second at the first start, half a second later.

        Raises PostgresInUse when a living process owns the folder, PortTaken when `port` is not free, PostgresFailed
        with the end of the server's log otherwise.
        """
        home = home_for(Path(data_dir).absolute())
        lock = _lock(home)
        try:
            programs = programs_for(home)
            _stop_leftover(home / "data")
            server = cls(home, programs, ensure_cluster(home, programs, fsync=fsync), port=port, fsync=fsync)
            server._lock = lock
            server._launch()
        except BaseException:
            os.close(lock)
            raise
        atexit.register(server.stop)
        return server

    @property
    def log_path(self) -> Path:
        """The server's log."""
        return self.home / "server.log"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, None when it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def programs(self) -> Path:
        """The folder of pgbench, psql, pg_dump and the rest, of the server's own version."""
        return self._programs

    def url(self, database: str = "postgres") -> str:
        """postgresql://user:password@127.0.0.1:port/database, for the server's superuser."""
        return f"postgresql://{USER}:{quote(self._password)}@{HOST}:{self.port}/{quote(database)}"

    def url_of(self, user: str, password: str, database: str) -> str:
        """The same for another login."""
        return f"postgresql://{user}:{quote(password, safe='')}@{HOST}:{self.port}/{quote(database, safe='{}')}"

    async def create_database(self, name: str, template: str | None = None, owner: str | None = None) -> None:
        """Make `name`, as a copy of `template` if given (nobody may be connected to it); nothing if it is there."""
        await create_database(self.url(), name, template, owner)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop the server and release its folder; `immediate` leaves the recovery to the next start."""
        atexit.unregister(self.stop)
        self._end(signal.SIGQUIT if mode == "immediate" else signal.SIGINT)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def kill(self) -> None:
        """Kill the postmaster and all its children with signal 9 at once, like a power failure; call `restart` after it."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                postmaster = psutil.Process(self._process.pid)
                postmaster.suspend()  # it must not start a child while we count them
                for process in [*postmaster.children(recursive=True), postmaster]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            self._process.wait()
        self._end_guard()

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop the server if it runs, and start it on the same data and port."""
        self._end(signal.SIGQUIT if mode == "immediate" else signal.SIGINT)
        if self._lock is None:
            self._lock = _lock(self.home)
            atexit.register(self.stop)
        _stop_leftover(self.home / "data")
        self._launch(same_port=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self, *, same_port: bool = False) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            if not same_port:
                self.port = self._wanted_port or _free_port()
            written = self.log_path.stat().st_size if self.log_path.exists() else 0
            self._process = self._spawn()
            if _is_ready(self._process, self.home / "data", deadline):
                self._guard = _guard(self._process.pid)
                return
            said = self.log_path.read_text(errors="replace")[written:]
            if time.monotonic() < deadline and self._may_try_again(said, same_port=same_port):
                time.sleep(0.1)
                continue
            self._end(signal.SIGQUIT)
            if "could not bind" in said and self._wanted_port is not None:
                raise PortTaken(self._wanted_port)
            raise PostgresFailed(f"内置数据库没有启动，日志在 {self.log_path}：\n{said[-1500:]}")

    def _may_try_again(self, said: str, *, same_port: bool) -> bool:
        # The backends of a killed postmaster hold its shared memory until they notice its end.
        if "shared memory block" in said or "lock file" in said:
            return True
        return "could not bind" in said and (same_port or self._wanted_port is None)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = {
            **(_RUN if self._fsync else _TEST),
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "logging_collector": "off",
        }
        arguments = [f"-c{name}={value}" for name, value in settings.items()]
        with self.log_path.open("ab") as log:
            return popen([str(self._programs / "postgres"), "-D", str(self.home / "data"), *arguments], log)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    self.kill()
        self._end_guard()

    def _end_guard(self) -> None:
        if self._guard is None:
            return
        # Killed before its pipe closes, or it would signal a process id that may belong to another process by then.
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard = None


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _lock(home: Path) -> int:
    """Lock `home` until this process ends, however it ends; returns the open file."""
    handle = os.open(home / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise PostgresInUse(home) from None
    return handle


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """A shell that stops `pid` when this process has ended, even by signal 9."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "gongdan-postgres-guard", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _is_ready(process: subprocess.Popen[bytes], data: Path, deadline: float) -> bool:
    """Wait until the postmaster's pid file says ready (as pg_ctl does); False if it ended or time ran out."""
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        with contextlib.suppress(FileNotFoundError):
            lines = (data / "postmaster.pid").read_text().splitlines()
            if len(lines) >= 8 and int(lines[0]) == process.pid and lines[7].strip() == "ready":  # noqa: PLR2004
                return True
        time.sleep(0.01)
    return False


def _stop_leftover(data: Path) -> None:
    """Stop a server that an earlier owner left running on `data`, and remove a pid file of a process that is not ours.

    The caller holds the lock, so a running postmaster here has lost its owner. Its parameters may be old, so it is
    stopped rather than reused. A process id that now belongs to another program must not prevent the start.
    """
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        postmaster = psutil.Process(int(pid_file.read_text().splitlines()[0]))
        if str(data) in postmaster.cmdline():
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                postmaster.send_signal(number)
                with contextlib.suppress(psutil.TimeoutExpired):
                    postmaster.wait(STOP_SECONDS)
                    break
    pid_file.unlink(missing_ok=True)
