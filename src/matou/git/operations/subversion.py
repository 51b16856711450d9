"""A Subversion repository made into one of git by `git svn`: all of its folders as they are, each revision a commit."""

import re
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from matou.credentials import GitCredential
from matou.errors import Invalid, MatouError, NotFound, Phrase, Refused, TryLater
from matou.git.process.run import GitChild, GitFailed, run_git
from matou.git.process.sandbox import Limits, git_program
from matou.git.repository import create_bare, remove_leftovers
from matou.model.names import RefName

BRANCH: Final = RefName("refs/heads/svn")
_OWN_REF: Final = "refs/remotes/git-svn"
_SCHEMES: Final = frozenset({"http", "https", "svn"})
_URL: Final = re.compile(r"[a-z]+://[A-Za-z0-9_.:\[\]-]+(?:/[^\s?#\\\"'`$<>|]*)?")
_PLACES: Final = ("lib/git-core", "libexec/git-core", "share/git-core")

_REFUSED: Final = re.compile(r"(?i)authori[sz]ation failed|authentication|E170001|E215004|E175013|forbidden")
_LED_ON: Final = re.compile(r"E170021|(?:Repository|Session) moved|moved (?:permanently|temporarily) to")
_NOT_THERE: Final = re.compile(r"(?i)E160013|E170000|E180001|path not found|no repository found|E210005")

ASKPASS: Final = """#!/bin/sh
[ ! -e "$0.was-asked" ] || exit 1
case $1 in
"Password for '"*) : > "$0.was-asked" && printf '%s\\n' "$MATOU_SVN_PASSWORD" ;;
*) exit 1 ;;
esac
"""
"""A password is given once: Subversion would try a wrong one three times. Whatever else is asked, such as whether a
certificate that nobody knows may do, gets no answer, which is no."""


class UnusableSvnAddress(Invalid):
    """An address of a Subversion repository that is not asked."""


class LedElsewhere(Refused):
    """A server of Subversion leads on to another address, which is not followed."""


class SvnFailed(TryLater):
    """`git svn` did not come to its end; what it has is kept, and the next run goes on from there."""


@cache
def has_git_svn() -> bool:
    """Whether git has it on this machine, as far as its files tell."""
    above = Path(git_program()).resolve().parent.parent
    return any((above / place / "git-svn").is_file() for place in _PLACES)


def require_svn_address(url: str) -> None:
    """Raises UnusableSvnAddress."""
    parts = urlsplit(url)
    fault = None
    if parts.scheme not in _SCHEMES or not _URL.fullmatch(url):
        fault = Phrase("it is no plain address of http, https or svn")
    elif "@" in parts.netloc:
        fault = Phrase("it holds a user name or a password")
    elif any(part in (".", "..") for part in parts.path.split("/")):
        fault = Phrase("a part of its path is empty, or a step to somewhere else")
    if fault is not None:
        shown = url.rpartition("@")[2][:200]
        raise UnusableSvnAddress("the address {address} is not asked: {fault}", address=repr(shown), fault=fault)


def update_from_subversion(
    git_dir: Path,
    url: str,
    credential: GitCredential | None,
    *,
    limits: Limits,
    started: Callable[[GitChild], None] = lambda _: None,
) -> None:
    """Bring a repository up to the newest revision; `BRANCH` and HEAD name it. Interrupted, it goes on the next time.

    The password is in the environment of the child alone, which nobody else can read: neither in its arguments nor in
    a file.

    Args:
        git_dir: made where there is none; nothing but this may write to it.
        started: is given the child, for whoever wants to end it.

    Raises:
        UnusableSvnAddress, LedElsewhere, Refused, NotFound, SvnFailed: as they are named.
    """
    require_svn_address(url)
    _prepare(git_dir, url)
    with tempfile.TemporaryDirectory(prefix="matou-svn-") as folder:
        words, environment = _access(Path(folder), credential)
        child = GitChild(["svn", "fetch", "--quiet", *words], git_dir=git_dir, environment=environment, limits=limits)
        with child:
            started(child)
            while child.stdout.read(64 * 1024):
                pass
            try:
                child.finish()
            except GitFailed as failure:
                raise _failure_of(url, failure, credential) from failure
    _point_at_newest(git_dir)


def _prepare(git_dir: Path, url: str) -> None:
    if not (git_dir / "HEAD").exists():
        create_bare(git_dir)
    remove_leftovers(git_dir)
    (git_dir / "svn").mkdir(exist_ok=True)  # Without it, git svn takes its settings for those of an older one.
    run_git(["symbolic-ref", "HEAD", BRANCH], git_dir=git_dir)
    run_git(["config", "svn-remote.svn.url", url], git_dir=git_dir)
    run_git(["config", "svn-remote.svn.fetch", f":{_OWN_REF}"], git_dir=git_dir)


def _access(folder: Path, credential: GitCredential | None) -> tuple[list[str], dict[str, str]]:
    """Its own empty configuration of Subversion, in which nothing is kept that lets anybody in."""
    configuration = folder / "subversion"
    configuration.mkdir()
    (configuration / "servers").write_text("[global]\nstore-passwords = no\nstore-auth-creds = no\n", encoding="ascii")
    (configuration / "config").write_text("[auth]\npassword-stores =\nstore-auth-creds = no\n", encoding="ascii")
    ask = folder / "ask"
    ask.write_text(ASKPASS, encoding="ascii")
    ask.chmod(0o700)
    words = ["--no-auth-cache", f"--config-dir={configuration}"]
    environment = {"GIT_ASKPASS": str(ask), "HOME": str(folder)}
    if credential is not None:
        words.append(f"--username={credential.user}")
        environment["MATOU_SVN_PASSWORD"] = credential.password.reveal()
    return words, environment


def _point_at_newest(git_dir: Path) -> None:
    """A Subversion repository without a revision has given nothing."""
    newest = run_git(["for-each-ref", "--format=%(objectname)", _OWN_REF], git_dir=git_dir).decode().strip()
    if newest:
        run_git(["update-ref", BRANCH, newest], git_dir=git_dir)


def _failure_of(url: str, failure: GitFailed, credential: GitCredential | None) -> MatouError:
    said = " ".join(failure.stderr.split())[-500:]
    if credential is not None and credential.password:
        said = said.replace(credential.password.reveal(), "…")
    if _LED_ON.search(
        said
    ):  # Subversion follows nobody where it is not asked for the new address, and git svn never asks
        return LedElsewhere(
            "{url} leads on to another address, which is not followed: {reason}", url=url, reason=repr(said)
        )
    for pattern, kind in ((_REFUSED, Refused), (_NOT_THERE, NotFound)):
        if pattern.search(said):
            return kind("git svn of {url} failed: {reason}", url=url, reason=repr(said))
    return SvnFailed("git svn of {url} failed: {reason}", url=url, reason=repr(said))
