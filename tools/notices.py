"""How each message of a platform ends in each state of its order, as a Chinese document, generated from the table.

python -m tools.notices            write docs/notices.md
python -m tools.notices --check    change nothing; exit 1 when the document differs from the table
"""

import sys
from collections.abc import Sequence
from typing import Final

from services.intake.channels.policy import FAST_CLOCK
from services.intake.endings.model import STANDING_TITLES, TOLD_TITLES, WAY_TITLES, Ending, Standing, Told, Way
from services.intake.endings.policy import CONTRADICTS, EARLIER, REFUSALS, TABLE, UNKNOWN_ORDER
from tools.generated import write_or_check

DOCUMENT: Final = "docs/notices.md"
_HEAD: Final = """\
# 上级平台推送在工单各状态下的结果

由 `python -m tools.notices` 根据 `services/intake/endings/policy.py` 生成，请勿手工修改；服务按同一张表处理推送。

每一件推送只有四种结果，不存在“受理后不处理”：

- **受理**：回答 200（新工单 201），并产生表中所述效果；
- **已知**：回答 200，与首次相同，不再产生效果；
- **暂存**：回答 422，原文隔离保存，由人工放行；
- **拒绝**：回答 409 或 422，附机器可读的 `code`。
"""
_NOTES: Final = f"""\
## 说明

- 同一 webhook-id、同一内容重发，一律得到首次的回答（响应头 `Idempotent-Replayed: true`）。回答 409 的，原 webhook-id 可在条件具备后再用；内容有改动的，请换用新的 webhook-id。
- 同一件通知（催办、撤单、重办、回访结果）以其本身的时间与内容识别，不论 webhook-id：再次推送，在任何状态下均回答 200，不再产生效果，历轮合并计算。回访结果的内容为是否接通、解决情况、满意度与意见；催办、撤单、重办的内容为其理由。
- 同一工单、同一时间的回访已登记，而本次的结果不同的，回答 409（`revisit_recorded_otherwise`）。
- 答复已审核通过而回执未到时推送的回访结果或重办，证明贵平台已有该答复：反馈即视为送达，不再重发；从未发出过的答复仍会发出一次。
- 不在受理范围、不属实的答复经审核通过并送达后即办结；其后的不满意回访仅作记录，重办要求仍可使工单重新办理。
- 回访结果与重办针对其本身的时间之前最近一次审核通过的答复（时间只写到秒的，允许早 2 秒）；早于首次答复的，视为针对首次答复。此后已有新一轮答复的，按上文“针对更早的答复”处理，也不证明新一轮答复已送达。
- 内容有变的推送得到 200 之后，对旧版本的答复，审核通过时依据的是变更前内容的不予反馈，退回承办单位按新版本重新答复；此前已审核通过、开始反馈的照常送达（反馈中的版本字段指明所答复的版本），仍需办理的请推送重办要求。
- 撤单时答复尚未送达的，不再发送（`cancelled`，工单已撤单，不再发送）；撤单时正在发送的一次仍可能到达贵平台，不产生效果。
- 带有版本号的渠道，以版本号判断先后：版本号更小的内容已知悉而不采用（200，`not_applied` 为 `older_revision`）；版本号相同而内容不同的（`revision_reused`），以及此前带有版本号、本次内容有变而不带的（`revision_missing`），回答 409，请以更大的版本号重新推送。
- 不认识的字段不影响受理：原样保存，显示给经办人员。同一字段出现两次的，按内容有误隔离（422，`not_understood`，`facts.reason` 为 `repeated_field`）。
- 曾被隔离的工单，不论经人工放行，还是由贵平台更正后重新推送，时限均自该编号仍待处理的请求中最早一件到达时起算（编号无法识别的隔离请求，只在其本身放行时计）。更正后重新推送的，该编号此前待处理的隔离请求即不再待处理（`overtaken`）；带有版本号的渠道，其中版本号大于本次推送的仍待处理，放行后成为工单的下一版本。曾被隔离、经人工放行的通知，自其到达时起算。
- 已办结、已撤单的工单，内容有变的一律按上表拒绝。
- 通知的时间早于来电时间，或晚于当前时间 {FAST_CLOCK.seconds // 60} 分钟以上的，按内容有误隔离（422，`not_understood`）；{FAST_CLOCK.seconds // 60} 分钟以内视为时钟误差，与工单的时间相同。
"""


def document() -> str:
    """The whole document."""
    lines = [
        _HEAD,
        f"| 工单状态 | {' | '.join(TOLD_TITLES[told] for told in Told)} |",
        f"|---{'|---' * len(Told)}|",
        *(
            f"| {STANDING_TITLES[standing]} | {' | '.join(_cell(standing, told) for told in Told)} |"
            for standing in Standing
        ),
        "",
        "## 针对更早的答复",
        "",
        "重办、回访结果的时间早于本轮答复的审核通过时间的，针对的是更早一轮的答复。答复送达中、已反馈、已办结的工单：",
        "",
        "| 推送 | 结果 |",
        "|---|---|",
        *(
            f"| {TOLD_TITLES[told]} | {WAY_TITLES[ending.way]} 200：{ending.effect} |"
            for told, ending in EARLIER.items()
        ),
        "",
        "## 拒绝与暂存的代码",
        "",
        "| 代码 | 状态码 | 含义与办法 |",
        "|---|---|---|",
        *(f"| `{code}` | {refusal.status} | {refusal.said} |" for code, refusal in REFUSALS.items()),
        f"| `{CONTRADICTS}` | 422 | 未接通而有解决情况或满意度，或已接通而缺其一；`errors` 指明字段，请更正后以新的 webhook-id 发送 |",
        f"| `not_understood`（`facts.reason` 为 `{UNKNOWN_ORDER}`） | 422 | 找不到该工单编号对应的工单；请核对编号，或先推送该工单 |",
        "",
        _NOTES,
    ]
    return "\n".join(lines)


def _cell(standing: Standing, told: Told) -> str:
    ending = TABLE[standing][told]
    return f"{WAY_TITLES[ending.way]} {_answer(standing, ending)}{f'：{ending.effect}' if ending.effect else ''}"


def _answer(standing: Standing, ending: Ending) -> str:
    if ending.way is Way.KEPT or ending.code == CONTRADICTS:
        return f"422 `{ending.code}`"
    if ending.way is Way.REFUSED:
        return f"{REFUSALS[ending.code or ''].status} `{ending.code}`"
    return "201" if standing is Standing.UNKNOWN else "200"


def main(arguments: Sequence[str]) -> int:
    """Write the document, or check that it is up to date."""
    return write_or_check(DOCUMENT, document(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
