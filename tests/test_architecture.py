"""The measurable limits of the house: sizes, docstrings, exceptions to the rules, and what lies where."""

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("crypto", "agencies", "broker", "gateway")

MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 400
MAX_CRYPTO_FILE_LINES = 300
MAX_PARAMETERS = 6
MAX_TYPE_IGNORES = 3
MAX_README_LINES = 120
MAX_RUNTIME_DEPENDENCIES = 20
MAX_PATCHES = 10

# The last line of defence of a process: there, and once each, any exception may be caught.
ENTRY_POINTS = ("gateway/cli.py", "gateway/app.py", "broker/worker.py")

TOP_LEVEL = {
    *ROOMS, "tests", "deploy", ".ci",
    "pyproject.toml", "uv.lock", ".gitignore", "marac",
    "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md",
}  # fmt: skip

# Nothing here may depend on where it was written: folders of one machine, or a package index that is not public.
MACHINE_PATH = re.compile(r"/(?:work|tmp/w|opt/(?:pypi|wheels))/")
PUBLIC_INDEX = {"pypi.org", "files.pythonhosted.org"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
Documented = ast.Module | ast.ClassDef | Function


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def at(path: Path, line: int = 1) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def none_of(violations: Sequence[str]) -> None:
    assert not violations, "\n" + "\n".join(violations)


def code_lines(path: Path, node: Function) -> int:
    """Return how many lines of `node` are neither blank, nor comment, nor docstring."""
    lines = path.read_text().splitlines()
    numbers = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    if ast.get_docstring(node) is not None:
        numbers -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return sum(1 for number in numbers if lines[number - 1].strip() and not lines[number - 1].lstrip().startswith("#"))


def project_files() -> list[Path]:
    ignored = [".git", *(line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split())]

    def is_ours(path: Path) -> bool:
        return not any(fnmatch(part, pattern) for part in path.relative_to(ROOT).parts for pattern in ignored)

    return sorted(path for path in ROOT.rglob("*") if path.is_file() and is_ours(path))


def test_no_function_is_longer_than_forty_code_lines() -> None:
    none_of(
        [
            f"{at(path, node.lineno)} {node.name} has {length} code lines, more than {MAX_FUNCTION_LINES}"
            for path in modules(*ROOMS)
            for node in functions(path)
            if (length := code_lines(path, node)) > MAX_FUNCTION_LINES
        ]
    )


def test_no_file_is_longer_than_its_room_allows() -> None:
    limits = {path: MAX_CRYPTO_FILE_LINES if room == "crypto" else MAX_FILE_LINES
              for room in ROOMS for path in modules(room)}  # fmt: skip
    none_of(
        [
            f"{at(path)} has {length} lines, more than {limit}"
            for path, limit in limits.items()
            if (length := len(path.read_text().splitlines())) > limit
        ]
    )


def test_no_function_takes_more_than_six_parameters() -> None:
    def count(node: Function) -> int:
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return sum(1 for argument in given if argument.arg not in {"self", "cls"})

    none_of(
        [
            f"{at(path, node.lineno)} {node.name} takes {number} parameters, more than {MAX_PARAMETERS}"
            for path in modules(*ROOMS)
            for node in functions(path)
            if (number := count(node)) > MAX_PARAMETERS
        ]
    )


def test_everything_public_has_a_docstring() -> None:
    none_of(
        [
            f"{at(path, getattr(node, 'lineno', 1))} {getattr(node, 'name', 'the module')} has no docstring"
            for path in modules(*ROOMS)
            for node in public(path, parsed(path))
            if ast.get_docstring(node) is None
        ]
    )


def public(path: Path, node: Documented) -> Iterator[Documented]:
    """Yield `node` and what is public inside it; what is inside a function is private."""
    if not (isinstance(node, ast.Module) and path.name == "__init__.py" and not node.body):
        yield node
    if isinstance(node, Function):
        return
    for child in node.body:
        if isinstance(child, ast.ClassDef | Function) and not child.name.startswith("_") and not repeats(child):
            yield from public(path, child)


def repeats(node: ast.ClassDef | Function) -> bool:
    """Whether `node` only adds to a name that is documented elsewhere: an overload or a setter."""
    names = {ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in node.decorator_list}
    return bool(names & {"overload", "setter", "deleter", "override"})


def test_type_checks_are_switched_off_three_times_at_most_and_each_says_which() -> None:
    found = [
        (path, token.start[0], token.string)
        for path in modules(*ROOMS)
        for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        if token.type == tokenize.COMMENT and re.match(r"#\s*type:\s*ignore", token.string)
    ]
    none_of([f"{at(path, line)} names no error code" for path, line, text in found if "ignore[" not in text])
    if len(found) > MAX_TYPE_IGNORES:
        none_of([f"{at(path, line)} is one of {len(found)}, more than {MAX_TYPE_IGNORES}" for path, line, _ in found])


def test_any_exception_is_caught_only_at_the_entry_of_a_process() -> None:
    def is_broad(handler: ast.ExceptHandler) -> bool:
        caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        return any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)

    violations = []
    for path in modules(*ROOMS):
        broad = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.ExceptHandler) and is_broad(node)]
        allowed = 1 if path.relative_to(ROOT).as_posix() in ENTRY_POINTS else 0
        violations += [f"{at(path, node.lineno)} catches any exception" for node in broad[allowed:]]
    none_of(violations)


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_has_a_readme_that_is_read_in_one_go(room: str) -> None:
    readme = ROOT / room / "README.md"
    assert readme.exists(), f"{room}/README.md is missing"
    length = len(readme.read_text().splitlines())
    assert length <= MAX_README_LINES, f"{at(readme, length)} is longer than {MAX_README_LINES} lines"


def test_the_top_level_holds_the_rooms_and_what_tools_need_there() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in project_files()}
    none_of([f"{name}:1 does not belong at the top level" for name in sorted(found - TOP_LEVEL)])


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    none_of(
        [
            f"{at(path, number)} names {match.group()}"
            for path in project_files()
            for number, line in enumerate(path.read_bytes().decode(errors="replace").splitlines(), start=1)
            if (match := MACHINE_PATH.search(line))
        ]
    )


def test_the_lock_file_names_public_package_indexes_only() -> None:
    lock = ROOT / "uv.lock"
    none_of(
        [
            f"{at(lock, number)} names {host}"
            for number, line in enumerate(lock.read_text().splitlines(), start=1)
            for url in re.findall(r"https?://[^\"\s]+", line)
            if (host := urlsplit(url).hostname) not in PUBLIC_INDEX
        ]
    )


def runtime_dependencies() -> dict[str, tuple[int, str]]:
    """Return the line number and the line in pyproject.toml of each package we need at run time."""
    pyproject = ROOT / "pyproject.toml"
    declared = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    lines = list(enumerate(pyproject.read_text().splitlines(), start=1))
    return {
        re.split(r"[\[<>=!~; ]", requirement)[0]: next((n, line) for n, line in lines if f'"{requirement}"' in line)
        for requirement in declared
    }


def test_every_runtime_dependency_says_why_it_is_there() -> None:
    pyproject = ROOT / "pyproject.toml"
    dependencies = runtime_dependencies()
    assert len(dependencies) <= MAX_RUNTIME_DEPENDENCIES, at(pyproject)
    none_of(
        [
            f"{at(pyproject, number)} {name} has no reason beside it"
            for name, (number, line) in dependencies.items()
            if not re.search(r'",\s+# \S', line)
        ]
    )


def test_every_runtime_dependency_is_used() -> None:
    used = set[str]()
    for path in modules(*ROOMS):
        used |= imported(parsed(path)) | named_in_strings(parsed(path))
    modules_of: dict[str, set[str]] = {}
    for module, distributions in packages_distributions().items():
        for distribution in distributions:
            modules_of.setdefault(distribution.lower(), set()).add(module)
    none_of(
        [
            f"{at(ROOT / 'pyproject.toml', number)} {name} is imported nowhere"
            for name, (number, _) in runtime_dependencies().items()
            if not used & modules_of.get(name, {name.replace("-", "_")})
        ]
    )


def imported(module: ast.Module) -> set[str]:
    names = set[str]()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def named_in_strings(module: ast.Module) -> set[str]:
    """Return the words of short strings: drivers are chosen by name (`sqlite+aiosqlite`, `loop="uvloop"`)."""
    strings = (node.value for node in ast.walk(module) if isinstance(node, ast.Constant))
    return {word for text in strings if isinstance(text, str) and " " not in text for word in re.findall(r"\w+", text)}


def test_the_tests_hardly_ever_patch_anything() -> None:
    def patches(path: Path) -> Iterator[int]:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.arg) and node.arg in {"monkeypatch", "mocker"}:
                yield node.lineno
        if "mock" in imported(parsed(path)) or "unittest.mock" in path.read_text().split():
            yield 1

    found = [f"{at(path, line)} patches" for path in modules("tests") for line in patches(path)]
    if len(found) > MAX_PATCHES:
        none_of(found)
