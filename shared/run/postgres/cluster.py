"""Making the data folder with its password, and running the server's programs."""

import contextlib
import locale
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from shared.run.postgres.errors import PostgresFailed
from shared.run.postgres.place import server_user

USER: Final = "gongdan"


def ensure_cluster(home: Path, programs: Path, *, fsync: bool) -> str:
    """The superuser's password; the data folder is made first if it is missing or incomplete."""
    secret, data = home / "password", home / "data"
    if secret.exists() and (data / "PG_VERSION").exists():
        return secret.read_text().strip()
    if data.exists():
        shutil.rmtree(data)  # no password file: initdb did not finish, so nothing was stored here
    password = secrets.token_urlsafe(24)
    user = server_user()
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
            code = popen([str(programs / "initdb"), *arguments], log).wait()
    if code:
        raise PostgresFailed(f"内置数据库不能建立，日志在 {home / 'server.log'}。")
    _write_private(secret, password)  # last: it shows that the folder is complete
    return password


def _locale_arguments() -> list[str]:
    """Sort by code point, the same on every machine; with UTF-8 character classes, or pg_trgm drops Chinese words."""
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
    """A temporary file with the password that only the server's user can read."""
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


def popen(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """A child process in its own session (Ctrl-C reaches only its owner), as the server's user, with few variables."""
    user = server_user()
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
