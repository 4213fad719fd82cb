"""Why nothing is searched for."""

from __future__ import annotations

from shared.errors import Incomplete


class SearchEmpty(Incomplete):
    """The search names nothing to look for, or words too short to be found."""

    code = "search_empty"

    def __init__(self) -> None:
        super().__init__("请填写工单编号、标题词语（每个词至少两个字）、电话号码中的至少一项")
