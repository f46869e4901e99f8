"""The table of what is fuzzed: one row for each parser that takes bytes or text from outside, by its name.

A parser of text that encodes again to the same text needs a line, in the rows of its room:

    "vkey": text_target(parse_vkey, lambda key: key.vkey, lambda: [KEY.vkey]),

and anything else a `Target`; what its fields mean stands there. Where a checksum or a signature stops every changed
input, give a `repair` (repairs.py), or nothing behind the check is ever reached. tests/fuzz/test_fuzz_targets.py
tries every row with its seeds, of which one at least must be accepted.
"""

from collections.abc import Mapping
from typing import Final

from tests.fuzz import agencies_targets, crypto_targets, gateway_targets
from tests.fuzz.target import Target

TARGETS: Final[Mapping[str, Target]] = crypto_targets.ROWS | agencies_targets.ROWS | gateway_targets.ROWS
