"""What was backed up can be served from the archive alone: the database is made again from the manifests."""

import json
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.db.memberships import Role
from matou.errors import Damaged
from matou.forge.access import ALL_SCOPES, ANONYMOUS, Action, Identity, NoSuchRepository, ReadOnly, may
from matou.forge.accounts.namespaces import create_organization, find_namespace, read_icon
from matou.forge.accounts.users import create_user
from matou.forge.forge import Forge
from matou.forge.maintenance.check import check
from matou.forge.maintenance.reindex import PathOccupied, ensure_indexed, reindex
from matou.forge.repositories.repository_lists import find_repository, visible_repositories
from matou.model.names import NamespacePath, RepositoryPath
from matou.model.platform import Visibility
from support.backed_up_team import AT, MISSING, OID, BackedUpTeam
from support.deciding import add_member, create_repository, exists, labels, ref_listing, require, set_visibility, size
from support.deciding import remove_namespace_member as remove_member
from support.listed_rows import child_namespaces, repositories_in, rows_of


@pytest.fixture
def backed_up(archive: Archive) -> BackedUpTeam:
    team = BackedUpTeam(archive)
    team.back_up()
    return team


SHIP = RepositoryPath.parse("team/harbour/ship")


def test_a_default_branch_that_is_not_utf8_stops_nothing(archive: Archive, forge: Forge) -> None:
    """A run notes it as HEAD has it: one such repository kept the whole archive from being served."""
    team = BackedUpTeam(archive)
    team.repositories["42"]["default_branch"] = "\udcd6\udcd0"
    team.back_up()

    reindex(forge)

    assert find_repository(forge, SHIP).default_branch == "\ufffd\ufffd"


def rows(forge: Forge) -> object:
    """All that the index says, but for the numbers of rows."""
    namespaces = [
        find_namespace(forge, NamespacePath(("team",))),
        find_namespace(forge, NamespacePath.parse("team/harbour")),
    ]
    found = repositories_in(forge, None)[0]
    return (
        [(one.path, one.display_name, one.icon, one.source, one.source_id, one.kind) for one in namespaces],
        [(one.path, one.true_name, one.description, one.default_branch, one.read_only_source) for one in found],
        [(one.name, one.color) for one in labels(forge, namespaces[1])],
    )


def test_an_archive_is_indexed_when_it_is_opened_and_only_then(forge: Forge, backed_up: BackedUpTeam) -> None:
    report = ensure_indexed(forge)

    assert report is not None
    assert (report.sources, report.namespaces, report.repositories, report.problems) == (1, 2, 1, ())
    assert ensure_indexed(forge) is None
    backed_up.back_up()
    assert ensure_indexed(forge) is not None


def test_an_archive_without_runs_needs_no_index(forge: Forge) -> None:
    assert ensure_indexed(forge) is None
    assert reindex(forge).repositories == 0


def test_what_the_manifest_says_is_what_the_rows_say(forge: Forge, backed_up: BackedUpTeam) -> None:
    reindex(forge)

    ship = find_repository(forge, SHIP)
    project = find_namespace(forge, SHIP.namespace)
    assert (ship.true_name, ship.description, ship.default_branch) == ("ship", "a ship", "trunk")
    assert (ship.created_at, ship.last_push_at, ship.read_only_source) == (AT, AT, "coding e.coding.net 12")
    assert (project.display_name, project.created_at, read_icon(forge, project)) == ("码头", AT, b"icon")
    assert [(label.name, label.color) for label in labels(forge, project)] == [("bug", "#ff0000")]
    assert (size(forge, ship, OID), exists(forge, ship, MISSING)) == (5, False)
    assert ref_listing(forge, ship).refs == {}
    assert check(forge) == ()


def test_twice_is_as_good_as_once(forge: Forge, backed_up: BackedUpTeam) -> None:
    reindex(forge)
    once = rows(forge)
    ids = [one.id for one in repositories_in(forge, None)[0]]

    reindex(forge)

    assert rows(forge) == once
    assert [one.id for one in repositories_in(forge, None)[0]] == ids


def test_a_database_that_was_lost_is_made_again(forge: Forge, backed_up: BackedUpTeam, tmp_path: Path) -> None:
    reindex(forge)
    before = rows(forge)

    database = open_database(tmp_path / "new.db")
    again = Forge(database, forge.archive, forge.now)
    ensure_indexed(again)

    assert rows(again) == before
    database.close()


def test_what_changed_at_the_source_changes_here(forge: Forge, backed_up: BackedUpTeam) -> None:
    reindex(forge)
    ship = find_repository(forge, SHIP)
    backed_up.namespace["display_name"] = "一号码头"
    backed_up.labels = [
        {"id": "1", "name": "bug", "color": "#00ff00"},
        {"id": "2", "name": "later", "color": "#000000"},
    ]
    backed_up.repositories["42"]["name"] = "boat"
    backed_up.repositories["43"] = {"name": "raft", "path": "team/harbour/raft"}
    backed_up.back_up()

    ensure_indexed(forge)

    project = find_namespace(forge, SHIP.namespace)
    assert project.display_name == "一号码头"
    assert [(label.name, label.color) for label in labels(forge, project)] == [("bug", "#00ff00"), ("later", "#000000")]
    renamed = find_repository(forge, SHIP)
    assert (renamed.id, renamed.true_name, renamed.name) == (ship.id, "boat", "ship")
    assert repositories_in(forge, project)[1] == 2


def test_what_was_decided_here_stays(forge: Forge, backed_up: BackedUpTeam) -> None:
    reindex(forge)
    set_visibility(forge, find_repository(forge, SHIP), Visibility.INTERNAL)
    berta = create_user(forge, "berta")
    add_member(forge, find_namespace(forge, SHIP.namespace), berta, Role.REPORTER)

    reindex(forge)

    ship = find_repository(forge, SHIP)
    assert ship.visibility is Visibility.INTERNAL
    assert may(forge, Identity(berta, ALL_SCOPES), Action.READ_CODE, ship)


def test_a_role_at_the_top_of_a_backup_lets_a_team_read_all_of_it(
    forge: Forge, backed_up: BackedUpTeam, archive: Archive
) -> None:
    """And nothing of another source; it stays after the next run, and is gone with the next question when it is."""
    BackedUpTeam(archive, host="e.coding.example", team="other").back_up()
    reindex(forge)
    berta = create_user(forge, "berta")
    team, identity = find_namespace(forge, NamespacePath(("team",))), Identity(berta, ALL_SCOPES)
    ship, other = find_repository(forge, SHIP), RepositoryPath.parse("other/harbour/ship")
    assert not may(forge, identity, Action.READ_CODE, ship)

    add_member(forge, team, berta, Role.REPORTER)
    backed_up.back_up()
    reindex(forge)

    assert may(forge, identity, Action.READ_CODE, find_repository(forge, SHIP))
    assert not may(forge, identity, Action.SEE, find_repository(forge, other))
    assert [one.path for one in rows_of(visible_repositories(forge, identity, None, recursive=True))[0]] == [SHIP]
    remove_member(forge, team, berta)
    assert not may(forge, identity, Action.SEE, find_repository(forge, SHIP))


def test_what_was_never_saved_is_not_served(forge: Forge, archive: Archive) -> None:
    team = BackedUpTeam(archive)
    team.back_up()
    archive.repository(SHIP).rename(archive.staging / "gone.git")

    reindex(forge)

    with pytest.raises(NoSuchRepository):
        find_repository(forge, SHIP)


def test_two_sources_may_have_namespaces_side_by_side(forge: Forge, backed_up: BackedUpTeam, archive: Archive) -> None:
    other = BackedUpTeam(archive, host="git.example.com")
    other.namespace["path"] = "team/harbour~1234abcd"
    other.repositories = {"42": {"name": "ship", "path": "team/harbour~1234abcd/ship"}}
    other.back_up()

    report = reindex(forge)

    assert (report.sources, report.problems) == (2, ())
    sources = {one.read_only_source for one in repositories_in(forge, None)[0]}
    assert sources == {"coding e.coding.net 12", "coding git.example.com 12"}


def test_members_of_a_namespace_of_ours_never_become_members_of_what_was_backed_up(
    forge: Forge, backed_up: BackedUpTeam
) -> None:
    create_user(forge, "team")

    report = reindex(forge)

    assert {type(problem) for problem in report.problems} == {PathOccupied}
    assert repositories_in(forge, None) == ((), 0)


def test_a_repository_of_ours_keeps_its_path(forge: Forge, archive: Archive) -> None:
    anna = create_user(forge, "anna")
    team = create_organization(forge, "team", owner=anna)
    ours = create_repository(
        forge, RepositoryPath(create_organization(forge, "harbour", owner=anna, parent=team).path, "ship"), creator=anna
    )
    BackedUpTeam(archive).back_up()

    report = reindex(forge)

    assert report.problems
    assert find_repository(forge, SHIP) == ours


def test_a_damaged_manifest_is_told_and_the_rows_stay(forge: Forge, backed_up: BackedUpTeam) -> None:
    reindex(forge)
    before = rows(forge)
    run = backed_up.back_up()
    manifest = forge.archive.manifest(run)
    manifest.write_bytes(manifest.read_bytes()[:-20])

    report = reindex(forge)

    assert len(report.problems) == 1
    assert isinstance(report.problems[0], Damaged)
    assert rows(forge) == before


@pytest.mark.parametrize("document", [b"[", b'[{"name": 1}]', b'{"name": "bug"}', b"\xff"])
def test_a_document_that_does_not_read_stops_nothing_else(forge: Forge, archive: Archive, document: bytes) -> None:
    team = BackedUpTeam(archive)
    team.back_up()
    manifest = next(iter(archive.run_numbers()))
    digest = archive.blobs.put_bytes(json.dumps(team.labels).encode())
    place = archive.files.path(f"{digest[:2]}/{digest[2:4]}/{digest}")
    place.chmod(0o600)
    place.write_bytes(document)

    report = reindex(forge)

    assert manifest == 1
    assert len(report.problems) == 1
    assert repositories_in(forge, None)[1] == 1


def test_nobody_changes_what_a_source_owns(forge: Forge, backed_up: BackedUpTeam) -> None:
    """Catalogue A-28."""
    reindex(forge)
    admin = Identity(create_user(forge, "root", admin=True), ALL_SCOPES)
    ship, project = find_repository(forge, SHIP), find_namespace(forge, SHIP.namespace)

    for action in (Action.WRITE_CODE, Action.CHANGE_SETTINGS, Action.DELETE):
        with pytest.raises(ReadOnly):
            require(forge, admin, action, ship)
    for action in (Action.CREATE_IN, Action.CREATE_NAMESPACE_IN, Action.CHANGE_SETTINGS, Action.DELETE):
        with pytest.raises(ReadOnly):
            require(forge, admin, action, project)
    require(forge, admin, Action.READ_CODE, ship)
    require(forge, admin, Action.ADMINISTER, ship)


def test_on_ones_own_machine_backups_are_readable_until_the_first_account_is_made(
    database_place: Path | str, backed_up: BackedUpTeam
) -> None:
    database = open_database(database_place)
    forge = Forge(database, backed_up.archive, lambda: AT, loopback=True)
    reindex(forge)
    ship = find_repository(forge, SHIP)
    before = may(forge, ANONYMOUS, Action.READ_CODE, ship), may(forge, ANONYMOUS, Action.WRITE_CODE, ship)

    create_user(forge, "anna")

    after = may(forge, ANONYMOUS, Action.READ_CODE, ship)
    database.close()
    assert (before, after) == ((True, False), False)


@pytest.mark.parametrize(("asked_for", "is_readable"), [(True, True), (False, False)])
def test_others_read_backups_only_if_the_operator_asked_for_it(
    database_place: Path | str, backed_up: BackedUpTeam, asked_for: bool, is_readable: bool
) -> None:
    database = open_database(database_place)
    forge = Forge(database, backed_up.archive, lambda: AT, loopback=False, anonymous_reads_backups=asked_for)
    reindex(forge)
    create_user(forge, "anna")

    seen = may(forge, ANONYMOUS, Action.READ_CODE, find_repository(forge, SHIP))

    outermost = child_namespaces(forge, None)[0]
    database.close()
    assert seen is is_readable
    assert "team" in {namespace.name for namespace in outermost}
