"""What an agency found and chose to disclose, item by item; what it holds and does not share stays with it."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN, Known, Line, Nature, Text
from agencies.documents.invalid import broken_rule

Found = Literal["information", "nothing_known"]


def _said(value: object) -> object:
    if value is not True:  # Literal[True] by itself also takes 1
        raise broken_rule("", "confirm this with true: it is not sent unless it is so")
    return value


Confirmed = Annotated[Literal[True], BeforeValidator(_said)]
"""What a sender must have judged; there is no way to say that it is not so."""


class Item(Part):
    """One thing disclosed, where it comes from and when it was."""

    nature: Nature
    text: Text
    source: Known[Line] = UNKNOWN
    on: Known[date] = UNKNOWN


class ResearchReturn(Document):
    """The answer to a research request. The sender confirms the three tests of sharing one by one."""

    outcome: Found
    items: Annotated[tuple[Item, ...], Field(max_length=100)] = ()
    relevant: Confirmed
    necessary: Confirmed
    proportionate: Confirmed

    @model_validator(mode="after")
    def _items_go_with_the_outcome(self) -> Self:
        if self.outcome == "nothing_known" and self.items:
            raise broken_rule("/items", "where nothing is known there are no items")
        if self.outcome == "information" and not self.items:
            raise broken_rule("/items", "give at least one item, or say that nothing is known")
        return self
