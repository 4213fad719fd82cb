"""Sealed text: opens only with the district's keys, and only where it belongs."""

from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.personal.sealing import SealBroken, Sealer

OLD, NEW = os.urandom(32), os.urandom(32)
SEALER = Sealer({"k1": OLD})
ROTATED = Sealer({"k2": NEW, "k1": OLD})
PLACE = "order:1:demand"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.text())
def test_every_sealed_text_opens_to_itself(text: str) -> None:
    assert SEALER.open(SEALER.seal(text, PLACE), PLACE) == text


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert len({SEALER.seal("13812345678", PLACE) for _ in range(100)}) == 100


def test_the_sealed_form_shows_nothing_and_matches_its_contract() -> None:
    sealed = SEALER.seal("张三 13812345678", PLACE)
    assert sealed.startswith("s1.k1.")
    assert "13812345678" not in base64.urlsafe_b64decode(sealed.split(".")[2]).decode("latin-1")


@pytest.mark.parametrize("elsewhere", ["order:2:demand", "order:1:reply", "order:1:demand ", "", "ORDER:1:demand"])
def test_a_sealed_text_moved_elsewhere_does_not_open(elsewhere: str) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal("text", PLACE), elsewhere)


def test_every_altered_character_is_found() -> None:
    sealed = SEALER.seal("text of a citizen", PLACE)
    start = sealed.rindex(".") + 1
    for place in range(start, len(sealed)):
        if sealed[place] == "=":
            continue
        other = ALPHABET[(ALPHABET.index(sealed[place]) + 32) % 64]
        with pytest.raises(SealBroken):
            SEALER.open(sealed[:place] + other + sealed[place + 1 :], PLACE)


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda b: "s1.k1." + base64.urlsafe_b64encode(b).decode()))
def test_malformed_text_raises_seal_broken_and_nothing_else(text: str) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(text, PLACE)


def test_after_a_rotation_old_texts_open_and_new_ones_use_the_new_key() -> None:
    old = SEALER.seal("old", PLACE)
    new = ROTATED.seal("new", PLACE)
    assert ROTATED.open(old, PLACE) == "old"
    assert ROTATED.open(new, PLACE) == "new"
    assert new.startswith("s1.k2.")
    with pytest.raises(SealBroken):
        SEALER.open(new, PLACE)


def test_a_key_of_the_same_name_with_other_bytes_opens_nothing() -> None:
    with pytest.raises(SealBroken):
        Sealer({"k1": NEW}).open(SEALER.seal("text", PLACE), PLACE)


def test_a_fingerprint_is_the_same_after_a_rotation_and_needs_the_key() -> None:
    assert SEALER.fingerprint("13812345678") == ROTATED.fingerprint("13812345678")
    assert SEALER.fingerprint("13812345678") != SEALER.fingerprint("13812345679")
    assert SEALER.fingerprint("13812345678") != Sealer({"k1": NEW}).fingerprint("13812345678")
    assert len(SEALER.fingerprint("x")) == 64


def test_a_print_for_searching_is_the_same_after_a_rotation_and_needs_the_key() -> None:
    found = SEALER.search_print("phone", "13812345678")
    assert found == ROTATED.search_print("phone", "13812345678") == SEALER.search_print("phone", "13812345678")
    assert found != SEALER.search_print("phone", "13812345679")
    assert found != SEALER.search_print("pair", "13812345678")
    assert found != Sealer({"k1": NEW}).search_print("phone", "13812345678")
    assert -(2**63) <= found < 2**63


def test_the_setting_is_read_newest_first() -> None:
    spelling = f"k2:{base64.b64encode(NEW).decode()}, k1:{base64.b64encode(OLD).decode()}"
    assert Sealer.parse(spelling).seal("x", PLACE).startswith("s1.k2.")
    assert Sealer.parse(spelling).open(SEALER.seal("x", PLACE), PLACE) == "x"


@pytest.mark.parametrize(
    "spelling",
    ["", "k1", "k1:", "k1:AAAA", pytest.param("k.1:" + base64.b64encode(OLD).decode(), id="k.1"), "k1:not base64"],
)
def test_a_setting_that_makes_no_sense_is_found_at_the_start(spelling: str) -> None:
    with pytest.raises(ValueError):
        Sealer.parse(spelling)
