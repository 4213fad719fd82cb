"""What the pre-check of a reply refuses."""

from __future__ import annotations

from shared.errors import BusinessError


class BlockingFindings(BusinessError):
    """The pre-check found what forbids an approval without a reason."""

    code, clause = "blocking_findings", "S2.3a"

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__("预审发现必须处理的问题，请退回修改；确需通过的，请填写理由；工单有变更的，并注明所核对的版本")
        self.findings = findings
