"""Real repositories for tests, made by one `git fast-import` each, and a way to fetch from them without a server."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import pytest

from matou.errors import NotFound, UnknownShape
from matou.git.operations.push import Body
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

EPOCH: Final = 1_700_000_000
AUTHOR: Final = "Lǐ Léi <li.lei@example.com>"

ENVIRONMENT: Final = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Li Lei",
    "GIT_AUTHOR_EMAIL": "li.lei@example.com",
    "GIT_AUTHOR_DATE": f"{EPOCH} +0800",
    "GIT_COMMITTER_NAME": "Li Lei",
    "GIT_COMMITTER_EMAIL": "li.lei@example.com",
    "GIT_COMMITTER_DATE": f"{EPOCH} +0800",
}


def git_bytes(git_dir: Path | None, *arguments: str | Path, input: bytes = b"", **environment: str) -> bytes:  # noqa: A002
    """Plain git, without our jail: the oracle. A failure shows what git said."""
    where = [] if git_dir is None else [f"--git-dir={git_dir}"]
    answer = subprocess.run(
        ["git", *where, *map(str, arguments)], input=input, capture_output=True, env={**ENVIRONMENT, **environment}
    )
    assert answer.returncode == 0, answer.stderr.decode("utf-8", "replace")
    return answer.stdout


def git(git_dir: Path | None, *arguments: str | Path, input: bytes = b"", **environment: str) -> str:  # noqa: A002
    return git_bytes(git_dir, *arguments, input=input, **environment).decode("utf-8", "surrogateescape").strip()


def init_bare(path: Path, *, object_format: str = "sha1", head: str = "main") -> Path:
    """An empty repository whose HEAD is unborn."""
    git(None, "init", "--quiet", "--bare", f"--object-format={object_format}", f"--initial-branch={head}", path)
    return path


def make_repository(
    path: Path,
    *,
    commits: int = 3,
    branches: Iterable[str] = (),
    tags: Iterable[str] = (),
    annotated_tags: Iterable[str] = (),
    files: Mapping[str, bytes] | None = None,
    file_bytes: int = 100,
    object_format: str = "sha1",
    head: str = "main",
) -> Path:
    """A bare repository: so many commits on `head`, every other ref at the last of them.

    Args:
        path: where it is made.
        commits: each changes one of ten files.
        branches: beside `head`.
        tags: lightweight ones.
        annotated_tags: the others.
        files: those of the last commit, beside what the commits change.
        file_bytes: the length of what a commit writes; it does not compress.
        object_format: `sha1` or `sha256`.
        head: the branch that HEAD names.
    """
    init_bare(path, object_format=object_format, head=head)
    stream = b"".join(_commit_stream(head, number, file_bytes) for number in range(commits))
    if files:
        stream += commit_stream(head, files, "files", number=commits)
    refs = [*(f"refs/heads/{name}" for name in branches), *(f"refs/tags/{name}" for name in tags)]
    stream += b"".join(f"reset {ref}\nfrom refs/heads/{head}\n\n".encode() for ref in refs)
    stream += b"".join(_tag_stream(name, head) for name in annotated_tags)
    fast_import(path, stream)
    return path


def make_source(path: Path, *, commits: int = 3, object_format: str = "sha1") -> Path:
    """A repository with what a team's has: branches, tags of both kinds, a tag of a tag, of a blob and of a tree."""
    make_repository(
        path,
        branches=["release/1.0", "特性/登录"],
        tags=["light"],
        annotated_tags=["v1.0", "v1.1"],
        files={"README.md": b"# Ship\n", "src/a b.txt": b"a b\n", "文档/说明.md": "说明\n".encode()},
        commits=commits,
        object_format=object_format,
    )
    annotated_tag(path, "of-a-tag", "v1.0")
    annotated_tag(path, "of-a-blob", "main:README.md")
    annotated_tag(path, "of-a-tree", "main^{tree}")
    git(path, "update-ref", "refs/merge/1/HEAD", "main~1")
    git(path, "update-ref", "refs/notes/commits", "main~1")
    return path


def make_many_refs(path: Path, count: int) -> Path:
    """As many branches, each at a commit of its own among ten, packed."""
    make_repository(path, commits=10)
    ids = git(path, "rev-list", "main").split()
    lines = [f"create refs/heads/many/{number:06d} {ids[number % len(ids)]}\n" for number in range(count)]
    git(path, "update-ref", "--stdin", input="".join(lines).encode())
    git(path, "pack-refs", "--all")
    return path


def fast_import(git_dir: Path, stream: bytes) -> None:
    git(git_dir, "fast-import", "--quiet", "--force", "--date-format=raw", input=stream)


def commit_stream(
    branch: str, files: Mapping[str, bytes], message: str, *, number: int = 0, is_root: bool = False
) -> bytes:
    """One commit for `git fast-import` on top of the branch, or as its new root."""
    said = message.encode()
    lines = [b"reset refs/heads/%b\n" % branch.encode()] if is_root else []
    lines.append(b"commit refs/heads/%b\n" % branch.encode())
    lines.append(b"committer %b %d +0800\ndata %d\n%b\n" % (AUTHOR.encode(), EPOCH + number, len(said), said))
    for name, content in files.items():
        lines.append(b'M 100644 inline "%b"\ndata %d\n%b\n' % (name.encode(), len(content), content))
    return b"".join(lines) + b"\n"


def _commit_stream(branch: str, number: int, file_bytes: int) -> bytes:
    content = hashlib.shake_128(f"{branch} {number}".encode()).digest(file_bytes)
    return commit_stream(branch, {f"file-{number % 10}": content}, f"commit {number}", number=number)


def _tag_stream(name: str, branch: str) -> bytes:
    said = f"version {name}".encode()
    head = f"tag {name}\nfrom refs/heads/{branch}\ntagger {AUTHOR} {EPOCH} +0800\ndata {len(said)}\n".encode()
    return head + said + b"\n"


def commit_file(git_dir: Path, branch: str, name: str, content: bytes, message: str = "a change") -> ObjectId:
    """Commit one file on top of a branch that is there, and give the commit."""
    tip = git(git_dir, "rev-parse", f"refs/heads/{branch}")
    stream = commit_stream(branch, {name: content}, message).replace(
        b"data %d\n%b\n" % (len(message.encode()), message.encode()),
        b"data %d\n%b\nfrom %b\n" % (len(message.encode()), message.encode(), tip.encode()),
        1,
    )
    fast_import(git_dir, stream)
    return tip_of(git_dir, f"refs/heads/{branch}")


def force_push(git_dir: Path, branch: str, content: bytes = b"rewritten\n") -> tuple[ObjectId, ObjectId]:
    """Put a history without any parent in a branch's place; gives its tip before and after."""
    old = tip_of(git_dir, f"refs/heads/{branch}")
    git(git_dir, "update-ref", "-d", f"refs/heads/{branch}")
    fast_import(git_dir, commit_stream(branch, {"rewritten": content}, "rewritten", number=99))
    return old, tip_of(git_dir, f"refs/heads/{branch}")


def annotated_tag(git_dir: Path, name: str, target: str) -> ObjectId:
    git(git_dir, "tag", "--annotate", "--message", name, name, target)
    return tip_of(git_dir, f"refs/tags/{name}")


def delete_ref(git_dir: Path, ref: str) -> None:
    git(git_dir, "update-ref", "-d", ref)


def detach_head(git_dir: Path, target: str = "main") -> ObjectId:
    oid = ObjectId(git(git_dir, "rev-parse", f"{target}^{{commit}}"))
    (git_dir / "HEAD").write_text(f"{oid}\n")
    return oid


def point_head_at(git_dir: Path, ref: str) -> None:
    """HEAD as a symbolic ref, whether the ref is there or not."""
    git(git_dir, "symbolic-ref", "HEAD", ref)


def tip_of(git_dir: Path, ref: str) -> ObjectId:
    return ObjectId(git(git_dir, "rev-parse", "--verify", "--end-of-options", ref))


def lfs_pointer(content: bytes) -> bytes:
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()


@dataclass(frozen=True, slots=True)
class LfsRepository:
    """A repository with pointers, and the bytes that they stand for by their ids."""

    git_dir: Path
    objects: Mapping[str, bytes]


def make_lfs_repository(path: Path, files: Mapping[str, bytes]) -> LfsRepository:
    """A repository whose files of these names are pointers to these bytes."""
    rule = {".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n"}
    make_repository(path, files={**rule, **{name: lfs_pointer(content) for name, content in files.items()}})
    return LfsRepository(path, {hashlib.sha256(content).hexdigest(): content for content in files.values()})


def store_object(git_dir: Path, kind: str, content: bytes) -> ObjectId:
    """An object as it is, however wrong."""
    oid = git(git_dir, "hash-object", "-t", kind, "--literally", "-w", "--stdin", input=content)
    return ObjectId(oid)


def make_sloppy_repository(path: Path) -> Path:
    """A history as old tools wrote it: zero-padded modes, an odd time zone, no space before a date."""
    init_bare(path)
    blob = store_object(path, "blob", b"old\n")
    folder = store_object(path, "tree", b"100644 old\0" + bytes.fromhex(blob))
    tree = store_object(path, "tree", b"040000 folder\0" + bytes.fromhex(folder))
    parent = store_object(path, "commit", _raw_commit(tree, "A <a@b> 1000000000 +51800"))
    tip = store_object(path, "commit", _raw_commit(tree, "A <a@b>1000000001 +0000", parent))
    git(path, "update-ref", "refs/heads/main", tip)
    return path


def _raw_commit(tree: str, author: str, *parents: str) -> bytes:
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    return "\n".join([*lines, f"author {author}", f"committer {author}", "", "old\n"]).encode()


def refs_of(git_dir: Path) -> dict[RefName, ObjectId]:
    """All refs, as git itself lists them."""
    lines = git_bytes(git_dir, "for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    pairs = (line.decode("utf-8", "surrogateescape").split(" ", 1) for line in lines)
    return {RefName(name): ObjectId(oid) for oid, name in pairs}


def peeled_of(git_dir: Path) -> dict[RefName, ObjectId]:
    """What annotated tags stand for in the end, as git itself says."""
    lines = git_bytes(git_dir, "show-ref", "--dereference").splitlines()
    pairs = (line.decode("utf-8", "surrogateescape").split(" ", 1) for line in lines)
    return {RefName(name.removesuffix("^{}")): ObjectId(oid) for oid, name in pairs if name.endswith("^{}")}


def listing_of(git_dir: Path) -> RefListing:
    """What a source with this repository would advertise, asked of git itself."""
    head = (git_dir / "HEAD").read_text().strip()
    refs, is_symbolic = refs_of(git_dir), head.startswith("ref: ")
    return RefListing(
        refs,
        peeled_of(git_dir) if refs else {},
        head=RefName(head.removeprefix("ref: ")) if is_symbolic else None,
        detached_head=None if is_symbolic else ObjectId(head),
    )


def objects_of(git_dir: Path) -> frozenset[str]:
    """Every object that any ref reaches."""
    return frozenset(line[:40] for line in git(git_dir, "rev-list", "--objects", "--all").splitlines())


def assert_sound(git_dir: Path) -> None:
    git(git_dir, "fsck", "--full", "--no-dangling", "--no-progress")


@dataclass
class LocalTransport:
    """Git's smart HTTP without the HTTP: each request is one real git child over a repository of this disk.

    Attributes:
        version: the highest version of the protocol that this server speaks.
        requests: what was asked, in order: `POST` or `GET` and the body.
        pack_bytes: how much of an answer comes before the connection is cut; None for all of it.
    """

    repositories: Mapping[str, Path]
    version: int = 2
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    pack_bytes: int | None = None

    @contextmanager
    def exchange(self, url: str, service: str, body: Body, *, protocol: int = 2) -> Iterator["LocalAnswer"]:
        body = body if isinstance(body, bytes) else b"".join(body())
        self.requests.append(("POST", body))
        if self.version < 2 <= protocol:
            raise UnknownShape("the answer to a version 2 request", 400)
        path = self._path(url)
        with subprocess.Popen(
            ["git", service.removeprefix("git-"), "--stateless-rpc", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**ENVIRONMENT, "GIT_PROTOCOL": f"version={protocol}"},
        ) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(body)
            child.stdin.close()
            is_fetch = b"command=fetch" in body
            yield LocalAnswer(child.stdout, self.pack_bytes if is_fetch else None)
            child.stdout.close()

    def advertise(self, url: str, service: str, *, protocol: int = 2) -> bytes:
        self.requests.append(("GET", b""))
        arguments = [service.removeprefix("git-"), "--stateless-rpc", "--advertise-refs", str(self._path(url))]
        return git_bytes(None, *arguments, GIT_PROTOCOL=f"version={min(protocol, self.version)}")

    def _path(self, url: str) -> Path:
        path = self.repositories.get(url)
        if path is None:
            raise NotFound("{url}: answered 404", url=url, status=404)
        return path


class LocalAnswer:
    """An answer that ends early where it is told to."""

    def __init__(self, stream: IO[bytes], left: int | None) -> None:
        self._stream = stream
        self._left = left

    def read(self, size: int = -1, /) -> bytes:
        if self._left is None:
            return self._stream.read(size)
        content = self._stream.read(min(size, self._left) if size >= 0 else self._left)
        self._left -= len(content)
        return content


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository with what a team's has; see `make_source`."""
    return make_source(tmp_path / "source.git")


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Where a mirror may be made; there is nothing yet."""
    return tmp_path / "archive" / "repositories" / "team" / "project" / "ship.git"
