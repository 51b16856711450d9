"""What is wrong with a repository: git's own check of its objects, and ours of its refs, which git does not make.

With packed-refs emptied `git fsck` exits with 0: lost refs are found by `missing_refs`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from matou.git.process.run import DEFAULT_LIMITS, GitChild, GitFailed, GitStopped, Limits, run_git_captured
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing

# What `git fsck` may find wrong with an object that is kept all the same, by git's own names (git-fsck(1)).
HARMLESS: Final = (
    "badDate", "badDateOverflow", "badEmail", "badName", "badTimezone", "duplicateEntries", "missingEmail",
    "missingNameBeforeEmail", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "multipleAuthors", "treeNotSorted",
    "zeroPaddedDate", "zeroPaddedFilemode",
)  # fmt: skip
"""What tools of long ago wrote, and every git reads: real histories have it, and it attacks nobody."""

OLD_TOOLS: Final = ("badTimezone", "missingSpaceBeforeDate", "zeroPaddedFilemode")
"""What a strict server lets in too, as GitHub and GitLab do."""

TOLERATED: Final = (
    "badDate", "badDateOverflow", "badEmail", "badName", "badObjectSha1", "badParentSha1", "badTimezone", "badTree",
    "badTreeSha1", "badType", "duplicateEntries", "emptyName", "fullPathname", "gitattributesBlob",
    "gitattributesLarge", "gitattributesLineLength", "gitattributesMissing", "gitmodulesBlob", "gitmodulesLarge",
    "gitmodulesMissing", "gitmodulesName", "gitmodulesPath", "gitmodulesSymlink", "gitmodulesUpdate", "gitmodulesUrl",
    "hasDot", "hasDotdot", "hasDotgit", "missingAuthor", "missingCommitter", "missingEmail", "missingNameBeforeEmail",
    "missingObject", "missingSpaceBeforeDate", "missingSpaceBeforeEmail", "missingTag", "missingTagEntry",
    "missingTree", "missingType", "missingTypeEntry", "multipleAuthors", "nulInCommit", "nullSha1", "treeNotSorted",
    "unknownType", "zeroPaddedDate", "zeroPaddedFilemode",
)  # fmt: skip
"""All that git 2.39 can be told to only warn of. Real histories have them: a backup keeps what the source has."""

_OBJECT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NOISE: Final = re.compile(r"notice: |dangling |Checking |unreachable ")
_OF_THE_SOURCE: Final = re.compile(
    r"warning|error in (?:commit|tree|blob|tag) [0-9a-f]{40,64}: [A-Za-z0-9]+: "
    r"|error: (?:HEAD points to something strange \(|HEAD: badHeadTarget: |(?:HEAD|refs/\S+): not a commit\Z)"
)
"""An object's id is the digest of its content, so that what git has against a content is as old as the object; what
it has against a name that a ref holds, who compares the refs with what they should be can tell."""


class Severity(StrEnum):
    """An ERROR means that bytes are missing or not what was written.

    A WARNING means that somebody's tool was sloppy: it came so from the source, and goes back so.
    """

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class FsckProblem:
    """`message` is git's own line; `object_id` the first object that it names."""

    severity: Severity
    object_id: ObjectId | None
    message: str


@dataclass(frozen=True, slots=True)
class RefDifference:
    """A ref that is not as it should be: object ids, a ref's name where HEAD is symbolic, None for nothing."""

    name: RefName
    expected: str | None
    actual: str | None


def fsck(
    git_dir: Path, *, is_connectivity_enough: bool = False, limits: Limits = DEFAULT_LIMITS
) -> tuple[FsckProblem, ...]:
    """Let git read every object and follow every link.

    Args:
        git_dir: a bare repository.
        is_connectivity_enough: follow the links between commits and trees only. A flipped byte in a blob is not seen.
        limits: for the git child.

    Raises:
        GitFailed: git was stopped, or failed without a word of what is wrong.
    """
    mode = ["--connectivity-only"] if is_connectivity_enough else ["--full"]
    words = ["fsck", *mode, "--strict", "--no-dangling", "--no-progress"]
    settings = [(f"fsck.{name}", "warn") for name in known_messages()]
    with GitChild(words, git_dir=git_dir, settings=settings, limits=limits) as child:
        output = child.stdout.read().decode("utf-8", "replace")
        try:
            child.finish()
        except GitStopped:
            raise
        except GitFailed as failure:
            problems = tuple(read_problems(output, failure.stderr))
            if failure.status < 0 or not problems:
                raise
            return problems
        return tuple(read_problems(output, child.stderr_text))


def read_problems(stdout: str, stderr: str) -> Iterator[FsckProblem]:
    """What `git fsck` said, a line a problem; the second line of a broken link goes with its first."""
    lines = re.sub(r"\n\s+to ", " to ", f"{stdout}\n{stderr}").splitlines()
    for line in dict.fromkeys(filter(None, map(str.strip, lines))):
        if not _NOISE.match(line):
            match = _OBJECT.search(line)
            severity = Severity.WARNING if _OF_THE_SOURCE.match(line) else Severity.ERROR
            yield FsckProblem(severity, ObjectId(match[0]) if match else None, line)


@cache
def known_messages() -> tuple[str, ...]:
    """The names of faults that this git can be told to tolerate: all that we know of, or none where it is older."""
    completed = run_git_captured(["index-pack", tolerant_check(TOLERATED), "/nonexistent/none.pack"], check=False)
    return () if "message id" in completed.stderr else TOLERATED


def tolerant_check(names: tuple[str, ...]) -> str:
    """How `git index-pack` is told to check every object and every link, and to only warn of these faults."""
    return f"--strict={','.join(f'{name}=warn' for name in names)}" if names else "--strict"


def missing_refs(expected: RefListing, actual: RefListing) -> tuple[RefDifference, ...]:
    """Every ref of `expected` that is not in `found` or names another object there, and HEAD where it differs.

    Refs that are only in `found` are no fault. Where `expected` does not know HEAD, neither is any HEAD.
    """
    wrong = [
        RefDifference(name, oid, actual.refs.get(name))
        for name, oid in expected.refs.items()
        if actual.refs.get(name) != oid
    ]
    head = expected.head or expected.detached_head
    actual_head = actual.head or actual.detached_head
    if head is not None and head != actual_head:
        wrong.append(RefDifference(RefName("HEAD"), head, actual_head))
    return tuple(wrong)
