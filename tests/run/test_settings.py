"""Whoever starts the platform with a wrong variable is told which, and never its value."""

from __future__ import annotations

import pytest

from shared.settings import BadSetting, port_of, settings_from


@pytest.mark.parametrize("spelling", ["abc", "70000", "-1", "", "80.0"])
def test_a_port_that_is_none_is_named(spelling: str) -> None:
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
