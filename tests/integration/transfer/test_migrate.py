"""Archives are moved to a real server over real sockets: its API, git's smart HTTP and LFS."""

import csv
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from integration.transfer.moved_archives import CONTENT, Port, by_path, every_platform, outcomes, port, refs
from integration.transfer.saved_archives import Team, commit_file, digest_of, git, make_repository, pointer_text
from matou.concurrency import Cancelled
from matou.credentials import Secret
from matou.errors import Refused
from matou.http.session import Session
from matou.model.platform import Visibility
from matou.transfer.migrate.assigned_paths import FILE
from matou.transfer.migrate.mapping import MigrationMap, UnusableMap, read_map
from matou.transfer.migrate.plan import SameTargetPath, UnusableName
from matou.transfer.migrate.report import MigrationReport, MoveOutcome
from matou.transfer.migrate.repository import DivergedHistory
from support.deciding import create_project, default_branch_of, open_object, size
from support.steered_clock import SYSTEM_CLOCK

__all__ = ["port"]


def places(report: MigrationReport) -> dict[str, str]:
    return {moved.move.candidate.source_path: moved.move.target_path.name for moved in report.repositories}


@every_platform
def test_a_repository_arrives_with_all_its_branches_tags_and_notes(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    git(source, "notes", "add", "-m", "a note")
    team.save({"team/shop/api": source})

    report = port.migrate(team.archive)

    assert report.everything_is_moved
    assert refs(port.git_dir("api")) == refs(source)


@every_platform
def test_its_description_its_visibility_and_its_default_branch_arrive(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    git(source, "symbolic-ref", "HEAD", "refs/heads/topic")
    team.save({"team/shop/api": source})

    port.migrate(team.archive)

    made = port.repository("api")
    assert made.description == "about api"
    assert made.visibility is Visibility.PRIVATE
    assert default_branch_of(port.server.forge, made) == "topic"


def test_refs_of_change_requests_and_kept_refs_stay_in_the_archive(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "api")
    git(source, "update-ref", "refs/merge/1/head", "HEAD")
    team.save({"team/shop/api": source})
    git(source, "branch", "-D", "topic")
    commit_file(tmp_path / "api", "more", "more")
    team.save({"team/shop/api": source})

    report = port.migrate(team.archive)

    assert report.everything_is_moved
    assert set(refs(port.git_dir("api"))) == {"refs/heads/main", "refs/tags/light", "refs/tags/v1"}
    assert any("1 ref that is no branch" in note for note in by_path(report)["team/shop/api"].notes)


@every_platform
def test_large_files_arrive_before_the_commits_that_point_at_them(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "big")
    commit_file(tmp_path / "big", "big.bin", pointer_text(CONTENT))
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT, digest_of(b"x"): b"x"}
    team.save({"team/shop/big": source})

    first = port.migrate(team.archive)
    second = port.migrate(team.archive)

    made = port.repository("big")
    path, size = open_object(port.server.forge, made, digest_of(CONTENT))
    assert (path.read_bytes(), size) == (CONTENT, len(CONTENT))
    assert by_path(first)["team/shop/big"].lfs_bytes == len(CONTENT) + 1
    assert outcomes(second) == {"team/shop/big": "unchanged"}


def test_an_object_that_a_list_weighs_wrong_is_not_called_damaged(port: Port, team: Team, tmp_path: Path) -> None:
    """The list of before this had the size that some pointer gave."""
    source = make_repository(tmp_path / "big")
    commit_file(tmp_path / "big", "big.bin", pointer_text(CONTENT).replace(f"size {len(CONTENT)}", "size 7"))
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT}
    team.lfs_sizes = {digest_of(CONTENT): 7}
    team.save({"team/shop/big": source})

    report = port.migrate(team.archive)

    assert (outcomes(report), by_path(report)["team/shop/big"].problems) == ({"team/shop/big": "moved"}, ())
    assert size(port.server.forge, port.repository("big"), digest_of(CONTENT)) == len(CONTENT)


def test_large_files_that_the_archive_lacks_are_told_and_come_with_a_later_run(
    port: Port, team: Team, tmp_path: Path
) -> None:
    source = make_repository(tmp_path / "big")
    commit_file(tmp_path / "big", "big.bin", pointer_text(CONTENT))
    team.lfs["team/shop/big"] = {digest_of(CONTENT): None}
    team.save({"team/shop/big": source})

    first = port.migrate(team.archive)
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT}
    team.save({"team/shop/big": source})
    second = port.migrate(team.archive)

    assert outcomes(first) == {"team/shop/big": "incomplete"}
    assert not first.everything_is_moved
    assert outcomes(second) == {"team/shop/big": "moved"}
    assert size(port.server.forge, port.repository("big"), digest_of(CONTENT)) == len(CONTENT)


def test_a_large_file_that_is_damaged_in_the_archive_is_not_sent(port: Port, team: Team, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "big")
    commit_file(tmp_path / "big", "big.bin", pointer_text(CONTENT))
    team.lfs["team/shop/big"] = {digest_of(CONTENT): CONTENT}
    team.save({"team/shop/big": source})
    blob = team.blob(digest_of(CONTENT))
    blob.chmod(0o644)
    blob.write_bytes(b"!" + CONTENT[1:])

    report = port.migrate(team.archive)

    assert outcomes(report) == {"team/shop/big": "incomplete"}
    assert size(port.server.forge, port.repository("big"), digest_of(CONTENT)) is None
    assert "in the archive is not what it was" in str(by_path(report)["team/shop/big"].problems[0])


@every_platform
def test_an_empty_repository_is_made_empty(port: Port, team: Team, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    git(folder, "init", "-q", "--bare")
    team.save({"team/shop/empty": folder})

    report = port.migrate(team.archive)

    assert report.everything_is_moved
    assert refs(port.git_dir("empty")) == {}


def test_one_names_of_two_projects_never_meet_and_keep_their_places(port: Port, team: Team, tmp_path: Path) -> None:
    paths = ("team/shop/api", "team/bank/api", "team/bank/API")
    for number, path in enumerate(paths):
        make_repository(tmp_path / str(number), commits=number + 1)
        team.save({path: tmp_path / str(number) / ".git"})

    first = port.migrate(team.archive)
    for path in ("team/else/web", "team/more/web"):
        make_repository(tmp_path / path)
        team.save({path: tmp_path / path / ".git"})
        port.migrate(team.archive)
    last = port.migrate(team.archive)

    assert first.everything_is_moved
    assert places(first)["team/shop/api"] == "shop-api"
    assert len({name.casefold() for name in places(first).values()}) == 3
    assert places(last) == {**places(first), "team/else/web": "web", "team/more/web": "more-web"}
    assert set(outcomes(last).values()) == {"unchanged"}


@every_platform
def test_names_that_the_target_does_not_take_become_names_that_it_takes(port: Port, team: Team, tmp_path: Path) -> None:
    names = {"team/shop/渡船", "team/shop/a b", "team/shop/x~y", "team/shop/船渡"}
    for number, path in enumerate(sorted(names)):
        make_repository(tmp_path / str(number), commits=1)
        team.save({path: tmp_path / str(number) / ".git"})

    report = port.migrate(team.archive)

    assert report.everything_is_moved
    assert len(set(places(report).values())) == 4
    for path, name in places(report).items():
        assert refs(port.git_dir(name)) == refs(team.git_dir(path))


def test_a_map_decides(port: Port, team: Team, tmp_path: Path) -> None:
    other = create_project(port.server.forge, port.server.team(), "bank", creator=port.server.owner)
    for path in ("team/shop/api", "team/shop/web", "team/bank/api"):
        make_repository(tmp_path / path)
        team.save({path: tmp_path / path / ".git"})
    file = tmp_path / "map.csv"
    with file.open("w", newline="") as text:
        csv.writer(text).writerows([["shop/api", "storefront"], ["# a remark"], ["bank/*", f"{other.path}/*"]])

    plan = port.migrate(team.archive, mapping=read_map(file), dry_run=True, exclude=("bank/*",))

    assert places(plan) == {"team/shop/api": "storefront", "team/shop/web": "web"}
    assert read_map(file).target_of("team/bank/api", "api", namespace=port.name) == (str(other.path), None)


@pytest.mark.parametrize(
    ("pairs", "error"),
    [
        ({"shop/api": "one", "bank/api": "One"}, SameTargetPath),
        ({"shop/api": "one.git"}, UnusableName),
    ],
)
def test_a_map_that_cannot_be_followed_is_refused_before_anything_is_made(
    port: Port, team: Team, tmp_path: Path, pairs: dict[str, str], error: type[Exception]
) -> None:
    for path in ("team/shop/api", "team/bank/api"):
        make_repository(tmp_path / path)
        team.save({path: tmp_path / path / ".git"})

    with pytest.raises(error):
        port.migrate(team.archive, mapping=MigrationMap(pairs))

    assert not port.has("one")


def test_a_dry_run_changes_nothing_anywhere(port: Port, team: Team, tmp_path: Path) -> None:
    make_repository(tmp_path / "api")
    team.save({"team/shop/api": tmp_path / "api/.git"})

    report = port.migrate(team.archive, dry_run=True)

    assert outcomes(report) == {"team/shop/api": "planned"}
    assert by_path(report)["team/shop/api"].is_new
    assert not port.has("api")
    assert not (team.archive.root / FILE).exists()
    assert report.nothing_is_wrong
    assert not report.everything_is_moved


def test_a_dry_run_foresees_that_another_history_is_in_the_way(port: Port, team: Team, tmp_path: Path) -> None:
    make_repository(tmp_path / "api")
    team.save({"team/shop/api": tmp_path / "api/.git"})
    port.migrate(team.archive)
    git(tmp_path / "api", "commit", "-q", "--amend", "-m", "written anew")
    team.save({"team/shop/api": tmp_path / "api/.git"})
    before = refs(port.git_dir("api"))

    report = port.migrate(team.archive, dry_run=True)

    assert outcomes(report) == {"team/shop/api": "failed"}
    assert isinstance(by_path(report)["team/shop/api"].problems[0], DivergedHistory)
    assert not report.everything_is_moved
    assert refs(port.git_dir("api")) == before


def test_a_dry_run_counts_the_refs_that_would_be_sent(port: Port, team: Team, tmp_path: Path) -> None:
    make_repository(tmp_path / "api")
    team.save({"team/shop/api": tmp_path / "api/.git"})
    port.migrate(team.archive)
    git(tmp_path / "api", "branch", "new")
    team.save({"team/shop/api": tmp_path / "api/.git"})

    [planned] = port.migrate(team.archive, dry_run=True).repositories

    assert (planned.outcome, planned.is_new, planned.refs) == ("planned", False, 1)


def test_what_the_archive_has_nothing_of_is_told(port: Port, team: Team) -> None:
    team.save({"team/shop/lost": None})

    report = port.migrate(team.archive)

    assert [left.source_path for left in report.left_behind] == ["team/shop/lost"]
    assert not report.everything_is_moved


def test_one_that_the_target_refuses_does_not_stop_the_others(port: Port, team: Team, tmp_path: Path) -> None:
    sha256 = make_repository(tmp_path / "new", object_format="sha256")
    team.save({"team/shop/new": sha256, "team/shop/api": make_repository(tmp_path / "api")})

    report = port.migrate(team.archive)

    assert outcomes(report) == {"team/shop/new": "failed", "team/shop/api": "moved"}
    assert not port.has("new")


@every_platform
def test_a_token_that_is_no_good_ends_it_at_once(port: Port, team: Team) -> None:
    stranger = replace(port, token=Secret("0" * 40))

    with pytest.raises(Refused):
        stranger.migrate(team.archive)


def test_a_migration_that_is_given_up_says_so_and_can_be_finished(port: Port, team: Team, tmp_path: Path) -> None:
    for number in range(4):
        make_repository(tmp_path / str(number), commits=1)
        team.save({f"team/shop/r{number}": tmp_path / str(number) / ".git"})
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(Cancelled):
        port.migrate(team.archive, cancelled=cancelled)
    with Session(named=(port.server.url,), clock=SYSTEM_CLOCK) as session:
        report = replace(port, session=session).migrate(team.archive)

    assert report.outcomes == {MoveOutcome.MOVED: 4}


def test_submodules_of_moved_repositories_are_named_with_what_makes_git_find_them(
    port: Port, team: Team, tmp_path: Path
) -> None:
    make_repository(tmp_path / "api")
    source = make_repository(tmp_path / "all")
    modules = "".join(
        f'[submodule "{path}"]\n\tpath = {path}\n\turl = {url}\n'
        for path, url in (
            ("a", "https://e.coding.net/team/shop/api.git"),
            ("b", "git@e.coding.net:team/shop/api.git"),
            ("c", "../api.git"),
            ("d", "https://elsewhere.example/x.git"),
        )
    )
    commit_file(tmp_path / "all", ".gitmodules", modules)
    team.save({"team/shop/api": tmp_path / "api/.git", "team/shop/all": source})

    report = port.migrate(team.archive)

    new = by_path(report)["team/shop/api"].clone_url
    assert {(rewrite.written, rewrite.clone_url) for rewrite in report.rewrites} == {
        ("https://e.coding.net/team/shop/api.git", new),
        ("git@e.coding.net:team/shop/api.git", new),
    }


def test_a_place_is_kept_in_each_namespace(port: Port, team: Team, tmp_path: Path) -> None:
    other = create_project(port.server.forge, port.server.team(), "other", creator=port.server.owner)
    token = port.server.token()
    make_repository(tmp_path / "api")
    team.save({"team/shop/api": tmp_path / "api/.git"})
    port.migrate(team.archive)
    replace(port, namespace=other, token=token).migrate(team.archive)
    make_repository(tmp_path / "second")
    team.save({"team/bank/api": tmp_path / "second/.git"})

    report = port.migrate(team.archive)

    assert places(report) == {"team/shop/api": "api", "team/bank/api": "bank-api"}
    assert outcomes(report) == {"team/shop/api": "unchanged", "team/bank/api": "moved"}


@pytest.mark.parametrize(
    ("name", "text"),
    [("map.csv", "shop/api\n"), ("map.csv", "a,b\na,c\n"), ("map.toml", "repositories = 7"), ("map.toml", "[")],
)
def test_a_map_that_does_not_say_where_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(UnusableMap):
        read_map(tmp_path / name)


def test_a_map_in_toml_says_the_same_as_one_in_csv(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('[repositories]\n"shop/api" = "one"\n"bank/*" = "other/*"\n')
    (tmp_path / "map.csv").write_text("shop/api,one\nbank/*,other/*\n")

    assert read_map(tmp_path / "map.toml") == read_map(tmp_path / "map.csv")
