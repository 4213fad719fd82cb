"""Finds a Chromium on the machine, or installs one as locked."""

import os
import platform
import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tools import node

_HERE: Final = Path(__file__).resolve().parent
_FOLDER: Final = _HERE.parents[1] / ".venv" / "chromium"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class NoChromium(Exception):
    """There is no browser, and none can be had."""


@dataclass(frozen=True, slots=True)
class Chromium:
    """A browser: its program, and the variables that it needs."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)


def chromium() -> Chromium:
    """GONGDAN_CHROMIUM, a browser of the machine, or the one of the locked package; NoChromium otherwise."""
    named = os.environ.get("GONGDAN_CHROMIUM")
    if named:
        if not os.access(named, os.X_OK):
            raise NoChromium(f"GONGDAN_CHROMIUM is {named}, which cannot be run")
        return Chromium(named)
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return Chromium(found) if found else _installed()


def _installed() -> Chromium:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise NoChromium("install one, or set GONGDAN_CHROMIUM; the locked package is for Linux on x86-64")
    marker = _FOLDER / "ready"
    locked = (_HERE / "package-lock.json").read_bytes()
    if not marker.exists() or marker.read_bytes() != locked:
        _FOLDER.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", "unpack.mjs"):
            shutil.copyfile(_HERE / name, _FOLDER / name)
        try:
            node.install(_FOLDER)
            node.script("unpack.mjs", cwd=_FOLDER)
        except node.NodeFailed as fault:
            raise NoChromium(str(fault)) from fault
        with tarfile.open(_FOLDER / "libraries.tar") as libraries:
            libraries.extractall(_FOLDER, filter="data")
        marker.write_bytes(locked)
    # The machine's own libraries come first where it has them.
    return Chromium(str(_FOLDER / "chromium"), {**os.environ, "LD_LIBRARY_PATH": str(_FOLDER / "lib")})
