"""`matou status`, `runs` and `show`, and what a report says of what was saved: the state of an archive, by commands."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from matou.archive.lock import lock_archive
from support.program import MATOU, Ended, Person
from support.team import Team


def back_up(team: Team, archive: Path, *options: str, code: int | None = 0) -> Ended:
    backup = ("backup", "coding", "--url", team.api, "--to", archive)
    return team.person.matou(*backup, *options, code=code, MATOU_CODING_TOKEN=team.token)


def status(team: Team, archive: Path, *options: str, code: int | None = 0) -> Any:
    return json.loads(team.person.matou("status", archive, "--json", *options, code=code).out)


def commit(team: Team, work: Path) -> tuple[str, str]:
    """Push one more commit and a branch to `shop`; gives the tip before and after."""
    url = team.git_url("shop").replace("://", f"://li:{team.token}@")
    team.person.git("clone", "-q", url, work)
    before = team.person.git("-C", work, "rev-parse", "HEAD")
    team.person.git("-C", work, "commit", "-q", "--allow-empty", "-m", "more")
    team.person.git("-C", work, "push", "-q", "origin", "main", "main:refs/heads/new")
    return before, team.person.git("-C", work, "rev-parse", "HEAD")


def test_all_is_well_after_a_backup_that_saved_everything(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)

    (one,) = status(team, archive)["sources"]

    assert (one["is_well"], one["run"], one["repositories"], one["not_done"]) == (True, 1, 3, [])
    assert one["size_bytes"] > 0
    assert 0 <= one["age_seconds"] < 600
    assert "all is well" in team.person.matou("status", archive).out


def test_what_verify_found_damaged_is_not_well_until_a_run_has_mended_it(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    pack = max(archive.glob("repositories/**/*.pack"), key=lambda path: path.stat().st_size)
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.write_bytes(content)
    team.person.matou("verify", archive, code=5)

    found = status(team, archive, code=3)
    said = team.person.matou("status", archive, code=3).out
    back_up(team, archive)

    (damaged,) = found["sources"][0]["damaged"]
    assert not found["is_well"]
    assert f"{damaged} is damaged, as verify found" in said
    assert "all is well" not in said
    assert status(team, archive)["sources"][0]["damaged"] == []


def test_a_run_that_is_older_than_it_may_be_ends_with_3(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)

    assert status(team, archive, "--max-age", "26h")["is_well"]
    old = status(team, archive, "--max-age", "0s", code=3)
    said = team.person.matou("status", archive, "--max-age", "0s", code=3).out

    assert (old["is_well"], old["sources"][0]["is_done"], old["sources"][0]["is_too_old"]) == (False, True, True)
    assert f"next: matou backup coding --url {team.api} --to {archive}" in said


@pytest.mark.parametrize("age", ["26", "h", "2 d", "-1h", "1h?", ""])
def test_what_is_no_length_of_time_is_a_mistake(team: Team, tmp_path: Path, age: str) -> None:
    assert "invalid value for --max-age: " in team.person.matou("status", tmp_path, "--max-age", age, code=2).err


def test_what_is_not_done_is_named_and_ends_with_3(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.rmtree(team.root / "repositories/acme/web/notes.git/objects")
    back_up(team, archive, code=3)

    (one,) = status(team, archive, code=3)["sources"]
    said = team.person.matou("status", archive, code=3).out

    assert [(line["path"], line["outcome"]) for line in one["not_done"]] == [("acme/web/notes", "failed")]
    assert "acme/web/notes: failed: " in said


def cut_off(archive: Path, run: int, of: int) -> None:
    """As a power cut leaves a run: the beginning of a manifest, here with the first line of another run."""
    folder = archive / f"runs/{run:06d}"
    folder.mkdir(parents=True)
    (manifest,) = (archive / f"runs/{of:06d}").glob("manifest*")
    first = manifest.read_bytes().splitlines(keepends=True)[0]
    (folder / f"{manifest.name}.partial").write_bytes(first)


def test_a_run_that_was_cut_off_is_not_done_until_the_same_command_has_ended(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    cut_off(archive, 2, of=1)

    (one,) = status(team, archive, code=3)["sources"]
    said = team.person.matou("status", archive, code=3).out
    back_up(team, archive)

    assert (one["is_done"], one["cut_off"]) == (True, 2)
    assert "run 2 was cut off; the same command goes on from there\n  next: matou backup coding --url" in said
    assert status(team, archive)["cut_off"] == []


def test_a_run_that_is_at_work_may_end_yet(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    cut_off(archive, 2, of=1)
    with lock_archive(archive, now=datetime.now(UTC)):
        working = status(team, archive)
        said = team.person.matou("status", archive).out

    assert working["cut_off"] == [{"archive": str(archive), "run": 2, "may_end_yet": True}]
    assert f"a backup is at work in {archive}" in said


def test_a_source_of_which_no_run_ever_ended_is_told(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    cut_off(archive, 2, of=1)
    shutil.rmtree(archive / "runs/000001")

    (one,) = status(team, archive, code=3)["sources"]

    assert (one["platform"], one["run"], one["cut_off"]) == ("coding", None, 2)


def test_where_nothing_was_ever_saved_nothing_is_well(team: Team, tmp_path: Path) -> None:
    assert "nothing was ever backed up here" in team.person.matou("status", team.root, code=3).out
    team.person.matou("status", tmp_path / "nowhere", code=2)


def test_a_source_that_lists_nothing_is_told_with_what_to_look_at(team: Team, tmp_path: Path) -> None:
    team.person.matou("user", "add", "nobody", "--no-password", "--root", team.root)
    made = team.person.matou("token", "create", "--user", "nobody", "--name", "t", "--root", team.root)
    backup = ("backup", "coding", "--url", team.api, "--to", tmp_path / "archive")

    reported = team.person.matou(*backup, code=3, MATOU_CODING_TOKEN=made.out.strip()).out
    told = team.person.matou("status", tmp_path / "archive", code=3).out

    for said in (reported, told):
        assert "the source listed no repository, so nothing is known to be saved" in said
        assert "which scopes the token has" in said


def test_a_platform_that_is_none_is_refused_as_a_backup_refuses_it(team: Team, tmp_path: Path) -> None:
    config = tmp_path / "matou.toml"
    config.write_text('[[source]]\nplatform = "codin"\nurl = "https://codin.example"\nto = "archive"\n')

    assert "unknown platform 'codin'; known: " in team.person.matou("status", "--config", config, code=2).err


def test_without_a_folder_every_source_of_the_configuration_is_told(team: Team, tmp_path: Path) -> None:
    source = '[[source]]\nplatform = "{}"\nurl = "{}"\nto = "{}"\ntoken_variable = "MATOU_CODING_TOKEN"\n'
    config = tmp_path / "matou.toml"
    first, second = (tmp_path / name for name in ("first", "second"))
    config.write_text(source.format("coding", team.api, first))
    team.person.matou("backup", "--config", config, MATOU_CODING_TOKEN=team.token)
    well = team.person.matou("status", "--config", config, "--json").out
    config.write_text(
        source.format("coding", team.api, first) + source.format("gitee", "https://gitee.example", second)
    )

    both = team.person.matou("status", "--config", config, "--json", code=3).out

    assert json.loads(well)["is_well"]
    assert [(one["platform"], one["run"], one["is_well"]) for one in json.loads(both)["sources"]] == [
        ("coding", 1, True),
        ("gitee", None, False),
    ]
    assert not second.exists()
    assert "there is no" in team.person.matou("status", "--config", tmp_path / "none", code=2).err


def test_the_next_thing_to_do_for_a_source_of_the_configuration_is_to_save_it_as_that_says(
    team: Team, tmp_path: Path
) -> None:
    archive, config = tmp_path / "archive", tmp_path / "matou.toml"
    back_up(team, archive)
    config.write_text(
        f'[[source]]\nplatform = "coding"\nurl = "{team.api}"\nto = "{archive}"\nexclude = ["*/notes"]\n'
        'token_variable = "MY_TOKEN"\n'
    )

    named = team.person.matou("status", "--config", config, "--max-age", "0s", code=3).out
    command = (str(MATOU), "status", "--max-age", "0s")
    found = subprocess.run(command, env=team.person.variables(), cwd=tmp_path, capture_output=True, text=True).stdout
    given = team.person.matou("status", archive, "--max-age", "0s", code=3).out

    assert f"next: matou backup --config {config}\n" in named
    assert "next: matou backup\n" in found
    assert f"next: matou backup coding --url {team.api} --to {archive}\n" in given


@pytest.mark.parametrize("command", ["backup", "status"])
def test_a_folder_where_the_configuration_should_be_is_told_with_what_would_do(
    team: Team, tmp_path: Path, command: str
) -> None:
    err = team.person.matou(command, "--config", tmp_path, code=2).err

    assert err == (
        f"matou: {tmp_path} cannot be read: is a directory\n"
        "give --config a file that lists sources, such as matou.toml, and that you may read\n"
    )


def test_a_report_names_what_was_saved_and_what_changed(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    first = json.loads(back_up(team, archive, "--json").out)
    before, after = commit(team, tmp_path / "work")
    second = json.loads(back_up(team, archive, "--json").out)

    assert sorted((one["path"], one["is_new"], one["refs"]) for one in first["saved"]) == [
        ("acme/web/notes", True, 1),
        ("acme/web/shop", True, 1),
    ]
    (saved,) = second["saved"]
    assert (saved["path"], saved["is_new"]) == ("acme/web/shop", False)
    assert saved["changed_refs"] == [
        {"name": "refs/heads/main", "before": before, "after": after},
        {"name": "refs/heads/new", "before": None, "after": after},
    ]


def test_verbose_names_it_on_a_terminal_and_quiet_says_nothing(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    quiet = back_up(team, archive, "-q")
    before, after = commit(team, tmp_path / "work")
    verbose = back_up(team, archive, "-v")

    assert (quiet.out, quiet.err) == ("", "")
    assert "acme/web/shop: saved, refs: 1 new, 1 moved, 0 deleted" in verbose.out
    assert f"refs/heads/main  {before[:12]} -> {after[:12]}" in verbose.out
    assert team.person.matou("verify", archive, "-q").out == ""


def test_quiet_still_says_what_was_not_saved(team: Team, tmp_path: Path) -> None:
    shutil.rmtree(team.root / "repositories/acme/web/notes.git/objects")

    assert "acme/web/notes: " in back_up(team, tmp_path / "archive", "-q", code=3).out


def test_show_is_a_table_and_of_one_repository_its_refs(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)

    table = team.person.matou("show", archive).out.splitlines()
    one = team.person.matou("show", archive, "shop").out
    line = json.loads(team.person.matou("show", archive, "acme/web/shop", "--json").out)

    assert table[0].split() == ["path", "refs", "size", "last", "change", "state"]
    (shop,) = [row for row in table if row.startswith("acme/web/shop")]
    assert re.fullmatch(r"acme/web/shop +1 +[0-9.]+ kB +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +saved", shop)
    assert "refs/heads/main" in one
    assert "notes" not in one
    assert (line["head"], list(line["refs"])) == ("refs/heads/main", ["refs/heads/main"])
    assert line["size_bytes"] > 0


def test_show_of_what_is_not_there_or_may_be_several_is_a_mistake(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)

    assert "'shop'" in team.person.matou("show", archive, "shopp", code=2).err


def test_runs_tell_how_long_they_took_and_what_came_in_local_time(team: Team, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)

    values = json.loads(team.person.matou("runs", archive, "--json").out)
    line = team.person.matou("runs", archive, TZ="Asia/Shanghai").out

    began = datetime.fromisoformat(values["started_at"]).astimezone(UTC)
    assert values["received_bytes"] > 0
    assert values["seconds"] >= 0
    assert f"{began.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%d %H:%M:%S}" in line
    assert re.search(r"\d s +[0-9.]+ kB +http", line)


def test_a_snapshot_that_is_lost_is_told_by_show(team: Team, tmp_path: Path, person: Person) -> None:
    archive = tmp_path / "archive"
    back_up(team, archive)
    for blob in [path for path in (archive / "blobs" / "objects").rglob("*") if path.is_file()]:
        blob.unlink()

    assert "acme/web/shop" in person.matou("show", archive, code=5).err
