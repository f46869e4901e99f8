"""The sandbox opens where there is room, listens on loopback alone, and ends cleanly."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from gateway.sandbox.stay import NotFree, claim, leave
from tests.commands.running import marac
from tests.servers.child import free_port


@contextmanager
def staying(temporary: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Yield a sandbox that has said what is there, its temporary folders in `temporary`."""
    command = [sys.executable, "-m", "tests.sandbox.staying", str(port)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("End it with Ctrl-C"):
                    break
            yield process
        finally:
            process.kill()


def test_it_listens_on_loopback_alone_and_ctrl_c_ends_it_with_nothing_left_behind(tmp_path: Path) -> None:
    port = free_port()
    with staying(tmp_path, port) as process:
        listening = [each.laddr for each in psutil.Process(process.pid).net_connections() if each.status == "LISTEN"]
        assert listening == [("127.0.0.1", port)]
        assert [path.name.startswith("marac-sandbox-") for path in tmp_path.iterdir()] == [True]
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert "The sandbox has ended. Its folder is removed." in process.stdout.read()
        assert process.wait(30) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_given_stays(tmp_path: Path) -> None:
    given, temporary = claim(tmp_path / "given", free_port()), claim(None, free_port())
    leave(given)
    leave(temporary)
    assert (given.kept, given.folder.is_dir()) == (True, True)
    assert (temporary.kept, temporary.folder.exists()) == (False, False)


def test_a_port_that_is_taken_is_named_before_the_story_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = marac("demo", "--keep", "--port", port)
    assert answer.code == 1
    assert f"port {port} cannot be had" in answer.err
    assert "--port" in answer.err
    assert answer.out == ""


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("mine")
    with pytest.raises(NotFree, match="not empty"):
        claim(tmp_path, free_port())
    assert [path.name for path in tmp_path.iterdir()] == ["own.txt"]


def test_a_folder_without_keep_is_a_mistake(tmp_path: Path) -> None:
    answer = marac("demo", "--folder", tmp_path / "new")
    assert (answer.code, "--keep" in answer.err) == (2, True)


def test_a_demo_that_is_ended_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from gateway.demo import run; run()"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert any(line.startswith(" 1 ✓") for line in demo.stdout)
        assert [path.name.startswith("marac-demo-") for path in tmp_path.iterdir()] == [True]
        demo.terminate()
        demo.communicate(timeout=60)
    assert list(tmp_path.iterdir()) == []
