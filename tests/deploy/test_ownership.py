"""The owner of a child process, a folder and a port: a child ends with its owner; folders and ports have one owner."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.kafka.broker import main
from deploy.ownership import FolderInUse, FolderLock, Leash, PortTaken, end_leftovers, listens, refuse_taken
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]

# The thread that starts the child ends before the owner: the kernel's parent-death signal would come too early.
OWNER = """
import signal, subprocess, threading
from deploy.ownership import Leash

def start():
    with Leash() as leash:
        child = subprocess.Popen(leash.around(["/bin/sleep", "600"]), stdin=leash.end, start_new_session=True)
    leashes.append((leash, child))
    print(child.pid, flush=True)

leashes = []
starter = threading.Thread(target=start)
starter.start()
starter.join()
signal.pause()
"""


def owner() -> subprocess.Popen[str]:
    """A process that has started a child and waits to be ended."""
    return subprocess.Popen([sys.executable, "-c", OWNER], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def leashed(leash: Leash, *command: str) -> subprocess.Popen[bytes]:
    """A child process of the test."""
    return subprocess.Popen(leash.around(command), stdin=leash.end)


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.kill
async def test_a_child_runs_on_after_the_thread_that_started_it_and_ends_with_its_owner() -> None:
    with owner() as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        await eventually(lambda: child.cmdline() == ["/bin/sleep", "600"])
        assert child.ppid() == process.pid
        child.suspend()  # a suspended one ends too
        process.kill()
        process.wait()

        await eventually(lambda: not is_alive(child.pid))


async def test_a_child_that_has_ended_leaves_no_watcher() -> None:
    with Leash() as leash, leashed(leash, "/bin/sleep", "600") as child:
        process = psutil.Process(child.pid)
        await eventually(lambda: process.cmdline() == ["/bin/sleep", "600"])
        (watcher,) = process.children()
        child.send_signal(signal.SIGTERM)
        child.wait()
        leash.let_go()
        leash.let_go()

        assert child.returncode == -signal.SIGTERM
        await eventually(lambda: not is_alive(watcher.pid))


def test_a_command_that_is_not_there_leaves_nothing_open() -> None:
    before = psutil.Process().num_fds()

    with pytest.raises(FileNotFoundError), Leash() as leash:
        subprocess.Popen([leash.around(["x"])[0] + "-that-is-not-there"], stdin=leash.end)

    assert psutil.Process().num_fds() == before


def test_a_folder_has_one_owner_at_a_time(tmp_path: Path) -> None:
    first = FolderLock(tmp_path / "data")
    with pytest.raises(FolderInUse) as refused:
        FolderLock(tmp_path / "data")
    assert refused.value.folder == tmp_path / "data"
    first.release()
    assert not first.held

    FolderLock(tmp_path / "data").release()


def test_a_port_with_a_listener_is_refused_and_its_holder_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"进程 {os.getpid()}") as refused:
            refuse_taken(port)
        assert refused.value.port == port
        assert listens(os.getpid(), port)
        assert not listens(os.getppid(), port)


@pytest.mark.kill
def test_what_an_earlier_owner_left_behind_is_ended_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen(["/bin/sleep", "600"]) as left:
        end_leftovers(lambda process: process.pid == left.pid)

        assert not is_alive(left.pid)
    assert str(left.pid) in capsys.readouterr().err


def test_a_broker_is_refused_a_port_before_any_java_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no Java is found here: starting it would fail with another message
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["--port", str(port), "--data", str(tmp_path / "data")]) == 2

    assert f"端口 {port} 已被占用" in capsys.readouterr().err
    assert not (tmp_path / "data" / "ports").exists()


def test_a_broker_is_refused_a_folder_that_another_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other_owner = FolderLock(tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    assert main(["--port", str(free), "--data", str(tmp_path / "data")]) == 2
    other_owner.release()

    assert f"数据目录 {tmp_path / 'data'} 正由另一个进程使用" in capsys.readouterr().err
