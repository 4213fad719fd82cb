"""What dispatch consists of."""

from __future__ import annotations

from services.dispatch import jobs
from services.dispatch.api import accounts, commands, queries, units
from services.dispatch.handlers import cases
from services.dispatch.handlers.accounts import enter_administrator
from services.dispatch.handlers.rulesets import keep_rules
from services.dispatch.settings import token_key
from services.dispatch.tables import Record
from shared.bus.topics import DIRECTORY, ORDERS
from shared.contracts.intake import (
    OrderCancelled,
    OrderFedBack,
    OrderReceived,
    OrderRedoRequested,
    OrderRevisited,
    OrderUpdated,
    OrderUrged,
)
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.contracts.sla import CalendarChanged, PlanBroken, PlanWoken, RuleSetPublished
from shared.following import follow_calendar, load_calendar, watch_calendar
from shared.identity import TokenSigner
from shared.service import Runtime, Service


async def _prepare(runtime: Runtime) -> None:
    """The signer of tokens for the login route, the first account of an empty database, and the calendar in force."""
    await load_calendar(runtime)
    runtime.parts["signer"] = TokenSigner(token_key(runtime.settings), runtime.clock)
    password = runtime.settings.admin_password
    await enter_administrator(runtime.works, None if password is None else password.get_secret_value())


SERVICE = Service(
    name="dispatch",
    title="派单",
    about="工单的全过程：研判、交办、办理、回退、答复、办结；承办单位与职责目录；账号与登录。",
    # The commands first: FastAPI looks through the routes one by one.
    routers=(commands.router, queries.router, accounts.router, units.router),
    metadata=Record.metadata,
    topics=(ORDERS, DIRECTORY),
    prefetch=cases.hold_cases,
    subscriptions={
        OrderReceived: cases.open_case,
        OrderUpdated: cases.refresh_case,
        OrderCancelled: cases.cancel_case,
        OrderUrged: cases.mark_urged,
        ReplyLeaderApproved: cases.take_to_centre,
        ReplyLeaderRejected: cases.give_back_to_handler,
        ReplyApproved: cases.await_feedback,
        ReplyRejected: cases.send_to_rework,
        OrderFedBack: cases.await_revisit,
        OrderRevisited: cases.settle_revisit,
        OrderRedoRequested: cases.redo_order,
        PlanWoken: cases.wake_planned,
        PlanBroken: cases.wake_planned,
        CalendarChanged: follow_calendar,
        RuleSetPublished: keep_rules,
    },
    jobs=(watch_calendar, jobs.seal_old_words),
    prepare=_prepare,
)
