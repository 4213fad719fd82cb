"""A session of a browser, and why one ends."""

from __future__ import annotations

from enum import StrEnum


class EndedBy(StrEnum):
    """Why a session ended."""

    IDLENESS = "idleness"
    LENGTH = "length"
    SIGN_OUT = "sign_out"
    SIGN_OUT_EVERYWHERE = "sign_out_everywhere"
    SIGN_IN = "sign_in"  # the same browser signed in again
    OTHER_SESSIONS = "other_sessions"  # too many of the account
    PASSWORD = "password"  # noqa: S105 - it was changed
    ADMINISTRATOR = "administrator"
    ACCOUNT_CLOSED = "account_closed"
    UNKNOWN = "unknown"  # too long ago, or never there
