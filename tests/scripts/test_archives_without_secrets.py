"""No token, no webhook's secret and no signature stands in an archive, in what is made of it, or in what was said."""

import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support.coding_story import WEBHOOK_KEY
from support.forked_program import ForkingProgram, QuickPerson
from support.matou_server import MatouServer
from support.moving_accounts import MovingAccount, moving_account
from support.program import Person
from support.secret_watch import files_with, forms_of

SECRETS = {
    "coding": (WEBHOOK_KEY, "sign=q1", "sign=q2"),
    "gitee": ("k3y-of-robot", "s3cr3t-of-hook"),
    "gitcode": ("k3y-of-robot", "s3cr3t-of-hook", "Signature=of-a-file"),
}
FORMATS = {"coding": ("html", "markdown", "csv", "xlsx", "jsonl", "gitea"), "gitee": ("html",), "gitcode": ("jsonl",)}


def inflated(root: Path, to: Path) -> Path:
    """What is compressed below a folder, written out: git's objects, workbooks, and databases."""
    to.mkdir()
    for number, path in enumerate(sorted(root.rglob("*"))):
        if path.name == "HEAD" and (path.parent / "objects").is_dir():
            command = ["git", "-C", str(path.parent), "cat-file", "--batch-all-objects", "--batch"]
            (to / f"{number}.objects").write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
        elif path.suffix in (".xlsx", ".zip") and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                archive.extractall(to / f"{number}.zip")
        elif path.suffix == ".db":
            (to / f"{number}.rows").write_text(rows_of(path), encoding="utf-8")
    return to


def rows_of(path: Path) -> str:
    """All that stands in a database's tables; what an index of words cannot be asked for stands in tables behind it."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
        return "\n".join(str(row) for (name,) in [*names] for row in database.execute(f'SELECT * FROM "{name}"'))


@pytest.fixture(params=SECRETS)
def account(
    request: pytest.FixtureRequest, program: ForkingProgram, matou_server: MatouServer, person: Person, tmp_path: Path
) -> Iterator[MovingAccount]:
    quick = QuickPerson(person.home, person.environment, program=program)
    with moving_account(request.param, matou_server, quick, tmp_path / "ferry.git") as account:
        yield account


def test_secrets_of_an_account_are_nowhere(account: MovingAccount, tmp_path: Path) -> None:
    """Saved, in part and whole; verified, shown, exported in every format, restored, and made from records."""
    folder, person = tmp_path / "all", account.person
    archive = folder / "archive"
    folder.mkdir()
    account.move_while_it_is_read()
    ended = [account.back_up(archive, "-v")]
    account.tell_more()
    account.fail_in_the_middle("http://localhost:1/")
    ended.append(account.back_up(archive, "--sweep", code=3))
    account.mend()
    ended.append(account.back_up(archive, "--sweep", "--json"))

    ended += [person.matou(*words, archive) for words in (("verify", "--json"), ("status",), ("runs",), ("show",))]
    ended.append(person.matou("reindex", archive, "--metadata"))
    ended += [
        person.matou("export", archive, "--to", folder / format_, "--format", format_)
        for format_ in FORMATS[account.platform]
    ]
    ended.append(person.matou("restore", archive, "--to", folder / "restored"))
    for number, one in enumerate(ended):
        (folder / f"{number}.said").write_text(one.out + one.err, encoding="utf-8")

    everywhere = [folder, inflated(folder, tmp_path / "inflated"), person.home]
    forms = [*forms_of(account.token), *SECRETS[account.platform]]
    assert files_with(everywhere, ["吊车", "渡船"]) != []
    assert [str(path) for path in files_with(everywhere, forms)] == []
