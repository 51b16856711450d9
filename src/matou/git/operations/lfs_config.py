"""Which LFS server a repository's `.lfsconfig` names: to be told, never to be asked, since whoever pushes writes it."""

import re
from pathlib import Path
from typing import Final

from matou.git.process.run import DEFAULT_LIMITS, GitFailed, GitStopped, Limits, run_git

_KEYS: Final = r"^(lfs\.url|remote\..*\.lfsurl)$"
_LONGEST: Final = 200


def configured_lfs_server(git_dir: Path, *, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """The URL that `.lfsconfig` at HEAD gives, without a user in it; None where it gives none, or is not there."""
    words = ["config", "--blob", "HEAD:.lfsconfig", "--get-regexp", _KEYS]
    try:
        output = run_git(words, git_dir=git_dir, limits=limits)
    except GitStopped:
        raise
    except GitFailed:
        return None
    lines = dict(line.partition(" ")[::2] for line in output.decode("utf-8", "replace").splitlines())
    url = lines.get("lfs.url") or next(iter(lines.values()), "")
    return re.sub(r"//[^/@]*@", "//", url)[:_LONGEST] or None


def is_own_server(lfs_url: str, clone_url: str) -> bool:
    """Whether that is where a repository's objects are asked for anyhow."""
    return _bare(lfs_url) == _bare(clone_url)


def _bare(url: str) -> str:
    url = re.sub(r"//[^/@]*@", "//", url).rstrip("/").removesuffix("/info/lfs")
    return url.removesuffix(".git").lower()
