"""The words and numbers that the pre-check judges a reply by, each with its clause."""

from __future__ import annotations

from typing import Final

from services.review.checks.model import Element

ELEMENTS: Final = {
    Element.CONTACT_PERSON: "联系人（何人）",
    Element.CONTACT_AT: "联系时间（何时）",
    Element.CONTACT_PHONE: "联系电话（何电话号码）",
    Element.FINDINGS: "问题落实情况",
    Element.SATISFACTION: "来电人满意度",
}
"""The five elements with the names that a person reads (S2.2.3b)."""

FORBIDDEN: Final = ("管不了", "不归我们管", "研究研究", "尽量")
"""Words that promise nothing or push the caller away; none of them may stand in a reply (S2.3a)."""

SHORTEST_FINDINGS: Final = 20
"""Characters below which 问题落实情况 hardly tells what was done: advice only, a reviewer decides (S2.3a)."""

STATED: Final = frozenset({"satisfied", "mostly_satisfied", "unsatisfied"})
"""Answers about the satisfaction that only a caller who was spoken with can have given (S2.2.3a)."""

DEMAND_CHANGED: Final = "demand_changed"
"""The code of the finding that the demand was changed after the reply was written."""
