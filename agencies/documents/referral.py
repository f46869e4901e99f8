"""The body of a referral: who refers, the victim, the grounds, the checklist. Source: domain.md, "Referral"."""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN, AgencyRef, Known, Line, Text
from agencies.documents.grounds import SERGEANT_AGREES_TO, Ground
from agencies.documents.instruments import Dara, Instrument, PoliceDash27, SafeLivesDash24
from agencies.documents.invalid import broken_rule
from agencies.documents.person import Child, Perpetrator, SeenPerson, Victim

Source = Literal[
    "police", "idva", "childrens_social_care", "primary_care", "secondary_care", "education", "housing",
    "mental_health", "probation", "voluntary_sector", "substance_misuse", "adult_social_care", "mash", "other",
]  # fmt: skip

POLICE: Final = frozenset({"police", "mash"})  # in the MASH it is the police's own desk that refers


class Referrer(Part):
    """Who refers: the true source, even where the coordinator took the referral in."""

    source: Source
    agency: Line
    agency_id: AgencyRef | None = None  # where it is in the register, and the coordinator took it in
    contact: Line
    role: Known[Line] = UNKNOWN
    telephone: Known[Line] = UNKNOWN
    email: Known[Line] = UNKNOWN
    received_by: Literal["broker", "telephone", "email", "paper", "agency_without_isa"] = "broker"


class SergeantAgreement(Part):
    """What the MASH detective sergeant said of a police referral on judgement, escalation or repeat."""

    agrees: Known[bool] = UNKNOWN
    sergeant: Known[Line] = UNKNOWN


class HonourBased(Part):
    """Honour-based abuse in its three forms; any of them closes the case to all but named people."""

    honour_based_abuse: Known[bool] = UNKNOWN
    forced_marriage: Known[bool] = UNKNOWN
    female_genital_mutilation: Known[bool] = UNKNOWN


class Referral(Document):
    """A referral's body. What may be withheld from some readers is in its own document: safe contact, exclusions."""

    referrer: Referrer
    identified_on: Known[date] = UNKNOWN
    urgent: bool = False
    urgent_reason: Text | None = None
    information_only: bool = False
    victim: Victim
    perpetrators: Annotated[tuple[Perpetrator, ...], Field(max_length=20)] = ()
    children: Known[Annotated[tuple[Child, ...], Field(max_length=30)]] = UNKNOWN  # an empty list: there are none
    others_seen: Known[Annotated[tuple[SeenPerson, ...], Field(max_length=30)]] = UNKNOWN
    grounds: Annotated[tuple[Ground, ...], Field(min_length=1, max_length=5)]
    sergeant_agreement: SergeantAgreement | None = None
    instruments: Annotated[tuple[Instrument, ...], Field(min_length=1, max_length=5)]
    circumstances: Known[Text] = UNKNOWN
    honour_based: HonourBased = HonourBased()
    previous_marac: Known[bool] = UNKNOWN
    previous_marac_detail: Text | None = None
    crime_reference: Known[Line] = UNKNOWN
    officer_in_case: Known[Line] = UNKNOWN
    victim_aware: Known[bool] = UNKNOWN
    victim_unaware_reason: Text | None = None
    consent: Known[bool] = UNKNOWN
    reason_without_consent: Text | None = None
    victim_fears: Known[Text] = UNKNOWN  # whom she fears, and what they might do
    safe_to_talk_to: Known[Text] = UNKNOWN
    not_safe_to_talk_to: Known[Text] = UNKNOWN
    wishes: Known[Text] = UNKNOWN
    risks_to_staff: Known[Text] = UNKNOWN

    @property
    def visible_high_risk_ticks(self) -> int:
        """The most ticks on any Dash checklist here; 0 where there is none."""
        dashes = (item for item in self.instruments if isinstance(item, SafeLivesDash24 | PoliceDash27))
        return max((dash.visible_high_risk_ticks for dash in dashes), default=0)

    @property
    def is_honour_based(self) -> bool:
        """True if any form of honour-based abuse is known: the case is closed from the referral on."""
        known = self.honour_based
        return True in (known.honour_based_abuse, known.forced_marriage, known.female_genital_mutilation)

    @property
    def names_conference(self) -> bool:
        """True if a child is known to have a child-protection conference, whose chair must be told."""
        children = () if self.children == UNKNOWN else self.children
        return any(child.child_protection_conference is True for child in children)

    def incomplete_fields(self) -> list[str]:
        """Return JSON pointers to all that is unknown, and to what another answer here asks for."""
        asked_for = (
            ("/perpetrators", not self.perpetrators),
            ("/urgent_reason", self.urgent and self.urgent_reason is None),
            ("/victim_unaware_reason", self.victim_aware is False and self.victim_unaware_reason is None),
            ("/reason_without_consent", self.consent is not True and self.reason_without_consent is None),
            ("/sergeant_agreement", self._sergeant_must_agree() and self.sergeant_agreement is None),
        )
        return super().incomplete_fields() + [pointer for pointer, is_asked in asked_for if is_asked]

    def _named_grounds(self) -> frozenset[str]:
        return frozenset(ground.ground for ground in self.grounds)

    def _sergeant_must_agree(self) -> bool:
        # A high DARA or the ticks stand on their own; agreement is asked for where nothing else carries the referral.
        return self.referrer.source in POLICE and self._named_grounds() <= SERGEANT_AGREES_TO

    @model_validator(mode="after")
    def _each_ground_once(self) -> Self:
        if len(self._named_grounds()) != len(self.grounds):
            raise broken_rule("/grounds", "each ground is given once")
        return self

    @model_validator(mode="after")
    def _dara_is_for_the_police(self) -> Self:
        if self.referrer.source not in POLICE and any(isinstance(item, Dara) for item in self.instruments):
            raise broken_rule("/instruments", "DARA is used by the police alone: complete a Dash checklist")
        return self

    @model_validator(mode="after")
    def _grounds_rest_on_their_instrument(self) -> Self:
        grounds = self._named_grounds()
        if "visible_high_risk" in grounds and all(isinstance(item, Dara) for item in self.instruments):
            raise broken_rule("/grounds", "visible high risk needs a completed Dash checklist")
        if "dara_high" in grounds and not any(
            isinstance(item, Dara) and item.assessed_risk == "high" for item in self.instruments
        ):
            raise broken_rule("/grounds", "this ground needs a completed DARA assessed as high")
        return self


def meets_threshold(referral: Referral, ticks: int) -> bool:
    """Return whether `referral` reaches the MARAC where the area asks for `ticks` (17, say) of visible high risk.

    Every other ground is enough by itself; below the ticks, judgement must be accepted.
    """
    grounds = {ground.ground for ground in referral.grounds}
    return bool(grounds - {"visible_high_risk"}) or referral.visible_high_risk_ticks >= ticks
