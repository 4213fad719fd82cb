"""A small model of one order: what intake, the desk and the review know of it, and what each answers.

Written from lifecycle.md, requirements.md and the readings, not from the code.  A service knows what it was told and
what it did itself; what it does becomes a fact that the others hear later, each in its own time.  Facts of one service
are heard in their sequence.  Clocks (`clocks.py`) and figures (`figures.py`) follow from the facts alone: when a service
heard of one changes nothing in them.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from tests.model.known import CLOSING, RETRIES, Desk, Extension, Fact, Intake, Review, Round, Sending
from tests.model.workdays import day_of, end_of_workday

ACCEPTED, KNOWN, REFUSED = "accepted", "known", "refused"


class Order:
    """One order as the model sees it."""

    def __init__(
        self, number: str, at: datetime, *, urgent: tuple[str, ...], due_at: datetime | None, fast: bool = False
    ) -> None:
        self.number, self.id = number, ""
        self.fast = fast
        """省接诉即办: two and thirteen working days, and a document chain that does not exist yet (S1.2.2, S2.2.3g)."""
        self.intake, self.desk, self.review = Intake(urgent=urgent), Desk(), Review()
        self.extension = Extension()
        self.history: list[Fact] = []
        self._told: dict[str, list[Fact]] = {}
        self._heard: Counter[tuple[str, str]] = Counter()
        self.tell("intake", "received", at, urgent=urgent, due_at=due_at, fast=fast)

    # --- facts ------------------------------------------------------------------------------------------------------

    def tell(self, by: str, type: str, at: datetime, **about: Any) -> None:
        """Something has happened at a service."""
        fact = Fact(by, type, at, about)
        self.history.append(fact)
        if by != "sla":
            self._told.setdefault(by, []).append(fact)

    def hear(self, service: str, by: str, type: str, now: datetime) -> None:
        """A service reads the next event of another one: what it was, and what it makes of it."""
        told, place = self._told.get(by, []), (service, by)
        number = self._heard[place]
        expected = told[number].type if number < len(told) else "nothing"
        assert type == expected, f"{service} hears {type} of {by}, and should hear {expected}"
        self._heard[place] += 1
        reaction = getattr(self, f"_{service}_hears_{type}", None)
        if reaction is not None:
            reaction(told[number], now)

    def unheard(self, service: str) -> bool:
        """Whether the service has something of this order still to hear."""
        return any(self._heard[service, by] < len(told) for by, told in self._told.items() if by != service)

    def all_heard(self) -> bool:
        """Whether everything that was told reached everybody."""
        return not any(self.unheard(service) for service in ("intake", "dispatch", "sla", "review", "analytics"))

    # --- intake: notices of the upstream ----------------------------------------------------------------------------

    def answers(self, notice: str, **about: Any) -> str:
        """How a notice ends now, by what intake knows (D1-D4)."""
        standing = self.intake.standing
        before = [] if notice == "push" else self.intake.told.get((notice, about["at"]), [])
        if about in before:
            return KNOWN
        match notice:
            case "push":
                return self._push_ends(about["content"], about["revision"])
            case "revisit" if before:
                return REFUSED  # one call has one result
            case "cancel" if standing == "cancelled":
                return KNOWN
            case "cancel" | "urge":
                return REFUSED if standing in {"fed_back", "closed", "cancelled"} else ACCEPTED
            case "redo" if standing == "again":
                return KNOWN  # it is being done
            case _:
                return REFUSED if standing in {"unanswered", "cancelled"} else ACCEPTED

    def _push_ends(self, content: int, revision: int | None) -> str:
        """The order again (S1.1.4c): an older revision of a platform that numbers them changes nothing, whatever it says."""
        known, same = self.intake.revision, content == self.intake.content
        if not same and self.intake.standing in {"cancelled", "closed"}:
            return REFUSED
        older = known is not None and revision is not None and revision < known
        if older or same:
            return KNOWN
        return REFUSED if known is not None and revision in {None, known} else ACCEPTED

    def know(self, notice: str, **about: Any) -> None:
        """A notice was known already: at most the number of its revision is new."""
        if notice != "push":
            self._note(notice, about)
        revision, known = about.get("revision"), self.intake.revision
        if notice == "push" and about["content"] == self.intake.content and revision is not None:
            self.intake.revision = max(revision, known or 0)

    def accept(self, notice: str, now: datetime, **about: Any) -> None:
        """A notice was accepted, and has its effect."""
        intake = self.intake
        if notice != "push":
            self._note(notice, about)
        if notice == "push":
            intake.version, intake.content = intake.version + 1, about["content"]
            intake.revision = about["revision"]
            if not intake.by_hand:
                intake.urgent = about["urgent"]
            self.tell("intake", "updated", now, version=intake.version, urgent=intake.urgent)
        elif notice == "cancel":
            intake.phase = "cancelled"
            self.tell("intake", "cancelled", now)
            for sending in intake.sendings:
                if not sending.attempts and not sending.acked:
                    self.tell("intake", "reply_not_sent", now, round=sending.round)
                sending.state = "done"  # nothing is sent any more (S2.3b)
        elif notice == "urge":
            intake.urges += 1
            self.tell("intake", "urged", now)
        else:
            self._proof_of_feedback(now)
            cycle = intake.cycle
            if notice == "revisit":
                intake.revisits += 1
                facts = {name: about[name] for name in ("valid", "solved", "satisfied")}
                self.tell("intake", "revisited", now, **facts, redos=cycle, round=intake.sendings[-1].round)
            else:
                self.tell("intake", "redo_requested", now, redos=cycle)
                if intake.phase in {"fed_back", "closed"}:
                    intake.phase = "open"

    def _note(self, notice: str, about: dict[str, Any]) -> None:
        self.intake.told.setdefault((notice, about["at"]), []).append(about)

    def _proof_of_feedback(self, now: datetime) -> None:
        """An upstream that revisits, or wants it redone, has the reply (D2); one that was never sent still is."""
        for sending in self.intake.sendings:
            if not sending.acked:
                if sending.attempts:
                    sending.state = "done"
                self._fed_back(sending, now)

    def acknowledged(self, sending: Sending, now: datetime) -> None:
        """The upstream has the reply (S2.3b)."""
        sending.state = "done"
        if not sending.acked:
            self._fed_back(sending, now)

    def _fed_back(self, sending: Sending, now: datetime) -> None:
        sending.acked = True
        if sending.redos >= self.intake.redos and self.intake.phase not in {"closed", "cancelled"}:
            self.intake.phase = "fed_back"
        about = {"round": sending.round, "redos": sending.redos, "disposition": sending.disposition}
        self.tell("intake", "fed_back", now, **about)

    def not_acknowledged(self, sending: Sending, now: datetime, *, gone: bool) -> None:
        """An attempt failed: it is sent again later, or, refused for good or ten times, when a person asks for it (P8)."""
        if gone or sending.scheduled > len(RETRIES):
            sending.state = "failed"
        else:
            wait = RETRIES[sending.scheduled - 1]
            sending.state, sending.not_before, sending.surely_at = "waiting", now + wait, now + wait * 1.11
        self.tell("intake", "feedback_failed", now)

    def flag(self, urgent: tuple[str, ...], now: datetime) -> None:
        """A person says which urgent classes the order has (S1.3.1a)."""
        self.intake.urgent, self.intake.by_hand = urgent, True
        self.tell("intake", "updated", now, version=self.intake.version, urgent=urgent)

    def _intake_hears_assigned(self, _: Fact, __: datetime) -> None:
        self._follow("open")

    def _intake_hears_return_accepted(self, _: Fact, __: datetime) -> None:
        self._follow("open")

    def _intake_hears_closed(self, _: Fact, __: datetime) -> None:
        self._follow("closed")

    def _intake_hears_reopened(self, fact: Fact, __: datetime) -> None:
        self.intake.redos = fact["redos"]
        self._follow("open")

    def _intake_hears_approved(self, fact: Fact, now: datetime) -> None:
        if self.intake.phase == "cancelled" or fact["redos"] < self.intake.redos:
            # What the upstream took back, or rejected with its whole cycle, is not answered.
            self.tell("intake", "reply_not_sent", now, round=fact["round"])
            return
        if fact["known"] < self.intake.version:
            # The upstream had changed it, and the centre did not know: the unit answers it as it is now (S1.1.4c, S2.3a).
            self.tell("intake", "reply_outdated", now, round=fact["round"])
        else:
            self.intake.sendings.append(Sending(fact["round"], fact["redos"], fact["disposition"]))
            if self.intake.phase not in {"fed_back", "closed"}:
                self._follow("approved")

    def _follow(self, phase: str) -> None:
        if self.intake.phase != "cancelled":
            self.intake.phase = phase

    # --- the desk: people at the centre and in units ----------------------------------------------------------------

    def assign(
        self, unit: str, now: datetime, *, reason: bool = True, decision: bool = False, head: bool = False
    ) -> int:
        """交办 (S2.1a-c), by the centre; a reassignment says why (S2.2.1h), after two returns the panel decides (S3.1h)."""
        desk = self.desk
        if not desk.there:
            return 404
        if desk.status not in {"triage", "consult", "assigned", "handling", "rework"}:
            return 409
        if decision and not head:
            return 403
        if not decision and desk.returns >= 2:
            return 409
        if desk.status not in {"triage", "consult"}:
            if unit == desk.unit:
                return 409
            if not reason:
                return 422
        confirmed = decision or unit in desk.returned_by + desk.answered_by  # S3.1b, S3.1d, S3.1h, A20
        desk.no_return = desk.no_return or confirmed
        desk.status, desk.unit, desk.assignment = "assigned", unit, desk.assignment + 1
        desk.first_unit = desk.first_unit or unit  # S3.1a
        desk.assigned_at, desk.first_assigned_at = now, desk.first_assigned_at or now
        desk.reply = None
        self._forget_contacts()
        self.tell("dispatch", "assigned", now, unit=unit, no_return=desk.no_return, number=desk.assignment)
        return 200

    def _forget_contacts(self) -> None:
        """A new turn of the unit: earlier contacts do not count for its reply."""
        self.desk.turn += 1
        self.desk.failed, self.desk.counted = (), 0
        self.desk.reached = False

    def _yours(self, unit: str) -> int | None:
        return None if self.desk.there and self.desk.unit == unit else 404  # S4.2a

    def take_up(self, unit: str, now: datetime) -> int:
        """认领; no deadline of the order depends on it (A04)."""
        if (refused := self._yours(unit)) is not None:
            return refused
        if self.desk.status != "assigned":
            return 409
        self.desk.status = "handling"
        self.tell("dispatch", "accepted", now, unit=unit)
        return 200

    def contact(self, unit: str, outcome: str, now: datetime, promised_at: datetime | None) -> int:
        """A call to the caller (S2.2.1a); of those that reached nobody the second one counts (S2.2.1b).

        One that comes less than ten minutes after the one before is the same attempt (A39).
        """
        if (refused := self._yours(unit)) is not None:
            return refused
        desk = self.desk
        if desk.status not in {"assigned", "handling", "rework", "return_pending", "planned"}:
            return 409
        if desk.status == "assigned":
            desk.status = "handling"
        desk.last_turn = desk.turn
        counts = outcome != "not_reached"
        minute = now.replace(second=0, microsecond=0)
        if not counts and (not desk.failed or minute - desk.failed[-1] >= timedelta(minutes=10)):
            desk.failed = (*desk.failed, minute)
            counts = len(desk.failed) >= 2
        desk.counted += counts
        desk.reached = desk.reached or outcome == "reached"
        self.tell("dispatch", "contacted", now, unit=unit, outcome=outcome, counts=counts, promised_at=promised_at)
        return 200

    def note(self, unit: str, promised_at: datetime, now: datetime) -> int:
        """A progress note with the moment of the next contact (S2.2.1d)."""
        if (refused := self._yours(unit)) is not None:
            return refused
        if self.desk.status not in {"assigned", "handling", "rework", "planned"}:
            return 409
        if self.desk.status == "assigned":
            self.desk.status = "handling"
        self.tell("dispatch", "noted", now, unit=unit, promised_at=promised_at)
        return 200

    def ask_return(self, unit: str, now: datetime) -> int:
        """申请回退, once for a unit and within its working day (S2.2.1f-h, A14, A20); never after an answer (S3.1b)."""
        if (refused := self._yours(unit)) is not None:
            return refused
        desk = self.desk
        assert desk.assigned_at is not None
        late = now > end_of_workday(desk.assigned_at, 1)
        answered = unit in desk.answered_by
        if (
            desk.status not in {"assigned", "handling"}
            or desk.no_return
            or unit in desk.returned_by
            or late
            or answered
        ):
            return 409
        desk.status, desk.returned_by = "return_pending", (*desk.returned_by, unit)
        self.tell("dispatch", "return_requested", now, unit=unit)
        return 200

    def decide_return(self, now: datetime, *, accept: bool) -> int:
        """The centre takes it back, or leaves it there for good (S2.2.1i, S3.1d); the second return is the panel's."""
        desk = self.desk
        if not desk.there:
            return 404
        if desk.status != "return_pending":
            return 409
        unit = desk.unit
        if accept:
            desk.returns, desk.unit = desk.returns + 1, None
            desk.status = "consult" if desk.returns >= 2 else "triage"  # S3.1h, A21
            self.tell("dispatch", "return_accepted", now, unit=unit, returns=desk.returns)
        else:
            desk.status, desk.no_return = "handling", True
            self.tell("dispatch", "return_rejected", now, unit=unit)
        return 200

    def submit(self, unit: str, disposition: str, now: datetime, plan_on: date | None = None) -> int:
        """提交答复: the caller was told (S2.2.3a), a plan ends from tomorrow to the ninetieth day (S2.2.2e, A16)."""
        if (refused := self._yours(unit)) is not None:
            return refused
        desk = self.desk
        if desk.status not in {"handling", "rework", "planned"}:
            return 409
        if not desk.counted:
            return 422
        if self.fast and disposition in {"explanation", "planned"}:
            return 409  # S2.2.2g, A17
        if plan_on is not None:
            assert desk.first_assigned_at is not None
            if not day_of(now) < plan_on <= day_of(desk.first_assigned_at) + timedelta(days=90):
                return 422
        desk.status, desk.round, desk.plan_on = "leader_review", desk.round + 1, plan_on
        desk.reply = desk.round
        self.tell(
            "dispatch", "submitted", now, unit=unit, round=desk.round, disposition=disposition, redos=desk.redos,
            version=desk.version,
        )  # fmt: skip
        return 200

    # --- the desk: what it hears ------------------------------------------------------------------------------------

    def _dispatch_hears_received(self, _: Fact, __: datetime) -> None:
        self.desk.there = True

    def _dispatch_hears_updated(self, fact: Fact, _: datetime) -> None:
        self.desk.version = max(self.desk.version, fact["version"])

    def _dispatch_hears_urged(self, _: Fact, __: datetime) -> None:
        self.desk.urges += 1

    def _dispatch_hears_cancelled(self, _: Fact, __: datetime) -> None:
        self.desk.status = "cancelled"

    def _dispatch_hears_leader_approved(self, fact: Fact, _: datetime) -> None:
        if self._decided(fact, "leader_review", "centre_review"):
            self.desk.answered_by += (fact["unit"],)

    def _dispatch_hears_leader_rejected(self, fact: Fact, _: datetime) -> None:
        self._decided(fact, "leader_review", "handling")

    def _dispatch_hears_rejected(self, fact: Fact, _: datetime) -> None:
        """By the centre, or after its approval, which was not sent (S1.1.4c)."""
        for before in ("centre_review", "awaiting_feedback", "planned"):
            self._decided(fact, before, "rework")

    def _dispatch_hears_approved(self, fact: Fact, _: datetime) -> None:
        planned = fact["disposition"] == "planned"
        if self._decided(fact, "centre_review", "planned" if planned else "awaiting_feedback"):
            self.desk.disposition = fact["disposition"]
            if planned:
                self._forget_contacts()  # S2.2.2f: the completion is told to the caller anew
                about = {"unit": self.desk.unit, "round": fact["round"], "on": self.desk.plan_on}
                self.tell("dispatch", "planned", fact.at, **about)  # since its approval (S2.2.2e)

    def _decided(self, fact: Fact, before: str, after: str) -> bool:
        moves = self.desk.reply == fact["round"] and self.desk.status == before
        if moves:
            self.desk.status = after
        return moves

    def _dispatch_hears_fed_back(self, fact: Fact, now: datetime) -> None:
        desk = self.desk
        if desk.status != "awaiting_feedback" or desk.reply != fact["round"] or desk.redos != fact["redos"]:
            return  # an acknowledgement of another cycle's reply ends nothing (D3, S1.1.4a, S2.3b)
        if desk.disposition in CLOSING:
            self._close(now)
        else:
            desk.status = "revisit"

    def _dispatch_hears_revisited(self, fact: Fact, now: datetime) -> None:
        desk = self.desk
        desk.revisits += 1
        if desk.status not in {"awaiting_feedback", "revisit", "closed"} or fact["round"] != desk.reply:
            return  # it is being handled again, or planned, or answered otherwise by now: the result is recorded
        if desk.disposition in CLOSING:  # D5: whoever revisits has the reply that ends the order
            if desk.status != "closed":
                self._close(now)
        elif not fact["valid"]:  # A32: two days on which nobody was reached
            if desk.status != "closed":
                desk.failed_days |= {day_of(fact.at)}
                if len(desk.failed_days) >= 2:
                    self._close(now)
                else:
                    desk.status = "revisit"
        elif fact["solved"] == "unsolved" or fact["satisfied"] == "unsatisfied":
            self._reopen(now)
        elif desk.status != "closed":
            self._close(now)

    def _dispatch_hears_redo_requested(self, fact: Fact, now: datetime) -> None:
        without_unit = {"triage", "consult", "return_pending", "cancelled"}
        if fact["redos"] >= self.desk.redos and self.desk.status not in without_unit:  # else it is being redone
            self._reopen(now)

    def wake(self) -> None:
        """The day of the plan has come: the unit handles it again (S2.2.2f)."""
        if self.desk.status == "planned":
            self.desk.status, self.desk.reply = "handling", None

    def _close(self, now: datetime) -> None:
        self.desk.status = "closed"
        self.tell("dispatch", "closed", now, unit=self.desk.unit)

    def _reopen(self, now: datetime) -> None:
        """重办: the same unit, a new final clock, a new contact before the reply (A34, S2.2.3a)."""
        desk = self.desk
        desk.status, desk.redos, desk.reply = "handling", desk.redos + 1, None
        desk.failed_days = frozenset()
        self._forget_contacts()
        self.tell("dispatch", "reopened", now, unit=desk.unit, redos=desk.redos)

    # --- the review -------------------------------------------------------------------------------------------------

    def leader_decides(self, unit: str, now: datetime, *, approve: bool) -> int:
        """The head of the unit reads the newest reply (S2.2.3c)."""
        newest = self.review.rounds[-1]
        if not newest.unit == unit == self.review.holder:
            return 404
        if newest.state != "leader_review":
            return 409
        newest.state = "centre_review" if approve else "leader_rejected"
        told = "leader_approved" if approve else "leader_rejected"
        self.tell("review", told, now, round=newest.round, unit=unit)
        return 200

    def centre_decides(self, now: datetime, *, approve: bool, override: int | None = None) -> int:
        """The centre reviews (S2.3a); a demand that changed since is a finding that a reason overrides (D6).

        `override` is the version for which the reason is given: it is good for no other.
        """
        newest = self.review.rounds[-1]
        known = self.known_version
        if newest.state != "centre_review":
            return 409
        if approve and self.fast:
            return 409  # S1.1.1b: no approval without its documents
        if approve and (override != known if override is not None else newest.version < known):
            return 409
        newest.state = "approved" if approve else "rejected"
        self.tell(
            "review", newest.state, now, round=newest.round, unit=newest.unit, redos=newest.redos,
            disposition=newest.disposition, known=known,
        )  # fmt: skip
        return 200

    @property
    def known_version(self) -> int:
        """The newest version of the order that the review knows: from its upstream, or as the unit answers it."""
        return max(self.review.version, self.review.rounds[-1].version)

    def _review_hears_reply_outdated(self, fact: Fact, now: datetime) -> None:
        """The approval was not sent: as if the centre had rejected the reply (S1.1.4c)."""
        taken = next(one for one in self.review.rounds if one.round == fact["round"])
        taken.state = "rejected"
        self.tell("review", "rejected", now, round=taken.round, unit=taken.unit)

    def _review_hears_reply_not_sent(self, fact: Fact, _: datetime) -> None:
        """The approval came too late for its order, and nothing has to be reworked (S2.3b)."""
        next(one for one in self.review.rounds if one.round == fact["round"]).state = "void"

    def _review_hears_updated(self, fact: Fact, _: datetime) -> None:
        self.review.version = max(self.review.version, fact["version"])

    def _review_hears_cancelled(self, _: Fact, __: datetime) -> None:
        self.review.cancelled = True
        self._void_open_round()

    def _review_hears_reopened(self, fact: Fact, _: datetime) -> None:
        if (one := self.review.open_round) is not None and one.redos < fact["redos"]:
            one.state = "void"

    def _review_hears_assigned(self, fact: Fact, __: datetime) -> None:
        self.review.holder = fact["unit"]
        self._void_open_round()

    def _review_hears_return_accepted(self, _: Fact, __: datetime) -> None:
        self.review.holder = None

    def _review_hears_submitted(self, fact: Fact, _: datetime) -> None:
        self._void_open_round()
        state = "void" if self.review.cancelled else "leader_review"
        facts = {name: fact[name] for name in ("round", "unit", "disposition", "redos", "version")}
        self.review.rounds.append(Round(**facts, state=state))

    def _void_open_round(self) -> None:
        if (one := self.review.open_round) is not None:
            one.state = "void"
