"""Why a message of a platform about one of its orders is refused; each says what the platform may send instead."""

from __future__ import annotations

from shared.errors import BusinessError


class Refusal(BusinessError):
    """The order's state does not allow the message; the webhook-id stays free."""

    said: str

    def __init__(self, state: str) -> None:
        super().__init__(self.said)
        self.state = state


class NotFedBack(Refusal):
    """No reply was ever approved: there is nothing yet to ask the caller about, and nothing to do once more (A34)."""

    code, clause = "not_fed_back", "S2.3b"
    said = (
        "该工单尚无审核通过的答复，未登记；请在收到本平台的反馈后，再推送回访结果或重办要求（原 webhook-id 仍可使用）"
    )


class OrderIsFedBack(Refusal):
    """The platform has the reply: it can no longer take the order back or urge it."""

    code, clause = "order_fed_back", "S2.3b"
    said = "该工单已反馈，不再接受撤单与催办；请推送回访结果，仍需办理的请推送重办要求"


class OrderIsClosed(Refusal):
    """The order is closed: only a revisit's result or a redo is about it."""

    code = "order_closed"
    said = "该工单已办结，不再接受撤单、催办与变更；仍需办理的请先推送重办要求"


class RevisitRecordedOtherwise(Refusal):
    """The same call to the caller is on record with another result: which one holds, nobody here can tell."""

    code, clause = "revisit_recorded_otherwise", "S1.1.4c"
    said = (
        "该工单在同一时间的回访已登记为另一结果，本次未登记；若为另一次回访，请填写其本身的时间，"
        "并以新的 webhook-id 推送；若此前的结果有误、仍需办理，请推送重办要求"
    )


class OrderIsCancelled(Refusal):
    """The platform took the order back, for good."""

    code = "order_cancelled"
    said = "该工单已撤单，不再恢复；仍需办理的请以新的工单编号推送"
