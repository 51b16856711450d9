"""A clone that one pack answers is what git would have sent, and nothing that the wanted refs do not reach."""

import subprocess
from pathlib import Path

import pytest

from matou.git.operations.pack_reuse import clone_answer, pack_of_everything
from matou.git.refs.listing import read_refs
from matou.git.wire.client import FetchResponse, fetch_request
from matou.git.wire.server import LARGEST_REQUEST_IN_MEMORY_BYTES, CloneRequest, read_clone_request
from matou.model.names import ObjectId

Wanted = frozenset[ObjectId]


def git(repository: Path, *arguments: str, stdin: bytes | None = None) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, input=stdin).stdout.decode().strip()


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Three commits with folders, a branch, a light and an annotated tag, in one pack."""
    folder = tmp_path / "packed.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    stream = b"".join(
        b"commit refs/heads/main\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 1\nc\n"
        b"M 100644 inline a/b/f%d\ndata 2\n%d\n\n" % (n, 1_700_000_000 + n, n, n)
        for n in (1, 2, 3)
    )
    stream += b"reset refs/heads/side\nfrom :2\n\nreset refs/tags/light\nfrom :1\n\n"
    stream += b"tag v1\nfrom :3\ntagger A <a@example.com> 1700000009 +0000\ndata 2\nv1\n"
    git(folder, "fast-import", "--quiet", stdin=stream)
    git(folder, "repack", "-adq")
    return folder


def tips(repository: Path) -> Wanted:
    return read_refs(repository).object_ids()


def test_the_pack_that_holds_what_all_refs_reach_is_the_answer(packed: Path) -> None:
    found = pack_of_everything(packed, tips(packed))

    assert found is not None
    assert found.path == next((packed / "objects/pack").glob("*.pack"))


def test_git_reads_the_answer_to_the_same_objects(packed: Path, tmp_path: Path) -> None:
    found = pack_of_everything(packed, tips(packed))
    assert found is not None
    response = FetchResponse(Pieces(b"".join(clone_answer(found))).read)
    response.begin()
    copy = tmp_path / "copy.git"
    subprocess.run(["git", "init", "-q", "--bare", copy], check=True)

    git(copy, "index-pack", "--strict", "--stdin", stdin=b"".join(response.pack()))

    everything = ("cat-file", "--batch-all-objects", "--batch-check")
    assert git(copy, *everything) == git(packed, *everything) != ""


class Pieces:
    """Bytes that are read as from a connection."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, size: int = -1) -> bytes:
        part, self._content = self._content[:size], self._content[size:]
        return part


def test_a_pack_with_something_that_is_not_reached_is_git_s_to_answer(packed: Path) -> None:
    git(packed, "update-ref", "-d", "refs/tags/v1")

    assert pack_of_everything(packed, tips(packed)) is None


def test_one_branch_of_several_is_git_s_to_answer(packed: Path) -> None:
    assert pack_of_everything(packed, frozenset({ObjectId(git(packed, "rev-parse", "refs/heads/side"))})) is None


def test_a_missing_object_is_not_made_up_for_by_a_stranger(packed: Path, tmp_path: Path) -> None:
    """As many objects as are reached, but one of them is another: counting would not tell."""
    reached = git(packed, "rev-parse", "main:a/b/f1")
    others = [line.split()[0] for line in git(packed, "cat-file", "--batch-all-objects", "--batch-check").splitlines()]
    stranger = git(packed, "hash-object", "-w", "--stdin", stdin=b"secret")
    names = "\n".join([*(oid for oid in others if oid != reached), stranger]) + "\n"
    pack = tmp_path / "with-stranger"
    git(packed, "pack-objects", "-q", str(pack), stdin=names.encode())
    for file in [*(packed / "objects/pack").iterdir(), *(packed / "objects").glob("??/*")]:
        file.unlink()
    for folder in (packed / "objects").glob("??"):
        folder.rmdir()
    for file in tmp_path.glob("with-stranger-*"):
        file.rename(packed / "objects/pack" / file.name.replace("with-stranger", "pack"))

    assert pack_of_everything(packed, tips(packed)) is None


def test_loose_objects_a_second_pack_or_a_borrowed_store_are_git_s_to_answer(packed: Path, tmp_path: Path) -> None:
    wanted = tips(packed)
    git(packed, "hash-object", "-w", "--stdin", stdin=b"loose")
    assert pack_of_everything(packed, wanted) is None

    git(packed, "repack", "-q")
    (packed / "objects/info/alternates").write_text(f"{tmp_path}\n")
    assert pack_of_everything(packed, wanted) is None


def request(*words: bytes, capabilities: bytes = b"") -> bytes:
    def line(text: bytes) -> bytes:
        return b"%04x%b" % (len(text) + 4, text)

    return line(b"command=fetch") + capabilities + b"0001" + b"".join(line(word) for word in words) + b"0000"


WANT = b"want " + b"1" * 40


def test_our_own_first_fetch_is_a_clone_request() -> None:
    wanted = frozenset({ObjectId("1" * 40)})
    requests_seen = read_clone_request(fetch_request(wanted, frozenset(), object_format="sha1"))

    assert requests_seen == CloneRequest(wanted, frozenset({b"done", b"no-progress", b"ofs-delta"}), is_shallow=False)


def test_a_clone_may_be_one_commit_deep() -> None:
    requests_seen = read_clone_request(request(WANT, b"deepen 1", b"done", b"ofs-delta"))

    assert requests_seen == CloneRequest(
        frozenset({ObjectId("1" * 40)}), frozenset({b"done", b"ofs-delta"}), is_shallow=True
    )


@pytest.mark.parametrize(
    "body",
    [
        request(WANT, b"ofs-delta"),
        request(WANT, b"done"),
        request(b"done", b"ofs-delta"),
        request(WANT, b"have " + b"2" * 40, b"done", b"ofs-delta"),
        request(WANT, b"deepen 2", b"done", b"ofs-delta"),
        request(WANT, b"shallow " + b"2" * 40, b"done", b"ofs-delta"),
        request(WANT, b"filter blob:none", b"done", b"ofs-delta"),
        request(WANT, b"sideband-all", b"done", b"ofs-delta"),
        request(WANT, b"want-ref refs/heads/main", b"done", b"ofs-delta"),
        request(WANT, b"done", b"ofs-delta") + b"0000",
        request(WANT, b"done", b"ofs-delta")[:-4],
        request(WANT, b"done", b"ofs-delta", capabilities=b"0018object-format=sha256"),
        b"0014command=ls-refs\n0000",
    ],
)
def test_whatever_says_more_is_git_s_to_answer(body: bytes) -> None:
    assert read_clone_request(body) is None


def test_a_request_of_which_only_the_beginning_is_given_is_git_s_to_answer() -> None:
    """A clone of a repository with 25,000 refs wants more than memory is asked about."""
    wants = [b"want %040x" % number for number in range(25_000)]
    whole = request(*wants, b"done", b"ofs-delta")

    assert len(whole) > LARGEST_REQUEST_IN_MEMORY_BYTES
    assert read_clone_request(whole[: LARGEST_REQUEST_IN_MEMORY_BYTES + 1]) is None
