"""Sends what a repository has to another: nothing is ever overwritten there, and nothing is deleted."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from matou.credentials import GitCredential
from matou.errors import MatouError
from matou.git.run import GitChild, GitFailed, Limits, http_environment
from matou.model.names import ObjectId, RefName

REFS_AT_ONCE = 2_000
"""They stand in the argument list, which has a limit of some megabytes."""

_NOT_ATOMIC = "does not support --atomic"


class PushFailed(MatouError):
    """The other side did not take a push, or there was no other side."""


class Pusher:
    """Pushes from bare repositories over HTTP. May be used by several threads.

    Args:
        environment: what a git child has to know of the way out: proxies, certificates.
    """

    def __init__(self, credential: GitCredential, *, environment: Mapping[str, str], limits: Limits) -> None:
        self._credential = credential
        self._environment = environment
        self._limits = limits
        self._children: set[GitChild] = set()
        self._lock = threading.Lock()
        self._is_cancelled = False

    def push(self, git_dir: Path, url: str, refs: Mapping[RefName, ObjectId]) -> None:
        """Make or move forward refs at `url`, all of them or none where the server can do that.

        A branch that would lose commits and a tag that is another there already are refused, by git here and with
        that everything that went with them.

        Raises:
            PushFailed: with what git said.
        """
        for some in _batches(refs):
            try:
                self._push(git_dir, url, some, ("--atomic",))
            except GitFailed as failure:
                if _NOT_ATOMIC not in failure.stderr:
                    raise _told(failure) from failure
                self._push_plainly(git_dir, url, some)

    def cancel(self) -> None:
        """End every push that is under way, and begin no other."""
        with self._lock:
            self._is_cancelled = True
            for child in self._children:
                child.kill()

    def _push_plainly(self, git_dir: Path, url: str, specs: Sequence[str]) -> None:
        try:
            self._push(git_dir, url, specs, ())
        except GitFailed as failure:
            raise _told(failure) from failure

    def _push(self, git_dir: Path, url: str, specs: Sequence[str], options: Sequence[str]) -> None:
        command = ["push", "--quiet", "--no-verify", "--recurse-submodules=no", *options, "--end-of-options", url]
        environment = {**self._environment, **http_environment(self._credential, url)}
        with (
            GitChild([*command, *specs], git_dir=git_dir, environment=environment, limits=self._limits) as child,
            self._cancellable(child),
        ):
            child.stdout.read()
            child.finish()

    @contextmanager
    def _cancellable(self, child: GitChild) -> Iterator[None]:
        with self._lock:
            self._children.add(child)
            if self._is_cancelled:
                child.kill()
        try:
            yield
        finally:
            with self._lock:
                self._children.discard(child)


def _batches(refs: Mapping[RefName, ObjectId]) -> Iterator[Sequence[str]]:
    specs = iter([f"{refs[name]}:{name}" for name in sorted(refs)])
    while some := list(islice(specs, REFS_AT_ONCE)):
        yield some


def _told(failure: GitFailed) -> PushFailed:
    return PushFailed("git push exited {status}: {reason}", status=failure.status, reason=failure.stderr)
