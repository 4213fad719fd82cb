"""What dispatch consists of."""

from __future__ import annotations

from services.dispatch.accounts import api as accounts
from services.dispatch.accounts.handlers import enter_administrator
from services.dispatch.assigning import api as assigning
from services.dispatch.closing import handlers as closing
from services.dispatch.desk import api as desk
from services.dispatch.directory import api as directory
from services.dispatch.drafts import api as drafts
from services.dispatch.drafts.jobs import sweep_drafts
from services.dispatch.exporting import api as exporting
from services.dispatch.handling import api as handling
from services.dispatch.login import api as login
from services.dispatch.login.handlers import Turns
from services.dispatch.materials import api as materials
from services.dispatch.materials.jobs import sweep_files
from services.dispatch.news import api as news
from services.dispatch.news import jobs as news_jobs
from services.dispatch.orders import api as orders
from services.dispatch.orders.handlers import mark_urged, open_case, refresh_case
from services.dispatch.orders.tables import CaseRecord
from services.dispatch.pressing import handlers as pressing
from services.dispatch.pressing.tables import ClocksRecord
from services.dispatch.recommending.tables import RecommendationRecord
from services.dispatch.record import Record
from services.dispatch.replies import api as replies
from services.dispatch.replies.handlers import (
    await_feedback,
    give_back_to_caseworker,
    send_to_rework,
    take_to_centre,
    void_not_sent,
    wake_planned,
)
from services.dispatch.returns import api as returns
from services.dispatch.sessions import api as sessions
from services.dispatch.settings import token_key
from services.dispatch.timeline import api as timeline
from services.dispatch.timeline.handlers import follow_events
from services.dispatch.timeline.rules import KINDS
from shared.bus.topics import DIRECTORY, ORDERS, SLA_BREACHES
from shared.clock import clock_of_logins
from shared.contracts.intake import (
    OrderCancelled,
    OrderFedBack,
    OrderReceived,
    OrderRedoRequested,
    OrderRevisited,
    OrderUpdated,
    OrderUrged,
    ReplyNotSent,
)
from shared.contracts.review import ReplyApproved, ReplyLeaderApproved, ReplyLeaderRejected, ReplyRejected
from shared.contracts.sla import (
    CalendarChanged,
    ClockChanged,
    ClockStarted,
    ClockStopped,
    PlanBroken,
    PlanWoken,
    RuleSetPublished,
)
from shared.following.calendar import follow_calendar, load_calendar, watch_calendar
from shared.following.confidential import follow_confidential
from shared.following.rulesets import follow_rule_set
from shared.identity import TokenSigner
from shared.reading_ahead import RowsOfOrder
from shared.service import Runtime, Service


async def _prepare(runtime: Runtime) -> None:
    """The signer of tokens for the login route, the first account of an empty database, and the calendar in force."""
    await load_calendar(runtime)
    runtime.parts.put(TokenSigner(token_key(runtime.settings), clock_of_logins(runtime.clock)))
    runtime.parts.put(Turns())
    news_jobs.prepare(runtime)
    password = runtime.settings.admin_password
    await enter_administrator(runtime.works, None if password is None else password.get_secret_value())


SERVICE = Service(
    name="dispatch",
    title="派单",
    about="工单的全过程：研判、交办、办理、回退、答复、办结；承办单位与职责目录；账号与登录。",
    # Commands and lists of orders first: FastAPI looks through the routes one by one.  `orders` before `desk`: its
    # /orders/counts would be read as /orders/{order_id}.
    routers=(
        assigning.router,
        handling.router,
        replies.router,
        returns.router,
        exporting.router,
        orders.router,
        desk.router,
        timeline.router,
        news.router,
        news.commands,
        materials.router,
        drafts.router,
        login.router,
        sessions.router,
        sessions.own,
        accounts.router,
        accounts.names,
        directory.router,
    ),
    metadata=Record.metadata,
    topics=(ORDERS, DIRECTORY, SLA_BREACHES),
    rows=(
        RowsOfOrder(CaseRecord, by=CaseRecord.order_id),
        RowsOfOrder(ClocksRecord, by=ClocksRecord.order_id),
        # Not locked: whoever changes it has locked its order.
        RowsOfOrder(RecommendationRecord, by=RecommendationRecord.order_id, lock=False),
    ),
    subscriptions={
        OrderReceived: (follow_confidential, open_case, pressing.catch_up),
        OrderUpdated: (follow_confidential, refresh_case),
        OrderUrged: mark_urged,
        ReplyLeaderApproved: take_to_centre,
        ReplyLeaderRejected: give_back_to_caseworker,
        ReplyApproved: await_feedback,
        ReplyRejected: send_to_rework,
        ReplyNotSent: void_not_sent,
        ClockStarted: pressing.follow_started,
        ClockChanged: pressing.follow_changed,
        ClockStopped: pressing.follow_stopped,
        PlanWoken: wake_planned,
        PlanBroken: wake_planned,
        OrderFedBack: closing.await_revisit,
        OrderRevisited: closing.settle_revisit,
        OrderRedoRequested: closing.redo_order,
        OrderCancelled: closing.cancel_case,
        CalendarChanged: follow_calendar,
        RuleSetPublished: follow_rule_set,
    },
    batch=follow_events,
    batched=frozenset(KINDS),
    jobs=(news_jobs.follow_news, watch_calendar, sweep_files, sweep_drafts),
    prepare=_prepare,
)
