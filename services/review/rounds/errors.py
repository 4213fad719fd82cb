"""What the review of a round refuses, and why."""

from __future__ import annotations

from typing import Final

from shared.errors import BusinessError, Forbidden

_REASONS: Final = {
    "leader_review": ("under_leader_review", "该答复正由单位主要领导审阅；领导同意后方可由中心审核"),
    "centre_review": ("under_centre_review", "单位主要领导已同意该答复，正由中心审核，无需再次审阅"),
    "approved": ("approved", "该答复已审核通过，无需再办"),
    "rejected": ("rejected", "该答复已退回承办单位；承办单位重新提交后，请办理新的一轮"),
    "leader_rejected": ("leader_rejected", "该答复已被单位领导退回；经办人重新提交后，请办理新的一轮"),
    "void": ("void", "该答复已作废（工单已撤单、改派、重办，或另有新的答复），请办理最新的一轮"),
}


class WrongStep(BusinessError):
    """The round is not at the step that this decision belongs to; `why` is a code, the message says what is next."""

    code, clause = "wrong_step", "S2.2.3c"

    def __init__(self, state: str, move: str) -> None:
        self.why, reason = _REASONS[state]
        super().__init__(reason)
        self.state, self.move = state, move


class NotYourReply(BusinessError):
    """The principal leader of the unit whose reply it is releases it, and no other unit's."""

    code, clause = "not_your_reply", "S2.2.3c"

    def __init__(self) -> None:
        super().__init__("该答复由其他单位提交，由该单位主要领导审阅")


class OwnReply(Forbidden):
    """Whoever was involved in a reply may not review it."""

    code, clause = "own_reply", "S2.3a"

    def __init__(self) -> None:
        super().__init__("经办过该工单的人员不得审核其答复，请交由其他审核员办理")


class DemandVersionOutdated(BusinessError):
    """The reviewer does not say that he has seen the order as it is: an approval is good for one version only."""

    code, clause = "demand_version_outdated", "S1.1.4c"

    def __init__(self, demand_version: int, seen: int | None) -> None:
        super().__init__(
            # Of a push that was answered a moment ago review has not heard: what it knows is no news to the reviewer.
            f"审核环节尚未收到工单内容的第 {seen} 版，请稍候刷新，核对变更内容后再次提交"
            if seen is not None and seen > demand_version
            else f"工单内容现为第 {demand_version} 版，请查看变更内容；确需通过的，请注明所核对的版本后再次提交"
        )
        self.demand_version = demand_version


class ChainIncomplete(BusinessError):
    """The channel demands documents, signatures and a seal before this reply may be approved."""

    code, clause = "doc_chain_incomplete", "S1.1.1b"

    def __init__(self, scheme: str | None) -> None:
        super().__init__("该工单须先完成规定的报告、签字和盖章流程，才能审核通过；如需修改请退回承办单位")
        self.scheme = scheme
