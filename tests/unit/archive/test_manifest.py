"""Manifests say what was written and nothing else: every other byte, order and count is found."""

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import UUID

import msgspec
import pytest

from matou.archive.layout import Archive, NewerFormat
from matou.archive.manifest import (
    DamagedManifest,
    EndLine,
    LfsState,
    Line,
    ListingState,
    ManifestWriter,
    NamespaceLine,
    Outcome,
    PreviousRunRef,
    Proof,
    RepositoryLine,
    RunLine,
    SourceLine,
    UnseenLine,
    read_manifest,
    read_run_line,
)
from matou.archive.manifest.format_2 import write_line
from matou.archive.run_history import (
    NoSuchRun,
    SourceKey,
    checked_lines,
    faults_of_chain,
    manifest_of,
    previous_run,
    read_end_line,
    read_history,
    source_key,
)
from matou.model.platform import VersionControl, Visibility

NOW = datetime(2026, 11, 21, 8, 0, 0, 250_000, tzinfo=UTC)
CODING = SourceLine(platform="coding", url="https://e.coding.net/open-api", account="42", team="team", team_id="7")
GITEE = SourceLine(platform="gitee", url="https://gitee.com/api/v5", account="someone")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive", now=NOW, identifier=UUID(int=1))


FORMAT_2 = '"format":2,'
MORE = ('{"kind":"surprise"}', '{"kind":"unseen","what":"w","reason":"r","more":1}')
"""What format 1 calls damage, and format 2 a later Matou's."""


def run_line(archive: Archive, run: int, source: SourceLine = CODING) -> RunLine:
    return RunLine(
        format=1, run=run, started_at=NOW.replace(microsecond=0), source=source, previous=previous_run(archive),
        options={"jobs": 2}, matou="0.1.0",
    )  # fmt: skip


def namespace_line(identifier: str = "1") -> NamespaceLine:
    return NamespaceLine(
        id=identifier, name="project", path="team/project", display_name="项目", created_at=NOW, archived=False,
        seen=True, documents={"labels": "0" * 64},
    )  # fmt: skip


def repository_line(identifier: str = "42", outcome: Outcome = Outcome.SAVED, **values: object) -> RepositoryLine:
    return RepositoryLine(
        id=identifier, namespace="1", name="repository", path="team/project/repository", clone_url="https://x/y.git",
        version_control=VersionControl.GIT, visibility=Visibility.PRIVATE, outcome=outcome, **values,  # type: ignore[arg-type]
    )  # fmt: skip


def write_run(
    archive: Archive, *lines: NamespaceLine | RepositoryLine | UnseenLine, source: SourceLine = CODING
) -> Path:
    run = archive.begin_run()
    writer = ManifestWriter(archive, run_line(archive, run, source))
    for line in lines:
        writer.write(line)
    writer.publish(finished_at=NOW, requests=14, listing=ListingState.COMPLETE)
    return archive.manifest(run)


def test_the_lines_are_those_of_the_format_page(archive: Archive) -> None:
    repository = repository_line(
        description="d", created_at=NOW, last_push_at=NOW, default_branch="main", snapshot="1" * 64, saved_in=7,
        refs=12, kept=("refs/matou/kept/000007/heads/main",),
        lfs=LfsState(list="2" * 64, objects=3, missing=("3" * 64,)),
        received_bytes=48_211_003, seconds=1.52, proof=Proof.LS_REFS, reason="why",
    )  # fmt: skip

    path = write_run(archive, namespace_line(), repository, UnseenLine(what="project 9", reason="no right"))

    run, namespace, saved, unseen, end = (json.loads(line) for line in path.read_text().splitlines())
    assert list(run) == ["kind", "format", "run", "started_at", "source", "options", "matou"]
    assert run["format"] == 2
    assert run["started_at"] == "2026-11-21T08:00:00Z"
    assert namespace == {
        "kind": "namespace", "id": "1", "name": "project", "path": "team/project", "display_name": "项目",
        "created_at": "2026-11-21T08:00:00.250000Z", "archived": False, "documents": {"labels": "0" * 64}, "seen": True,
    }  # fmt: skip
    assert list(saved) == [
        "kind", "id", "namespace", "name", "path", "description", "clone_url", "version_control", "visibility",
        "created_at", "last_push_at", "default_branch", "outcome", "proof", "reason", "snapshot", "saved_in", "refs",
        "kept", "lfs", "bytes", "seconds",
    ]  # fmt: skip
    assert unseen == {"kind": "unseen", "what": "project 9", "reason": "no right"}
    assert {**end, "sha256": ""} == {
        "kind": "end", "finished_at": "2026-11-21T08:00:00Z", "outcomes": {"saved": 1}, "bytes": 48_211_003,
        "requests": 14, "listing": "complete", "rows": 4, "sha256": "",
    }  # fmt: skip


def test_what_was_written_is_what_is_read(archive: Archive) -> None:
    lines = (
        namespace_line(),
        repository_line("1"),
        repository_line("2", Outcome.INCOMPLETE, not_stored=("refs/heads/\udcff\udcfe",), reason="坏"),
        UnseenLine(what="a", reason="b"),
    )

    path = write_run(archive, *lines)

    first, *middle, end = read_manifest(path)
    assert isinstance(first, RunLine)
    assert tuple(middle) == lines
    assert isinstance(end, EndLine)
    assert end.outcomes == {Outcome.SAVED: 1, Outcome.INCOMPLETE: 1}
    assert read_end_line(path) == end


def test_lines_out_of_order_are_our_own_fault(archive: Archive) -> None:
    writer = ManifestWriter(archive, run_line(archive, archive.begin_run()))
    writer.write(repository_line())

    with pytest.raises(ValueError, match="a NamespaceLine in a manifest: it is out of place"):
        writer.write(namespace_line())
    writer.close()


def test_a_manifest_that_was_not_published_is_no_manifest(archive: Archive) -> None:
    run = archive.begin_run()
    writer = ManifestWriter(archive, run_line(archive, run))
    writer.write(repository_line())
    writer.close()

    assert not archive.manifest(run).exists()
    assert read_history(archive).paths == ()
    with pytest.raises(NoSuchRun, match="run 1"):
        manifest_of(archive, run)


def flip_a_bit(text: bytes, where: random.Random) -> bytes:
    # What only the next manifest covers: when the run ended, and how many requests it made.
    spared = {*range(text.index(b'"finished_at"'), text.index(b'"outcomes"', text.index(b'"finished_at"')))}
    spared |= {*range(text.index(b'"requests"'), text.index(b'"listing"'))}
    offset = where.choice([offset for offset in range(len(text)) if offset not in spared])
    return text[:offset] + bytes([text[offset] ^ (1 << where.randrange(8))]) + text[offset + 1 :]


def cut(text: bytes, where: random.Random) -> bytes:
    return text[: where.randrange(len(text))]


def without_a_line(text: bytes, where: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    del lines[where.randrange(len(lines))]
    return b"".join(lines)


def a_line_twice(text: bytes, where: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join([*lines, lines[where.randrange(len(lines))]])


@pytest.mark.parametrize("damage", [flip_a_bit, cut, without_a_line, a_line_twice])
@pytest.mark.parametrize("seed", range(60))
def test_any_damage_to_a_manifest_is_found_and_named(
    archive: Archive, damage: Callable[[bytes, random.Random], bytes], seed: int
) -> None:
    path = write_run(archive, namespace_line(), *(repository_line(str(number)) for number in range(5)))
    text = path.read_bytes()
    damaged = damage(text, random.Random(seed))
    path.write_bytes(damaged)

    with pytest.raises(DamagedManifest, match=r"000001/manifest\.jsonl"):
        list(read_manifest(path))


NO_LINES = (
    *MORE,
    '{"kind":"unseen","what":1,"reason":"r"}',
    '{"kind":"unseen","what":"w"}',
    '{"what":"w","reason":"r"}',
    "[]",
    "",
    "{",
    "[" * 100_000,
    '{"kind":"unseen","what":"w","reason":"r"} x',
)


@pytest.mark.parametrize(
    ("number", "line"),
    [(number, line) for number in (1, 2) for line in NO_LINES if number == 1 or line not in MORE],
)
def test_a_line_that_the_format_does_not_know_is_damage_with_its_number(
    archive: Archive, line: str, number: int
) -> None:
    path = write_run(archive)
    first, _ = path.read_text().splitlines()
    path.write_text(first.replace(FORMAT_2, f'"format":{number},') + f"\n{line}\n")

    with pytest.raises(DamagedManifest, match="line 2"):
        list(read_manifest(path))


def published(archive: Archive, *texts: str) -> Path:
    """A manifest of these lines, with the right numbers and digest at its end."""
    path = write_run(archive)
    first, end = path.read_bytes().splitlines(keepends=True)
    content = first + b"".join(f"{text}\n".encode() for text in texts)
    outcomes = Counter(outcome for text in texts if (outcome := json.loads(text).get("outcome")))
    said = {
        **json.loads(end),
        "outcomes": outcomes,
        "rows": 1 + len(texts),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    path.write_bytes(content + json.dumps(said, separators=(",", ":")).encode() + b"\n")
    return path


REPOSITORY = json.loads(write_line(repository_line()))
NAMESPACE = json.loads(write_line(namespace_line()))
END_OF_TIME = "9999-12-31T23:59:59-23:59"
BEFORE_TIME = "0001-01-01T00:00:00+23:59"


@pytest.mark.parametrize(
    "line",
    [
        *({**REPOSITORY, name: "a\ud800"} for name in ("id", "namespace", "name", "path", "description", "clone_url")),
        *({**REPOSITORY, name: 2**63} for name in ("refs", "saved_in", "bytes")),
        *({**REPOSITORY, name: -1} for name in ("refs", "saved_in", "bytes", "seconds")),
        {**REPOSITORY, "seconds": float("nan")},
        {**REPOSITORY, "lfs": {"list": "0" * 64, "objects": 10**400}},
        *({**REPOSITORY, "last_push_at": moment} for moment in (END_OF_TIME, BEFORE_TIME)),
        {**NAMESPACE, "created_at": BEFORE_TIME},
        {**NAMESPACE, "display_name": "\udcff"},
        {**REPOSITORY, "*unknown*": '{"path":"../x"}'},
        {**REPOSITORY, "documents": {"*unknown*": "0" * 64}},
        {**REPOSITORY, "metadata": {"kinds": {"*unknown*": {"state": "complete"}}}},
    ],
)
def test_values_that_no_computer_could_use_are_damage(archive: Archive, line: dict[str, object]) -> None:
    """A database took none of them, and `reindex`, `runs` and `status` ended with a traceback."""
    path = published(archive, json.dumps(line))

    with pytest.raises(DamagedManifest, match="line 2"):
        list(read_manifest(path))


@pytest.mark.parametrize(
    "said",
    [
        {"started_at": END_OF_TIME},
        {"run": 2**63},
        {"run": -1},
        {"source": {"platform": "coding", "url": "http://[::1", "account": "a"}},
        {"source": {"platform": "coding", "url": "http://a/\ud800", "account": "a"}},
    ],
)
@pytest.mark.parametrize("number", [1, 2])
def test_a_first_line_that_no_computer_could_use_is_damage(
    archive: Archive, said: dict[str, object], number: int
) -> None:
    path = write_run(archive)
    first, end = path.read_text().splitlines(keepends=True)
    path.write_text(json.dumps({**json.loads(first), "format": number, **said}) + "\n" + end)

    with pytest.raises(DamagedManifest, match="line 1"):
        read_run_line(path)


def test_a_ref_that_is_not_utf8_is_none(archive: Archive) -> None:
    path = published(archive, json.dumps({**REPOSITORY, "default_branch": "\udcff", "kept": ["refs/kept/\udcff"]}))

    assert len(list(read_manifest(path))) == 3


@pytest.mark.parametrize("line", MORE)
def test_what_a_later_matou_adds_to_format_2_is_no_damage(archive: Archive, line: str) -> None:
    path = published(archive, line)

    assert len(list(read_manifest(path))) == 3
    assert list(faults_of_chain(archive)) == []


def test_fields_that_are_not_known_are_written_again_with_the_line(archive: Archive) -> None:
    """Also those of what stands within it, and beside a ref that is not UTF-8."""
    said = {
        **json.loads(write_line(repository_line(lfs=LfsState(list="2" * 64, objects=3), not_stored=("refs/\udcff",)))),
        "metadata": {
            "commit": "1" * 40,
            "kinds": {"issue": {"items": 812, "state": "complete", "tides": [1]}},
            "moon": [],
        },
    }
    said["lfs"]["checked"] = True
    path = published(archive, json.dumps(said))

    line = list(read_manifest(path))[1]
    again = write_run(archive, cast("RepositoryLine", msgspec.structs.replace(line, reason="why")))

    assert isinstance(line, RepositoryLine)
    assert hash(line.lfs) != hash(LfsState(list="2" * 64, objects=3))
    assert json.loads(again.read_text().splitlines()[1]) == {**said, "reason": "why"}


def test_a_repository_can_carry_documents(archive: Archive) -> None:
    path = write_run(archive, repository_line(documents={"labels": "3" * 64}))

    assert json.loads(path.read_text().splitlines()[1])["documents"] == {"labels": "3" * 64}
    assert list(read_manifest(path))[1] == repository_line(documents={"labels": "3" * 64})


def test_the_records_of_a_run_of_format_1_are_found_among_its_options(archive: Archive) -> None:
    path = write_run(archive)
    first = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps({**first, "format": 1, "options": {"records_sha256": "4" * 64}}) + "\n")

    assert read_run_line(path).records == "4" * 64


@pytest.mark.parametrize("more", [{"records": "4" * 64}, {"features": ["x"]}, {"documents": {}}])
def test_what_format_2_has_is_damage_in_format_1(archive: Archive, more: dict[str, object]) -> None:
    path = write_run(archive)
    first = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps({**first, "format": 1, **more}) + "\n")

    with pytest.raises(DamagedManifest, match="line 1"):
        read_run_line(path)


@pytest.mark.parametrize("more", [{"format": 3}, {"features": ["tides"]}])
def test_a_manifest_of_a_later_format_is_damage_only_where_the_archive_says_nothing_of_it(
    archive: Archive, more: dict[str, object]
) -> None:
    path = write_run(archive)
    first = json.loads(path.read_text().splitlines()[0])
    path.write_text(json.dumps({**first, **more}) + "\n")

    with pytest.raises(DamagedManifest, match="line 1"):
        read_run_line(path)

    identity = archive.root / "archive.json"
    identity.write_text(json.dumps({**json.loads(identity.read_text()), **more}))

    with pytest.raises(NewerFormat, match="written by a newer Matou"):
        read_run_line(path)


def test_a_time_without_a_zone_is_damage(archive: Archive) -> None:
    path = write_run(archive)
    path.write_text(path.read_text().replace("08:00:00Z", "08:00:00"))

    with pytest.raises(DamagedManifest, match="line 1"):
        list(read_manifest(path))


def test_a_manifest_is_checked_to_its_end_before_its_first_line_is_given_out(archive: Archive) -> None:
    path = write_run(archive, *(repository_line(str(number)) for number in range(3)))
    path.write_bytes(path.read_bytes()[:-2])

    with pytest.raises(DamagedManifest):
        next(checked_lines(path))


def test_each_manifest_names_the_one_before_it(archive: Archive) -> None:
    paths = [write_run(archive, source=source) for source in (CODING, GITEE, CODING)]

    firsts = [next(read_manifest(path)) for path in paths]

    assert [isinstance(line, RunLine) and line.previous and line.previous.run for line in firsts] == [None, 1, 2]
    assert list(faults_of_chain(archive)) == []


def test_interrupted_runs_are_passed_over(archive: Archive) -> None:
    write_run(archive, repository_line("1"))
    interrupted = ManifestWriter(archive, run_line(archive, archive.begin_run()))
    interrupted.close()
    newest = write_run(archive, repository_line("2"))
    archive.begin_run()

    lines: list[Line] = list(read_history(archive).lines(source_key(CODING)))

    assert newest == archive.manifest(3)
    assert repository_line("2") in lines
    assert list(faults_of_chain(archive)) == []


def test_each_source_has_its_own_newest_manifest(archive: Archive) -> None:
    first, second, third = (write_run(archive, source=source) for source in (CODING, GITEE, CODING))

    history = read_history(archive)
    assert history.newest == {source_key(GITEE): (2, second), source_key(CODING): (3, third)}
    assert history.paths == (second, third)
    assert read_history(archive, at=2).paths == (first, second)
    assert list(history.lines(SourceKey("github", "github.com", "x"))) == []
    with pytest.raises(NoSuchRun, match="run 9"):
        read_history(archive, at=9)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (SourceLine(platform="coding", url="https://E.coding.net/other", account="9", team_id="7"), True),
        (SourceLine(platform="coding", url="https://e.coding.net/open-api", account="42", team_id="8"), False),
        (SourceLine(platform="coding", url="https://my.example/open-api", account="42", team_id="7"), False),
        (SourceLine(platform="gitee", url="https://e.coding.net/open-api", account="42", team_id="7"), False),
    ],
)
def test_a_source_is_its_platform_its_host_and_its_team(other: SourceLine, same: bool) -> None:
    assert (source_key(other) == source_key(CODING)) is same


@pytest.mark.parametrize("victim", [1, 2])
def test_a_manifest_that_was_rewritten_whole_breaks_the_chain(archive: Archive, victim: int) -> None:
    for _ in range(3):
        write_run(archive, repository_line())
    forged = Archive.create(archive.root.parent / "forged", now=NOW, identifier=UUID(int=2))
    for _ in range(3):
        write_run(forged, repository_line("13"))
    archive.manifest(victim).write_bytes(forged.manifest(victim).read_bytes())

    faults = list(faults_of_chain(archive))

    assert archive.manifest(victim + 1) in [fault.path for fault in faults]


def test_a_manifest_that_was_removed_breaks_the_chain(archive: Archive) -> None:
    for _ in range(3):
        write_run(archive)
    archive.manifest(2).unlink()

    (fault,) = faults_of_chain(archive)

    assert fault.path == archive.manifest(3)
    assert "run 2" in str(fault.error)


def test_a_manifest_in_the_folder_of_another_run_is_found(archive: Archive) -> None:
    write_run(archive)
    archive.run_folder(1).rename(archive.run_folder(4))

    (fault,) = faults_of_chain(archive)

    assert str(fault.error).endswith("says that it is run 1")


def test_the_previous_run_is_named_with_the_digest_of_its_whole_file(archive: Archive) -> None:
    path = write_run(archive)

    assert previous_run(archive) == PreviousRunRef(run=1, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
