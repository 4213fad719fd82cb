"""A start with a wrong variable names the variable, and never its value."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.settings import SERVICES, BadSetting, Settings, port_of, settings_from

ROOT = Path(__file__).resolve().parents[2]
MARK = "GONGDAN_CLUSTER"  # what the cluster puts on its processes to know them again; nobody sets it


@pytest.mark.parametrize("spelling", ["abc", "70000", "-1", "", "80.0"])
def test_an_invalid_port_is_named(spelling: str) -> None:
    with pytest.raises(BadSetting, match="GONGDAN_PORT"):
        port_of(spelling)


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(BadSetting) as refused:
        settings_from()

    assert {"GONGDAN_DATABASE_URL", "GONGDAN_BUS_URL", "GONGDAN_SEAL_KEYS"} <= set(
        str(refused.value).replace(":", "").split()
    )


def test_a_wrong_value_is_never_repeated() -> None:
    with pytest.raises(BadSetting) as refused:
        settings_from(port="top-secret")

    assert "top-secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("port", "top-secret", "GONGDAN_PORT 应为整数"),
        ("port", "65536", "GONGDAN_PORT 不能大于 65535"),
        ("pool_size", 1, "GONGDAN_POOL_SIZE 不能小于 2"),
        ("watchdog_seconds", 0, "GONGDAN_WATCHDOG_SECONDS 应大于 0"),
        ("files_url", "top-secret", "GONGDAN_FILES_URL 应为 file:///文件夹 或 s3://桶名/前缀"),
        ("files_url", "file://top-secret", "GONGDAN_FILES_URL 应为 file:///文件夹 或 s3://桶名/前缀"),
        ("files_url", "s3://", "GONGDAN_FILES_URL 应为 file:///文件夹 或 s3://桶名/前缀"),
        ("scanner_url", "top-secret", "GONGDAN_SCANNER_URL 应为 clamd://主机:端口"),
        ("scanner_url", "clamd://top-secret", "GONGDAN_SCANNER_URL 应为 clamd://主机:端口"),
        ("scanner_url", "clamd://top-secret:70000", "GONGDAN_SCANNER_URL 应为 clamd://主机:端口"),
        ("public_url", "top-secret", "GONGDAN_PUBLIC_URL 应为 http(s)://主机名 或 http(s)://主机名:端口，不含路径"),
        (
            "public_url",
            "https://top-secret/a",
            "GONGDAN_PUBLIC_URL 应为 http(s)://主机名 或 http(s)://主机名:端口，不含路径",
        ),
        ("gateways", "top-secret", "GONGDAN_GATEWAYS 应为 IP 地址或网段，多个以逗号分隔"),
    ],
)
def test_the_fault_is_described_in_chinese_and_without_the_value(field: str, value: object, words: str) -> None:
    with pytest.raises(BadSetting) as refused:
        settings_from(**{field: value})

    assert words in str(refused.value).split("\n  ")
    assert "GONGDAN_DATABASE_URL 没有设置" in str(refused.value).split("\n  ")
    assert "top-secret" not in str(refused.value)


@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_every_variable_is_named_by_the_settings_or_by_the_page_that_says_so(page: str) -> None:
    programs = [path for folder in ("services", "shared", "sample", "deploy") for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in [*programs, ROOT / "docker-compose.yml"]]
    read = {name for text in texts for name in re.findall(r"GONGDAN_[A-Z_]*[A-Z]\b", text)}
    settings = {f"GONGDAN_{name.upper()}" for name in Settings.model_fields}
    said = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"GONGDAN_[A-Z_]*[A-Z]\b", said))
    named |= {f"GONGDAN_GATEWAY_{name.upper()}" for name in SERVICES if f"_{name.upper()}`" in said}

    assert {"GONGDAN_VAR", "GONGDAN_GATEWAY_SLA", "GONGDAN_SAMPLE"} <= read
    assert read - settings - named == {MARK}
