"""What the review of a round refuses, and why."""

from __future__ import annotations

from typing import Final

from shared.errors import BusinessError, Forbidden

_STEPS: Final = {
    "leader_review": "单位领导审阅",
    "centre_review": "中心审核",
    "approved": "审核通过",
    "rejected": "中心退回",
    "leader_rejected": "单位领导退回",
    "void": "已作废",
}


class WrongStep(BusinessError):
    """The round is not at the step that this decision belongs to."""

    code, clause = "wrong_step", "S2.2.3c"

    def __init__(self, state: str, move: str) -> None:
        super().__init__(f"该答复当前处于“{_STEPS.get(state, state)}”，不能执行此操作，请刷新后按流程办理")
        self.state, self.move = state, move


class OwnReply(Forbidden):
    """Whoever was involved in a reply may not review it."""

    code, clause = "own_reply", "S2.3a"

    def __init__(self) -> None:
        super().__init__("经办过该工单的人员不得审核其答复，请交由其他审核员办理")


class ChainIncomplete(BusinessError):
    """The channel demands documents, signatures and a seal before this reply may be approved."""

    code, clause = "doc_chain_incomplete", "S1.1.1b"

    def __init__(self, scheme: str | None) -> None:
        super().__init__("该工单须先完成规定的报告、签字和盖章流程，才能审核通过；如需修改请退回承办单位")
        self.scheme = scheme
