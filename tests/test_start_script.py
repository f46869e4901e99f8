"""The `marac` start script and the test runner, from outside: stand-ins for uv and Python are the environment."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.run import counts_of, parse
from tests.servers import programs

ROOT = Path(__file__).parent.parent
SHOW = '#!/bin/sh\necho "cwd=$(pwd)" "home=${HOME-unset}" "cache=${UV_CACHE_DIR-unset}" "args=$*"\n'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Return a folder with a copy of the start script and nothing else."""
    folder = tmp_path / "a house with spaces"
    folder.mkdir()
    shutil.copy(ROOT / "marac", folder)
    return folder


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """Return a folder of programs: those of a plain POSIX system, without uv and without Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "dirname", "readlink", "mkdir", "mv", "rm", "cat", "pwd"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def started(
    script: Path, *arguments: str, system: Path, cwd: Path | None = None, **environment: str
) -> tuple[int, str]:
    result = subprocess.run(
        [script, *arguments],
        env={"PATH": str(system), **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_a_command_runs_where_the_user_is(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "uv", SHOW)
    code, said = started(house / "marac", "open", "a file", system=system, cwd=tmp_path, HOME=str(tmp_path))
    assert code == 0
    assert f"cwd={tmp_path} " in said
    assert f"args=run --project {house} --locked --no-dev --quiet marac open a file" in said


def test_the_tests_run_in_the_project_with_the_rest_of_the_arguments(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "uv", SHOW)
    _, said = started(house / "marac", "test", "--quick", "-x", system=system, cwd=tmp_path, HOME=str(tmp_path))
    assert f"cwd={house} " in said
    assert re.search(r"args=run --locked .*python -m tests\.run --quick -x$", said, re.MULTILINE)


def test_the_benchmarks_run_in_the_project_with_what_the_tests_need(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "uv", SHOW)
    _, said = started(house / "marac", "bench", "crypto", "--json", system=system, cwd=tmp_path, HOME=str(tmp_path))
    assert f"cwd={house} " in said
    assert re.search(r"args=run --locked --quiet python -m tests\.bench crypto --json$", said, re.MULTILINE)


def test_the_script_finds_its_house_through_a_link(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "uv", SHOW)
    link = tmp_path / "links" / "marac"
    link.parent.mkdir()
    link.symlink_to("../a house with spaces/marac")
    assert f"--project {house} " in started(link, "inbox", system=system, HOME=str(tmp_path))[1]


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "/nonexistent"}])
def test_without_a_home_downloads_are_kept_in_the_project(
    house: Path, system: Path, environment: dict[str, str]
) -> None:
    program(system / "uv", SHOW)
    code, said = started(house / "marac", "inbox", system=system, **environment)
    assert code == 0
    assert f"cache={house}/.uv/cache" in said


def test_with_a_home_the_cache_of_uv_is_left_alone(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "uv", SHOW)
    assert "cache=unset" in started(house / "marac", "inbox", system=system, HOME=str(tmp_path))[1]


def test_without_python_the_script_says_what_is_needed(house: Path, system: Path, tmp_path: Path) -> None:
    code, said = started(house / "marac", "demo", system=system, HOME=str(tmp_path))
    assert code == 1
    assert "Python 3.11 or newer is needed" in said


def test_an_older_python_is_refused_with_its_version(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "python3", '#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    code, said = started(house / "marac", "demo", system=system, HOME=str(tmp_path))
    assert code == 1
    assert "Python 3.11 or newer is needed; this is Python 3.9.2" in said


def test_without_pip_and_venv_the_script_names_the_package_to_install(
    house: Path, system: Path, tmp_path: Path
) -> None:
    program(system / "python3", '#!/bin/sh\n[ "$1" = -c ] && exit 0\nexit 1\n')
    code, said = started(house / "marac", "demo", system=system, HOME=str(tmp_path))
    assert code == 1
    assert "apt-get install python3-venv" in said


def test_without_a_network_the_reason_is_shown_and_nothing_is_left(house: Path, system: Path, tmp_path: Path) -> None:
    program(system / "python3", '#!/bin/sh\ncase "$*" in *install*) echo "no route to host"; exit 1;; esac\n')
    code, said = started(house / "marac", "demo", system=system, HOME=str(tmp_path))
    assert code == 1
    assert "no route to host" in said
    assert "is there a network" in said
    assert [path.name for path in (house / ".uv").iterdir()] == ["bin"]


def test_uv_is_installed_once_and_found_again(house: Path, system: Path, tmp_path: Path) -> None:
    (tmp_path / "shown").write_text(SHOW)
    program(
        system / "python3",
        "#!/bin/sh\n"
        'case "$*" in *install*)\n'
        '  while [ "$1" != --target ]; do shift; done\n'
        f'  mkdir -p "$2/bin"; cat "{tmp_path}/shown" > "$2/bin/uv"; {shutil.which("chmod")} 755 "$2/bin/uv" ;;\n'
        "esac\n",
    )
    first = started(house / "marac", "inbox", system=system, HOME=str(tmp_path))
    (system / "python3").unlink()
    again = started(house / "marac", "inbox", system=system, HOME=str(tmp_path))
    assert first[0] == again[0] == 0
    assert "installing uv into .uv/ (once)" in first[1]
    assert "installing" not in again[1]


def test_a_quick_run_leaves_out_servers_and_campaigns() -> None:
    assert parse(["--quick", "-k", "note"]).markers == "not servers and not whole and not campaign"
    assert parse(["--quick", "-k", "note"]).rest == ("-k", "note")
    assert parse([]).markers == "not campaign"
    assert parse(["--campaign"]).markers == ""


@pytest.mark.parametrize(
    ("line", "passed", "failed"),
    [
        ("120 passed in 4.20s", 120, 0),
        ("3 failed, 117 passed, 1 skipped in 61.00s (0:01:01)", 117, 3),
        ("2 failed, 1 passed, 2 errors in 1.00s", 1, 2),
    ],
)
def test_the_last_line_is_read_from_the_one_of_pytest(line: str, passed: int, failed: int) -> None:
    counts = counts_of(f"FAILED tests/test_notes.py - 9 passed\n{line}\n")
    assert (counts["passed"], counts["failed"]) == (passed, failed)


@pytest.mark.skipif(sys.platform != "linux", reason="the places of Debian")
def test_a_missing_server_program_is_named_with_the_line_that_installs_it() -> None:
    absent = programs.Program("rabbitmq-server", ("/nonexistent/rabbitmq-server",))
    sudo = "" if os.geteuid() == 0 else "sudo "
    with pytest.raises(programs.Missing, match=f"{sudo}apt-get install -y rabbitmq-server$"):
        absent.require()
