"""The main job, from a server to an archive and back, by commands alone."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from support.program import Person, serving
from support.team import Team


def back_up(team: Team, archive: Path, *options: str, code: int | None = 0) -> dict[str, object]:
    ended = team.person.matou(
        "backup",
        "coding",
        "--url",
        team.api,
        "--to",
        archive,
        "--json",
        *options,
        code=code,
        MATOU_CODING_TOKEN=team.token,
    )
    report = json.loads(ended.out)
    assert isinstance(report, dict)
    return report


def refs(repository: Path) -> str:
    command = [
        "git",
        "-C",
        str(repository),
        "for-each-ref",
        "--format=%(objectname) %(refname)",
        "refs/heads",
        "refs/tags",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def push_over(team: Team, work: Path) -> str:
    """Replace the last two commits of `shop`; gives the tip that was there."""
    url = team.git_url("shop").replace("://", f"://li:{team.token}@")
    team.person.git("clone", "-q", url, work)
    before = team.person.git("-C", work, "rev-parse", "HEAD")
    team.person.git("-C", work, "reset", "-q", "--hard", "HEAD~2")
    team.person.git("-C", work, "commit", "-q", "--allow-empty", "-m", "rewritten")
    team.person.git("-C", work, "push", "-q", "--force", "origin", "main")
    return before


def test_a_team_is_saved_verified_and_served_again(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"

    report = back_up(team, archive)
    team.person.matou("verify", archive)

    assert report["outcomes"] == {"saved": 2, "empty": 1}
    source, saved = (root / "repositories/acme/web/shop.git" for root in (team.root, archive))
    assert refs(saved) == refs(source) != ""
    with serving(team.person, archive) as url:
        team.person.git("clone", "-q", f"{url}/acme/web/shop.git", tmp_path / "clone")
    assert len(list((tmp_path / "clone").glob("f*"))) == 5


def test_a_second_backup_finds_nothing_to_do(team: Team, tmp_path: Path) -> None:
    back_up(team, tmp_path / "archive")

    report = back_up(team, tmp_path / "archive")

    assert report["outcomes"] == {"unchanged": 2, "empty": 1}
    assert report["received_bytes"] == 0


def test_what_was_force_pushed_away_is_kept_and_can_be_had_as_it_was(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    before = push_over(team, tmp_path / "work")

    report = back_up(team, archive)

    assert report["kept"] == 1
    kept = team.person.git("-C", archive / "repositories/acme/web/shop.git", "for-each-ref", "refs/matou")
    assert before in kept
    team.person.matou("verify", archive)
    team.person.matou("restore", archive, "--to", tmp_path / "then", "--at", "1")
    assert before in refs(tmp_path / "then" / "acme/web/shop.git")
    assert before in team.person.matou("show", archive, "--at", "1", "--json").out
    assert before not in team.person.matou("show", archive, "--json").out


def test_a_flipped_byte_is_found_and_named(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    pack = next((archive / "repositories/acme/web/shop.git/objects/pack").glob("*.pack"))
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0x10
    pack.write_bytes(content)

    ended = team.person.matou("verify", archive, code=5)

    assert "acme/web/shop" in ended.out


def test_the_database_can_be_lost_and_made_anew(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    first = team.person.matou("repo", "list", "--root", archive).out

    for file in archive.glob("matou.db*"):
        file.unlink()
    team.person.matou("reindex", archive)

    assert team.person.matou("repo", "list", "--root", archive).out == first
    assert first.split() == ["acme/web/empty", "acme/web/notes", "acme/web/shop"]
    team.person.matou("check", archive)


def test_one_repository_that_cannot_be_read_does_not_stop_the_others(team: Team, tmp_path: Path) -> None:
    shutil.rmtree(team.root / "repositories/acme/web/notes.git/objects")

    report = back_up(team, tmp_path / "archive", code=3)

    outcomes = report["outcomes"]
    assert isinstance(outcomes, dict)
    assert outcomes["saved"] == 1
    assert "acme/web/notes" in json.dumps(report["problems"])


def test_every_source_of_the_configuration_is_backed_up(team: Team, tmp_path: Path) -> None:
    text = '[[source]]\nplatform = "coding"\nurl = "{}"\nto = "{}"\nexclude = ["notes"]\ntoken_variable = "MY_TOKEN"\n'
    (tmp_path / "matou.toml").write_text(text.format(team.api, tmp_path / "archive"))

    ended = team.person.matou("backup", "--config", tmp_path / "matou.toml", "--json", MY_TOKEN=team.token)

    assert json.loads(ended.out)["outcomes"] == {"saved": 1, "empty": 1, "excluded": 1}


def objects_of(text: str) -> list[dict[str, object]]:
    """The JSON values of a text in which several stand one after the other."""
    found, decoder = [], json.JSONDecoder()
    while text.strip():
        value, end = decoder.raw_decode(text := text.lstrip())
        found.append(value)
        text = text[end:]
    return found


def configured(team: Team, folder: Path, *more: str) -> Path:
    """A file with a source for each text; its first is the team, which has a token."""
    table = '[[source]]\nplatform = "coding"\nurl = "{}"\nto = "{}"\n'
    path = folder / "matou.toml"
    path.write_text("".join(f"{table.format(team.api, folder / f'archive-{n}')}{one}\n" for n, one in enumerate(more)))
    return path


def test_a_source_without_a_token_does_not_stop_the_others(team: Team, tmp_path: Path) -> None:
    path = configured(team, tmp_path, 'token_variable = "NOT_SET"', 'token_variable = "MY_TOKEN"')

    ended = team.person.matou("backup", "--config", path, "--json", code=2, MY_TOKEN=team.token)

    failed, report = objects_of(ended.out)
    assert (failed["exit_code"], failed["archive"]) == (2, str(tmp_path / "archive-0"))
    assert "no token" in str(failed["error"])
    assert report["everything_is_saved"] is True
    assert (report["exit_code"], report["error"]) == (0, None)
    assert (report["archive"], report["source"]) == (
        str(tmp_path / "archive-1"),
        {"platform": "coding", "url": team.api},
    )
    assert "NOT_SET" in ended.err
    said = [line.split()[0] if "archive-" in line else "" for line in ended.err.splitlines()]
    assert [said[0], said.count("coding")] == ["coding", 2]
    assert ended.err.index("archive-0") < ended.err.index("NOT_SET") < ended.err.index("archive-1")


@pytest.mark.parametrize(
    ("platform", "to", "code", "said"),
    [
        ("coding", "archive", 2, "no token"),
        ("sourceforge", "archive", 2, "'sourceforge'"),
        ("coding", "file/archive", 2, "not a directory"),
    ],
)
def test_a_source_that_fails_before_it_begins_has_its_object_too(
    person: Person, tmp_path: Path, platform: str, to: str, code: int, said: str
) -> None:
    (tmp_path / "file").touch()
    url, archive = "http://127.0.0.1:1/open-api", str(tmp_path / to)
    token = {"MATOU_CODING_TOKEN": "f" * 40} if to.startswith("file") else {}

    ended = person.matou("backup", platform, "--url", url, "--to", archive, "--json", code=code, **token)

    (failed,) = objects_of(ended.out)
    assert (failed["source"], failed["archive"]) == ({"platform": platform, "url": url}, archive)
    assert (failed["exit_code"], said in str(failed["error"])) == (code, True)


def test_the_worst_end_of_several_sources_is_the_commands(team: Team, tmp_path: Path) -> None:
    shutil.rmtree(team.root / "repositories/acme/web/notes.git/objects")
    path = configured(team, tmp_path, "", 'token_variable = "WRONG"')

    ended = team.person.matou("backup", "--config", path, code=4, MATOU_CODING_TOKEN=team.token, WRONG="f" * 40)

    assert "acme/web/notes" in ended.out


@pytest.mark.parametrize("options", [("--url", "http://127.0.0.1:1"), ("--to", "elsewhere"), ("--token-stdin",)])
def test_an_option_of_one_source_is_not_passed_over_where_a_file_lists_them(
    team: Team, tmp_path: Path, options: tuple[str, ...]
) -> None:
    path = configured(team, tmp_path, "")

    ended = team.person.matou("backup", "--config", path, *options, code=2, stdin="x\n", MATOU_CODING_TOKEN=team.token)

    assert options[0] in ended.err
    assert not (tmp_path / "archive-0").exists()


def test_a_platform_and_a_file_of_sources_are_not_both_taken(team: Team, tmp_path: Path) -> None:
    words = ("--url", team.api, "--to", tmp_path / "a", "--config", configured(team, tmp_path, ""))

    ended = team.person.matou("backup", "coding", *words, code=2, MATOU_CODING_TOKEN=team.token)

    assert "--config" in ended.err


def test_a_file_without_a_source_is_no_success(person: Person, tmp_path: Path) -> None:
    (tmp_path / "matou.toml").write_text("source = []\n")

    assert "lists no source" in person.matou("backup", "--config", tmp_path / "matou.toml", code=2).err


@pytest.mark.parametrize("place", ["argument", "file"])
def test_a_pattern_that_matches_nothing_is_a_usage_error(team: Team, tmp_path: Path, place: str) -> None:
    path = configured(team, tmp_path, {"argument": "", "file": 'include = ["shopp"]'}[place])
    options = {"argument": ("--include", "shopp"), "file": ()}[place]

    ended = team.person.matou("backup", "--config", path, *options, code=2, MATOU_CODING_TOKEN=team.token)

    assert "no repository matches 'shopp'" in ended.err
    assert "'shop'" in ended.err


def test_a_pattern_on_the_command_line_may_be_of_one_of_several_sources(team: Team, tmp_path: Path) -> None:
    path = configured(team, tmp_path, "")
    text = path.read_text() + path.read_text().replace('"coding"', '"gitcode"').replace("/open-api", "")
    path.write_text(text.replace("archive-0", "archive-1", 1))
    tokens = {"MATOU_CODING_TOKEN": team.token, "MATOU_GITCODE_TOKEN": team.token}
    person = replace(team.person, environment={**team.person.environment, **tokens})

    person.matou("backup", "--config", path, "--include", "li/*/shop")
    ended = person.matou("backup", "--config", path, "--include", "li/*", "--include", "typo", code=2)

    assert "no repository matches 'typo'" in ended.err


def test_a_dry_run_writes_nothing(team: Team, tmp_path: Path) -> None:
    report = back_up(team, tmp_path / "archive", "--dry-run")

    assert report["run"] is None
    assert not (tmp_path / "archive").exists()


def test_a_work_tree_is_restored_with_its_files(team: Team, tmp_path: Path) -> None:
    back_up(team, tmp_path / "archive")

    team.person.matou("restore", tmp_path / "archive", "--to", tmp_path / "code", "--worktree")

    assert (tmp_path / "code/acme/web/shop/f4").read_text() == "x4\n"


def test_a_project_comes_back_as_the_well_known_script_would_have_left_it(team: Team, tmp_path: Path) -> None:
    back_up(team, tmp_path / "archive")

    team.person.matou("restore", tmp_path / "archive", "--to", tmp_path / "code", "--layout", "coding-script")

    assert (tmp_path / "code/web/ProjectInfo.txt").read_text().startswith("web\n")
    assert (tmp_path / "code/web/shop/DepotInfo.txt").read_text().startswith("shop\n")
    assert (tmp_path / "code/web/shop/.git/HEAD").exists()
    assert (tmp_path / "code/web/shop/f4").read_text() == "x4\n"


def test_help_and_messages_are_in_the_language_of_the_locale(person: Person) -> None:
    chinese = person.matou("verify", "/nowhere", code=2, LC_ALL="zh_CN.UTF-8")
    english = person.matou("verify", "/nowhere", code=2, LC_ALL="C.UTF-8")

    assert "归档" in chinese.err
    assert "archive" in english.err
    assert "归档" in person.matou("--help", LC_ALL="zh_CN.UTF-8").out
