"""Reads a repository from elsewhere into an empty one: what may be read, all refs, and LFS objects beside it."""

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from matou.archive.blobs import UnexpectedDigest, is_digest
from matou.archive.layout import Archive
from matou.db.lfs_objects import LfsLink
from matou.errors import NotFound
from matou.fs import syncfs
from matou.git.odb.shallow import read_boundary
from matou.git.process.run import DEFAULT_LIMITS, GitAccess, Limits, http_environment, run_git
from matou.git.process.sandbox import GitSetting
from matou.git.refs.listing import fault_of_ref_name, read_refs, write_refs
from matou.model.names import RefName

LONGEST_URL = 2000

EVERY_REF = ("+refs/*:refs/*", "^refs/matou/*")

_Run = Callable[[Sequence[str]], bytes]

# One text to Python, to git and to curl: no user, no blank, no backslash, nothing that needs to be decoded first.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?\Z")


class ImportRefused(NotFound):
    """What was named is nothing that may be read."""


class ShallowSource(ImportRefused):
    """The source is a shallow clone."""


def local_git_dir(folder: Path) -> Path:
    """The git folder of a bare repository or of a work tree. Raises ImportRefused."""
    for candidate in (folder.absolute(), folder.absolute() / ".git"):
        if (candidate / "HEAD").is_file() and (candidate / "objects").is_dir():
            return candidate
    raise ImportRefused("{folder} is no git repository", folder=repr(str(folder)))


def require_remote_url(text: str) -> str:
    """An http or https URL without a user in it. Raises ImportRefused.

    Which machine it leads to is not looked at: who may name one decides the caller.
    """
    well_formed = len(text) <= LONGEST_URL and _PLAIN_URL.match(text) is not None
    if not well_formed or not _has_host(text):
        raise ImportRefused("{url} is not an http or https URL that can be read", url=_without_user(text))
    return text


def fetch_local(git_dir: Path, origin: Path) -> None:
    """Every ref of a repository on this machine, whoever owns its folder. Raises GitFailed; ShallowSource."""
    # git starts upload-pack without our settings, so that the folder must be trusted in its own command line.
    upload_pack = f"git -c safe.directory={shlex.quote(str(origin))} upload-pack"
    run = partial(run_git, git_dir=git_dir, environment={"GIT_ALLOW_PROTOCOL": "file"})
    _fetch(git_dir, str(origin), run, refspecs=EVERY_REF, upload_pack=upload_pack)


def fetch_remote(
    git_dir: Path,
    url: str,
    access: GitAccess,
    *,
    refspecs: Sequence[str] = EVERY_REF,
    settings: Sequence[GitSetting] = (),
    limits: Limits = DEFAULT_LIMITS,
) -> None:
    """Every ref of a repository at a URL, or those that are asked for. Raises GitFailed; ShallowSource."""
    run = partial(run_git, git_dir=git_dir, environment=http_environment(access, url), limits=limits)
    _fetch(git_dir, url, partial(run, settings=settings), refspecs=refspecs)


def local_lfs_objects(archive: Archive, origin: Path) -> Iterator[LfsLink]:
    """Store the LFS objects that lie in a repository's own folder; one whose bytes are wrong is passed over."""
    for file in sorted((origin / "lfs" / "objects").glob("??/??/*")):
        if not is_digest(file.name) or not file.is_file() or file.is_symlink():
            continue
        try:
            with file.open("rb") as stream:
                archive.blobs.put_stream(stream, expected=file.name)
        except UnexpectedDigest:
            continue
        yield LfsLink(file.name, archive.blobs.size(file.name))


def _fetch(
    git_dir: Path, origin: str, run: _Run, *, refspecs: Sequence[str], upload_pack: str = "git-upload-pack"
) -> None:
    # Without --update-shallow git leaves out what has no beginning, and calls that a success.
    options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow", f"--upload-pack={upload_pack}")
    run(("fetch", *options, "--end-of-options", origin, *refspecs))
    if read_boundary(git_dir):
        raise ShallowSource(
            "{origin} lacks a part of its history, and only whole ones are imported",
            origin=_without_user(origin),
            advice="Make it whole first: git fetch --unshallow.",
        )
    listing = replace(read_refs(git_dir), head=_head(origin, run, upload_pack=upload_pack))
    write_refs(git_dir, listing, {})
    syncfs(git_dir)


def _head(origin: str, run: _Run, *, upload_pack: str) -> RefName | None:
    """What the other side's HEAD is a symbolic ref to; None where it does not say."""
    command = ("ls-remote", "--symref", f"--upload-pack={upload_pack}", "--end-of-options", origin, "HEAD")
    answer = run(command).decode("utf-8", "surrogateescape")
    target, _, name = answer.partition("\n")[0].partition("\t")
    symbolic = target.removeprefix("ref: ")
    if name != "HEAD" or symbolic == target or fault_of_ref_name(symbolic) is not None:
        return None
    return RefName(symbolic)


def _has_host(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _without_user(text: str) -> str:
    return repr(re.sub(r"//[^/@]*@", "//…@", text)[:200])
