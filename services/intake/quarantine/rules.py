"""Which quarantined requests have one cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.intake.quarantine import policy


def cause_of(reason: str, faults: Sequence[Mapping[str, str]]) -> str:
    """The same text for requests that failed alike: the reason, and the code and field of each fault.

    `invalid: missing callerPhone, wrong_moment callTime`; which item of a list it was makes no difference.
    """
    found = sorted({f"{fault['code']} {_place(fault['field'])}".rstrip() for fault in faults})
    shown = found[: policy.CAUSE_FAULTS] + (["…"] if len(found) > policy.CAUSE_FAULTS else [])
    return f"{reason}: {', '.join(shown)}" if shown else reason


def _place(field: str) -> str:
    return ".".join("*" if part.isdecimal() else part for part in field.split("."))[: policy.CAUSE_FIELD]
