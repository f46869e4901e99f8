"""Every kind the broker knows. Unknown means no: what is not in this table is refused."""

from collections.abc import Mapping
from types import MappingProxyType

from broker.kinds.case_note import CASE_NOTE
from broker.kinds.chair_decision import CHAIR_DECISION
from broker.kinds.flag_and_tag import FLAG_AND_TAG
from broker.kinds.kind import Kind
from broker.kinds.lookup import LOOKUP
from broker.kinds.lookup_answer import LOOKUP_ANSWER
from broker.kinds.referral import REFERRAL
from broker.kinds.research_request import RESEARCH_REQUEST
from broker.kinds.research_return import RESEARCH_RETURN
from broker.kinds.reuse_consent import REUSE_CONSENT
from broker.kinds.reuse_request import REUSE_REQUEST
from broker.kinds.staff_risk import STAFF_RISK
from broker.kinds.triage import TRIAGE

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            REFERRAL,
            RESEARCH_REQUEST,
            RESEARCH_RETURN,
            CASE_NOTE,
            STAFF_RISK,
            FLAG_AND_TAG,
            CHAIR_DECISION,
            LOOKUP,
            LOOKUP_ANSWER,
            TRIAGE,
            REUSE_REQUEST,
            REUSE_CONSENT,
        )
    }
)
