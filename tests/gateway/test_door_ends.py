"""A door that meets what nobody foresaw does not die in silence: the gateway goes with it."""

import asyncio
import json
import socket
import sys
from pathlib import Path

from tests.gateway.test_serve import ROOT, make_certificate, until_listening

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
    make_certificate(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BROKEN, str(tmp_path), str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        await until_listening(process.stdout)
        with socket.create_connection(("127.0.0.1", port)):
            rest, _ = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 1
    logged = [(line["event"], line.get("error_type")) for line in map(json.loads, rest.splitlines())]
    assert logged == [("loop_failed", "TypeError"), ("stopping", None)]
