"""The files of a tree, and what its `.gitattributes` say of them to linguist, by git's own reading."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from matou.git.operations.languages import Overrides
from matou.git.process.run import GitChild, GitFailed, Limits, run_git
from matou.model.names import ObjectId

LIMITS: Final = Limits(wall=timedelta(minutes=1))
LARGEST_ATTRIBUTES_BYTES: Final = 1024 * 1024
"""Of all `.gitattributes` together; where there is more, none of them says anything."""

_BLOCK_BYTES: Final = 64 * 1024
_FILE_MODES: Final = frozenset({b"100644", b"100755", b"100664"})
_ATTRIBUTES: Final = (
    "linguist-language",
    "linguist-vendored",
    "linguist-generated",
    "linguist-documentation",
    "linguist-detectable",
)


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a tree. `path` is bytes: no encoding is sure."""

    path: bytes
    id: ObjectId


def list_files(git_dir: Path, tree: ObjectId, *, most: int) -> list[TreeFile] | None:
    """Every file, without links and submodules; None where there are more. No more than that is read.

    Raises:
        GitFailed: the tree cannot be read.
    """
    files: list[TreeFile] = []
    with GitChild(("ls-tree", "-r", "-z", "--full-tree", tree), git_dir=git_dir, limits=LIMITS) as child:
        for record in _records(child):
            mode, _, rest = record.partition(b" ")
            _kind, _, rest = rest.partition(b" ")
            name, _, path = rest.partition(b"\t")
            if mode not in _FILE_MODES or not _is_ordinary(path):
                continue
            if len(files) >= most:
                return None
            files.append(TreeFile(path, ObjectId(name.decode())))
        child.finish()
    return files


def overrides_of(git_dir: Path, files: Sequence[TreeFile]) -> Mapping[bytes, Overrides]:
    """What the `.gitattributes` among the files say of each file that they say anything of.

    git itself reads and matches them, from an index that holds nothing else. Where they are too long together, or git
    refuses one, or matching takes too long, none of them says anything.
    """
    sources = [file for file in files if file.path.rpartition(b"/")[2] == b".gitattributes"]
    if not sources or not _mentions_linguist(git_dir, sources):
        return {}
    with tempfile.TemporaryDirectory(prefix="matou-attributes-") as folder:
        environment = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        entries = b"".join(b"100644 %s\t%s\0" % (file.id.encode(), file.path) for file in sources)
        try:
            # There is no work tree that a name could harm.
            lenient = (("core.protectNTFS", "false"), ("core.protectHFS", "false"))
            run_git(
                ("update-index", "-z", "--index-info"),
                git_dir=git_dir,
                input=entries,
                environment=environment,
                settings=lenient,
                limits=LIMITS,
            )
            return _attributes(git_dir, files, environment)
        except GitFailed:
            return {}


def _attributes(git_dir: Path, files: Sequence[TreeFile], environment: Mapping[str, str]) -> dict[bytes, Overrides]:
    attributes: dict[bytes, dict[str, bytes]] = {}
    arguments = ("check-attr", "--cached", "--stdin", "-z", *_ATTRIBUTES)
    with GitChild(arguments, git_dir=git_dir, environment=environment, has_input=True, limits=LIMITS) as child:
        child.feed(b"%s\0" % file.path for file in files)
        records = _records(child)
        for path, attribute, value in zip(records, records, records, strict=False):
            if value != b"unspecified":
                attributes.setdefault(path, {})[attribute.decode()] = value
        child.finish()
    return {path: _overrides(values) for path, values in attributes.items()}


def _mentions_linguist(git_dir: Path, sources: Iterable[TreeFile]) -> bool:
    ids = "".join(f"{file.id}\n" for file in sources).encode()
    sizes = run_git(("cat-file", "--batch-check=%(objectsize)"), git_dir=git_dir, input=ids, limits=LIMITS)
    lines = sizes.split(b"\n")[:-1]
    if not all(line.isdigit() for line in lines) or sum(map(int, lines)) > LARGEST_ATTRIBUTES_BYTES:
        return False
    return b"linguist-" in run_git(("cat-file", "--batch"), git_dir=git_dir, input=ids, limits=LIMITS)


def _overrides(values: Mapping[str, bytes]) -> Overrides:
    language = values.get("linguist-language")
    return Overrides(
        # `-linguist-language` and one without a value name no language.
        language=None if language in (None, b"set", b"unset") else language.decode("utf-8", "replace"),
        vendored=_truth(values.get("linguist-vendored")),
        generated=_truth(values.get("linguist-generated")),
        documentation=_truth(values.get("linguist-documentation")),
        detectable=_truth(values.get("linguist-detectable")),
    )


def _truth(value: bytes | None) -> bool | None:
    """linguist takes everything but `-attribute` and `attribute=false` for yes."""
    return None if value is None else value not in (b"unset", b"false")


def _records(child: GitChild) -> Iterator[bytes]:
    rest = b""
    while block := child.stdout.read(_BLOCK_BYTES):
        *records, rest = (rest + block).split(b"\0")
        yield from records


def _is_ordinary(path: bytes) -> bool:
    """What git itself would check out; a hand-made tree may hold anything."""
    return all(part not in (b"", b".", b"..") and part.lower() != b".git" for part in path.split(b"/"))
