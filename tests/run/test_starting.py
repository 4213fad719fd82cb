"""What prevents a start is reported in one line that says what to do, whichever way the platform is started."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from deploy import cluster
from deploy.kafka import broker
from services import __main__ as platform
from shared.run.starting import FolderUnusable, telling, usable

Start = Callable[[], int]
RUN: Final[Start] = platform.main
CLUSTER: Final[Start] = lambda: cluster.main([])  # noqa: E731
KAFKA: Final[Start] = lambda: broker.main(["--port", "0"])  # noqa: E731
ENGLISH: Final = re.compile(r"\b[a-z]{2,} [a-z]{2,}\b")


def refused(start: Start, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that is written."""
    assert start() == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("无法启动：")
    assert not ENGLISH.search(line)
    return line


@pytest.mark.parametrize("start", [RUN, CLUSTER, KAFKA], ids=["run", "cluster", "kafka"])
@pytest.mark.parametrize("kind", ["a file", "below a file", "nowhere", "read-only"])
def test_a_data_folder_that_cannot_be_used_is_named(
    start: Start, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    folder = {
        "a file": file, "below a file": file / "var", "nowhere": Path("/proc/nope"), "read-only": Path("/proc/1"),
    }[kind]  # fmt: skip
    monkeypatch.setenv("GONGDAN_VAR", str(folder))

    line = refused(start, capsys)

    assert f"数据目录 {folder}" in line
    assert "GONGDAN_VAR" in line


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o500)

    with pytest.raises(FolderUnusable, match="没有权限") as fault:
        usable(tmp_path / "var")

    assert fault.value.folder == tmp_path / "var"


def test_an_unreadable_file_in_the_folder_is_named_and_one_elsewhere_is_not(tmp_path: Path) -> None:
    (tmp_path / "gongdan.log").mkdir()

    with pytest.raises(FolderUnusable, match=re.escape(str(tmp_path / "gongdan.log"))), telling(tmp_path):
        (tmp_path / "gongdan.log").read_bytes()
    with pytest.raises(FileNotFoundError), telling(tmp_path):
        Path("/nonexistent").read_bytes()


@pytest.mark.parametrize("start", [RUN, CLUSTER], ids=["run", "cluster"])
@pytest.mark.parametrize(
    ("name", "value"), [("GONGDAN_PORT", "abc"), ("GONGDAN_PORT", "70000"), ("GONGDAN_CLOCK", "foo")]
)
def test_a_variable_that_cannot_be_read_is_named(
    start: Start,
    name: str,
    value: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GONGDAN_VAR", str(folder))
    monkeypatch.setenv(name, value)

    line = refused(start, capsys)

    assert name in line
    assert value in line


@pytest.mark.parametrize("start", [RUN, CLUSTER], ids=["run", "cluster"])
def test_a_port_in_use_is_named(
    start: Start, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGDAN_VAR", str(folder))
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("GONGDAN_PORT", str(other.getsockname()[1]))

        line = refused(start, capsys)

        assert str(other.getsockname()[1]) in line


def test_a_host_that_is_not_of_this_machine_is_not_called_a_taken_port(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGDAN_VAR", str(folder))
    monkeypatch.setenv("GONGDAN_HOST", "192.0.2.1")

    assert "GONGDAN_HOST" in refused(RUN, capsys)


def test_the_port_of_the_command_overrides_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGDAN_VAR", str(folder))
    monkeypatch.setenv("GONGDAN_PORT", "abc")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        assert f"端口 {port} 已被占用" in refused(lambda: cluster.main(["--port", str(port)]), capsys)


def test_the_broker_keeps_its_data_in_the_data_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GONGDAN_VAR", str(folder))
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert broker.main(["--port", str(other.getsockname()[1])]) == 2

    assert (folder / "kafka" / "data" / "owner.lock").exists()
    assert "已被占用" in capsys.readouterr().err


def test_the_brokers_programs_are_downloaded_to_the_data_folder_unless_the_checkout_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setenv("GONGDAN_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("PATH", str(tmp_path))  # no Maven here
    with pytest.raises(broker.KafkaUnavailable, match="Maven"):
        broker.fetch_jars()
    assert (tmp_path / "var" / "kafka").is_dir()
    assert not (tmp_path / "checkout").exists()

    ours = tmp_path / "checkout" / "kafka" / broker.VERSION
    ours.mkdir(parents=True)
    assert broker.fetch_jars() == ours
