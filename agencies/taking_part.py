"""The words in which the coordinator says what part an agency has in a case, and why: for kit and broker alike."""

from typing import Final

RELATIONS: Final = ("for_information", "asked", "involved", "ended")
WHYS: Final = ("by-role", "research", "involvement", "information", "no-longer-involved", "correction")
BASES: Final = (
    "uk_gdpr:6(1)(e),9(2)(g),sch1.18",
    "uk_gdpr:6(1)(d),9(2)(c)",
    "part3:s35,sch8.1",
    "part3:s35,sch8.4",
)
"""Lawful bases; those of part 3 are for competent authorities alone: police, MASH, probation."""
