"""Every target takes its own seeds, and the fuzzer finds and reports what is planted for it."""

import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from tests.fuzz.__main__ import main
from tests.fuzz.target import Disagreement, accepts
from tests.fuzz.targets import TARGETS
from tests.run import ROOT, parse

# Four parsers that nobody wants: each fails on inputs that only changes to its one seed lead to.
PLANTED = """
import sys
from tests.fuzz import campaign
from tests.fuzz.target import Target

class Refused(Exception):
    pass

def raises(raw):
    if raw[:1] != b"{":
        raise Refused
    if raw[1:2] != b"s":
        raise ValueError("planted")
    return raw

def hangs(raw):
    while raw[:1] != b"{":
        pass
    return raw

def eats(raw):
    if raw[:1] != b"{":
        raise Refused(len(b"x" * (300 << 20)))
    return raw

def target(parse, agrees=lambda value, raw: True):
    return Target(parse, agrees, lambda: [b"{seed}"], refusals=(Refused,))

campaign.INPUT_TIMEOUT_S, campaign.MEMORY_MB = 2, 250
planted = {
    "raises": target(raises),
    "disagrees": target(bytes.strip, lambda value, raw: value == raw),
    "eats": target(eats),
    "hangs": target(hangs),
    "is-sound": target(lambda raw: raw),
}
sys.exit(campaign.fuzz(planted, 5))
"""


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds_and_accepts_one_of_them_at_least(name: str) -> None:
    target = TARGETS[name]
    seeds = list(target.seeds())
    assert seeds == list(target.seeds()), "seeds are the same in every run"
    assert max(map(len, seeds)) <= target.max_bytes
    assert True in [accepts(target, seed) for seed in seeds]


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.repair])
def test_a_repair_leaves_a_true_example_acceptable_and_takes_any_input(name: str) -> None:
    target = TARGETS[name]
    assert target.repair is not None
    assert True in [accepts(target, target.repair(seed)) for seed in target.seeds()]
    for raw in (b"", b"\n", b"\n\n", b"\xff\xfe1+", b"a\n--- ", b"{}\n{}", b"1" * 99):
        assert accepts(target, raw) in {True, False}


def test_what_is_planted_is_found_and_reported_with_its_input() -> None:
    result = run(["-c", PLANTED])
    said = result.stdout
    assert result.returncode == 1, said + result.stderr
    assert re.search(r"^raises +[\d,]+ executions .*CRASH$", said, re.MULTILINE)
    assert "ValueError: planted" in said
    assert "Disagreement: accepted, but not the one way to say it" in said
    assert "no answer within 2 seconds" in said
    assert "in hangs" in said
    assert "more than 250 MB of memory" in said
    assert re.search(r"^is-sound +[\d,]{4,} executions [^C]*$", said, re.MULTILINE)
    assert re.search(r"^5 fuzz targets, [\d,]+ executions, \d+ new inputs, 4 crashed: ", said, re.MULTILINE)
    planted = re.search(r"echo '([^']*)' \| base64 -d >input;  python -m tests.fuzz raises --input input", said)
    assert planted
    assert base64.b64decode(planted[1]).startswith(b"{")


def test_one_input_is_tried_once_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "input").write_bytes(b"tile/0/000")
    assert main(["tile-path", "base64", "--input", str(tmp_path / "input")]) == 0
    assert capsys.readouterr().out == "tile-path: accepted\nbase64: refused\n"


def test_a_second_spelling_is_a_crash() -> None:
    lenient = TARGETS["signing-key"].__class__(bytes.strip, lambda value, raw: value == raw, lambda: [b"a"])
    assert accepts(lenient, b"a")
    with pytest.raises(Disagreement):
        accepts(lenient, b"a ")


def test_a_missing_fuzzer_is_said_and_fails() -> None:
    without = "import sys; sys.modules['atheris'] = None; from tests.fuzz.__main__ import main; sys.exit(main([]))"
    result = run(["-c", without])
    assert result.returncode == 1
    assert "atheris is not installed" in result.stderr


@pytest.mark.whole
def test_the_rooms_are_instrumented_so_that_coverage_leads_the_fuzzer() -> None:
    names = ["tile-path", "note-receipt", "request-claims"]
    result = run(["-m", "tests.fuzz", *names, "--seconds", "3"])
    assert result.returncode == 0, result.stdout + result.stderr
    covered = dict(re.findall(r"^(\S+) .* coverage \d+ -> (\d+)$", result.stdout, re.MULTILINE))
    assert {name for name, branches in covered.items() if int(branches) > 5} == set(names)


@pytest.mark.whole
def test_ctrl_c_ends_the_fuzzer_and_what_it_started() -> None:
    with tempfile.TemporaryDirectory() as folder:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz", "tile-path", "names", "--seconds", "600"],
            cwd=ROOT,
            env={**unmeasured(), "TMPDIR": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        with started:
            children = two_children_of(psutil.Process(started.pid))
            started.send_signal(signal.SIGINT)
            assert "interrupted" in started.communicate(timeout=60)[1]
        assert started.returncode == 130
        assert not psutil.wait_procs(children, timeout=10)[1]
        assert not list(Path(folder).iterdir())


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=unmeasured(), capture_output=True, text=True, check=False, timeout=120)


def unmeasured() -> dict[str, str]:
    """The environment of a process whose coverage is not measured: it is instrumented already, and slow enough."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def two_children_of(process: psutil.Process) -> list[psutil.Process]:
    ends = time.monotonic() + 60
    while len(children := process.children()) < 2:
        assert time.monotonic() < ends, "the fuzzer starts nothing"
        time.sleep(0.05)
    return children


def test_the_step_is_left_out_of_a_part_of_the_tests_unless_it_is_asked_for() -> None:
    assert parse([]).fuzz_seconds == 60
    assert (
        parse(["--quick"]).fuzz_seconds
        == parse(["tests/rules"]).fuzz_seconds
        == parse(["--fuzz", "0"]).fuzz_seconds
        == 0
    )
    assert parse(["--quick", "--fuzz", "2.5"]).fuzz_seconds == 150
    assert parse(["--fuzz", "5"]).rest == ()
