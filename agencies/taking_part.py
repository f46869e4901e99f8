"""The words in which the coordinator says what part an agency has in a case, and why: for kit and broker alike."""

from typing import Final

RELATIONS: Final = ("for_information", "asked", "involved", "ended")
WHYS: Final = ("by-role", "research", "involvement", "information", "no-longer-involved", "correction")
