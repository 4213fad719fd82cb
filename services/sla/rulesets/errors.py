"""What is refused of rule sets."""

from __future__ import annotations

from datetime import datetime

from shared.errors import BusinessError, Incomplete, NotListed


class RulesUnknown(NotListed):
    """No rule set of this version."""

    code = "ruleset_not_found"

    def __init__(self, version: str) -> None:
        super().__init__("规则版本", version)


class RulesExist(BusinessError):
    """A version is given once (X3)."""

    code, clause = "ruleset_exists", "X3"

    def __init__(self, version: str) -> None:
        super().__init__("该版本号的规则已存在，请换用新的版本号")
        self.version = version


class RulesPublished(BusinessError):
    """A published rule set never changes: orders have started under it (X3)."""

    code, clause = "ruleset_published", "X3"

    def __init__(self, version: str) -> None:
        super().__init__("该规则版本已发布，不能再修改，请另建新版本")
        self.version = version


class NumberUnknown(Incomplete):
    """A rule set has no number of this name."""

    code, clause = "ruleset_number_unknown", "X3"

    def __init__(self, name: str) -> None:
        super().__init__("其中有现行规则所没有的名称，请对照现行规则填写")
        self.name = name


class NumberRefused(Incomplete):
    """A number that is malformed, negative or absurd; `clause` is the number's own."""

    code = "ruleset_number_refused"

    def __init__(self, name: str, title: str, clause: str, problem: str) -> None:
        super().__init__(f"规则“{title}”：{problem}，请更正后重新提交")
        self.name, self.problem = name, problem
        self.clause = clause or "X3"  # type: ignore[misc]  # here the clause belongs to the number, not to the class


class EffectiveTooEarly(BusinessError):
    """A rule set may not reach back to orders that have started, nor before one published already (X3)."""

    code, clause = "ruleset_effective_too_early", "X3"

    def __init__(self, earliest: datetime) -> None:
        super().__init__("生效时间须晚于当前时间和最近一次发布的生效时间，已受理的工单沿用原规则，请更正生效时间")
        self.earliest = earliest.isoformat()
