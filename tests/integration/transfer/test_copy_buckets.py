"""A copy in a bucket: never written over, gone on with, deleted by one at a time, and an archive again elsewhere."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from matou.archive.attachment import BucketInUse, attach
from matou.archive.layout import ArchiveBucket
from matou.storage.buckets import BucketStore
from matou.storage.trees import path_of_key
from matou.transfer.copy import bucket_lock
from matou.transfer.copy.bucket_lock import CopyBusy, lock_keys
from matou.transfer.copy.destination import AnotherCopyEnded, Destination
from matou.transfer.copy.mark import ForeignDestination
from matou.transfer.copy.opening import CopyOnlyGrows, FolderAlwaysChanges, OpenOptions, Site, open_copy
from support.copies import (
    NOW,
    Team,
    copied,
    copy_to,
    copy_to_folder,
    copy_to_site,
    damage_of,
    files_below,
    known,
    problems_of,
    pull,
)
from support.s3_server import S3Server, any_server
from support.scripted_source import git, refs_of


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with any_server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def site(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return Site(s3.store(tmp_path.name), f"s3://harbour/{tmp_path.name}")


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team.make(tmp_path)


def contents(site: Site) -> dict[str, bytes]:
    found = {}
    for key in site.store.iterate():
        with site.store.open(key) as file:
            found[key] = file.read()
    return found


def test_a_copy_in_a_bucket_is_an_archive_again_on_another_machine(team: Team, site: Site, tmp_path: Path) -> None:
    copied(copy_to_site(team.archive, site))
    team.change("changed")
    copied(copy_to_site(team.archive, site))

    copied(pull(site, tmp_path / "elsewhere"))

    assert damage_of(site) == []
    assert problems_of(tmp_path / "elsewhere") == []
    for git_dir in team.mirrors():
        assert refs_of(tmp_path / "elsewhere" / git_dir.relative_to(team.archive.root)) == refs_of(git_dir)
    again = copied(pull(site, tmp_path / "elsewhere"))
    assert (again.sent, again.is_current) == (0, True)


def test_a_key_is_the_path_of_a_file_with_its_digest_where_it_changes(team: Team, site: Site) -> None:
    copied(copy_to_site(team.archive, site))
    names = {key.partition("@")[0] for key in site.store.iterate()}

    assert {"archive.json", "runs/000001/manifest.jsonl", "copy/copy.json", "copy/000001.jsonl.zst"} <= names
    assert "repositories/team/harbour/%E7%A0%81%E5%A4%B4.git/HEAD" in names
    for key, content in contents(site).items():
        path = team.archive.root / key.replace("%E7%A0%81%E5%A4%B4", "码头")
        assert not path.is_file() or path.read_bytes() == content


def test_append_only_writes_over_nothing_and_deletes_nothing(team: Team, site: Site, tmp_path: Path) -> None:
    copied(copy_to_site(team.archive, site, append_only=True))
    before = contents(site)
    team.change("changed")
    for git_dir in team.mirrors():
        git(git_dir, "repack", "-a", "-d", "-q")

    report = copied(copy_to_site(team.archive, site, append_only=True))

    after = contents(site)
    assert report.deleted == 0
    assert {key: after.get(key) for key in before} == before
    copied(pull(site, tmp_path / "then", at=1))
    assert not (tmp_path / "then/runs/000002").exists()
    assert problems_of(tmp_path / "then") == []


def test_a_folder_that_is_an_archive_cannot_be_append_only(team: Team, tmp_path: Path) -> None:
    with pytest.raises(FolderAlwaysChanges):
        copy_to_folder(team.archive, tmp_path / "copy", append_only=True)


def test_what_no_longer_belongs_to_it_is_deleted(team: Team, site: Site) -> None:
    copied(copy_to_site(team.archive, site))
    team.change("changed")
    for git_dir in team.mirrors():
        git(git_dir, "repack", "-a", "-d", "-q")

    assert copied(copy_to_site(team.archive, site)).deleted > 0

    packs = {path.name for path in team.archive.root.rglob("*.pack")}
    assert {key.rpartition("/")[2] for key in site.store.iterate() if key.endswith(".pack")} == packs
    assert list(site.store.iterate("copy/")) == ["copy/000002.jsonl.zst", "copy/copy.json"]
    assert damage_of(site) == []


def test_a_bucket_that_holds_something_else_is_refused_and_stays(team: Team, site: Site) -> None:
    site.store.put("thesis.txt", [b"all of it"])

    with pytest.raises(ForeignDestination):
        copy_to_site(team.archive, site)

    assert contents(site) == {"thesis.txt": b"all of it"}


def test_a_copy_and_an_archive_that_servers_use_do_not_share_a_place(team: Team, site: Site, tmp_path: Path) -> None:
    """The next copy would delete every pack of the archive, which no catalogue of a copy names."""
    copied(copy_to_site(team.archive, site))
    before = contents(site)
    named = ArchiveBucket(address=site.name, endpoint="", addressing="", cache_bytes=1)

    with pytest.raises(BucketInUse):
        attach(tmp_path / "server", named, site.store, now=NOW, identifier=uuid4())

    assert contents(site) == before
    assert not (tmp_path / "server").exists()
    site.store.put("archive.json", [b"{}"])
    site.store.put("repositories/pack", [b"somebody's work"])
    with pytest.raises(ForeignDestination):
        copy_to_site(team.archive, site)
    assert site.store.exists("repositories/pack")


def test_what_is_lost_in_the_bucket_is_named_and_sent_again(team: Team, site: Site) -> None:
    copied(copy_to_site(team.archive, site))
    lost = next(key for key in site.store.iterate() if key.endswith(".pack"))
    site.store.delete(lost)

    assert damage_of(site, percent=0) == [path_of_key(lost)]
    assert copied(copy_to_site(team.archive, site)).sent == 1
    assert damage_of(site) == []


def test_of_two_copies_at_once_the_later_one_is_refused(team: Team, site: Site) -> None:
    options = OpenOptions(team.archive.identity.id, append_only=True)
    with open_copy(site, options, passphrase=known(), now=NOW) as first:
        copied(copy_to_site(team.archive, site, append_only=True))

        with pytest.raises(AnotherCopyEnded):
            copy_to(first, team.archive)

    assert damage_of(site) == []


def holder(**values: object) -> bucket_lock._BucketHolder:
    return msgspec.structs.replace(bucket_lock._BucketHolder(machine="another", process=1, since=NOW), **values)


LOCK = "copy/lock-000004"


def test_a_copy_waits_for_who_is_deleting_elsewhere_and_not_for_the_dead(team: Team, site: Site) -> None:
    site.store.put(LOCK, [msgspec.json.encode(holder())])
    for append_only in (False, True):
        with pytest.raises(CopyBusy):
            copy_to_site(team.archive, site, append_only=append_only)

    for dead in (
        msgspec.json.encode(holder(since=NOW - timedelta(hours=2))),
        msgspec.json.encode(holder(machine=bucket_lock._machine(), process=2**22 + 1)),
        b"half a l",
        b'{"machine":"another","process":-1,"since":"2026-11-30T08:00:00Z"}',
        b'{"machine":"another","process":1,"since":"2026-11-30T08:00:00"}',
    ):
        site.store.put(LOCK, [dead])
        copied(copy_to_site(team.archive, site))
        assert lock_keys(site.store) == []


def test_whoever_took_over_keeps_the_lock_when_the_one_before_ends(site: Site) -> None:
    with bucket_lock.hold_bucket(site.store, now=NOW, only_looks=False):
        site.store.put(LOCK, [msgspec.json.encode(holder())])

    assert lock_keys(site.store) == [LOCK]


def test_whoever_was_taken_for_dead_deletes_nothing_any_more(
    team: Team, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied(copy_to_site(team.archive, site))
    team.change("changed")
    packs = [key for key in site.store.iterate() if key.endswith(".pack")]
    for git_dir in team.mirrors():
        git(git_dir, "repack", "-a", "-d", "-q")
    monkeypatch.setattr(bucket_lock, "LOOKED_AT_AFTER", timedelta(0))
    publish = Destination.publish

    def published_and_slept(*args: object, **options: object) -> int:
        site.store.put(LOCK, [msgspec.json.encode(holder())])
        return publish(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Destination, "publish", published_and_slept)

    with pytest.raises(CopyBusy):
        copy_to_site(team.archive, site)

    assert set(packs) <= set(site.store.iterate())
    assert damage_of(site) == []


def test_of_two_who_find_a_dead_lock_one_takes_over(site: Site) -> None:
    site.store.put("copy/lock-000001", [b"dead"])
    listed = lock_keys(site.store)
    with bucket_lock.hold_bucket(site.store, now=NOW, only_looks=False):
        # The other one listed before, and found the same dead lock.
        with pytest.raises(CopyBusy):
            bucket_lock._taken(site.store, listed, NOW)
        # And this one listed before there was any.
        with pytest.raises(CopyBusy):
            bucket_lock._taken(site.store, [], NOW)

        assert lock_keys(site.store) == ["copy/lock-000002"]


def test_a_lock_is_renewed_while_it_is_held(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_lock, "RENEWED_AFTER", timedelta(milliseconds=1))
    with bucket_lock.hold_bucket(site.store, now=NOW, only_looks=False) as held:
        assert held is not None
        first = held.holder.since
        deadline = time.monotonic() + 30
        while bucket_lock._holder(site.store, held.key) == held.holder and time.monotonic() < deadline:
            pass
        renewed = bucket_lock._holder(site.store, held.key)

    assert renewed is not None
    assert renewed.since > first


def test_a_copy_that_only_grew_does_not_lose_its_states_by_one_command(team: Team, site: Site) -> None:
    copied(copy_to_site(team.archive, site, append_only=True))
    team.change("changed")
    before = contents(site)

    with pytest.raises(CopyOnlyGrows):
        copy_to_site(team.archive, site)

    assert contents(site) == before
    site.store.delete("copy/append-only.json")
    assert copied(copy_to_site(team.archive, site)).deleted > 0
    assert damage_of(site) == []


def damaged_pack(site: Site) -> str:
    """Its key, that of the last one that was written, and not the same bytes any more, but as many."""
    key = [key for key in site.store.iterate() if ".pack" in key][-1]
    content = bytearray(contents(site)[key])
    content[len(content) // 2] ^= 1
    site.store.delete(key)
    site.store.put(key, [bytes(content)])
    return key


@pytest.mark.parametrize("append_only", [False, True])
def test_what_is_damaged_in_the_bucket_is_sent_again_by_whoever_reads_it(
    team: Team, site: Site, append_only: bool
) -> None:
    copied(copy_to_site(team.archive, site, append_only=append_only))
    for again in range(2):
        damaged_pack(site)
        assert len(damage_of(site)) == 1
        assert copied(copy_to_site(team.archive, site, append_only=append_only)).healed == 0
        assert len(damage_of(site)) == 1, again

        report = copied(copy_to_site(team.archive, site, append_only=append_only, percent=100.0))

        assert (report.healed, report.sent) == (1, 1)
        assert damage_of(site) == []


class CuttingBucket(BucketStore):
    """A bucket of which somebody pulls the plug after so many writes."""

    left = 0

    def put(self, key, source):  # type: ignore[no-untyped-def]
        self._count()
        return super().put(key, source)

    def create(self, key: str, data: bytes) -> None:
        self._count()
        super().create(key, data)

    def delete(self, key: str) -> None:
        self._count()
        super().delete(key)

    def _count(self) -> None:
        if self.left <= 0:
            raise ConnectionResetError
        self.left -= 1


def test_wherever_it_is_cut_off_the_last_copy_stays_and_the_next_goes_on(
    team: Team, site: Site, tmp_path: Path
) -> None:
    copied(copy_to_site(team.archive, site))
    team.change("changed")
    for git_dir in team.mirrors():
        git(git_dir, "repack", "-a", "-d", "-q")
    assert isinstance(site.store, BucketStore)
    cutting = CuttingBucket(site.store._objects, name="cutting")
    sent: list[int | None] = []
    while not sent or sent[-1] is None:
        cutting.left = len(sent) + 2
        try:
            sent.append(copy_to_site(team.archive, replace(site, store=cutting)).sent)
        except ConnectionResetError:
            sent.append(None)
        assert damage_of(site) == []

    assert len(sent) > 4
    copied(pull(site, tmp_path / "out"))
    copied(copy_to_folder(team.archive, tmp_path / "twin"))
    assert files_below(tmp_path / "out") == files_below(tmp_path / "twin")
