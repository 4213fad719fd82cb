"""When no further order is accepted, and which repeat of an order is refused."""

from __future__ import annotations

from shared.errors import BusinessError, Unavailable


class IntakeBusy(Unavailable):
    """More orders are waiting than can be written soon (R6)."""

    code = "intake_busy"

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__("受理繁忙，请按 Retry-After 所示时间后以同一 webhook-id 重新发送", retry_after)


class RevisionReused(BusinessError):
    """The platform used the number of a revision that is known for other content: which of both holds is unknown."""

    code, clause = "revision_reused", "S1.1.4c"

    def __init__(self, revision: int) -> None:
        super().__init__("该版本号已用于另一内容，本次内容未采用；内容有变时请以更大的版本号重新推送")
        self.revision = revision


class RevisionMissing(BusinessError):
    """The order came with a revision number before, and other content without one: it may be older or newer."""

    code, clause = "revision_missing", "S1.1.4c"

    def __init__(self, revision: int) -> None:
        super().__init__("该工单此前的推送带有版本号，本次内容有变而没有版本号，未采用；请以更大的版本号重新推送")
        self.revision = revision
