"""Commits made behind a server's back, by plain git, with the names and times that a test gives."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from matou.model.names import ObjectId, object_id

GIT_ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "王芳",
    "GIT_AUTHOR_EMAIL": "fang@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0800",
    "GIT_COMMITTER_NAME": "Committer",
    "GIT_COMMITTER_EMAIL": "committer@example.org",
    "GIT_COMMITTER_DATE": "1700000000 +0800",
}


def git_in(git_dir: Path, *arguments: str, stdin: bytes = b"") -> str:
    command = ["git", "--git-dir", str(git_dir), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True, env=GIT_ENVIRONMENT).stdout.decode()


def commit_in(git_dir: Path, files: Mapping[str, bytes], message: str, *, at: int, branch: str = "main") -> ObjectId:
    """One more commit on a branch; its author's time is five seconds before `at`."""
    stream = [
        f"commit refs/heads/{branch}\nauthor 王芳 <fang@example.org> {at - 5} +0800\n"
        f"committer Committer <committer@example.org> {at} +0800\n".encode(),
        b"data %d\n%b\n" % (len(message.encode()), message.encode()),
    ]
    if git_in(git_dir, "for-each-ref", f"refs/heads/{branch}"):
        stream.append(f"from refs/heads/{branch}^0\n".encode())
    for path, content in files.items():
        stream.append(b"M 100644 inline %b\ndata %d\n%b\n" % (path.encode(), len(content), content))
    git_in(git_dir, "fast-import", "--quiet", stdin=b"".join(stream))
    return object_id(git_in(git_dir, "rev-parse", f"refs/heads/{branch}").strip())


def long_commit_in(git_dir: Path, *, branch: str) -> ObjectId:
    """A branch whose commit has a message of 2 MiB."""
    tree = git_in(git_dir, "mktree").strip()
    made = git_in(git_dir, "commit-tree", tree, stdin=b"Long\n\n" + b"m" * 2 * 1024 * 1024).strip()
    git_in(git_dir, "update-ref", f"refs/heads/{branch}", made)
    return object_id(made)
