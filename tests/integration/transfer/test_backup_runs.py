"""One run after another over a source that changes: what is saved, what is proven, and what is never lost."""

import shutil
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matou.archive.layout import Archive
from matou.archive.manifest import EndLine, NamespaceLine, Proof, RunLine
from matou.archive.records import read_records
from matou.git.process import limits
from matou.git.repository import packs
from matou.model.platform import VersionControl
from matou.transfer.backup.report import Intention
from support.many_packs import packed
from support.scripted_source import (
    ScriptedConnections,
    ScriptedSource,
    assert_sound,
    back_up,
    commit,
    git,
    lfs_pointer,
    lines,
    mirror,
    outcomes,
    refs_of,
    repository_lines,
    snapshot_of,
)


def test_a_first_run_saves_every_ref_of_every_repository(source: ScriptedSource, archive: Archive) -> None:
    shop = source.project("shop")
    for name in ("api", "web"):
        git_dir = source.repository(name, shop)
        commit(git_dir, "refs/heads/main", {"README.md": f"{name}\n"})
        commit(git_dir, "refs/merge/1/head", {"change.txt": "wanted\n"})
        git(git_dir, "tag", "-a", "-m", "one", "v1", "main")

    report = back_up(source, archive)

    assert report.everything_is_saved
    assert outcomes(archive, 1) == {"100": "saved", "101": "saved"}
    assert refs_of(archive.root / "repositories/team/shop/api.git") == refs_of(source.git_dir("100"))
    assert snapshot_of(archive, "101", run=1) == refs_of(source.git_dir("101"))
    assert_sound(archive)


@pytest.fixture
def api(source: ScriptedSource) -> Path:
    """A repository with a history, branches and tags; its id is 100."""
    git_dir = source.repository("api", source.project("shop"))
    commit(git_dir, "refs/heads/main", {"README.md": "one\n"})
    commit(git_dir, "refs/heads/feature", {"feature.txt": "one\n"})
    git(git_dir, "tag", "-a", "-m", "one", "v1", "main")
    return git_dir


def tree_of(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with when it changed and what it holds."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_an_unchanged_repository_costs_one_request_no_process_and_no_write(
    source: ScriptedSource, archive: Archive, api: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(source, archive)
    before = tree_of(archive.repositories)
    connections = ScriptedConnections.to(source)
    # A git child could only be started through this; the source's own upload-pack is started by the test.
    monkeypatch.setattr(limits, "git_program", lambda: pytest.fail("a git process was started"))

    report = back_up(source, archive, connections=connections)

    assert outcomes(archive, 2) == {"100": "unchanged"}
    assert repository_lines(archive, 2)["100"].proof is Proof.LS_REFS
    assert repository_lines(archive, 2)["100"].saved_in == 1
    assert connections.transport.exchanges == {"https://git.example/100.git": 1}
    assert tree_of(archive.repositories) == before
    assert report.received_bytes == 0


def test_a_force_push_keeps_the_overwritten_tip_and_every_run_can_be_told_apart(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    back_up(source, archive)
    first = refs_of(api)
    git(api, "update-ref", "-d", "refs/heads/main")
    commit(api, "refs/heads/main", {"README.md": "rewritten\n"}, message="rewritten")
    back_up(source, archive)
    second = refs_of(api)

    line = repository_lines(archive, 2)["100"]
    assert line.outcome == "saved"
    assert line.kept == ("refs/matou/kept/000002/heads/main",)
    kept = refs_of(mirror(archive, "100", run=2))["refs/matou/kept/000002/heads/main"]
    assert kept == first["refs/heads/main"] != second["refs/heads/main"]
    assert snapshot_of(archive, "100", run=1) == first
    assert snapshot_of(archive, "100", run=2) == second
    assert_sound(archive)


def test_a_deleted_branch_and_a_moved_tag_stay_reachable(source: ScriptedSource, archive: Archive, api: Path) -> None:
    back_up(source, archive)
    first = refs_of(api)
    git(api, "update-ref", "-d", "refs/heads/feature")
    git(api, "tag", "-f", "-a", "-m", "moved", "v1", "main")
    back_up(source, archive)
    back_up(source, archive)

    kept = refs_of(mirror(archive, "100", run=2))
    assert kept["refs/matou/kept/000002/heads/feature"] == first["refs/heads/feature"]
    assert kept["refs/matou/kept/000002/tags/v1"] == first["refs/tags/v1"]
    assert outcomes(archive, 3) == {"100": "unchanged"}
    assert_sound(archive)


@pytest.mark.parametrize("ref", ["refs/heads/other", "refs/tags/v2", "refs/notes/commits", "refs/merge/7/head"])
def test_a_change_that_is_on_no_default_branch_is_seen(
    source: ScriptedSource, archive: Archive, api: Path, ref: str
) -> None:
    back_up(source, archive)
    made = commit(api, ref, {"new.txt": ref})
    back_up(source, archive)

    assert outcomes(archive, 2) == {"100": "saved"}
    assert refs_of(mirror(archive, "100", run=2))[ref] == made
    assert_sound(archive)


def test_a_ref_that_names_what_is_there_already_is_seen_without_fetching(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    back_up(source, archive)
    git(api, "update-ref", "refs/heads/twin", "refs/heads/main")
    back_up(source, archive)

    line = repository_lines(archive, 2)["100"]
    assert (line.outcome, line.refs) == ("saved", 4)
    assert_sound(archive)


def test_a_head_that_moved_is_a_change(source: ScriptedSource, archive: Archive, api: Path) -> None:
    back_up(source, archive)
    git(api, "symbolic-ref", "HEAD", "refs/heads/feature")
    source.change("100", default_branch=None)
    back_up(source, archive)
    back_up(source, archive)

    assert git(mirror(archive, "100", run=2), "symbolic-ref", "HEAD") == "refs/heads/feature"
    assert repository_lines(archive, 2)["100"].default_branch == "feature"
    assert outcomes(archive, 3) == {"100": "unchanged"}


def test_all_refs_deleted_at_the_source_are_all_kept(source: ScriptedSource, archive: Archive, api: Path) -> None:
    back_up(source, archive)
    before = refs_of(api)
    for ref in before:
        git(api, "update-ref", "-d", ref)
    back_up(source, archive)
    back_up(source, archive)

    assert outcomes(archive, 2) == {"100": "saved"}
    assert outcomes(archive, 3) == {"100": "unchanged"}
    kept = refs_of(mirror(archive, "100", run=2)).values()
    assert before["refs/heads/feature"] in kept
    assert before["refs/tags/v1"] in kept
    assert_sound(archive)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_shapes_come_back_as_they_are(source: ScriptedSource, archive: Archive, object_format: str) -> None:
    shop = source.project("shop")
    empty = source.repository("empty", shop, object_format=object_format)
    git(empty, "symbolic-ref", "HEAD", "refs/heads/trunk")
    tags_only = source.repository("tags", shop, object_format=object_format)
    tagged = commit(tags_only, "refs/heads/gone", {"a": "a"})
    git(tags_only, "tag", "-a", "-m", "x", "v1", tagged)
    git(tags_only, "update-ref", "-d", "refs/heads/gone")
    detached = source.repository("detached", shop, object_format=object_format)
    git(detached, "update-ref", "--no-deref", "HEAD", commit(detached, "refs/heads/main", {"a": "a"}))
    unborn = source.repository("unborn", shop, object_format=object_format)
    commit(unborn, "refs/heads/other", {"a": "a"})

    back_up(source, archive)
    back_up(source, archive)

    assert outcomes(archive, 1) == {"100": "empty", "101": "saved", "102": "saved", "103": "saved"}
    assert outcomes(archive, 2) == {"100": "empty", "101": "unchanged", "102": "unchanged", "103": "unchanged"}
    for git_dir, id_ in ((tags_only, "101"), (detached, "102"), (unborn, "103")):
        saved = mirror(archive, id_, run=1)
        assert refs_of(saved) == refs_of(git_dir)
        assert (saved / "HEAD").read_bytes() == (git_dir / "HEAD").read_bytes()
    assert (mirror(archive, "100", run=1) / "HEAD").read_bytes() == b"ref: refs/heads/trunk\n"
    assert_sound(archive)


def test_an_empty_repository_that_gets_its_first_push_is_saved(source: ScriptedSource, archive: Archive) -> None:
    git_dir = source.repository("new", source.project("shop"), object_format="sha256")
    back_up(source, archive)
    commit(git_dir, "refs/heads/main", {"a": "a"})
    back_up(source, archive)

    assert outcomes(archive, 1) == {"100": "empty"}
    assert outcomes(archive, 2) == {"100": "saved"}
    assert_sound(archive)


def test_lfs_objects_of_every_ref_are_saved_and_those_of_an_update_too(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    commit(api, "refs/heads/feature", {"big.bin": source.keep_lfs(b"on a branch")})
    connections = ScriptedConnections.to(source)
    back_up(source, archive, connections=connections)
    commit(api, "refs/heads/main", {"huge.bin": source.keep_lfs(b"came later")})
    back_up(source, archive, connections=connections)
    back_up(source, archive, connections=connections)

    for content, oid in ((content, oid) for oid, content in source.lfs_objects.items()):
        assert archive.blobs.read(oid) == content
    lfs = repository_lines(archive, 3)["100"].lfs
    assert lfs is not None
    assert (lfs.objects, lfs.missing) == (2, ())
    assert sorted(connections.lfs_requests) == sorted(source.lfs_objects)


def test_an_lfs_object_that_is_missing_makes_incomplete_until_it_comes(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    commit(api, "refs/heads/main", {"big.bin": source.keep_lfs(b"lost"), "b.bin": source.keep_lfs(b"there")})
    (lost,) = (oid for oid, content in source.lfs_objects.items() if content == b"lost")
    content = source.lfs_objects.pop(lost)

    first = back_up(source, archive)
    second = back_up(source, archive)
    source.lfs_objects[lost] = content
    third = back_up(source, archive)

    lfs = repository_lines(archive, 2)["100"].lfs
    assert lfs is not None
    assert lfs.missing == (lost,)
    assert [outcomes(archive, run)["100"] for run in (1, 2, 3)] == ["incomplete", "incomplete", "saved"]
    assert [report.everything_is_saved for report in (first, second, third)] == [False, False, True]
    assert "1 LFS object is missing" in str(first.problems[0].cause)
    assert archive.blobs.read(lost) == content


def test_a_deleted_repository_stays_and_is_gone_with_a_note(source: ScriptedSource, archive: Archive) -> None:
    shop = source.project("shop")
    for number in range(25):
        commit(source.repository(f"r{number:02}", shop), "refs/heads/main", {"n": str(number)})
    back_up(source, archive)
    source.remove("107")
    report = back_up(source, archive)

    line = repository_lines(archive, 2)["107"]
    assert (line.outcome, line.reason, line.saved_in) == ("gone", "it is no longer listed", 1)
    assert report.everything_is_saved
    assert refs_of(mirror(archive, "107", run=2)) == refs_of(source.git_dir("107"))
    assert_sound(archive)


def test_a_renamed_and_a_moved_repository_keep_their_place(source: ScriptedSource, archive: Archive, api: Path) -> None:
    back_up(source, archive)
    place = repository_lines(archive, 1)["100"].path
    other = source.project("other")
    source.change("100", name="renamed", namespace_id=other.id)
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    back_up(source, archive)

    line = repository_lines(archive, 2)["100"]
    assert (line.path, line.name, line.namespace, line.outcome) == (place, "renamed", other.id, "saved")
    assert refs_of(mirror(archive, "100", run=2)) == refs_of(api)


def test_a_new_repository_under_the_name_of_a_renamed_one_gets_its_own_place(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    back_up(source, archive)
    source.change("100", name="old-api")
    twin = source.repository("api", source.projects[0])
    commit(twin, "refs/heads/main", {"other": "history"})
    back_up(source, archive)

    assert repository_lines(archive, 2)["100"].path == "team/shop/api"
    assert repository_lines(archive, 2)["101"].path != "team/shop/api"
    assert refs_of(mirror(archive, "100", run=2)) == refs_of(api)
    assert refs_of(mirror(archive, "101", run=2)) == refs_of(twin)


def test_what_is_no_git_is_reported_and_left_alone(source: ScriptedSource, archive: Archive) -> None:
    source.repository("old", source.project("shop"), version_control=VersionControl.SUBVERSION)
    report = back_up(source, archive)

    assert outcomes(archive, 1) == {"100": "unsupported"}
    assert not report.everything_is_saved
    assert str(report.problems[0].cause) == "it is kept by svn, which is not supported"


def test_what_is_excluded_keeps_the_state_that_was_saved(source: ScriptedSource, archive: Archive, api: Path) -> None:
    back_up(source, archive)
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    report = back_up(source, archive, exclude=("shop/*",))
    back_up(source, archive)

    assert outcomes(archive, 2) == {"100": "excluded"}
    assert report.nothing_is_wrong
    assert not report.everything_is_saved, "where everything is left out nothing was looked for"
    assert snapshot_of(archive, "100", run=2) == snapshot_of(archive, "100", run=1)
    assert outcomes(archive, 3) == {"100": "saved"}


def test_a_trusted_listing_skips_without_a_request_and_says_so(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    back_up(source, archive)
    connections = ScriptedConnections.to(source)
    report = back_up(source, archive, connections=connections, trust_listing=True)
    source.change("100", last_push_at=datetime(2025, 1, 1, tzinfo=UTC))
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    back_up(source, archive, trust_listing=True)

    assert connections.transport.exchanges == {}
    assert repository_lines(archive, 2)["100"].proof is Proof.LISTING
    assert report.trusted == 1
    assert outcomes(archive, 3) == {"100": "saved"}


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    back_up(source, archive)
    commit(source.repository("new", source.projects[0]), "refs/heads/main", {"a": "a"})
    source.repository("old", source.projects[0], version_control=VersionControl.SUBVERSION)
    before = tree_of(archive.root)
    connections = ScriptedConnections.to(source)

    report = back_up(source, archive, connections=connections, dry_run=True)

    assert tree_of(archive.root) == before
    assert connections.transport.exchanges == {}
    assert [(plan.path, plan.intention, plan.outcome) for plan in report.planned] == [
        ("team/shop/api", Intention.ASK, None),
        ("team/shop/new", Intention.FETCH, None),
        ("team/shop/old", Intention.NOTHING, "unsupported"),
    ]


def test_a_namespace_is_saved_with_its_icon_and_documents(source: ScriptedSource, archive: Archive) -> None:
    shop = source.project("shop", display_name="码头商店", description="多行\n文字", icon_url="https://i.example/1.png")
    source.icons[shop.id] = b"\x89PNG one"
    back_up(source, archive)
    source.icons[shop.id] = b"\x89PNG two"
    back_up(source, archive)

    first, second = (next(line for line in lines(archive, run) if isinstance(line, NamespaceLine)) for run in (1, 2))
    assert (first.display_name, first.description, first.path) == ("码头商店", "多行\n文字", "team/shop")
    assert first.icon is not None
    assert archive.blobs.read(first.icon) == b"\x89PNG one"
    assert second.icon == first.icon, "an icon is fetched again only when its address changes"
    assert archive.blobs.read(first.documents["labels"]) == b'["bug"]'
    assert source.requests["icon"] == 1


def test_a_run_keeps_what_the_platform_answered_and_names_the_run_before(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    back_up(source, archive)
    back_up(source, archive)

    requests_seen = [record.request for record in read_records(archive.records(2))]
    assert requests_seen[:3] == ["account", "namespaces", "repositories"]
    assert sorted(requests_seen[3:]) == ["labels", "members"]
    first = lines(archive, 2)[0]
    end = lines(archive, 2)[-1]
    assert isinstance(first, RunLine)
    assert isinstance(end, EndLine)
    assert first.previous is not None
    assert first.previous.run == 1
    # Five answers of the platform's API, and one question for refs.
    assert end.requests == 6


def test_another_source_in_the_same_archive_is_kept_apart(
    tmp_path: Path, source: ScriptedSource, archive: Archive, api: Path
) -> None:
    other = ScriptedSource(tmp_path / "other", url="https://other.example/open-api")
    twin = other.repository("api", other.project("shop"))
    commit(twin, "refs/heads/main", {"other": "history"})

    back_up(source, archive)
    back_up(other, archive)
    back_up(source, archive)

    assert outcomes(archive, 3) == {"100": "unchanged"}
    assert mirror(archive, "100", run=2) != mirror(archive, "100", run=3)
    assert refs_of(mirror(archive, "100", run=2)) == refs_of(twin)
    assert refs_of(mirror(archive, "100", run=3)) == refs_of(api)


def test_a_cancelled_run_leaves_no_manifest_and_the_next_goes_on(
    source: ScriptedSource, archive: Archive, api: Path
) -> None:
    from matou.concurrency import Cancelled

    cancelled = threading.Event()
    connections = ScriptedConnections.to(source)
    connections.transport.before = lambda url, body: cancelled.set() if b"command=fetch" in body else None

    with pytest.raises(Cancelled):
        back_up(source, archive, connections=connections, cancelled=cancelled)

    assert not archive.manifest(1).exists()
    assert connections.was_cancelled
    back_up(source, archive)
    assert outcomes(archive, 2) == {"100": "saved"}
    assert_sound(archive)


def test_a_source_that_lacked_a_part_of_its_history_is_asked_for_it_each_run(
    source: ScriptedSource, archive: Archive, tmp_path: Path
) -> None:
    git_dir = source.repository("api", source.project("shop"))
    for number in range(4):
        commit(git_dir, "refs/heads/main", {"file": f"{number}\n"})
    git(tmp_path, "clone", "-q", "--mirror", "--no-local", git_dir.as_uri(), "whole.git")
    git(tmp_path, "clone", "-q", "--mirror", "--depth=2", git_dir.as_uri(), "shallow.git")
    shutil.rmtree(git_dir)
    (tmp_path / "shallow.git").rename(git_dir)

    back_up(source, archive)
    back_up(source, archive)
    git(git_dir, "fetch", "-q", "--unshallow", (tmp_path / "whole.git").as_uri(), "main")
    report = back_up(source, archive)
    back_up(source, archive)

    assert [outcomes(archive, run)["100"] for run in (1, 2, 3, 4)] == ["incomplete", "incomplete", "saved", "unchanged"]
    assert [repository_lines(archive, run)["100"].saved_in for run in (1, 2, 3, 4)] == [1, 1, 3, 3]
    assert report.everything_is_saved
    assert git(mirror(archive, "100", run=3), "rev-list", "--count", "main") == "4"
    assert_sound(archive)


def test_an_object_that_two_pointers_weigh_differently_is_saved_once(source: ScriptedSource, archive: Archive) -> None:
    content = b"an object of LFS"
    right = source.keep_lfs(content)
    git_dir = source.repository("api", source.project("shop"))
    commit(git_dir, "refs/heads/main", {"a": right.replace("size 16", "size 3"), "b": right})

    report = back_up(source, archive)

    line = repository_lines(archive, 1)["100"]
    assert report.everything_is_saved
    assert line.lfs is not None
    assert (line.lfs.objects, line.lfs.missing) == (1, ())
    assert archive.blobs.read(line.lfs.list).decode().split()[1] == "16"


def test_an_lfs_server_that_lfsconfig_names_is_told_and_never_asked(source: ScriptedSource, archive: Archive) -> None:
    git_dir = source.repository("api", source.project("shop"))
    config = "[lfs]\n\turl = https://me:secret@lfs.example.com/store\n"
    pointer = lfs_pointer(b"elsewhere")
    commit(git_dir, "refs/heads/main", {".lfsconfig": config, "a.bin": pointer})

    back_up(source, archive)

    reason = repository_lines(archive, 1)["100"].reason or ""
    assert outcomes(archive, 1) == {"100": "incomplete"}
    assert "lfs.example.com" in reason
    assert ".lfsconfig" in reason
    assert "secret" not in reason


def test_a_mirror_of_many_runs_has_few_packs(source: ScriptedSource, archive: Archive, api: Path) -> None:
    back_up(source, archive)
    git_dir = mirror(archive, "100", run=1)
    packed(git_dir, 21, branch="of-many-runs")
    git(git_dir, "update-ref", "-d", "refs/heads/of-many-runs")
    commit(api, "refs/heads/main", {"README.md": "two\n"})
    source.change("100", last_push_at=datetime.now(UTC))

    report = back_up(source, archive)

    assert report.everything_is_saved
    assert len(packs(git_dir)) < 4
    assert_sound(archive)
