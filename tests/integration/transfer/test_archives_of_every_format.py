"""An archive of an older format is read for ever, and becomes one of the newest with its next run."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from matou.archive.layout import FORMAT, Archive, NewerFormat
from matou.archive.manifest import NamespaceLine, RunLine, read_run_line
from matou.archive.metadata import open_metadata
from matou.model.metadata.kinds import ISSUE
from matou.model.names import NamespacePath
from matou.settings import Settings
from matou.transfer.backup.metadata.rebuild import Rebuilt
from matou.transfer.verify.command import verify
from matou.transfer.verify.report import ProblemKind
from matou.wiring import rebuild_metadata
from support.archive_fixture import FIRST, SECOND, change_source, scripted_source, unpack
from support.scripted_source import CLOCK, ScriptedSource, back_up, git, lines, mirror, outcomes, refs_of

FOLDER = Path(__file__).parents[2] / "data/archives"
ARCHIVES = sorted(FOLDER.glob("*.tar.gz"))
KEPT = "refs/matou/kept/000002/heads/main"


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    return Archive.open(unpack(request.param, tmp_path))


@pytest.fixture
def source(archive: Archive, tmp_path: Path) -> ScriptedSource:
    """As it was when the archive's last run ended."""
    found = lines(archive, 2)
    source = scripted_source(tmp_path, project=next(line.id for line in found if isinstance(line, NamespaceLine)))
    assert isinstance(found[0], RunLine)
    source.url = found[0].source.url
    change_source(source)
    return source


def format_in(archive: Archive) -> int:
    number: int = json.loads((archive.root / "archive.json").read_text())["format"]
    return number


def test_what_it_has_is_all_there(archive: Archive) -> None:
    report = verify(archive, everything=True, jobs=2, now=CLOCK)

    assert report.problems == ()
    assert report.manifests == 2
    assert outcomes(archive, 2)["101"] == "gone"
    assert all(isinstance(lines(archive, run)[0], RunLine) for run in (1, 2))
    assert read_run_line(archive.manifest(2)).records is not None
    git_dir = mirror(archive, "100", run=2)
    assert git(git_dir, "show", "main:README.md") + "\n" == SECOND
    assert git(git_dir, "show", f"{KEPT}:README.md") + "\n" == FIRST


def test_what_was_said_is_there_and_is_what_its_records_give(tmp_path: Path) -> None:
    archive = Archive.open(unpack(FOLDER / "format-2-metadata.tar.gz", tmp_path))
    issues = open_metadata(archive.metadata(NamespacePath.parse("team/shop")))
    titles = [getattr(issue, "title", "") for issue in issues.items(ISSUE)]

    rebuilt, faults = rebuild_metadata(archive.root, Settings.from_environment({}))

    assert len(titles) == 6
    assert {"手机买票，改了", "第二次备份之前"} <= {*titles}
    assert "refs/matou/change/3/head" in refs_of(mirror(archive, "100", run=2))
    assert ({one.state for one in rebuilt}, len(rebuilt), faults) == ({Rebuilt.SAME}, 2, [])


def test_a_flipped_bit_of_its_records_is_found(archive: Archive) -> None:
    path = archive.records(1)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    report = verify(archive, everything=False, jobs=2, now=CLOCK)

    assert [problem.kind for problem in report.problems] == [ProblemKind.RECORDS]


def test_it_becomes_one_of_the_newest_format_with_its_next_run(source: ScriptedSource, archive: Archive) -> None:
    identity = archive.identity
    old = {run: archive.manifest(run).read_bytes() for run in (1, 2)}

    report = back_up(source, archive)

    assert report.run == 4
    assert set(outcomes(archive, 4).values()) <= {"unchanged", "incomplete", "empty", "gone"}
    again = Archive.open(archive.root).identity
    assert (again.format, again.id, again.created_at) == (FORMAT, identity.id, identity.created_at)
    assert read_run_line(archive.manifest(4)).format == FORMAT
    assert {run: archive.manifest(run).read_bytes() for run in (1, 2)} == old
    assert verify(archive, everything=True, jobs=2, now=CLOCK).problems == ()
    assert KEPT in refs_of(mirror(archive, "100", run=4))


def test_a_run_that_is_cut_off_leaves_an_archive_that_is_whole(
    source: ScriptedSource, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after it has said which format it writes, and before there is a manifest of that."""

    def cut_off(_: Archive) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Archive, "begin_run", cut_off)
        with pytest.raises(KeyboardInterrupt):
            back_up(source, archive)

    assert format_in(archive) == FORMAT
    assert not archive.manifest(4).exists()
    assert verify(archive, everything=False, jobs=2, now=CLOCK).problems == ()
    assert back_up(source, archive).run == 4


def test_what_only_reads_leaves_its_format(archive: Archive) -> None:
    before = format_in(archive)

    verify(archive, everything=False, jobs=2, now=CLOCK + timedelta(days=1), repair=True)

    assert format_in(archive) == before


def test_a_run_looks_again_when_it_holds_the_lock(source: ScriptedSource, archive: Archive) -> None:
    """A later Matou may have been at it since the archive was opened."""
    path = archive.root / "archive.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": FORMAT + 1}))

    with pytest.raises(NewerFormat, match="written by a newer Matou"):
        back_up(source, archive)
    with pytest.raises(NewerFormat):
        verify(archive, everything=False, jobs=2, now=CLOCK)

    assert list(archive.run_numbers()) == [1, 2, 3]
