"""The rules of ARCHITECTURE.md and CONTRIBUTING.md that a machine can hold."""

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Collection
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from support.source_trees import nodes_of, tree_of

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "matou"
MODULES = sorted(SOURCES.rglob("*.py"))
TEXTS = [path for path in sorted(ROOT.rglob("*.md")) if ".venv" not in path.parts and "data" not in path.parts]


def lines_of_functions() -> list[int]:
    return [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_the_median_function_is_under_twelve_lines() -> None:
    assert statistics.median(lines_of_functions()) < 12


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_a_file_has_under_five_hundred_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 500, "two rooms would be plainer"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_a_module_opens_with_a_sentence_that_says_what_it_owns(path: Path) -> None:
    assert path.stat().st_size == 0 or ast.get_docstring(tree_of(path))


def test_there_is_no_drawer() -> None:
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "data", "info"}
    # What backup, verify, restore and migrate share has a folder of that name in the layout of ARCHITECTURE.md.
    shared = SOURCES / "transfer" / "common"
    modules = [path.relative_to(SOURCES) for path in MODULES if shared not in path.parents]
    assert [path for path in modules if drawers & {*path.parts, path.stem}] == []
    assert not drawers & {path.stem for path in shared.iterdir()}


def users_of(pattern: str) -> set[str]:
    return {
        path.relative_to(SOURCES).as_posix()
        for path in MODULES
        if re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    }


@pytest.mark.parametrize(
    ("what", "pattern", "owners"),
    [
        (
            "start a program",
            r"^\s*(import|from) subprocess|create_subprocess|os\.(system|exec|spawn|popen)",
            r"git/process",
        ),
        (
            "signal a process",
            r"os\.(kill|killpg)\(",
            r"(git/process/groups\.py|transfer/backup/command\.py|server/supervisor\.py)",
        ),
        ("read the environment", r"os\.environ|os\.getenv", r"settings\.py"),
        ("make an outbound request", r"^\s*(import|from) (urllib3|http\.client|requests|httpx)", r"http/"),
        ("write SQL", r"^\s*(import|from) (sqlalchemy|alembic)", r"db/"),
        # A client that others make themselves takes the process's clock where it is given none.
        ("read the clock", r"datetime\.now\(|time\.time\(|utcnow\(", r"(cli|wiring|platforms/\w+/client\.py)"),
        ("use a shell", r"shell=True", r"nowhere"),
    ],
)
def test_one_owner_only_may(what: str, pattern: str, owners: str) -> None:
    strangers = {name for name in users_of(pattern) if not re.match(owners, name)}
    assert strangers == set(), f"only {owners} may {what}"


SHARED_BY_ALL = {
    "ConcurrencyLimit", "Condition", "Event", "FairLimit", "FairQueue", "Lock", "ProcessPoolExecutor", "Queue", "RLock",
    "RepositoryLocks", "Semaphore", "BoundedSemaphore", "SimpleQueue", "Thread", "ThreadPoolExecutor", "Waiters",
    "WorkerPool",
}  # fmt: skip
ONE_FOR_A_PROCESS = {
    "forge/repositories/write_lock.py": "guards the table of locks, one of which is a repository's for all its forges",
    "git/odb/large_objects.py": "what it holds back is this process's memory",
    "model/decodable.py": "guards what msgspec keeps on classes, which all threads of the process share",
}


def made_on_import(tree: ast.Module) -> set[str]:
    """What calls make while a module is imported: in its body, its classes and the defaults of its functions."""
    made, waiting = set[str](), list[ast.AST](tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            made.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        else:
            waiting += ast.iter_child_nodes(node)
    return made


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_no_pool_limit_or_lock_belongs_to_a_module(path: Path) -> None:
    """Two servers in one process would share it, and a test would take what another one needs."""
    if path.relative_to(SOURCES).as_posix() in ONE_FOR_A_PROCESS:
        return
    assert made_on_import(tree_of(path)) & SHARED_BY_ALL == set()


def test_what_a_module_makes_on_import_is_seen_wherever_it_stands() -> None:
    module = "A = Lock()\nclass B:\n    c = x.Semaphore(2)\ndef d(e=Event(), *, f=Queue()):\n    g = RLock()\n"

    assert made_on_import(ast.parse(module)) == {"Lock", "Semaphore", "Event", "Queue"}


def test_the_environment_of_a_program_is_never_handed_on() -> None:
    assert {name for name in users_of(r"settings\.environment\b") if not name.startswith(("cli/", "wiring"))} == set()


def test_help_loads_neither_the_database_nor_the_server() -> None:
    heavy = ("sqlalchemy", "starlette", "granian", "pygit2", "urllib3", "alembic", "argon2")
    program = f"import sys, matou.cli.main; print([m for m in {heavy!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_backup_loads_neither_the_database_nor_the_server() -> None:
    heavy = ("sqlalchemy", "starlette", "granian", "alembic", "argon2")
    program = f"import sys, matou.transfer.backup.command; print([m for m in {heavy!r} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_nothing_is_left_for_later(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError", path.read_text(encoding="utf-8"))


IMPORTED_FOR_US = {"python-multipart": "starlette.formparsers"}
"""What a library of ours imports where we ask it to, and does not bring by itself."""


def test_every_dependency_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["postgresql"]]
    names = {re.split(r"[\[>=]", line)[0] for line in declared}
    modules: dict[str, set[str]] = {name: set() for name in names}
    for module, packages in packages_distributions().items():
        for package in packages:
            modules.get(package.lower().replace("_", "-"), set()).add(module)
    idle = {name for name in names if not any(users_of(import_of(one)) for one in modules[name])}
    assert {name for name in idle if not users_of(import_of(IMPORTED_FOR_US.get(name, name)))} == set()


def import_of(module: str) -> str:
    return rf"^\s*(import|from) {re.escape(module)}\b"


def test_every_dependency_has_its_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = project.split("\ndependencies = [")[1].split("]\n")[0]
    names = set(re.findall(r'"([a-z0-9-]+)>=', section))
    reasons = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in reasons} == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_link_in_a_page_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    missing = [
        to for to in targets if "://" not in to and not to.startswith("mailto:") and not (path.parent / to).exists()
    ]
    assert missing == []


OF_NO_KIND = {
    # This machine, or a program on it, does not do its work: nothing that was given would help.
    "GitFailed", "GitNotFound", "GitTooOld", "MachineFault", "NotWritten", "StoreFailed", "WorkerFailed", "WriteFailed",
    # The other side failed, in no way that says what would help.
    "AnsweredOtherwise", "ImportFailed", "PlatformFailed", "PushFailed",
    # What a report says of one repository: the rest was done.
    "NoticeNotSent",
    "NotAllStored", "NotCheckedOut", "NotListed", "NotSaved", "RefsNotMigrated", "ShallowHistory", "UnreadableFields",
    # Ended because somebody asked for it; and two that never leave their module but by a fault of ours.
    "Cancelled", "InvalidKey", "_Cut",
}  # fmt: skip


def test_an_error_says_by_its_kind_what_can_be_done() -> None:
    kinds = {"Conflict", "Damaged", "Invalid", "NotFound", "Refused", "TryLater", "UnknownShape"}
    plain = {
        node.name
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "MatouError" for b in node.bases)
    }
    assert plain == kinds | OF_NO_KIND, "make it one of the seven kinds: exit codes and HTTP statuses go by them"


TOLD = re.compile(r"^(?:Args|Attributes):\n((?:    .*\n|\n)+)|^(?:Args|Attributes): (\w+):", re.MULTILINE)
NAMED = re.compile(r"^    (\*{0,2}\w+(?:, \*{0,2}\w+)*):", re.MULTILINE)


def told_names(docstring: str) -> set[str]:
    """Of parameters and attributes that a docstring tells of."""
    found = TOLD.search(docstring + "\n")
    if found is None:
        return set()
    lists = [found[2]] if found[2] else NAMED.findall(found[1])
    return {name.strip(" *") for names in lists for name in names.split(",")}


def own_names(node: ast.AST) -> set[str]:
    """Parameters, and of a class all that is assigned or defined in it."""
    inside = list(ast.walk(node)) if isinstance(node, ast.ClassDef) else list(ast.walk(getattr(node, "args", node)))
    names = {one.arg for one in inside if isinstance(one, ast.arg)}
    names |= {one.name for one in inside if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    names |= {one.attr for one in inside if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)}
    return names | {one.id for one in inside if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def told_of_nothing(nodes: Collection[ast.AST]) -> set[str]:
    """What docstrings tell of that is not there."""
    classes = {node.name: own_names(node) for node in nodes if isinstance(node, ast.ClassDef)}
    wrong: set[str] = set()
    for node in nodes:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        bases = [base.id for base in getattr(node, "bases", ()) if isinstance(base, ast.Name)]
        known = own_names(node).union(*(classes.get(base, set()) for base in bases))
        wrong |= {f"{node.name}: {name}" for name in told_names(ast.get_docstring(node) or "") - known}
    return wrong


def test_docstrings_tell_of_parameters_and_attributes_that_are_there() -> None:
    """Six told of what had been renamed; whoever reads them looks for what is not there."""
    wrong = {path.name: told_of_nothing(nodes_of(path)) for path in MODULES}

    assert {name: names for name, names in wrong.items() if names} == {}


def test_what_a_docstring_tells_of_is_found() -> None:
    text = (
        'def move(path):\n    """Move it.\n\n    Args:\n        place: where it is.\n            and: more\n    """\n'
    )

    assert told_of_nothing(tuple(ast.walk(ast.parse(text)))) == {"move: place"}
