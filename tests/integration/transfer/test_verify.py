"""`verify` finds every damage and names it, and finds none where there is none."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from integration.transfer.saved_archives import NOW, Team, commit_file, digest_of, git, make_repository, pointer_text
from matou.archive.layout import Archive
from matou.archive.lock import ArchiveBusy, lock_archive
from matou.archive.records import RecordWriter
from matou.git.refs.listing import read_refs
from matou.model.platform import Record
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import ProblemKind, Stage, VerifyProblem, VerifyReport
from support.scripted_source import ScriptedSource, back_up, commit, open_archive

API = "team/project/api"
WEB = "team/project/web"
LARGE = b"a large file"
ABSENT = b"a file that the source has lost"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs over two repositories: the last one overwrote a branch; one LFS object is missing at the source."""
    folder = tmp_path_factory.mktemp("saved")
    team = Team.create(folder / "archive")
    api, web = make_repository(folder / "api"), make_repository(folder / "web", commits=12)
    commit_file(folder / "api", "large.bin", pointer_text(LARGE))
    team.lfs[API] = {digest_of(LARGE): LARGE, digest_of(ABSENT): None}
    team.save({API: api, WEB: web})
    commit_file(folder / "web", "file.txt", "second run")
    team.save({API: api, WEB: web})
    git(folder / "web", "reset", "-q", "--hard", "HEAD~2")
    commit_file(folder / "web", "file.txt", "force-pushed")
    team.save({API: api, WEB: web})
    return folder / "archive"


@pytest.fixture
def team(saved: Path, tmp_path: Path) -> Team:
    shutil.copytree(saved, tmp_path / "archive")
    return Team(Archive.open(tmp_path / "archive"))


def check(team: Team, *, everything: bool = False) -> VerifyReport:
    return verify(team.archive, everything=everything, jobs=2, now=NOW)


def found(team: Team, kind: ProblemKind) -> list[VerifyProblem]:
    return [problem for problem in check(team).problems if problem.kind is kind]


def the_pack(team: Team, path: str = WEB) -> Path:
    return max((team.git_dir(path) / "objects" / "pack").glob("*.pack"), key=lambda pack: pack.stat().st_size)


def change(path: Path, edit: Callable[[bytes], bytes]) -> None:
    text = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(edit(text))


def with_flipped_bit(seed: int) -> Callable[[bytes], bytes]:
    def flip(text: bytes) -> bytes:
        offset = random.Random(seed).randrange(len(text))
        return text[:offset] + bytes([text[offset] ^ (1 << seed % 8)]) + text[offset + 1 :]

    return flip


def test_a_whole_archive_has_no_problems(team: Team) -> None:
    report = check(team)

    assert report.problems == ()
    assert report.is_whole
    assert (report.manifests, report.repositories, report.proven, report.ahead) == (3, 2, 2, ())
    assert report.blobs == len(list(team.archive.blobs.iterate()))


def test_what_was_proven_is_not_asked_of_git_again_unless_everything_is_wanted(team: Team) -> None:
    check(team)

    again, all_of_it = check(team), check(team, everything=True)

    assert (again.repositories, again.proven) == (2, 0)
    assert (all_of_it.repositories, all_of_it.proven) == (2, 2)


def test_only_the_repository_that_changed_is_asked_of_git_again(team: Team, tmp_path: Path) -> None:
    check(team)
    changed = make_repository(tmp_path / "changed", commits=4)
    team.save({API: changed, WEB: team.git_dir(WEB)}, publish=False)
    team.archive.run_folder(4).rmdir()

    assert check(team).proven == 1


@pytest.mark.parametrize("content", ["", "{", '{"format":2,"repositories":{}}', "\0" * 50])
def test_a_note_of_proofs_that_cannot_be_read_costs_time_and_nothing_else(team: Team, content: str) -> None:
    team.archive.proofs.write_text(content)

    report = check(team)

    assert (report.problems, report.proven) == ((), 2)


@pytest.mark.parametrize("seed", range(100))
def test_a_flipped_bit_of_a_pack_is_found_though_nothing_changed_since_the_last_proof(proven: Team, seed: int) -> None:
    pack = the_pack(proven)
    whole = pack.read_bytes()
    change(pack, with_flipped_bit(seed))

    named = [problem.path for problem in found(proven, ProblemKind.FILE)]
    pack.write_bytes(whole)

    assert named == [pack.relative_to(proven.archive.root).as_posix()]


@pytest.fixture(scope="module")
def proven(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Team:
    """A copy that was verified once, for tests that put back what they change. git itself is asked nothing there."""
    root = tmp_path_factory.mktemp("proven") / "archive"
    shutil.copytree(saved, root)
    team = Team(Archive.open(root))
    check(team)
    return team


@pytest.mark.parametrize("suffix", [".idx", ".pack"])
@pytest.mark.parametrize("cut_bytes", [1, 20, 21, 100])
def test_a_file_of_gits_that_was_cut_off_is_found(team: Team, suffix: str, cut_bytes: int) -> None:
    path = the_pack(team).with_suffix(suffix)
    change(path, lambda text: text[:-cut_bytes])

    assert path.relative_to(team.archive.root).as_posix() in [one.path for one in found(team, ProblemKind.FILE)]


@pytest.mark.parametrize("suffix", [".idx", ".pack"])
def test_a_pack_or_index_that_is_gone_is_found_by_the_objects_that_are_missing(team: Team, suffix: str) -> None:
    check(team)
    the_pack(team).with_suffix(suffix).unlink()

    problems = found(team, ProblemKind.OBJECT)

    assert problems
    assert {problem.path for problem in problems} == {f"repositories/{WEB}.git"}


@pytest.mark.parametrize("seed", range(10))
def test_a_damaged_loose_object_is_found_and_named(team: Team, seed: int, tmp_path: Path) -> None:
    pack = (team.git_dir(WEB) / "objects" / "pack").glob("*.pack")
    packed = [path.rename(tmp_path / path.name) for path in pack]
    for path in (team.git_dir(WEB) / "objects" / "pack").iterdir():
        path.unlink()
    for path in packed:
        git(team.git_dir(WEB), "unpack-objects", "-q", data=path.read_bytes())
    assert check(team).problems == ()
    loose = sorted((team.git_dir(WEB) / "objects").glob("[0-9a-f][0-9a-f]/*"))
    victim = random.Random(seed).choice(loose)
    change(victim, with_flipped_bit(seed))

    assert [one.path for one in found(team, ProblemKind.FILE)] == [victim.relative_to(team.archive.root).as_posix()]


def test_an_object_under_the_name_of_another_is_found(team: Team) -> None:
    names = [git(team.git_dir(WEB), "hash-object", "-w", "--stdin", data=data) for data in (b"one", b"two")]
    one, two = (team.git_dir(WEB) / "objects" / name[:2] / name[2:] for name in names)
    change(one, lambda _: two.read_bytes())

    (problem,) = found(team, ProblemKind.FILE)

    assert problem.path == one.relative_to(team.archive.root).as_posix()
    assert names[1] in str(problem)


def test_a_ref_whose_object_never_came_is_found_though_all_objects_are_as_they_were_proven(
    team: Team, tmp_path: Path
) -> None:
    packs = team.git_dir(WEB) / "objects" / "pack"
    git(tmp_path, "clone", "-q", "--mirror", str(team.git_dir(WEB)), "web")
    git(tmp_path, "clone", "-q", "web", "work")
    commit_file(tmp_path / "work", "new.txt", "new")
    git(tmp_path / "work", "push", "-q", "origin", "HEAD:new")
    check(team)
    before = set(packs.iterdir())
    team.save({WEB: tmp_path / "web"})
    for path in set(packs.iterdir()) - before:
        path.unlink()

    assert {problem.path for problem in found(team, ProblemKind.OBJECT)} == {f"repositories/{WEB}.git"}


def test_every_ref_that_was_lost_from_packed_refs_is_named(team: Team) -> None:
    path = team.git_dir(WEB) / "packed-refs"
    names = [name for name in read_refs(team.git_dir(WEB)).refs if not name.startswith("refs/matou/")]
    change(path, lambda text: b"".join(line for line in text.splitlines(keepends=True) if b" refs/heads/" not in line))

    problems = found(team, ProblemKind.REF)

    lost = [name for name in names if name.startswith("refs/heads/")]
    assert sorted(str(problem.detail.values["ref"]) for problem in problems) == lost
    assert all("is missing" in str(problem) for problem in problems)


def test_emptied_packed_refs_are_found_ref_by_ref_and_kept_refs_with_them(team: Team) -> None:
    listing = read_refs(team.git_dir(WEB))
    change(team.git_dir(WEB) / "packed-refs", lambda text: b"")

    report = check(team)

    named = {str(problem.detail.values.get("ref")) for problem in report.problems}
    assert named >= set(listing.refs)
    assert {problem.kind for problem in report.problems} >= {ProblemKind.REF, ProblemKind.KEPT_REF}


def test_a_ref_that_names_something_else_is_found(team: Team) -> None:
    listing = read_refs(team.git_dir(WEB))
    git(team.git_dir(WEB), "update-ref", "refs/heads/main", listing.refs[next(iter(listing.refs))] + "~1")

    (problem,) = found(team, ProblemKind.REF)

    assert problem.detail.values["ref"] == "refs/heads/main"
    assert "was saved" in str(problem)


def test_a_kept_ref_of_an_earlier_run_that_is_gone_is_found(team: Team) -> None:
    team.save({}, publish=True)
    git(team.git_dir(WEB), "update-ref", "-d", "refs/matou/kept/000003/heads/main")

    (problem,) = check(team).problems

    assert (problem.kind, problem.path) == (ProblemKind.KEPT_REF, f"repositories/{WEB}.git")
    assert "refs/matou/kept/000003/heads/main" in str(problem)


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/zz"])
def test_an_emptied_head_or_ref_is_found_and_named(team: Team, name: str) -> None:
    (team.git_dir(WEB) / name).write_bytes(b"")

    problems = found(team, ProblemKind.REF)

    assert any(name in str(problem) for problem in problems)


def test_a_head_that_points_elsewhere_is_found(team: Team) -> None:
    git(team.git_dir(WEB), "symbolic-ref", "HEAD", "refs/heads/topic")

    (problem,) = found(team, ProblemKind.HEAD)

    assert "refs/heads/topic" in str(problem)


def test_a_repository_that_is_gone_is_named_and_the_others_are_still_verified(team: Team) -> None:
    shutil.rmtree(team.git_dir(WEB))

    report = check(team)

    assert [(problem.kind, problem.path) for problem in report.problems] == [
        (ProblemKind.REPOSITORY, f"repositories/{WEB}.git")
    ]
    assert report.repositories == 2


def test_a_damaged_config_of_a_repository_does_not_pass(team: Team) -> None:
    (team.git_dir(WEB) / "config").write_text("[core\n\0")

    assert check(team).problems != ()


def test_a_missing_lfs_object_is_named_with_its_repository(team: Team) -> None:
    team.blob(digest_of(LARGE)).unlink()

    (problem,) = check(team).problems

    assert problem.kind is ProblemKind.LFS_OBJECT
    assert problem.path.endswith(digest_of(LARGE))
    assert API in str(problem)


def test_a_changed_blob_is_named(team: Team) -> None:
    for number, digest in enumerate(list(team.archive.blobs.iterate())):
        path = team.blob(digest)
        whole = path.read_bytes()
        change(path, with_flipped_bit(number))

        named = {problem.path for problem in check(team).problems if problem.kind is ProblemKind.BLOB}
        path.write_bytes(whole)

        assert named == {path.relative_to(team.archive.root).as_posix()}


def test_a_missing_blob_that_a_manifest_names_is_found_whatever_it_is(team: Team) -> None:
    for digest in list(team.archive.blobs.iterate()):
        path = team.blob(digest)
        path.rename(path.with_suffix(".away"))

        problems = check(team).problems
        path.with_suffix(".away").rename(path)

        assert digest in "\n".join(str(problem) for problem in problems)


@pytest.mark.parametrize("run", [1, 2, 3])
@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_manifest_is_a_problem_and_no_traceback(team: Team, run: int, keep: float) -> None:
    change(team.archive.manifest(run), lambda text: text[: int(len(text) * keep)])

    problems = check(team).problems

    assert f"runs/00000{run}/manifest.jsonl" in [problem.path for problem in problems]
    assert {problem.kind for problem in problems} == {ProblemKind.MANIFEST}


def test_a_manifest_that_names_a_place_outside_is_a_problem(team: Team, tmp_path: Path) -> None:
    line = team._line("team/project/x", snapshot="0" * 64)
    team.lines["x"] = msgspec.structs.replace(line, path="../../outside")
    team.save({})

    problems = found(team, ProblemKind.MANIFEST)

    assert "cannot be used" in str(problems[0])


def test_what_a_cut_off_run_fetched_is_no_damage(team: Team, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--no-hardlinks", str(team.git_dir(WEB)), "web")
    commit_file(tmp_path / "web", "file.txt", "a later push")
    git(tmp_path / "web", "reset", "-q", "--hard", "HEAD~3")
    commit_file(tmp_path / "web", "file.txt", "a force-push")
    git(tmp_path / "web", "branch", "-q", "topic", "origin/topic")
    team.save({WEB: tmp_path / "web" / ".git"}, publish=False)

    report = check(team)

    assert report.problems == ()
    assert report.ahead == (WEB,)


def test_a_cut_off_run_does_not_hide_a_tip_that_is_lost(team: Team) -> None:
    team.archive.begin_run()
    git(team.git_dir(WEB), "update-ref", "-d", "refs/heads/main")

    (problem,) = found(team, ProblemKind.REF)

    assert "refs/heads/main is missing" in str(problem)


def test_repositories_of_the_other_object_format_are_verified_too(tmp_path: Path) -> None:
    team = Team.create(tmp_path / "archive")
    team.save({WEB: make_repository(tmp_path / "web", object_format="sha256")})

    whole = check(team)
    change(the_pack(team), with_flipped_bit(5))

    assert whole.problems == ()
    assert [one.path for one in found(team, ProblemKind.FILE)] == [
        the_pack(team).relative_to(team.archive.root).as_posix()
    ]


def test_an_archive_that_somebody_writes_to_is_not_verified(team: Team) -> None:
    with lock_archive(team.archive.root, now=NOW), pytest.raises(ArchiveBusy):
        check(team)


def test_an_archive_without_a_run_is_not_called_whole(tmp_path: Path) -> None:
    report = check(Team.create(tmp_path / "archive"))

    assert (report.problems, report.is_whole) == ((), False)


@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_records_that_are_not_what_the_manifest_names_are_found(tmp_path: Path, harm: str) -> None:
    source = ScriptedSource(tmp_path / "source")
    commit(source.repository("api", source.project("shop")), "refs/heads/main", {"f": "x"})
    archive = open_archive(tmp_path / "archive")
    back_up(source, archive)
    records = archive.records(1)
    whole = verify(archive, everything=False, jobs=1, now=NOW)
    harmed = records.read_bytes() * 2
    records.unlink()
    for content in [harmed] * (harm == "changed"):
        records.write_bytes(content)

    (problem,) = verify(archive, everything=False, jobs=1, now=NOW).problems

    assert whole.problems == ()
    assert (problem.kind, problem.path) == (ProblemKind.RECORDS, "runs/000001/records.jsonl.zst")


def test_records_that_no_manifest_names_prove_themselves(team: Team) -> None:
    """As the archives of yesterday have them."""
    with RecordWriter(team.archive.records(1)) as writer:
        writer(Record(NOW, "DescribeTeam", {}, 200, b"{}" * 1000))
    whole = check(team)
    change(team.archive.records(1), with_flipped_bit(3))

    assert whole.problems == ()
    assert [problem.path for problem in found(team, ProblemKind.RECORDS)] == ["runs/000001/records.jsonl.zst"]


def test_a_manifest_names_its_records(tmp_path: Path) -> None:
    source = ScriptedSource(tmp_path / "source")
    archive = open_archive(tmp_path / "archive")
    back_up(source, archive)
    first = json.loads(archive.manifest(1).read_bytes().split(b"\n")[0])

    assert set(first) <= {"kind", "format", "run", "started_at", "source", "previous", "options", "records", "matou"}
    assert first["records"] == hashlib.sha256(archive.records(1).read_bytes()).hexdigest()
    assert first["format"] == 2


def test_progress_is_told_to_the_end(team: Team) -> None:
    told: list[tuple[Stage, int, int]] = []

    verify(
        team.archive,
        everything=False,
        jobs=2,
        now=NOW + timedelta(days=1),
        progress=lambda stage, done, expected: told.append((stage, done, expected)),
    )

    blobs = len(list(team.archive.blobs.iterate()))
    assert told[:2] == [(Stage.REPOSITORIES, 1, 2), (Stage.REPOSITORIES, 2, 2)]
    assert told[-1] == (Stage.BLOBS, blobs, blobs)


def test_a_file_where_the_blobs_should_be_is_damage_that_is_told(team: Team) -> None:
    blobs = team.archive.root / "blobs"
    blobs.rename(blobs.with_name("away"))
    blobs.write_bytes(b"no folder")

    assert {problem.kind for problem in check(team).problems} >= {ProblemKind.SNAPSHOT}
