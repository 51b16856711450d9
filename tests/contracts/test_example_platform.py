"""A platform is one folder and one line: a small one is added so, keeps what all promise, and is read by every command.

Its folder is `tests/support/example_platform/example`. The program is copied, the folder put into it, its name into the
registry; nothing else of it is touched.
"""

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import matou
import matou.platforms
from contracts.platforms import PlatformContract, Stage
from matou.credentials import Secret
from matou.http.session import Session
from matou.model.platform import Record
from matou.platforms.base.source import Source
from support.example_account import CREATED, TOKEN, ExampleAccount, running_example_account
from support.program import Person
from support.v5_account import Answer

FOLDERS = Path(__file__).parents[1] / "support" / "example_platform"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class ExampleStage(Stage):
    token = TOKEN

    def __init__(self, account: ExampleAccount) -> None:
        self._account = account

    @property
    def url(self) -> str:
        return f"{self._account.origin}/api"

    def client(self, session: Session, token: Secret, records: list[Record]) -> Source:
        module = importlib.import_module("matou.platforms.example")
        source: Source = module.PLATFORM.source(session, self.url, token, records.append, now=lambda: NOW)
        return source

    def namespace(self, name: str) -> str:
        self._account.groups.append({"id": 10 + len(self._account.groups), "path": name, "created": CREATED})
        return str(self._account.groups[-1]["id"])

    def repository(self, namespace: str, name: str) -> str:
        number = 500 + len(self._account.repositories)
        address = f"{self._account.origin}/git/{number}.git"
        row = {"id": number, "group": int(namespace), "name": name, "git": address, "created": CREATED}
        self._account.repositories.append({**row, "pushed": CREATED})
        return str(number)

    def never_pushed_to(self, repository: str) -> None:
        self._row(repository)["pushed"] = None

    def move_clone_url(self, repository: str, address: str) -> None:
        self._row(repository)["git"] = address

    def picture(self, namespace: str, *, status: int, content: bytes, absolute: bool) -> None:
        path = f"/pictures/{namespace}.png"
        self._account.pictures[path] = Answer(status, content)
        [row] = [row for row in self._account.groups if str(row["id"]) == namespace]
        row["picture"] = f"{self._account.origin}{path}" if absolute else path

    def label(self, namespace: str, name: str) -> None:
        self._account.labels.setdefault(namespace, []).append({"name": name})

    def member(self, namespace: str, login: str) -> None:
        self._account.members.setdefault(namespace, []).append({"login": login})

    def stumble(self, status: int, body: bytes, *, times: int) -> None:
        self._account.stumbles.extend([Answer(status, body)] * times)

    def promise_more(self) -> None:
        self._account.uncounted = 1

    def credentials_shown_for_pictures(self) -> list[str | None]:
        return [shown for path, shown in self._account.fetched if path.startswith("/pictures/")]

    def _row(self, repository: str) -> dict[str, object]:
        return next(row for row in self._account.repositories if str(row["id"]) == repository)


@pytest.fixture
def account() -> Iterator[ExampleAccount]:
    with running_example_account() as account:
        yield account


class TestExample(PlatformContract):
    @pytest.fixture
    def stage(self, account: ExampleAccount, monkeypatch: pytest.MonkeyPatch) -> Stage:
        monkeypatch.setattr(matou.platforms, "__path__", [*matou.platforms.__path__, str(FOLDERS)])
        return ExampleStage(account)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """Where a copy of the program is, with one folder and one line more than the one that is installed."""
    copy = tmp_path / "program" / "matou"
    shutil.copytree(Path(matou.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(FOLDERS / "example", copy / "platforms" / "example")
    registry = copy / "platforms" / "registry.py"
    text = registry.read_text(encoding="utf-8")
    assert text.count('    "coding",\n') == 1
    registry.write_text(text.replace('    "coding",\n', '    "coding",\n    "example",\n'), encoding="utf-8")
    return copy.parent


def run(program: Path, person: Person, *arguments: str | Path, code: int = 0, stdin: str = "") -> str:
    """What it says, on whichever stream."""
    command = [sys.executable, "-c", "from matou.cli.main import main; main()", *arguments]
    variables = {**person.variables(), "PYTHONPATH": str(program), "MATOU_PASSPHRASE": "open"}
    ended = subprocess.run(command, env=variables, input=stdin, capture_output=True, text=True, timeout=120)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_every_command_knows_a_platform_that_was_added(
    program: Path, account: ExampleAccount, person: Person, tmp_path: Path
) -> None:
    stage, archive = ExampleStage(account), tmp_path / "archive"
    stage.repository(stage.namespace("docks"), "ship")
    address = ("--url", stage.url, "--to", archive, "--json")

    assert "example" in run(program, person, "backup", "--help")
    assert "example" in run(program, person, "login", "--help")
    logged_in = run(program, person, "login", stage.url, "--platform", "example", "--token-stdin", stdin=TOKEN)
    assert "as captain" in logged_in
    assert "works" in run(program, person, "auth", "status")
    # Nobody serves git here, so that the repository itself is not saved; what the API tells is.
    assert "docks/ship" in run(program, person, "backup", "example", *address, code=3)
    assert list((archive / "runs").iterdir())
    run(program, person, "backup", "example", *address, "--token-stdin", stdin="f" * 40, code=4)


def test_addresses_and_advice_of_a_platform_that_was_added_are_its_own(
    program: Path, account: ExampleAccount, person: Person, tmp_path: Path
) -> None:
    to = ("--to", tmp_path / "archive", "--token-stdin")

    requests_seen = run(program, person, "backup", "example", *to, stdin=TOKEN, code=2)
    other = run(program, person, "backup", "gitee", "--url", "https://example.com/api", *to, stdin=TOKEN, code=2)

    assert "--url https://example.com/api" in requests_seen
    assert "is an address of example, not of gitee" in other
