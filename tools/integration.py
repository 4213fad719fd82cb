"""The tables and examples in docs/integration.md, generated from the channels, the schemas and the errors.

python -m tools.integration            write them between their marks in docs/integration.md
python -m tools.integration --check    change nothing; exit 1 when the document differs from the code
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from services.intake.acceptance.errors import IntakeBusy, RevisionMissing, RevisionReused
from services.intake.acceptance.schemas import (
    CREDIT_CODE_FORM,
    EMAIL_FORM,
    ID_NUMBER_FORM,
    URL_FORM,
    order_schema,
)
from services.intake.channels.errors import NotUnderstood, RequestIdReused, SignatureRefused
from services.intake.channels.model import TITLES, USUAL_SUCCESS, Channel
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import (
    FLAGS,
    NUMBER_FORM,
    PHONE_PATTERN,
)
from services.intake.endings.policy import REFUSALS
from services.intake.feedback.policy import ANSWER_ERRORS, ANSWER_PARTS, ANSWER_SUCCESSES
from services.intake.feedback.schemas import feedback_example, feedback_schemas, waits
from services.intake.notices.errors import RevisitContradicts
from services.intake.notices.schemas import NOTICES, names_of, notice_examples, notice_schema
from services.intake.quarantine.errors import UnknownChannelNotKept
from services.intake.states.errors import OrderNotSent
from services.intake.states.policy import DELIVERY_TITLES, STATE_TITLES
from shared.access import ACCESS, KERNEL
from shared.errors import BusinessError, PayloadTooLarge, Unavailable, UnsupportedContent
from shared.identity import Role
from shared.web.fields import LINE_PATTERN, LOCAL_MOMENT_PATTERN, MOMENT_PATTERN, TEXT_PATTERN
from shared.web.numbers import LATITUDE_FORM, LIMIT_FORM, LONGITUDE_FORM, WHOLE_FORM
from tools.generated import ROOT, write_or_check

DOCUMENT: Final = "docs/integration.md"
GLOSSARY: Final = "docs/glossary.md"
_ROLE_TITLE: Final = re.compile(r"^\| (\S+) \| `(\w+)` \|", re.MULTILINE)
ASKED_FOR: Final = (
    ("查看隔离的请求", "intake", "list_quarantined"),
    ("放行隔离的请求，可更正内容", "intake", "release_quarantined"),
    ("一并放行同一原因的隔离请求", "intake", "release_quarantine_group"),
    ("丢弃隔离的请求", "intake", "drop_quarantined"),
    ("查看反馈及各次发送", "intake", "list_deliveries"),
    ("立即重新发送反馈", "intake", "retry_delivery"),
    ("修正紧急类别、受理范围标记", "intake", "overrule_flags"),
    ("导入年度放假安排", "sla", "import_calendar_year"),
    ("修改工作日历的单日", "sla", "edit_calendar_days"),
    ("重放未能处理的内部事件", "intake", "replay_parked"),
    ("设立账号", "dispatch", "add_account"),
)
"""What an integrator may need somebody here to do: in words, and by which operation of which service."""
FAMILIES: Final[Mapping[str, tuple[str, ...]]] = {
    "国家三个渠道": ("national_inspection", "national_portal", "national_message"),
    "省级两个渠道": ("province_12345", "province_enterprise"),
    "市级两个渠道": ("city_12345", "city_enterprise"),
}
"""Channels with the same field names but for what one of them has beside."""
KINDS: Final = {"cancellations": "撤单", "urges": "催办", "redos": "重办", "revisits": "回访结果"}
SPELLINGS: Final = {
    "iso": "带时区：`2026-11-23T09:00:00+08:00`",
    "millis": "毫秒数：`1795395600000`",
    "local": "北京时间：`2026-11-23 09:00:00`",
}
AGAIN: Final[Mapping[type[BusinessError], str]] = {
    SignatureRefused: "不要原样重发。`facts.reason`：`missing` 缺请求头、`malformed` 请求头格式不对、`stale` 时间相差超过 5 分钟、"
    "`mismatch` 签名不符。改正后以同一 `webhook-id` 重新签名发送",
    NotUnderstood: "不要原样重发：已隔离，由人工处理（进展查询的除外）。按 `errors` 更正后，以**新的** `webhook-id` 发送",
    RevisitContradicts: "同上",
    RequestIdReused: "不要原样重发。同一编号用于两个不同的请求体：换用新的 `webhook-id`",
    UnknownChannelNotKept: "不要原样重发。核对地址中的渠道代码",
    RevisionReused: "不要原样重发。以更大的版本号、新的 `webhook-id` 推送",
    RevisionMissing: "不要原样重发。补上更大的版本号，以新的 `webhook-id` 推送",
    OrderNotSent: "不要原样重发。核对编号；确未推送的，先推送工单",
    UnsupportedContent: "不要原样重发。按 `facts.expected` 更正请求头",
    PayloadTooLarge: "不要原样重发。精简内容，以新的 `webhook-id` 发送",
    IntakeBusy: "**重发**：等 `Retry-After` 秒，同一 `webhook-id`",
    Unavailable: "**重发**：等 `Retry-After` 秒，同一 `webhook-id`",
}
"""What the sender does after each refusal that these addresses can give, beside those of docs/notices.md."""
_LATER: Final = "条件具备后（见 [notices.md](notices.md)）可以同一 `webhook-id` 再发；此前重发仍得同一回答"
_FINAL: Final = "不要重发。见 [notices.md](notices.md)"


def _row(*cells: object) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _table(*heads: str) -> list[str]:
    return [_row(*heads), f"|{'---|' * len(heads)}"]


def _code(value: Any) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def channels() -> Iterator[str]:
    """The seven channels."""
    yield from _table("渠道代码", "上级平台", "时间的写法", "工单编号", "版本号", "必填字段")
    for code, channel in CHANNELS.items():
        revision = channel.theirs("revision")
        yield _row(
            f"`{code}`",
            channel.title,
            SPELLINGS[channel.spelling],
            f"`{channel.theirs('upstream_no')}`",
            f"`{revision}`" if revision in channel.order else "无",
            "、".join(f"`{channel.theirs(name)}`" for name in channel.required),
        )


WRITTEN: Final[Mapping[str, str]] = {
    LINE_PATTERN: "一行文字",
    TEXT_PATTERN: "文字，可以换行",
    NUMBER_FORM: "1 至 64 个字符：字母、数字与 `_-./#`",
    PHONE_PATTERN: "号码：至少 3 个数字，其间可有空格与 `+-()`",
    EMAIL_FORM: "`名称@域名`，可见 ASCII 字符",
    ID_NUMBER_FORM: "4 至 32 个字母、数字与 `()-`",
    CREDIT_CODE_FORM: "15 至 18 个字母、数字",
    URL_FORM: "`http://` 或 `https://` 与 1 至 1,000 个可见 ASCII 字符",
    MOMENT_PATTERN: "时间",
    LOCAL_MOMENT_PATTERN: "时间",
}
"""What each published pattern of a text demands; a pattern without words here stops the tool."""
AS_TEXT: Final = frozenset({WHOLE_FORM, LIMIT_FORM, LONGITUDE_FORM, LATITUDE_FORM})
"""Patterns of numbers that are written as text."""
MILLIS: Final = 946684800000


def _form(schema: Mapping[str, Any]) -> str:
    """What a field may be, in Chinese, by its published schema alone; KeyError for a pattern that has no words."""
    kinds = [each for each in _flat(schema) if each.get("maxLength") != 0 and each.get("type") != "null"]
    first = kinds[0]
    if first["type"] == "boolean":
        return "是否"
    if "enum" in first:
        return "、".join(f"`{each}`" for each in first["enum"])
    if first["type"] == "array":
        return f"列表，至多 {first['maxItems']} 项，每项为{_form(first['items'])}"
    if first["type"] == "object":
        parts = "；".join(f"`{name}`：{_form(each)}" for name, each in first["properties"].items())
        return f"对象（{parts}；均必填）" if set(first["required"]) == set(first["properties"]) else f"对象（{parts}）"
    if first["type"] in {"number", "integer"}:
        low, high = first["minimum"], first["maximum"]
        if low == MILLIS:
            return "时间"
        text = "，也可写作文字" if [each for each in kinds[1:] if each["pattern"] in AS_TEXT] else ""
        return f"{'整数' if first['type'] == 'integer' else '数值'}，{low} 至 {high}{text}"
    words, most = WRITTEN[first["pattern"]], first.get("maxLength")
    return words if most is None else f"{words}，至多 {most:,} 字"


def _flat(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "anyOf" not in schema:
        yield schema
    for each in schema.get("anyOf", ()):
        yield from _flat(each)


def _fields(
    codes: Sequence[str], names: Callable[[Channel], Mapping[str, str]], schema: Callable[[Channel], Mapping[str, Any]]
) -> Iterator[str]:
    """One table for channels with the same names."""
    yield from _table("字段", "含义", "格式", "必填")
    whole = max((CHANNELS[code] for code in codes), key=lambda each: len(names(each)))
    for theirs, ours in names(whole).items():
        having = [CHANNELS[code] for code in codes if theirs in names(CHANNELS[code])]
        needed = [each.title for each in having if theirs in schema(each)["required"]]
        only = "" if len(having) == len(codes) else f"（仅{'、'.join(each.title for each in having)}）"
        must = "是" if len(needed) == len(codes) else "、".join(needed)
        yield _row(f"`{theirs}`", f"{TITLES[ours]}{only}", _form(schema(whole)["properties"][theirs]), must)


def _yes_and_no() -> str:
    words = [
        [f"`{json.dumps(word, ensure_ascii=False)}`" for word, yes in FLAGS.items() if yes is one]
        for one in (True, False)
    ]
    return f"**是否**：`true`、`1` 或文字 {'、'.join(words[0])}；`false`、`0` 或文字 {'、'.join(words[1])}。"


def order_fields() -> Iterator[str]:
    """The fields of orders."""
    yield _yes_and_no()
    yield ""
    for family, codes in FAMILIES.items():
        yield f"**{family}**（{'、'.join(f'`{code}`' for code in codes)}）"
        yield ""
        yield from _fields(codes, lambda channel: channel.order, order_schema)
        yield ""


def order_examples() -> Iterator[str]:
    """A whole order of each channel."""
    for code, channel in CHANNELS.items():
        yield f"`{code}`（{channel.title}）："
        yield ""
        yield "```json"
        yield json.dumps(channel.example, ensure_ascii=False, indent=2)
        yield "```"
        yield ""


def notice_fields() -> Iterator[str]:
    """The fields of notices."""
    channel = CHANNELS["city_12345"]
    forms = {
        names_of(channel, kind)[theirs]: _form(each)
        for kind in KINDS
        for theirs, each in notice_schema(channel, kind)["properties"].items()
    }
    yield from _table("含义", *FAMILIES, "格式", *KINDS.values())
    for ours in ("upstream_no", "happened_at", "reason", "connected", "solved", "satisfied", "opinion"):
        theirs = [
            next(name for name, canonical in CHANNELS[codes[0]].notices.items() if canonical == ours)
            for codes in FAMILIES.values()
        ]
        needs = [
            "—"
            if ours not in NOTICES[kind].model_fields
            else "必填"
            if NOTICES[kind].model_fields[ours].is_required()
            else "可填"
            for kind in KINDS
        ]
        yield _row(TITLES[ours], *(f"`{name}`" for name in theirs), forms[ours], *needs)


def examples_of_notices() -> Iterator[str]:
    """Every notice of every channel."""
    yield from _table("渠道与通知", "地址", "请求体")
    for kind, title in KINDS.items():
        for example in notice_examples(kind).values():
            yield _row(f"{title}：{example['summary']}", f"`/{kind}`", _code(example["value"]))


def feedback_fields() -> Iterator[str]:
    """What is sent to the platforms."""
    schemas = list(feedback_schemas().values())
    per_family = [(codes[0], schemas[list(CHANNELS).index(codes[0])]) for codes in FAMILIES.values()]
    yield from _table("含义", *FAMILIES)
    first_code, first = per_family[0]
    for ours in CHANNELS[first_code].feedback:
        said = first["properties"][CHANNELS[first_code].feedback[ours]]
        about = "联系时间（写法与贵平台推送时相同）" if ours == "contact_at" else said["description"]
        options = f"：{'、'.join(said['enum'])}" if "enum" in said else ""
        always = "" if CHANNELS[first_code].feedback[ours] in first["required"] else "；没有时不出现"
        yield _row(f"{about}{options}{always}", *(f"`{CHANNELS[code].feedback[ours]}`" for code, _ in per_family))
    yield ""
    for family, codes in FAMILIES.items():
        yield f"{family}的例："
        yield ""
        yield "```json"
        yield json.dumps(feedback_example(CHANNELS[codes[0]]), ensure_ascii=False, indent=2)
        yield "```"
        yield ""


def acknowledgement() -> Iterator[str]:
    """The fields of a platform's answer that say whether it took a reply."""
    fields: dict[frozenset[str], list[str]] = {}
    for name, values in USUAL_SUCCESS.items():
        fields.setdefault(values, []).append(name)
    yield from _table("字段", "表示成功的值")
    for values, names in fields.items():
        yield _row("、".join(f"`{name}`" for name in names), "、".join(f"`{value}`" for value in sorted(values)))
    yield ""
    yield (
        f"{'、'.join(f'`{name}`' for name in sorted(ANSWER_ERRORS))} 不为空、又没有上表中的字段表示成功的，算失败。"
        f"{'、'.join(f'`{name}`' for name in ANSWER_PARTS)} 是对象的，其中的字段同样看；正文本身已表示成功的，其中只看 "
        f"{'、'.join(f'`{name}`' for name in sorted(ANSWER_SUCCESSES))}。"
    )


def schedule() -> Iterator[str]:
    """When a reply is sent again."""
    yield f"各次发送之前的等待：{waits()}。"


def states() -> Iterator[str]:
    """What the states of orders and of deliveries are called in an answer."""
    yield from _table("字段", "代码", "名称（`state_title`）")
    for field, titles in (("`state`", STATE_TITLES), ("`deliveries` 的 `state`", DELIVERY_TITLES)):
        for value, title in titles.items():
            yield _row(field, f"`{value}`", title)


def roles() -> Iterator[str]:
    """Who does here what somebody who integrates a platform may ask for."""
    known = _ROLE_TITLE.findall((ROOT / GLOSSARY).read_text(encoding="utf-8"))
    titles = {role: title for title, role in known}
    yield from _table("操作", "接口", "角色")
    for what, service, operation in ASKED_FOR:
        path, method = next(
            (path, method)
            for path, methods in json.loads((ROOT / f"contracts/openapi/{service}.json").read_text())["paths"].items()
            for method, said in methods.items()
            if said.get("operationId") == operation
        )
        row = {**ACCESS[service], **KERNEL}[operation]
        may = {role for grant in row.grants for role in grant.roles}
        yield _row(
            what, f"`{method.upper()} /api/{service}{path}`", "、".join(titles[each] for each in Role if each in may)
        )


def codes() -> Iterator[str]:
    """Which refusals to send again."""
    yield from _table("状态码", "`code`", "是否重发")
    yield _row("网络错误、超时、500、502、504", "—", "**重发**：同一 `webhook-id`，间隔逐次加倍")
    seen = set()
    for error, again in sorted(AGAIN.items(), key=lambda each: each[0].status):
        seen.add(error.code)
        yield _row(error.status, f"`{error.code}`", again)
        if error is NotUnderstood:
            yield _row(422, "`unknown_channel`", "不要原样重发。核对地址中的渠道代码；已签名的已隔离，由人工处理")
    for code, refusal in REFUSALS.items():
        yield _row(refusal.status, f"`{code}`", _LATER if code == "not_fed_back" else _FINAL)
    yield _row("400", "`http_400`", "不要原样重发。核对请求本身（HTTP 报文、请求头）的写法")
    yield _row("404、405", "`http_404`、`http_405`", "不要原样重发。核对地址与方法")
    yield _row(
        "403、429",
        "—",
        "这些地址不作此回答；由途中的网关给出时：403 联系本平台，429 等 `Retry-After` 秒后**重发**，同一 `webhook-id`",
    )


BLOCKS: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "channels": channels,
    "order_fields": order_fields,
    "order_examples": order_examples,
    "notice_fields": notice_fields,
    "notice_examples": examples_of_notices,
    "feedback_fields": feedback_fields,
    "acknowledgement": acknowledgement,
    "schedule": schedule,
    "states": states,
    "roles": roles,
    "codes": codes,
}


def filled(text: str) -> str:
    """The document with the code's words between its marks; KeyError for a mark of no block."""

    def block(found: re.Match[str]) -> str:
        lines = "\n".join(BLOCKS[found[1]]()).rstrip()
        return f"<!-- generated: {found[1]} -->\n\n{lines}\n\n<!-- end -->"

    return re.sub(r"<!-- generated: (\w+) -->.*?<!-- end -->", block, text, flags=re.DOTALL)


def main(arguments: Sequence[str]) -> int:
    """Write the document, or check that it is up to date."""
    text = (ROOT / DOCUMENT).read_text(encoding="utf-8")
    return write_or_check(DOCUMENT, filled(text), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
