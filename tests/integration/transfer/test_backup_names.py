"""Names that a platform chose to hurt us, or that only look the same (test catalogue, B-01 to B-10)."""

import hashlib
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from matou.archive.layout import Archive
from matou.fs import WriteFailed
from matou.git.repository import create_bare
from matou.http.addresses import UnsafeAddress
from matou.model.names import RepositoryPath, fault_of_segment
from matou.transfer.restore.command import restore
from matou.transfer.verify.command import verify
from support.scripted_source import (
    TOKEN,
    ScriptedConnections,
    ScriptedSource,
    assert_sound,
    back_up,
    commit,
    git,
    mirror,
    open_archive,
    outcomes,
    refs_of,
    repository_lines,
)

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
HOSTILE = [
    "../../etc/cron.d/x",
    "..",
    ".",
    "",
    "/absolute",
    "a/b",
    "back\\slash",
    "-rf",
    "--upload-pack=touch canary",
    "CON",
    "NUL.txt",
    "aux",
    "COM1",
    "trailing.",
    "trailing ",
    "name.git",
    "name.lock",
    "line\nbreak",
    "nul\0byte",
    "\x1b]0;title\x07\x1b[31m",
    "b\u200bidden",
    "\u202egnp.exe",
    "\u0430pi",
    "api",
    "API",
    "\uff41\uff50\uff49",
    "x" * 300,
    "码" * 100,
    "e\u0301",
    "\u00e9",
]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return open_archive(tmp_path / "deep" / "er" / "archive")


def test_hostile_names_get_safe_places_of_their_own_and_keep_their_true_names(
    tmp_path: Path, source: ScriptedSource, archive: Archive
) -> None:
    shop = source.project("../shop\0")
    for name in HOSTILE:
        commit(source.repository(name, shop), "refs/heads/main", {"name": name.encode("utf-8", "surrogatepass")})

    report = back_up(source, archive)
    back_up(source, archive)

    assert report.everything_is_saved
    rows = repository_lines(archive, 2)
    assert [rows[str(100 + number)].name for number in range(len(HOSTILE))] == HOSTILE
    assert len({row.path.casefold() for row in rows.values()}) == len(HOSTILE)
    assert {fault_of_segment(part) for row in rows.values() for part in row.path.split("/")} == {None}
    assert set(outcomes(archive, 2).values()) == {"unchanged"}
    for id_ in rows:
        assert refs_of(mirror(archive, id_, run=2)) == refs_of(source.git_dir(id_))
    outside = [path for path in tmp_path.rglob("*") if not path.is_relative_to(archive.root)]
    assert [path.name for path in outside if path.name in {"x", "canary", "cron.d"}] == []
    assert_sound(archive)


def test_two_repositories_with_the_same_path_are_kept_apart_by_id(source: ScriptedSource, archive: Archive) -> None:
    shop = source.project("shop")
    for content in ("one", "two"):
        commit(source.repository("same", shop), "refs/heads/main", {"a": content})

    back_up(source, archive)
    source.depots.reverse()
    back_up(source, archive)

    assert repository_lines(archive, 2)["100"].path == "team/shop/same"
    assert re.fullmatch(r"team/shop/same~[0-9a-f]{8}", repository_lines(archive, 2)["101"].path)
    assert outcomes(archive, 2) == {"100": "unchanged", "101": "unchanged"}


def test_a_repository_that_was_made_in_a_place_given_to_a_source_is_not_written_to(
    source: ScriptedSource, archive: Archive
) -> None:
    """The place was given by a run that could not save what was to stand there."""
    there = source.repository("ship", source.project("shop"))
    commit(there, "refs/heads/main", {"a": "theirs"})
    away = there.rename(there.with_name("away"))
    back_up(source, archive)
    ours = archive.repository(RepositoryPath.parse(repository_lines(archive, 1)["100"].path))
    create_bare(ours)
    commit(ours, "refs/heads/main", {"a": "ours"})
    before = refs_of(ours)
    away.rename(there)

    back_up(source, archive)
    back_up(source, archive)

    assert refs_of(ours) == before
    assert [outcomes(archive, run) for run in (2, 3)] == [{"100": "saved"}, {"100": "unchanged"}]
    assert re.fullmatch(r"team/shop/ship~[0-9a-f]{8}", repository_lines(archive, 3)["100"].path)
    assert refs_of(mirror(archive, "100", run=3)) == refs_of(there)


def change_object_format(git_dir: Path, object_format: str) -> None:
    shutil.rmtree(git_dir)
    git_dir.mkdir()
    git(git_dir, "init", "-q", "--bare", "-b", "main", f"--object-format={object_format}", ".")
    git(git_dir, "config", "uploadpack.allowFilter", "true")
    commit(git_dir, "refs/heads/main", {"a": f"as {object_format}"})


def test_a_repository_whose_objects_have_other_names_now_is_saved_beside_what_was_saved(
    source: ScriptedSource, archive: Archive, tmp_path: Path
) -> None:
    there = source.repository("ship", source.project("shop"))
    commit(there, "refs/heads/main", {"a": "a"})
    back_up(source, archive)
    first = refs_of(mirror(archive, "100", run=1))

    change_object_format(there, "sha256")
    report = back_up(source, archive)
    back_up(source, archive)

    assert report.everything_is_saved
    assert [outcomes(archive, run) for run in (2, 3)] == [{"100": "saved"}, {"100": "unchanged"}]
    assert repository_lines(archive, 2)["100"].path != repository_lines(archive, 1)["100"].path
    assert "team/shop/ship" in (repository_lines(archive, 2)["100"].reason or "")
    assert refs_of(mirror(archive, "100", run=3)) == refs_of(there)
    assert verify(archive, everything=True, jobs=1, now=NOW).problems == ()
    assert restore(archive, to=tmp_path / "old", at=1, now=NOW).problems == ()
    assert restore(archive, to=tmp_path / "new", now=NOW).problems == ()
    assert refs_of(tmp_path / "old/team/shop/ship.git") == first


def test_what_goes_back_and_forth_between_object_formats_loses_nothing(
    source: ScriptedSource, archive: Archive
) -> None:
    there = source.repository("ship", source.project("shop"))
    commit(there, "refs/heads/main", {"a": "a"})
    back_up(source, archive)
    for object_format in ("sha256", "sha1", "sha256"):
        change_object_format(there, object_format)
        back_up(source, archive)

    assert [outcomes(archive, run)["100"] for run in (2, 3, 4)] == ["saved"] * 3
    assert refs_of(mirror(archive, "100", run=4)) == refs_of(there)
    assert verify(archive, everything=True, jobs=1, now=NOW).problems == ()


def test_a_failure_beside_leaves_the_line_of_what_was_saved(source: ScriptedSource, archive: Archive) -> None:
    there = source.repository("ship", source.project("shop"))
    commit(there, "refs/heads/main", {"a": "a"})
    back_up(source, archive)
    change_object_format(there, "sha256")
    connections = ScriptedConnections.to(source)
    connections.transport.before = refuse_fetches

    back_up(source, archive, connections=connections)
    back_up(source, archive)

    lines = [repository_lines(archive, run)["100"] for run in (1, 2, 3)]
    assert [line.outcome.value for line in lines] == ["saved", "failed", "saved"]
    assert (lines[1].path, lines[1].snapshot) == (lines[0].path, lines[0].snapshot)
    assert refs_of(mirror(archive, "100", run=3)) == refs_of(there)


def refuse_fetches(_url: str, body: bytes) -> None:
    if b"command=fetch" in body:
        raise UnsafeAddress("not now")


def test_a_repository_that_is_listed_twice_is_saved_once(source: ScriptedSource, archive: Archive) -> None:
    commit(source.repository("api", source.project("shop")), "refs/heads/main", {"a": "a"})
    source.depots *= 2

    back_up(source, archive)

    assert outcomes(archive, 1) == {"100": "saved"}


def test_a_repository_of_a_project_that_is_not_listed_has_a_line_for_it(
    source: ScriptedSource, archive: Archive
) -> None:
    commit(source.repository("api", source.project("hidden")), "refs/heads/main", {"a": "a"})
    source.projects.clear()

    back_up(source, archive)
    back_up(source, archive)

    assert outcomes(archive, 2) == {"100": "unchanged"}
    assert repository_lines(archive, 2)["100"].path == "team/p1/api"


def test_refs_that_a_repository_cannot_hold_are_named(source: ScriptedSource, archive: Archive) -> None:
    git_dir = source.repository("api", source.project("shop"))
    made = commit(git_dir, "refs/heads/main", {"a": "a"})
    packed = f"# pack-refs with: peeled fully-peeled sorted \n{made} refs/heads/main\n{made} refs/matou/kept/000001/x\n"
    (git_dir / "packed-refs").write_text(packed)

    first = back_up(source, archive)
    back_up(source, archive)

    assert outcomes(archive, 1) == {"100": "incomplete"}
    assert outcomes(archive, 2) == {"100": "incomplete"}
    assert repository_lines(archive, 2)["100"].not_stored == ("refs/matou/kept/000001/x",)
    assert not first.everything_is_saved
    assert_sound(archive)


def test_the_token_is_nowhere_in_the_archive(source: ScriptedSource, archive: Archive) -> None:
    commit(source.repository("api", source.project("shop")), "refs/heads/main", {"a": "a"})

    back_up(source, archive)

    secrets = (TOKEN.encode(), b"Basic ", b"extraHeader")
    assert [
        path for path in archive.root.rglob("*") if path.is_file() and any(s in path.read_bytes() for s in secrets)
    ] == []


def name_in_manifest(archive: Archive, run: int, id_: str, path: str) -> None:
    """As whoever hands an archive on may write it."""
    manifest = archive.manifest(run)
    *lines, end, _ = manifest.read_bytes().split(b"\n")
    rows = [msgspec.json.decode(line) for line in lines]
    for row in rows:
        if row["kind"] == "repository" and row["id"] == id_:
            row["path"] = path
    encoded = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
    sealed = msgspec.json.decode(end)
    sealed["sha256"] = hashlib.sha256(encoded).hexdigest()
    manifest.chmod(0o644)
    manifest.write_bytes(encoded + msgspec.json.encode(sealed) + b"\n")


@pytest.mark.parametrize(
    "path", ["../../outside", "alone", "a/" * 2000 + "b", "a/b\0c", "x" * 120 + ("/" + "x" * 120) * 40]
)
def test_a_path_that_cannot_be_in_a_manifest_is_that_repositorys_fault_alone(
    archive: Archive, tmp_path: Path, path: str
) -> None:
    source = ScriptedSource(tmp_path / "source")
    shop = source.project("shop")
    for name in ("api", "web"):
        commit(source.repository(name, shop), "refs/heads/main", {"a": name})
    back_up(source, archive)
    name_in_manifest(archive, 1, "100", path)

    report = back_up(source, archive)

    assert outcomes(archive, 2) == {"100": "saved", "101": "unchanged"}
    assert any("runs/000001/manifest.jsonl" in str(note) for note in report.notes)
    assert refs_of(mirror(archive, "100", run=2)) == refs_of(source.git_dir("100"))
    assert not (tmp_path / "deep" / "outside.git").exists()
    assert back_up(source, archive).notes == ()


def test_a_file_where_the_blobs_should_be_is_told_as_what_cannot_be_written(archive: Archive, tmp_path: Path) -> None:
    source = ScriptedSource(tmp_path / "source")
    commit(source.repository("api", source.project("shop")), "refs/heads/main", {"a": "1"})
    (archive.root / "blobs").rename(tmp_path / "away")
    (archive.root / "blobs").write_bytes(b"no folder")

    with pytest.raises(WriteFailed, match="blobs"):
        back_up(source, archive)
