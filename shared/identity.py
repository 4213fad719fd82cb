"""Who is calling: roles, persons, and the token that carries them (S4.2a, lifecycle roles).

Dispatch owns the accounts and signs tokens; every service checks them with the public key alone.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from shared.clock import Clock
from shared.errors import Unauthenticated

ISSUER: Final = "gongdan"
AUDIENCE: Final = "gongdan"
TOKEN_LIFE: Final = timedelta(minutes=60)
_LONGEST: Final = 8192
_KEY_BYTES: Final = 32
_REMEMBERED: Final = 4096
_ALGORITHMS: Final = ["Ed25519"]
# What a token of an attacker's making can provoke on its way; a header of brackets alone ends in RecursionError.
_ABSURD: Final = (JoseError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


class Role(StrEnum):
    """What a person may do; the Chinese title stands beside it in docs/glossary.md."""

    DISPATCHER = "dispatcher"  # 派单员: triage, assign, decide returns
    REVIEWER = "reviewer"  # 审核员: approve and reject replies
    REVISITOR = "revisitor"  # 督办/回访员
    ANALYST = "analyst"  # 分析员
    CENTRE_HEAD = "centre_head"  # 中心负责人
    CASEWORKER = "caseworker"  # 承办单位经办人
    UNIT_DEPUTY = "unit_deputy"  # 承办单位分管领导
    UNIT_HEAD = "unit_head"  # 承办单位主要领导
    OFFICE = "office"  # 区政府办公室
    LEADER = "leader"  # 区领导
    SEAT = "seat"  # 研判小组成员
    ASSESSOR = "assessor"  # 考核办
    ADMIN = "admin"  # 系统管理员
    AUDITOR = "auditor"  # 审计员
    SYSTEM = "system"  # the platform itself, never in a token


CENTRE: Final = frozenset({Role.DISPATCHER, Role.REVIEWER, Role.REVISITOR, Role.ANALYST, Role.CENTRE_HEAD})
UNIT: Final = frozenset({Role.CASEWORKER, Role.UNIT_DEPUTY, Role.UNIT_HEAD})
DISTRICT_READERS: Final = CENTRE | {Role.OFFICE, Role.LEADER, Role.ASSESSOR, Role.AUDITOR}


@dataclass(frozen=True, slots=True)
class Person:
    """The person who gives a command: an account, its roles, and the unit it belongs to (None for the centre and the district)."""

    account: str
    name: str
    roles: frozenset[Role]
    unit: str | None = None

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return not self.roles.isdisjoint(roles)

    @property
    def confined_to(self) -> str | None:
        """The unit whose orders are all that the person reaches; None for the centre, the district and the system."""
        return None if self.has(*DISTRICT_READERS, Role.ADMIN, Role.SYSTEM) else self.unit

    @property
    def role(self) -> str:
        """The roles in one word, for the audit trail."""
        return "+".join(sorted(self.roles))


SYSTEM: Final = Person(account="system", name="平台", roles=frozenset({Role.SYSTEM}))


def _key(encoded: str, *, private: bool) -> OKPKey:
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError("an Ed25519 key has 32 bytes")
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    if private:
        public = Ed25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
        return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x, "d": text})
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": text})


class TokenEnded(Unauthenticated):
    """The token is ours, and its time is over."""

    def __init__(self) -> None:
        super().__init__("登录已过期，请重新登录")


class TokenSigner:
    """Signs tokens; only dispatch has one."""

    def __init__(self, private_key: str, clock: Clock) -> None:
        self._private, self._clock = _key(private_key, private=True), clock

    def sign(self, person: Person, *, life: timedelta = TOKEN_LIFE, session: str | None = None) -> tuple[str, datetime]:
        """A token and the moment it ends; `session` is the browser session that it belongs to."""
        now = self._clock.now()
        ends_at = now + life
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": person.account,
            "name": person.name,
            "roles": sorted(person.roles),
            "unit": person.unit,
            "iat": int(now.timestamp()),
            "exp": int(ends_at.timestamp()),
        }
        if session is not None:
            claims["sid"] = session
        return jwt.encode({"alg": "Ed25519", "typ": "JWT"}, claims, self._private, algorithms=_ALGORITHMS), ends_at


@dataclass(frozen=True, slots=True)
class _Known:
    """What a token says that was checked."""

    person: Person
    ends: int
    session: str | None


class TokenReader:
    """Turns a token into a person, or refuses; remembers what it has checked until the token ends."""

    def __init__(self, public_key: str, clock: Clock, *, remembered: int = _REMEMBERED) -> None:
        self._public, self._clock, self._remembered = _key(public_key, private=False), clock, remembered
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def person_of(self, token: str) -> Person:
        """The bearer; TokenEnded when its time is over, Unauthenticated when it is not ours, altered or absurd."""
        return self._valid(token).person

    def end_of(self, token: str) -> datetime:
        """When a valid token ends; Unauthenticated as in `person_of`."""
        return datetime.fromtimestamp(self._valid(token).ends, UTC)

    def session_of(self, token: str) -> str | None:
        """The browser session of a valid token, None for a program's; Unauthenticated as in `person_of`."""
        return self._valid(token).session

    def _valid(self, token: str) -> _Known:
        now = int(self._clock.now().timestamp())
        known = self._known.get(token)
        if known is not None:
            if now < known.ends:
                return known
            del self._known[token]
            raise TokenEnded
        if len(token) > _LONGEST:
            raise Unauthenticated("登录凭证无效，请重新登录")
        known = self._known[token] = self._checked(token, now)
        if len(self._known) > self._remembered:
            self._known.popitem(last=False)
        return known

    def _checked(self, token: str, now: int) -> _Known:
        try:
            claims = jwt.decode(token, self._public, algorithms=_ALGORITHMS).claims
            if claims["iss"] != ISSUER or claims["aud"] != AUDIENCE:
                raise Unauthenticated("登录凭证无效，请重新登录")
            ends = int(claims["exp"])
            if now >= ends:
                raise TokenEnded
            roles = frozenset(Role(role) for role in claims["roles"]) - {Role.SYSTEM}
            unit = claims["unit"]
            session = claims.get("sid")
            person = Person(account=str(claims["sub"]), name=str(claims["name"]), roles=roles, unit=unit and str(unit))
        except _ABSURD as fault:
            raise Unauthenticated("登录凭证无效，请重新登录") from fault
        return _Known(person, ends, None if session is None else str(session))
