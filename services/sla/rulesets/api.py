"""What people ask of the rules: what holds, what held, what a draft would change; and how a draft becomes a rule."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.sla.rulesets import handlers, store
from services.sla.rulesets.policy import CIRCULAR_2022, RULE_SETS
from services.sla.rulesets.rules import differences
from services.sla.rulesets.schemas import Comparison, DifferenceOut, DraftBody, DraftChange, PublishBody, Rules
from services.sla.rulesets.tables import RuleSetRecord
from shared.deps import IfMatch, InRead, InWork, ThisRuntime
from shared.web import Code, CommandRoute, SaneMoment

router = APIRouter(prefix="/v1", route_class=CommandRoute, tags=["规则"])

# Published rules are the same for everybody who is logged in, and name nobody; drafts are the district's own affair.
VersionPath = Annotated[Code, Path(title="规则版本", description="规则版本")]
_TO_VERSION = {
    201: {"links": {"rules": {"operationId": "rules_version", "parameters": {"version": "$response.body#/version"}}}}
}


@router.get("/rules", operation_id="rules_in_force", summary="时限规则")
async def rules_in_force(
    session: InRead,
    runtime: ThisRuntime,
    at: Annotated[SaneMoment | None, Query(title="适用时刻", description="某一时刻适用的规则；缺省为现在")] = None,
) -> Rules:
    """Every number that orders received at that moment start by, with its clause (X3)."""
    rules = (await store.published(session)).at(at or runtime.clock.now())
    return Rules.of(rules, None if rules.version in RULE_SETS else await store.record_of(session, rules.version))


@router.get("/rules/versions", operation_id="list_rules", summary="规则版本")
async def list_rules(session: InRead) -> list[Rules]:
    """Drafts first, then published versions, the latest first, the circular last."""
    found = [Rules.of(store.read(record), record) for record in await store.all_records(session)]
    return [*found, Rules.of(CIRCULAR_2022)]


@router.get("/rules/{version}", operation_id="rules_version", summary="某一版本的规则")
async def rules_version(session: InRead, version: VersionPath, response: Response) -> Rules:
    """Every number of a version, drafts included."""
    if version in RULE_SETS:
        return Rules.of(RULE_SETS[version])
    return _answer(await store.record_of(session, version), response)


@router.get(
    "/rules/{version}/differences",
    operation_id="compare_rules",
    summary="与现行或另一版本比较",
)
async def compare_rules(
    session: InRead,
    runtime: ThisRuntime,
    version: VersionPath,
    against: Annotated[Code | None, Query(title="对照的规则版本", description="另一版本；缺省为现行版本")] = None,
) -> Comparison:
    """Which numbers change, with their clauses."""
    after = await store.any_rules(session, version)
    if against is None:
        before = (await store.published(session)).at(runtime.clock.now())
    else:
        before = await store.any_rules(session, against)
    found = [DifferenceOut.of(difference) for difference in differences(before, after)]
    return Comparison(version=version, against=before.version, differences=found)


@router.post(
    "/rules",
    operation_id="draft_rules",
    summary="起草规则版本",
    status_code=201,
    responses=_TO_VERSION,  # type: ignore[arg-type]  # FastAPI's type does not know links
)
async def draft_rules(body: DraftBody, work: InWork, response: Response) -> Rules:
    """A draft: checked, kept, applied to nobody (X3)."""
    record = await handlers.draft_rules(
        work,
        body.version,
        document=body.document,
        based_on=body.based_on,
        numbers=body.numbers,
        reason=body.reason,
    )
    return _answer(record, response)


@router.put("/rules/{version}", operation_id="change_draft_rules", summary="修改规则草稿")
async def change_draft_rules(
    version: VersionPath, body: DraftChange, work: InWork, expected: IfMatch, response: Response
) -> Rules:
    """Other contents of a draft; a published version is refused."""
    record = await handlers.change_draft(
        work, version, document=body.document, numbers=body.numbers, reason=body.reason, expected=expected
    )
    return _answer(record, response)


@router.post("/rules/{version}/publish", operation_id="publish_rules", summary="发布规则版本")
async def publish_rules(
    version: VersionPath, body: PublishBody, work: InWork, expected: IfMatch, response: Response
) -> Rules:
    """From then on it holds for the orders that are received; those before keep theirs (X3)."""
    record = await handlers.publish_rules(
        work,
        version,
        effective_from=body.effective_from,
        document=body.document,
        reason=body.reason,
        expected=expected,
    )
    return _answer(record, response)


def _answer(record: RuleSetRecord, response: Response) -> Rules:
    response.headers["ETag"] = f'"{record.revision}"'
    return Rules.of(store.read(record), record)
