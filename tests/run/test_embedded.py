"""`make run` on a folder that another platform uses is refused with a clear message, and does that one no harm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.__main__ import main
from shared.run.embedded import secrets_of
from shared.run.postgres import PostgresServer


def test_a_second_start_is_refused_and_does_not_hide_the_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    running = folder / "running"
    running.write_text("http://127.0.0.1:8000 real", encoding="utf-8")
    monkeypatch.setenv("GONGDAN_VAR", str(folder))

    with PostgresServer.start(folder / "postgres"):
        assert main() == 2

    assert "正由另一个进程使用" in capsys.readouterr().err
    assert running.read_text(encoding="utf-8") == "http://127.0.0.1:8000 real"


def test_a_folder_of_an_earlier_state_of_the_program_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = secrets_of(tmp_path)
    assert secrets_of(tmp_path) == kept
    del kept["unit_password"]
    (tmp_path / "secrets.json").write_text(json.dumps(kept), encoding="utf-8")
    monkeypatch.setenv("GONGDAN_VAR", str(tmp_path))

    assert main() == 2
    assert "更早的开发版本" in capsys.readouterr().err
