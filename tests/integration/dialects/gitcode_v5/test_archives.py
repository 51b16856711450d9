"""Archives to download: what is in them, how they are asked for, and what is refused before a byte is sent."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from matou.forge.access import ALL_SCOPES, Identity
from matou.forge.content import archives as forge_archives
from matou.git.operations import archives as git_archives
from matou.model.repository_settings import Features, RepositoryRules
from matou.server.state import ARCHIVES_AT_ONCE, ARCHIVES_OF_ONE
from support.deciding import change_settings, download_statistics, open_object, receive
from support.git_repositories import lfs_pointer, store_object
from support.gitcode_server import Harbour

ARCHIVE = "/repos/harbour/ferry/archive"
FILES = {"README.md": "# 渡船\n".encode(), "src/main.c": b"int main(void);\n", "docs/a/b.md": b"# b\n"}


def unpacked(content: bytes, folder: str) -> dict[str, bytes]:
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            found = {info.filename: packed.read(info) for info in packed.infolist() if not info.is_dir()}
    else:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            files = {info.name: tar.extractfile(info) for info in tar if info.isreg()}
            found = {name: b"" if file is None else file.read() for name, file in files.items()}
    assert all(name.startswith(f"{folder}/") for name in found)
    return {name.removeprefix(f"{folder}/"): content for name, content in found.items()}


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        (ARCHIVE, "application/zip", None),
        (f"{ARCHIVE}?ref=main", "application/zip", "ferry-main.zip"),
        (f"{ARCHIVE}?ref=main&format=tar.gz", "application/gzip", "ferry-main.tar.gz"),
        (f"{ARCHIVE}?ref=main&format=tgz", "application/gzip", "ferry-main.tar.gz"),
        (f"{ARCHIVE}?ref=main&format=tar", "application/x-tar", "ferry-main.tar"),
        (f"{ARCHIVE}/main.zip", "application/zip", "ferry-main.zip"),
        (f"{ARCHIVE}/main.tar.gz", "application/gzip", "ferry-main.tar.gz"),
        (f"{ARCHIVE}/refs/heads/main.tar", "application/x-tar", "ferry-main.tar"),
        (f"{ARCHIVE}/feature/one.zip", "application/zip", "ferry-feature-one.zip"),
        (f"{ARCHIVE}/feature%2Fone.zip", "application/zip", "ferry-feature-one.zip"),
        ("/repos/harbour/ferry/zipball?ref=main", "application/zip", "ferry-main.zip"),
        ("/repos/harbour/ferry/tarball?ref=main", "application/gzip", "ferry-main.tar.gz"),
    ],
)
def test_an_archive_holds_the_files_of_the_ref(harbour: Harbour, url: str, kind: str, name: str | None) -> None:
    harbour.git("update-ref", "refs/heads/feature/one", "main")

    answer = harbour.ask("GET", url)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"
    expected = name or f"ferry-{harbour.git('rev-parse', 'main').strip()}.zip"
    assert f'attachment; filename="{expected}"' in answer.headers["content-disposition"]
    folder = expected.removesuffix(".gz").rsplit(".", 1)[0]
    assert unpacked(answer.content, folder) == FILES


def test_a_name_in_chinese_is_told_to_the_browser(harbour: Harbour) -> None:
    harbour.git("update-ref", "refs/heads/特性", "main")

    answer = harbour.ask("GET", f"{ARCHIVE}/特性.zip")

    assert "filename*=UTF-8''ferry-%E7%89%B9%E6%80%A7.zip" in answer.headers["content-disposition"]
    assert unpacked(answer.content, "ferry-特性") == FILES


@pytest.mark.parametrize("packed_as", ["zip", "tar.gz", "tar"])
def test_the_same_commit_gives_the_same_bytes(harbour: Harbour, packed_as: str) -> None:
    first = harbour.ask("GET", f"{ARCHIVE}/main.{packed_as}").content
    harbour.git("repack", "-adq")

    assert harbour.ask("GET", f"{ARCHIVE}/main.{packed_as}").content == first


def test_each_download_counts_and_a_refused_one_does_not(harbour: Harbour) -> None:
    repository = harbour.repository()

    harbour.ask("GET", f"{ARCHIVE}/main.zip")
    harbour.ask("GET", f"{ARCHIVE}/main.tar.gz")
    harbour.ask("GET", f"{ARCHIVE}/nothing.zip")

    assert download_statistics(harbour.forge, repository).in_range == 2


@pytest.mark.parametrize("name", ["nothing.zip", "main.exe", "main", ".zip", "--output=x.zip", "-x.zip", "main~1.zip"])
def test_what_is_no_archive_is_told_apart(harbour: Harbour, name: str) -> None:
    answer = harbour.ask("GET", f"{ARCHIVE}/{name}")

    assert 400 <= answer.status_code < 500
    assert "fatal" not in answer.text


def test_a_format_that_we_do_not_make_is_a_bad_request(harbour: Harbour) -> None:
    assert harbour.ask("GET", ARCHIVE, params={"format": "rar"}).status_code == 400


def test_an_empty_repository_has_no_archive(harbour: Harbour) -> None:
    harbour.add_repository("empty")

    assert 400 <= harbour.ask("GET", "/repos/harbour/empty/archive").status_code < 500


def test_a_bomb_and_a_trap_are_refused_before_a_byte(harbour: Harbour) -> None:
    git_dir = harbour.forge.git_dir(harbour.repository())
    blob = store_object(git_dir, "blob", b"boom")
    bomb = store_object(git_dir, "tree", b"".join(b"100644 f%d\0%b" % (n, bytes.fromhex(blob)) for n in range(10)))
    for _ in range(8):
        bomb = store_object(git_dir, "tree", b"".join(b"40000 d%d\0%b" % (n, bytes.fromhex(bomb)) for n in range(10)))
    trap = store_object(git_dir, "tree", b"100644 ..\0" + bytes.fromhex(blob))

    for tree in (bomb, trap):
        commit = harbour.git("commit-tree", "-m", "hostile", tree).strip()
        answer = harbour.ask("GET", f"{ARCHIVE}/{commit}.zip")
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"].startswith("application/json")


def test_too_many_at_once_are_told_to_come_back(harbour: Harbour) -> None:
    state = harbour.app.state.server_state

    with ExitStack() as taken:
        for number in range(ARCHIVES_AT_ONCE):
            taken.enter_context(state.archives.taken(f"somebody {number % 4}"))
        refused = harbour.ask("GET", f"{ARCHIVE}/main.zip")
    answers = [harbour.ask("GET", f"{ARCHIVE}/main.zip").status_code for _ in range(ARCHIVES_OF_ONE + 1)]

    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
    assert answers == [200] * (ARCHIVES_OF_ONE + 1)


LARGE = hashlib.shake_128(b"large").digest(700_001)


@pytest.fixture
def with_lfs(harbour: Harbour) -> Harbour:
    """`held.bin` is here; `missing.bin` is a pointer to what only another repository has."""
    other = b"of another repository" * 10
    receive(harbour.forge, harbour.repository(), hashlib.sha256(LARGE).hexdigest(), len(LARGE), io.BytesIO(LARGE))
    receive(
        harbour.forge, harbour.repository("light"), hashlib.sha256(other).hexdigest(), len(other), io.BytesIO(other)
    )
    files = {"held.bin": lfs_pointer(LARGE), "missing.bin": lfs_pointer(other)}
    harbour.commit(files, "pointers", at=1_700_300_000)
    return harbour


def include_lfs_objects(harbour: Harbour) -> None:
    owner = Identity(user=harbour.people["chen"], scopes=ALL_SCOPES)
    change_settings(harbour.forge, owner, harbour.repository(), RepositoryRules, include_lfs_objects=True)


@pytest.mark.parametrize("packed_as", ["zip", "tar.gz", "tar"])
def test_lfs_objects_are_in_an_archive_where_the_settings_say_so(with_lfs: Harbour, packed_as: str) -> None:
    without = unpacked(with_lfs.ask("GET", f"{ARCHIVE}/main.{packed_as}").content, "ferry-main")
    include_lfs_objects(with_lfs)
    inside = unpacked(with_lfs.ask("GET", f"{ARCHIVE}/main.{packed_as}").content, "ferry-main")

    assert without["held.bin"] == lfs_pointer(LARGE)
    assert inside["held.bin"] == LARGE
    assert inside["missing.bin"] == without["missing.bin"]
    assert {name: inside[name] for name in FILES} == FILES


def test_no_lfs_object_is_in_an_archive_of_a_repository_where_lfs_is_switched_off(with_lfs: Harbour) -> None:
    include_lfs_objects(with_lfs)
    with_objects = unpacked(with_lfs.ask("GET", f"{ARCHIVE}/main.zip").content, "ferry-main")
    owner = Identity(user=with_lfs.people["chen"], scopes=ALL_SCOPES)
    change_settings(with_lfs.forge, owner, with_lfs.repository(), Features, lfs_enabled=False)
    switched_off = unpacked(with_lfs.ask("GET", f"{ARCHIVE}/main.zip").content, "ferry-main")

    assert with_objects["held.bin"] == LARGE
    assert switched_off["held.bin"] == lfs_pointer(LARGE)


def test_a_damaged_lfs_object_never_makes_a_whole_archive(with_lfs: Harbour) -> None:
    include_lfs_objects(with_lfs)
    path, _ = open_object(with_lfs.forge, with_lfs.repository(), hashlib.sha256(LARGE).hexdigest())
    path.chmod(0o644)
    path.write_bytes(b"x" + LARGE[1:])

    with pytest.raises(Exception, match="damaged"):
        with_lfs.ask("GET", f"{ARCHIVE}/main.tar.gz")


@pytest.mark.parametrize("packed_as", ["zip", "tar.gz"])
def test_an_archive_that_was_made_once_is_sent_again(
    harbour: Harbour, monkeypatch: pytest.MonkeyPatch, packed_as: str
) -> None:
    made: list[object] = []

    def counted(*arguments: Any, **options: Any) -> Iterator[bytes]:
        made.append(arguments)
        return git_archives.archive(*arguments, **options)

    monkeypatch.setattr(forge_archives, "archive", counted)

    answers = [harbour.ask("GET", f"{ARCHIVE}/main.{packed_as}") for _ in range(3)]

    assert len(made) == 1
    assert len({answer.content for answer in answers}) == 1
    assert unpacked(answers[2].content, "ferry-main") == FILES
    assert harbour.ask("GET", f"{ARCHIVE}/main.{packed_as}", person="xiao").status_code == 404
    statistics = download_statistics(harbour.forge, harbour.repository(), first=None, last=None)
    assert statistics.total == 3
    harbour.commit({"new": b"new\n"}, "third", at=1_700_200_000)
    assert unpacked(harbour.ask("GET", f"{ARCHIVE}/main.{packed_as}").content, "ferry-main") == FILES | {
        "new": b"new\n"
    }
    assert len(made) == 2
