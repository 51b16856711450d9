"""What can be computed again is no part of an archive: nothing looks at it, and nothing misses it."""

from pathlib import Path

from integration.transfer.saved_archives import NOW, Team, commit_file, make_repository
from matou.archive.cache import write_whole
from matou.archive.layout import Archive
from matou.transfer.restore.command import restore
from matou.transfer.verify.command import verify

API = "team/project/api"


def test_verify_restore_and_the_next_run_pass_over_the_cache(tmp_path: Path) -> None:
    team = Team.create(tmp_path / "archive")
    source = make_repository(tmp_path / "api")
    team.save({API: source})
    root = team.archive.root
    write_whole(root / "cache" / "1" / "languages", b"anything", below=root, form="anything")
    (root / "cache" / "1" / "damaged.git").mkdir()
    (root / "cache" / "1" / "damaged.git" / "HEAD").write_bytes(b"\0")

    commit_file(tmp_path / "api", "file.txt", "second run")
    team.save({API: source})
    report = verify(Archive.open(root), now=NOW, jobs=1, everything=True)
    restore(team.archive, to=tmp_path / "restored", now=NOW, jobs=1)

    assert report.problems == ()
    assert (report.manifests, report.repositories) == (2, 1)
    assert not list((tmp_path / "restored").rglob("*damaged*"))
