"""Bearer tokens: what is ours opens, everything else is 401; and who may see what."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.clock import SimulatedClock
from shared.errors import Unauthenticated
from shared.identity import (
    AUDIENCE,
    CENTRE,
    DISTRICT_READERS,
    ISSUER,
    SYSTEM,
    TOKEN_LIFE,
    UNIT,
    Person,
    Role,
    TokenReader,
    TokenSigner,
)
from tests.support.service import MONDAY_0900

PRIVATE = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
HANDLER = Person(account="zhang", name="张三", roles=frozenset({Role.CASEWORKER, Role.UNIT_HEAD}), unit="fushan-street")


@pytest.fixture
def clock(tmp_path: Path) -> SimulatedClock:
    return SimulatedClock(tmp_path / "clock.json", at=MONDAY_0900, rate=0)


@pytest.fixture
def signer(clock: SimulatedClock) -> TokenSigner:
    return TokenSigner(base64.b64encode(PRIVATE.private_bytes_raw()).decode(), clock)


@pytest.fixture
def reader(clock: SimulatedClock) -> TokenReader:
    return TokenReader(PUBLIC, clock)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(clock: SimulatedClock, **changes: Any) -> dict[str, Any]:
    """Good claims, some changed; None takes one away."""
    now = int(clock.now().timestamp())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "zhang",
        "name": "张三",
        "roles": ["caseworker"],
        "unit": None,
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not ...}


def signed(claims: Any, header: dict[str, Any] | None = None) -> str:
    """A token with our own signature over whatever it says."""
    head = b64(json.dumps(header or {"alg": "Ed25519", "typ": "JWT"}).encode())
    body = b64(json.dumps(claims).encode())
    return f"{head}.{body}.{b64(PRIVATE.sign(f'{head}.{body}'.encode()))}"


def test_a_signed_person_comes_back_whole(signer: TokenSigner, reader: TokenReader, clock: SimulatedClock) -> None:
    token, ends_at = signer.sign(HANDLER)
    assert reader.person_of(token) == HANDLER
    assert reader.person_of(token) == HANDLER
    assert ends_at == clock.now() + TOKEN_LIFE


def test_our_own_forged_good_token_is_accepted(reader: TokenReader, clock: SimulatedClock) -> None:
    """Else every refusal below would prove nothing."""
    assert reader.person_of(signed(claims_of(clock))).account == "zhang"


def test_another_key_does_not_sign_for_us(reader: TokenReader, clock: SimulatedClock) -> None:
    stranger = base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()
    token, _ = TokenSigner(stranger, clock).sign(HANDLER)
    with pytest.raises(Unauthenticated):
        reader.person_of(token)


def test_every_single_altered_character_is_found(signer: TokenSigner, clock: SimulatedClock) -> None:
    token, _ = signer.sign(HANDLER)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place, letter in enumerate(token):
        if letter == ".":
            continue
        other = letters[(letters.index(letter) + 32) % 64]
        with pytest.raises(Unauthenticated):
            TokenReader(PUBLIC, clock).person_of(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize("remembered", [False, True])
def test_a_token_ends_at_its_moment_by_our_clock(
    signer: TokenSigner, reader: TokenReader, clock: SimulatedClock, *, remembered: bool
) -> None:
    token, ends_at = signer.sign(HANDLER)
    if remembered:
        reader.person_of(token)
    clock.set(ends_at - timedelta(seconds=1))
    assert reader.person_of(token) == HANDLER
    clock.set(ends_at)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            reader.person_of(token)


FORGED_HEADERS: list[dict[str, Any]] = [
    {"alg": "none"},
    {"alg": "None", "typ": "JWT"},
    {"alg": "HS256", "typ": "JWT"},
    {"alg": "EdDSA", "typ": "JWT"},
    {"alg": "ES256"},
    {"typ": "JWT"},
    {"alg": ["Ed25519"]},
    {"alg": None},
    {"alg": "Ed25519", "crit": ["exp"]},
    {"alg": "Ed25519", "b64": False, "crit": ["b64"]},
]


@pytest.mark.parametrize("header", FORGED_HEADERS, ids=str)
def test_no_other_algorithm_is_accepted(reader: TokenReader, clock: SimulatedClock, header: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        reader.person_of(signed(claims_of(clock), header))


def test_a_token_without_a_signature_is_refused(reader: TokenReader, clock: SimulatedClock) -> None:
    head, body = b64(b'{"alg":"none"}'), b64(json.dumps(claims_of(clock)).encode())
    for token in (f"{head}.{body}.", f"{head}.{body}"):
        with pytest.raises(Unauthenticated):
            reader.person_of(token)


@pytest.mark.parametrize("secret", [PUBLIC.encode(), base64.b64decode(PUBLIC)], ids=["as text", "as bytes"])
def test_the_public_key_is_no_secret_to_sign_with(reader: TokenReader, clock: SimulatedClock, secret: bytes) -> None:
    head, body = b64(b'{"alg":"HS256","typ":"JWT"}'), b64(json.dumps(claims_of(clock)).encode())
    mac = hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest()
    with pytest.raises(Unauthenticated):
        reader.person_of(f"{head}.{body}.{b64(mac)}")


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "kid", "x5c"])
def test_a_key_that_the_token_brings_along_is_not_trusted(
    reader: TokenReader, clock: SimulatedClock, name: str
) -> None:
    stranger = OKPKey.generate_key("Ed25519")
    value: Any = stranger.as_dict(private=False) if name == "jwk" else "https://example.org/keys"
    if name == "x5c":
        value = ["MIIB"]
    token = jwt.encode({"alg": "Ed25519", name: value}, claims_of(clock), stranger, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated):
        reader.person_of(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "another"},
        {"iss": ...},
        {"aud": "another"},
        {"aud": ["gongdan"]},
        {"aud": ...},
        {"exp": ...},
        {"exp": "soon"},
        {"exp": None},
        {"exp": 0},
        {"exp": 1e400},
        {"roles": ...},
        {"roles": None},
        {"roles": ["emperor"]},
        {"roles": ["caseworker", "emperor"]},
        {"roles": 7},
        {"sub": ...},
        {"name": ...},
        {"unit": ...},
    ],
    ids=str,
)
def test_claims_that_are_not_ours_are_refused(
    reader: TokenReader, clock: SimulatedClock, changes: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        reader.person_of(signed(claims_of(clock, **changes)))


def test_nobody_becomes_the_platform_by_a_token(reader: TokenReader, clock: SimulatedClock) -> None:
    person = reader.person_of(signed(claims_of(clock, roles=["system", "caseworker"])))
    assert person.roles == {Role.CASEWORKER}
    assert not reader.person_of(signed(claims_of(clock, roles=["system"]))).roles


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "x" * 9216,
        b64(b"[" * 6000) + ".e30.x",
        b64(b'{"alg":' * 800) + ".e30.x",
        b64(b"[]") + ".e30.x",
        b64(b'"Ed25519"') + ".e30.x",
        b64(b"7") + ".e30.x",
        b64(b"\xff\xfe") + ".e30.x",
        "张三.李四.王五",
        "\ud800.e30.x",
        "\x00",
    ],
    ids=lambda token: repr(token[:20]),
)
def test_rubbish_is_refused_and_nothing_else_happens(reader: TokenReader, token: str) -> None:
    with pytest.raises(Unauthenticated):
        reader.person_of(token)
    assert not reader._known


def test_a_good_token_of_nine_kilobytes_is_refused(reader: TokenReader, clock: SimulatedClock) -> None:
    token = signed(claims_of(clock, padding="x" * 7000))
    assert len(token) > 9 * 1024
    with pytest.raises(Unauthenticated):
        reader.person_of(token)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.lists(st.binary(max_size=80).map(b64), min_size=3, max_size=5).map(".".join))
def test_no_text_at_all_is_taken_for_a_token_or_breaks_the_reader(text: str) -> None:
    with pytest.raises(Unauthenticated):
        TokenReader(PUBLIC, _Standing()).person_of(text)


class _Standing:
    def now(self) -> Any:
        return MONDAY_0900

    async def sleep_until(self, moment: Any, *, wake: Any = None) -> None:
        raise NotImplementedError


def test_what_is_remembered_stays_bounded(clock: SimulatedClock) -> None:
    reader = TokenReader(PUBLIC, clock, remembered=5)
    for n in range(20):
        reader.person_of(signed(claims_of(clock, sub=str(n))))
    assert len(reader._known) == 5


@pytest.mark.parametrize("key", ["", "AAAA", base64.b64encode(b"x" * 31).decode(), "not base64"])
def test_a_key_of_the_wrong_size_is_found_at_the_start(clock: SimulatedClock, key: str) -> None:
    with pytest.raises(ValueError):
        TokenReader(key, clock)


def test_who_belongs_where() -> None:
    assert {Role.CASEWORKER, Role.UNIT_DEPUTY, Role.UNIT_HEAD} == UNIT
    assert CENTRE < DISTRICT_READERS
    assert not DISTRICT_READERS & {Role.ADMIN, Role.SYSTEM, Role.SEAT, *UNIT}
    assert SYSTEM.roles == {Role.SYSTEM}
