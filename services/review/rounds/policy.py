"""The words and numbers that review judges by, each with its clause."""

from __future__ import annotations

import re
from typing import Final

from services.review.model import Element

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

PHONE: Final = re.compile(
    r"1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}(-\d{1,6})?|[2-9]\d{6,7}|12345|12\d{3}|[48]00-?\d{3}-?\d{4}"
)
"""A mobile, a landline with or without its area, a short service number (S2.2.3b)."""

SHORTEST_FINDINGS: Final = 20
"""Characters below which 问题落实情况 hardly tells what was done: advice only, a reviewer decides (S2.3a)."""

ORDINARY_SCHEME: Final = "ordinary"
"""The only reply scheme that ends with the centre's approval; the others need their documents first (S1.1.1b)."""
