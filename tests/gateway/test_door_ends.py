"""A door that meets what nobody foresaw does not die in silence: the gateway goes with it."""

import socket
from pathlib import Path

from tests.gateway.test_serve import logged_until_it_ended

# A door that cannot count: the fault is met when the first caller comes.
BROKEN = """
import sys
from pathlib import Path
from gateway import door
from tests.gateway.serving import main
door.Door.__init__.__globals__["len"] = lambda _: None
main(Path(sys.argv[1]), int(sys.argv[2]))
"""


async def test_a_gateway_whose_door_broke_stops_so_that_its_supervisor_starts_another(tmp_path: Path) -> None:
    def called(port: int) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port))

    logged = await logged_until_it_ended(tmp_path, ("-c", BROKEN), called)
    assert logged == [("loop_failed", "TypeError"), ("stopping", None)]
