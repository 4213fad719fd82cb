"""What dispatch refuses, with the clause and what to do next."""

from __future__ import annotations

from services.dispatch.errors.accounts import (
    AccountExists,
    AccountUnknown,
    CurrentPasswordWrong,
    LastAdministrator,
    LoginLocked,
    LoginRefused,
    PasswordUnfit,
    RolesUnfit,
)
from services.dispatch.errors.assigning import (
    DecisionNotYours,
    DeterminedOutside,
    PanelDecisionNeeded,
    ReassignReasonMissing,
    SameUnit,
    UnitNotReady,
)
from services.dispatch.errors.handling import (
    ContactIncomplete,
    ContactOutside,
    DispositionNotOffered,
    EvidenceMissing,
    ExplanationIncomplete,
    PlanIncomplete,
    PlanOutside,
    PromiseNotAhead,
    PromiseTooFar,
    ReplyContactAhead,
    ReplyIncomplete,
    ResultContactMissing,
    StatementMissing,
)
from services.dispatch.errors.materials import AttachmentUnknown, MaterialsTooLarge, MaterialUnfit
from services.dispatch.errors.orders import IllegalMove, OrderUnknown
from services.dispatch.errors.parts import PARTS
from services.dispatch.errors.returning import (
    RejectionReasonMissing,
    ReturnedBefore,
    ReturnForbidden,
    ReturnIncomplete,
    ReturnWindowClosed,
    SuggestedUnitUnfit,
)
from services.dispatch.errors.units import UnitExists, UnitNotListed, UnitUnknown

__all__ = [
    "PARTS",
    "AccountExists",
    "AccountUnknown",
    "AttachmentUnknown",
    "ContactIncomplete",
    "ContactOutside",
    "CurrentPasswordWrong",
    "DecisionNotYours",
    "DeterminedOutside",
    "DispositionNotOffered",
    "EvidenceMissing",
    "ExplanationIncomplete",
    "IllegalMove",
    "LastAdministrator",
    "LoginLocked",
    "LoginRefused",
    "MaterialUnfit",
    "MaterialsTooLarge",
    "OrderUnknown",
    "PanelDecisionNeeded",
    "PasswordUnfit",
    "PlanIncomplete",
    "PlanOutside",
    "PromiseNotAhead",
    "PromiseTooFar",
    "ReassignReasonMissing",
    "RejectionReasonMissing",
    "ReplyContactAhead",
    "ReplyIncomplete",
    "ResultContactMissing",
    "ReturnForbidden",
    "ReturnIncomplete",
    "ReturnWindowClosed",
    "ReturnedBefore",
    "RolesUnfit",
    "SameUnit",
    "StatementMissing",
    "SuggestedUnitUnfit",
    "UnitExists",
    "UnitNotListed",
    "UnitNotReady",
    "UnitUnknown",
]
