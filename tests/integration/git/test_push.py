"""Our push against git's own receive-pack: every test ends with what git says is there."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from matou.git.operations import push
from matou.git.operations.push import Body, Pusher, PushFailed, RefAdvertisement
from matou.git.process import run
from matou.git.process.run import DEFAULT_LIMITS, GitFailed
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefChange
from support.git_repositories import LocalAnswer, LocalTransport, git, init_bare, make_repository, refs_of

URL = "https://forge.example/r.git"


@dataclass(frozen=True)
class Way:
    """From a full repository to another one."""

    here: Path
    there: Path
    transport: LocalTransport
    pusher: Pusher

    def changes(self, *names: str, before: Mapping[str, str] | None = None) -> Sequence[RefChange]:
        known = before or {}
        wanted = {name: oid for name, oid in refs_of(self.here).items() if not names or name in names}
        return [
            RefChange(RefName(name), ObjectId(known[name]) if name in known else None, ObjectId(oid))
            for name, oid in wanted.items()
        ]

    def push(
        self, changes: Sequence[RefChange], *, haves: Sequence[str] = (), offer: RefAdvertisement | None = None
    ) -> None:
        offered = offer or self.pusher.ask(URL)
        self.pusher.push(self.here, URL, changes, offered, haves=[ObjectId(oid) for oid in haves])

    @property
    def sent_bytes(self) -> int:
        return len(self.transport.requests[-1][1])


def way(here: Path, there: Path) -> Way:
    transport = LocalTransport({URL: there})
    return Way(here, there, transport, Pusher(transport, limits=DEFAULT_LIMITS))


@pytest.fixture
def short(tmp_path: Path) -> Way:
    here = make_repository(tmp_path / "here.git", commits=5, branches=["a", "b"], tags=["t"], annotated_tags=["v1"])
    return way(here, init_bare(tmp_path / "there.git"))


def is_whole(git_dir: Path) -> bool:
    return git(git_dir, "fsck", "--full", "--strict", "--no-dangling") == ""


def test_a_repository_arrives_and_the_first_change_is_the_first_command(short: Way) -> None:
    changes = sorted(short.changes(), key=lambda change: change.ref != "refs/heads/b")

    short.push(changes)

    assert refs_of(short.there) == refs_of(short.here)
    assert is_whole(short.there)
    assert short.transport.requests[-1][1].index(b"refs/heads/b") < short.transport.requests[-1][1].index(
        b"refs/heads/a"
    )


def test_one_pack_on_the_disk_goes_as_it_is_without_a_process(short: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    git(short.here, "repack", "-adq")
    monkeypatch.setattr(push, "GitChild", lambda *_, **__: pytest.fail("a git process was started"))

    short.push(short.changes())

    assert refs_of(short.there) == refs_of(short.here)
    assert is_whole(short.there)


def test_what_no_wanted_ref_reaches_does_not_go(short: Way) -> None:
    other = make_repository(short.here.with_name("other.git"), commits=1, files={"secret": b"a secret"})
    git(short.here, "fetch", "--quiet", other, "main:refs/matou/kept/1")
    git(short.here, "repack", "-adq")

    short.push(short.changes("refs/heads/main"))

    hidden = git(short.here, "rev-parse", "refs/matou/kept/1")
    assert list(refs_of(short.there)) == ["refs/heads/main"]
    assert hidden not in git(short.there, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")


def test_of_a_long_history_only_what_is_new_goes(tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here.git", commits=200, file_bytes=10_000)
    route = way(here, init_bare(tmp_path / "there.git"))
    before = git(here, "rev-parse", "main~1")
    route.push([RefChange(RefName("refs/heads/main"), None, ObjectId(before))])

    route.push(route.changes("refs/heads/main", before={"refs/heads/main": before}), haves=[before])

    assert refs_of(route.there) == refs_of(here)
    assert route.sent_bytes < 20_000
    assert is_whole(route.there)


class CutOnce(LocalTransport):
    """The first attempt at sending ends in the middle of the pack."""

    @contextmanager
    def exchange(self, url: str, service: str, body: Body, *, protocol: int = 2) -> Iterator[LocalAnswer]:
        assert callable(body)
        with closing(body()) as first:
            next(first), next(first)
        with super().exchange(url, service, body, protocol=protocol) as answer:
            yield answer


def test_a_large_pack_goes_while_it_is_made_and_once_more_where_it_must(tmp_path: Path) -> None:
    here = make_repository(tmp_path / "here.git", commits=30, file_bytes=100_000)
    there = init_bare(tmp_path / "there.git")
    transport = CutOnce({URL: there})
    route = Way(here, there, transport, Pusher(transport, limits=DEFAULT_LIMITS))

    route.push(route.changes())

    assert route.sent_bytes > push.SENT_AS_ONE_BYTES
    assert refs_of(there) == refs_of(here)
    assert is_whole(there)


def test_many_refs_go_in_several_pushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = make_repository(tmp_path / "here.git", commits=2, branches=[f"b{number}" for number in range(25)])
    route = way(here, init_bare(tmp_path / "there.git"))
    monkeypatch.setattr(push, "REFS_AT_ONCE", 10)

    route.push(route.changes())

    assert refs_of(route.there) == refs_of(here)
    assert len(route.transport.requests) == 1 + 3


def test_a_ref_that_somebody_else_has_moved_keeps_all_as_they_are(short: Way) -> None:
    short.push(short.changes("refs/heads/main"))
    git(short.there, "update-ref", "refs/heads/main", git(short.here, "rev-parse", "main~2"))
    before = refs_of(short.there)

    with pytest.raises(PushFailed, match="refs/heads/") as caught:
        short.push(short.changes())

    assert refs_of(short.there) == before
    assert "did not take" in str(caught.value)


def test_a_hook_s_words_are_told(short: Way) -> None:
    hook = short.there / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'exceeds 1024.00 MB' >&2\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(PushFailed, match=r"exceeds 1024\.00 MB"):
        short.push(short.changes())

    assert refs_of(short.there) == {}


def test_a_server_with_fewer_gifts_is_pushed_to_all_the_same(short: Way) -> None:
    git(short.there, "config", "receive.advertiseAtomic", "false")
    git(short.there, "config", "repack.usedeltabaseoffset", "false")
    offer = short.pusher.ask(URL)
    assert not {"atomic", "ofs-delta"} & offer.capabilities

    short.push(short.changes(), offer=replace(offer, capabilities=offer.capabilities - {"side-band-64k"}))

    assert refs_of(short.there) == refs_of(short.here)


def test_objects_that_are_not_here_send_nothing(short: Way) -> None:
    lost = RefChange(RefName("refs/heads/lost"), None, ObjectId("1" * 40))

    with pytest.raises(GitFailed):
        short.push([lost])

    assert refs_of(short.there) == {}


def test_what_a_server_borrows_is_no_ref(short: Way) -> None:
    git(short.there, "fetch", "--quiet", short.here, "refs/heads/main:refs/heads/main")
    fork = short.there.with_name("fork.git")
    git(None, "clone", "--quiet", "--bare", "--shared", short.there, fork)
    for ref in refs_of(fork):
        git(fork, "update-ref", "-d", ref)
    route = way(short.here, fork)

    assert route.pusher.ask(URL).listing.is_empty
    route.push(route.changes())

    assert refs_of(fork) == refs_of(short.here)


def test_a_push_that_is_given_up_leaves_no_child(short: Way) -> None:
    short.pusher.cancel()
    git(short.here, "repack", "-adq")
    git(short.here, "update-ref", "refs/matou/kept/1", "main")
    make_repository(short.here.with_name("other.git"), commits=1)
    git(short.here, "fetch", "--quiet", short.here.with_name("other.git"), "main:refs/matou/kept/2")

    with pytest.raises(run.GitFailed, match="ended by"):
        short.push(short.changes("refs/heads/main"))

    assert refs_of(short.there) == {}


@pytest.mark.parametrize("is_atomic", [True, False])
def test_a_ref_that_is_refused_by_itself_is_told_apart_from_those_that_go_with_it(
    short: Way, *, is_atomic: bool
) -> None:
    hook = short.there / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\n[ "$1" != refs/heads/b ]\n')
    hook.chmod(0o755)
    git(short.there, "config", "receive.advertiseAtomic", str(is_atomic).lower())

    with pytest.raises(PushFailed, match="refs/heads/b") as caught:
        short.push(short.changes())

    assert caught.value.refused == {"refs/heads/b": "hook declined"}
    assert len(refs_of(short.there)) == (0 if is_atomic else len(refs_of(short.here)) - 1)
