"""The process that looks at a repository's files to tell their languages: `python -m matou.forge.analysis.worker`.

It is not the server's: looking takes long, and the bytes that it reads are anybody's.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import pygit2

from matou.archive.cache import read_whole, write_whole
from matou.fs import DiskFull
from matou.git.odb.objects import open_repository
from matou.git.operations.languages import (
    READ_BYTES,
    RULES,
    LanguageVerdict,
    Trait,
    counted_language,
    judge,
)
from matou.git.operations.languages_tree import TreeFile, list_files, overrides_of
from matou.git.process.worker import NO_ROOM_LEFT, read_request
from matou.model.decodable import decodable
from matou.model.names import ObjectId

MODULE: Final = "matou.forge.analysis.worker"
FORM: Final = f"languages {RULES}"
VERDICTS: Final = "languages"
MOST_FILES: Final = 100_000
LARGEST_BYTES: Final = 16 * 1024 * 1024
"""Nobody writes a larger file by hand; it counts as binary."""

FILES_BETWEEN_SAVES: Final = 5_000

Key = tuple[bytes, ObjectId]


class LanguagesRequest(msgspec.Struct, frozen=True, array_like=True):
    """Which commit's languages are wanted, and where what is known of files is kept."""

    git_dir: str
    tree: str
    cache: str
    below: str


class LanguagesResponse(msgspec.Struct, frozen=True, array_like=True):
    """How many bytes are in each language; None of a tree with more than MOST_FILES files."""

    sizes: dict[str, int] | None


class _SavedVerdicts(msgspec.Struct, frozen=True, array_like=True):
    """Verdicts by path and blob."""

    paths: list[bytes]
    ids: list[ObjectId]
    languages: list[str]
    traits: list[int]
    sizes: list[int]


def main() -> None:
    request = msgspec.msgpack.decode(read_request(), type=decodable(LanguagesRequest))
    try:
        answer = LanguagesResponse(_sizes(request))
    except DiskFull:
        sys.exit(NO_ROOM_LEFT)
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer))
    sys.stdout.buffer.flush()


def _sizes(request: LanguagesRequest) -> dict[str, int] | None:
    git_dir = Path(request.git_dir)
    files = list_files(git_dir, ObjectId(request.tree), most=MOST_FILES)
    if files is None:
        return None
    verdicts = _verdicts(request, files)
    overrides = overrides_of(git_dir, files)
    counted = (
        (counted_language(verdicts[file.path, file.id], overrides[file.path]), file)
        if file.path in overrides
        else (counted_language(verdicts[file.path, file.id]), file)
        for file in files
    )
    sizes = Counter[str]()
    for language, file in counted:
        if language is not None:
            sizes[language] += verdicts[file.path, file.id].size_bytes
    return sizes


def _verdicts(request: LanguagesRequest, files: Sequence[TreeFile]) -> dict[Key, LanguageVerdict]:
    """Each file's: those that are known already, and the others', kept as they come."""
    known = _read(request)
    verdicts = {(file.path, file.id): known[file.path, file.id] for file in files if (file.path, file.id) in known}
    opened = open_repository(Path(request.git_dir))
    new = [file for file in files if (file.path, file.id) not in verdicts]
    for number, file in enumerate(new, 1):
        verdicts[file.path, file.id] = _judge(opened, file)
        if number % FILES_BETWEEN_SAVES == 0:
            _write(request, known | verdicts)
    if new or len(known) > len(verdicts):
        _write(request, verdicts)
    return verdicts


def _judge(opened: pygit2.Repository, file: TreeFile) -> LanguageVerdict:
    _, size_bytes = opened.odb.read_header(file.id)
    if size_bytes > LARGEST_BYTES:
        return LanguageVerdict("", Trait.BINARY, size_bytes)
    content = opened.odb.read(file.id)[1][:READ_BYTES]
    return judge(file.path.decode("utf-8", "replace"), content, size_bytes)


def _read(request: LanguagesRequest) -> dict[Key, LanguageVerdict]:
    content = read_whole(Path(request.cache) / VERDICTS, form=FORM)
    if content is None:
        return {}
    saved = msgspec.msgpack.decode(content, type=decodable(_SavedVerdicts))
    rows = zip(saved.paths, saved.ids, saved.languages, saved.traits, saved.sizes, strict=True)
    return {(path, name): LanguageVerdict(language, Trait(traits), size) for path, name, language, traits, size in rows}


def _write(request: LanguagesRequest, verdicts: dict[Key, LanguageVerdict]) -> None:
    saved = _SavedVerdicts(
        paths=[path for path, _ in verdicts],
        ids=[name for _, name in verdicts],
        languages=[verdict.language for verdict in verdicts.values()],
        traits=[int(verdict.traits) for verdict in verdicts.values()],
        sizes=[verdict.size_bytes for verdict in verdicts.values()],
    )
    write_whole(Path(request.cache) / VERDICTS, msgspec.msgpack.encode(saved), below=Path(request.below), form=FORM)


if __name__ == "__main__":
    main()
