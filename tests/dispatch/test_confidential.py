"""The caller of a confidential order, kept from units and from whoever watches the district (X2)."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.intake import OrderUpdated
from shared.contracts.places import DEMAND, KNOWN_BY
from shared.identity import Role
from shared.outbox.writer import new_id
from tests.dispatch.story import URBAN, WATER, Story, material
from tests.support import facts

pytestmark = pytest.mark.clause("X2")

TEXT = "张示例（37060219900101123X）反映垃圾无人清运，电话13800138000"
TOLD = ("张示例", "37060219900101123X", "13800138000", "张女士")
KNOWN = ["13800138000", "37060219900101123X", "张示例"]
PAGES = ("contacts", "notes", "replies", "assignments", "returns", "attachments", "history", "timeline")


def sealed(story: Story, order_id: str, **changes: Any) -> dict[str, Any]:
    """The demand that names its caller, and by which words he is known."""
    sealer = story.desk.runtime.works.sealer
    return {
        "demand": sealer.seal_json({"title": TEXT, "content": TEXT}, DEMAND.at(order_id=order_id)),
        "known_by": sealer.seal_json(KNOWN, KNOWN_BY.at(order_id=order_id)),
        "confidential": True,
        **changes,
    }


async def worked_on(story: Story, order_id: str) -> None:
    """Every text that the centre and the unit can write, each naming the caller."""
    said = "张女士13800138000"
    assert (await story.assign(order_id, grounds=said)).status_code == 200
    assert (await story.contact(order_id, content=said, person=said, phone="13800138000")).status_code == 201
    note = {"text": said, "promised_at": story.now.replace(day=25).isoformat()}
    assert (await story.post(f"/orders/{order_id}/notes", note, story.caseworker())).status_code == 201
    asked = await story.ask_return(
        order_id, reason=said, policy_basis=said, materials=[material(name="张示例13800138000.pdf")]
    )
    assert asked.status_code == 202
    decision = {"decision": "reject", "reason": said}
    assert (await story.post(f"/orders/{order_id}/return/decision", decision)).status_code == 204
    told: dict[str, Any] = {
        "contact_person": said,
        "contact_phone": "13800138000",
        "findings": f"垃圾已清运，{said}",
        "remarks": said,
    }
    assert (await story.reply(order_id, **told)).status_code == 201


async def texts(story: Story, order_id: str, who: dict[str, str]) -> str:
    """All that somebody reads of an order."""
    paths = ["/orders", "/news", f"/orders/{order_id}", *(f"/orders/{order_id}/{page}" for page in PAGES)]
    await story.desk.hear_itself()
    answers = [await story.get(path, who) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    found = "".join(answer.text for answer in answers)
    files = (await story.get(f"/orders/{order_id}/attachments", who)).json()
    for file in files:
        answer = await story.get(f"/orders/{order_id}/attachments/{file['attachment_id']}", who)
        found += str(answer.headers)
    return found


@pytest.mark.parametrize("role", [Role.CASEWORKER, Role.UNIT_HEAD, Role.ANALYST, Role.OFFICE, Role.LEADER])
async def test_no_text_of_a_confidential_order_tells_who_called(role: Role, story: Story) -> None:
    order_id = str(new_id())
    await story.arrive(order_id=order_id, **sealed(story, order_id))
    await worked_on(story, order_id)
    unit = role in {Role.CASEWORKER, Role.UNIT_HEAD}

    read = await texts(story, order_id, story.desk.bearer(role, unit=URBAN if unit else None))
    centre = await texts(story, order_id, story.dispatcher)

    assert [told for told in TOLD if told in read] == []
    assert "反映垃圾无人清运" in read
    assert [told for told in TOLD if told not in centre] == []


async def test_a_former_unit_reads_the_title_without_the_caller(story: Story) -> None:
    order_id = str(new_id())
    await story.arrive(order_id=order_id, **sealed(story, order_id))
    await story.assign(order_id)
    await story.assign(order_id, WATER, reason="职责不符")

    former = await story.get(f"/orders/{order_id}", story.caseworker())

    assert former.json()["title"] == "［已隐去］（［已隐去］）反映垃圾无人清运，电话［已隐去］"


async def test_an_order_that_becomes_confidential_later_hides_what_was_written_before(story: Story) -> None:
    order_id = str(new_id())
    await story.arrive(order_id=order_id, **sealed(story, order_id, confidential=False, known_by=None))
    await worked_on(story, order_id)
    before = await texts(story, order_id, story.caseworker())

    def update(version: int, **changes: Any) -> OrderUpdated:
        return facts.updated(order_id, story.now, version=version, **sealed(story, order_id, **changes))

    await story.desk.tell(update(3))
    after = await texts(story, order_id, story.caseworker())
    # An older version that comes late changes nothing.
    await story.desk.tell(update(2, confidential=False, known_by=None))
    late = await texts(story, order_id, story.caseworker())
    await story.desk.tell(update(4, confidential=False, known_by=None))
    lifted = await texts(story, order_id, story.caseworker())

    assert [told for told in TOLD if told not in before] == []
    assert [told for told in TOLD if told in after + late] == []
    assert [told for told in TOLD if told not in lifted] == []
    assert await story.desk.parked() == []
