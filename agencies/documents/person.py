"""The people that documents speak of. Every field may be `unknown`, and is until somebody says otherwise."""

from datetime import date
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator

from agencies.documents.document import Part
from agencies.documents.fields import UNKNOWN, Known, Line, Lines
from agencies.documents.invalid import broken_rule

Gender = Literal["female", "male", "non_binary", "other", "prefers_not_to_say"]
Ethnicity = Literal["asian", "black", "mixed", "white_british", "other_white", "other", "prefers_not_to_say"]
SexualOrientation = Literal["heterosexual", "gay_or_lesbian", "bisexual", "other", "prefers_not_to_say"]

Aliases = Annotated[tuple[Line, ...], Field(max_length=20)]


class Named(Part):
    """Who somebody is by names and birth date alone, where nothing more is needed."""

    name: Known[Line] = UNKNOWN
    aliases: Aliases = ()
    date_of_birth: Known[date] = UNKNOWN

    @property
    def is_identified(self) -> bool:
        """True if anything at all says who this is."""
        return bool(self.aliases) or any(value != UNKNOWN for value in (self.name, self.date_of_birth))


class Person(Named):
    """What identifies somebody. Someone of no fixed abode has that as the address."""

    address: Known[Lines] = UNKNOWN
    telephone: Known[Line] = UNKNOWN
    other_identifiers: Aliases = ()  # a reference number and whose it is, a description, a nickname online

    @property
    def is_identified(self) -> bool:
        """True if anything at all says who this is."""
        said = (self.address, self.telephone)
        return super().is_identified or bool(self.other_identifiers) or any(value != UNKNOWN for value in said)


N = TypeVar("N", bound=Named)


def _must_be_identified(person: N) -> N:
    if not person.is_identified:
        raise broken_rule("", "nothing here says who this is: give an identifier, or leave this person out")
    return person


Identified = Annotated[N, AfterValidator(_must_be_identified)]
"""Somebody of whom at least one identifier is known: nobody can act on less."""


class Victim(Person):
    """The person at risk, known by at least one identifier."""

    first_language: Known[Line] = UNKNOWN
    interpreter_needed: Known[bool] = UNKNOWN
    pregnant: Known[bool] = UNKNOWN
    gender: Known[Gender] = UNKNOWN
    ethnicity: Known[Ethnicity] = UNKNOWN
    disability: Known[bool] = UNKNOWN
    disability_detail: Known[Line] | None = None
    sexual_orientation: Known[SexualOrientation] = UNKNOWN

    @model_validator(mode="after")
    def _must_be_identified(self) -> Self:
        if not self.is_identified:
            raise broken_rule("", "give at least one identifier of the victim: any name, date, address or number")
        return self


class Perpetrator(Person):
    """Somebody who harms the victim; several are still one case."""

    employer: Known[Line] = UNKNOWN  # an agency, perhaps: exclusions are named in their own document
    relationship_to_victim: Known[Line] = UNKNOWN
    in_custody: Known[bool] = UNKNOWN


class SeenPerson(Person):
    """A child, or another person whom the perpetrator sees: a victim in their own right."""

    relationship_to_victim: Known[Line] = UNKNOWN
    relationship_to_perpetrators: Known[Line] = UNKNOWN
    school: Known[Line] = UNKNOWN


class Child(SeenPerson):
    """A child, and whether there is a child-protection conference: its chair must be told."""

    child_protection_conference: Known[bool] = UNKNOWN
    conference_chair: Line | None = None
