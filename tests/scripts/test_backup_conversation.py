"""What was said at Gitee and at GitCode is saved beside the code, by commands alone.

The code is a Matou's, behind what tells how Gitee differs; what was said is a fake's, whose rows have every field of
the vendor's description. git, LFS, the repositories and the archive are real.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from matou.model.names import RepositoryPath
from support import gitcode_source, gitee_source
from support.conversation_gateway import converse_before
from support.conversation_story import Story
from support.deciding import create_repository
from support.fault_proxy import FaultProxy
from support.gitcode_conversation import GitCodeConversation, GitCodeTalk
from support.gitee_conversation import GiteeConversation, Talk
from support.gitee_gateway import Gitee, GiteeGateway, Port, port_of, read_report
from support.matou_server import MatouServer
from support.program import Person, serving
from support.served_backup import back_up_again, metadata_in


@pytest.fixture
def gitee(matou_server: MatouServer, person: Person) -> Iterator[tuple[Port, GiteeConversation]]:
    """A user with a repository of which a story is told, and an enterprise with an issue of its own."""
    with closing(FaultProxy(matou_server.url)) as proxy:
        account, gateway = GiteeConversation(), GiteeGateway(matou_server.url)
        converse_before(proxy, account, gitee_source.TOKEN, Talk)
        proxy.add(gateway, path=r"\A/api/v5/|\.wiki\.git/")
        port = port_of(Gitee(proxy, gateway), matou_server, person)
        port.add(f"{port.owner.name}/crane", {"a": "吊车"})
        account.tell(f"{port.owner.name}/crane", Story(f"{proxy.url}/images/吊车.png"))
        enterprise = port.enterprise.name
        account.enterprise_issues[enterprise] = [account.issue(None, "I6E001", title="企业的任务")]
        yield port, account


@pytest.fixture
def gitcode(matou_server: MatouServer) -> Iterator[tuple[FaultProxy, GitCodeConversation, str, str]]:
    with closing(FaultProxy(matou_server.url)) as proxy:
        account, owner = GitCodeConversation(), matou_server.user()
        converse_before(proxy, account, gitcode_source.TOKEN, GitCodeTalk)
        path = f"{owner.name}/crane"
        create_repository(matou_server.forge, RepositoryPath.parse(path), creator=owner)
        account.tell(path, Story(f"{proxy.url}/user-images/assets/1/ab/吊车.png"))
        yield proxy, account, path, matou_server.token(owner).reveal()


def metadata_of(archive: Path, name: str) -> dict[str, Any]:
    """The manifest's line of the newest run."""
    path = max((archive / "runs").glob("*/manifest*"))
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    [line] = [
        line["metadata"] for line in lines if line.get("name") == name and line["kind"] in ("repository", "namespace")
    ]
    found: dict[str, Any] = line
    return found


def test_what_was_said_at_gitee_is_saved_and_stands_the_proof(
    gitee: tuple[Port, GiteeConversation], tmp_path: Path
) -> None:
    port, _ = gitee
    archive = tmp_path / "archive"

    port.back_up(archive)

    port.person.matou("verify", archive)
    kinds = metadata_of(archive, "crane")["kinds"]
    assert {kind: kinds[kind]["items"] for kind in ("issue", "change", "release", "label")} == {
        "issue": 3,
        "change": 2,
        "release": 2,
        "label": 3,
    }
    assert metadata_of(archive, port.enterprise.name)["kinds"]["issue"]["items"] == 1


def test_a_second_run_asks_each_list_once_and_changes_nothing(
    gitee: tuple[Port, GiteeConversation], tmp_path: Path
) -> None:
    port, account = gitee
    port.back_up(tmp_path / "archive")
    before = metadata_of(tmp_path / "archive", "crane")["commit"]
    account.requests_seen.clear()

    port.back_up(tmp_path / "archive")

    assert metadata_of(tmp_path / "archive", "crane")["commit"] == before
    below = f"/repos/{port.owner.name}/crane/"
    paths = [one.path.removeprefix(below) for one in account.requests_seen if one.path.startswith(below)]
    assert len(paths) == len(set(paths)) == 11


def test_what_was_said_at_gitcode_is_saved_and_stands_the_proof(
    gitcode: tuple[FaultProxy, GitCodeConversation, str, str], person: Person, tmp_path: Path
) -> None:
    proxy, _, _, token = gitcode
    archive = tmp_path / "archive"
    words = ("backup", "gitcode", "--url", proxy.url, "--to", archive, "--json")

    read_report(person.matou(*words, MATOU_GITCODE_TOKEN=token))

    person.matou("verify", archive)
    kinds = metadata_of(archive, "crane")["kinds"]
    assert (kinds["issue"]["items"], kinds["change"]["items"], kinds["attachment"].get("missing")) == (3, 2, None)


def test_a_backup_of_a_matou_that_serves_a_backup_of_gitee_has_the_same_metadata(
    gitee: tuple[Port, GiteeConversation], tmp_path: Path
) -> None:
    port, account = gitee
    archive, again, owner = tmp_path / "archive", tmp_path / "again", port.owner.name
    account.talks[f"{owner}/crane"].branches = [
        {**row, "name": "main"} for row in account.talks[f"{owner}/crane"].branches if row["protected"]
    ]
    port.back_up(archive)

    saved = back_up_again(port.person, archive, owner, "gitee", "/gitee", again)

    port.person.matou("verify", again)
    assert (saved["listing"], saved["outcomes"], saved["problems"]) == ("complete", {"saved": 1}, [])
    before, after = metadata_in(archive, "crane"), metadata_in(again, "crane")
    assert after == before
    assert {"members.json", "protections.json", "hooks.json", "people.json", "releases/v1.0.json"} <= after.keys()


def test_a_backup_of_a_matou_that_serves_a_backup_of_gitcode_has_the_same_metadata(
    gitcode: tuple[FaultProxy, GitCodeConversation, str, str], person: Person, tmp_path: Path
) -> None:
    proxy, _, path, token = gitcode
    archive, again = tmp_path / "archive", tmp_path / "again"
    person.matou("backup", "gitcode", "--url", proxy.url, "--to", archive, MATOU_GITCODE_TOKEN=token)

    saved = back_up_again(person, archive, path.partition("/")[0], "gitcode", "", again)

    person.matou("verify", again)
    assert (saved["listing"], saved["outcomes"], saved["problems"]) == ("complete", {"empty": 1}, [])
    before, after = metadata_in(archive, "crane"), metadata_in(again, "crane")
    assert after == before
    assert {"members.json", "protections.json", "hooks.json", "people.json", "releases/v1.0.json"} <= after.keys()


def test_what_a_token_may_not_read_is_reported_and_ends_with_3(
    gitcode: tuple[FaultProxy, GitCodeConversation, str, str], person: Person, tmp_path: Path
) -> None:
    proxy, account, _, token = gitcode
    account.refused.add("/issues")
    words = ("backup", "gitcode", "--url", proxy.url, "--to", tmp_path / "archive")

    ended = person.matou(*words, code=3, MATOU_GITCODE_TOKEN=token)

    assert "crane" in ended.out + ended.err
    assert metadata_of(tmp_path / "archive", "crane")["kinds"]["issue"]["state"] == "refused"
    told = person.matou("status", tmp_path / "archive", code=3).out
    assert "could not be had: issues (refused: " in told
    assert "the token may not read this" in told


def test_what_of_it_is_wanted_may_stand_in_matou_toml(
    gitcode: tuple[FaultProxy, GitCodeConversation, str, str], person: Person, tmp_path: Path
) -> None:
    proxy, _, _, token = gitcode
    archive, configuration = tmp_path / "archive", tmp_path / "matou.toml"
    text = f'[[source]]\nplatform = "gitcode"\nurl = "{proxy.url}"\nto = "{archive}"\n'
    words = ("backup", "--config", configuration)

    configuration.write_text(f'{text}only = ["issues"]\nlargest_file = 5\nsweep = true\n')
    person.matou(*words, MATOU_GITCODE_TOKEN=token)
    kinds = metadata_of(archive, "crane")["kinds"]
    assert (kinds["issue"]["state"], kinds["release"]["state"]) == ("complete", "off")
    first = json.loads((archive / "runs/000001/manifest.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first["options"]["largest_file"] == 5 * 1024 * 1024
    assert first["options"]["sweep"] is True

    person.matou(*words, "--only", "releases", MATOU_GITCODE_TOKEN=token)
    kinds = metadata_of(archive, "crane")["kinds"]
    assert (kinds["release"]["state"], kinds["issue"]["state"]) == ("complete", "off")

    configuration.write_text(f'{text}without = ["tides"]\n')
    assert "unknown kind 'tides'" in person.matou(*words, code=2, MATOU_GITCODE_TOKEN=token).err


def lose_branch(git_dir: Path) -> None:
    (git_dir / "packed-refs").write_bytes(b"")


def lose_pack(git_dir: Path) -> None:
    for pack in git_dir.glob("objects/pack/*.pack"):
        pack.unlink()


@pytest.mark.parametrize("damage", [lose_pack, lose_branch, shutil.rmtree])
def test_metadata_that_is_damaged_is_told_by_verify_and_whole_after_the_next_run(
    gitcode: tuple[FaultProxy, GitCodeConversation, str, str],
    person: Person,
    tmp_path: Path,
    damage: Callable[[Path], None],
) -> None:
    proxy, _, path, token = gitcode
    archive = tmp_path / "archive"
    words = ("backup", "gitcode", "--url", proxy.url, "--to", archive)
    person.matou(*words, MATOU_GITCODE_TOKEN=token)
    place = f"metadata/{path.partition('/')[0]}/{path}.git"
    damage(archive / place)

    found = person.matou("verify", archive, code=5)
    person.matou("verify", archive, "--repair", code=0 if damage is lose_branch else 5)
    told = person.matou(*words, MATOU_GITCODE_TOKEN=token)

    assert place in found.out
    assert ("its metadata was" in told.out) is (damage is not lose_branch)
    assert [one.name for one in (archive / "damaged").rglob("*.git")] == (["crane.git"] if damage is lose_pack else [])
    person.matou("verify", archive)
    assert (
        f"{place.removeprefix('metadata/').removesuffix('.git')}: its metadata is the same"
        in person.matou("reindex", archive, "--metadata").out
    )


def test_what_was_saved_is_shown_exported_restored_made_again_and_served(
    gitee: tuple[Port, GiteeConversation], tmp_path: Path
) -> None:
    port, _ = gitee
    person, archive, owner = port.person, tmp_path / "archive", port.owner.name
    place = f"{owner}/{owner}/crane"
    port.back_up(archive)

    table = person.matou("show", archive, place, "--issues").out
    exported = person.matou("export", archive, "--to", tmp_path / "pages").out
    person.matou("restore", archive, "--to", tmp_path / "restored")
    again = person.matou("reindex", archive, "--metadata").out

    story = Story("")
    assert all(issue.title in table for issue in story.issues)
    assert place in exported
    pages = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "pages").rglob("*.html"))
    assert all(issue.title in pages for issue in story.issues)
    assert list((tmp_path / "restored" / "metadata").rglob("HEAD"))
    assert f"{place}: its metadata is the same" in again

    with serving(person, archive) as url:
        for base in ("gitee/api/v5", "api/v5"):
            answer = httpx.get(f"{url}/{base}/repos/{owner}%2F{owner}/crane/issues", params={"state": "all"})
            assert {row["title"] for row in answer.raise_for_status().json()} == {issue.title for issue in story.issues}
