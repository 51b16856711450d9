"""Where the links for people that answers of the APIs hold lead, until files and commits have pages of their own.

`/TEAM/REPOSITORY/blob/REF/PATH` and `…/raw/…` lead to the file as the API gives it, `…/tree/…` and `…/commit/…` to the
repository's page.
"""

from collections.abc import Iterator, Sequence
from urllib.parse import unquote_to_bytes

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, Identity, MayReadCode, authorize_repository
from matou.forge.content.contents import object_at, read_file
from matou.forge.content.history import find_commit_at
from matou.forge.forge import Forge
from matou.git.odb.objects import InvalidTreePath, TreePath
from matou.model.names import ObjectId
from matou.server.api.links import Links, quoted
from matou.server.dialects.gitcode_v5 import PREFIX
from matou.server.paths import repository_at

LONGEST_PATH_BYTES = 16384
MOST_PARTS_OF_A_REF = 20
_FILES = ("blob", "raw")
_WORDS = (*_FILES, "tree", "commit")


def code_link(forge: Forge, identity: Identity, raw_path: bytes) -> str | None:
    """Where such a link leads, from the server's root on; None where it is no link into a repository of the viewer's.

    Raises:
        NotFound: the repository has no such commit, ref or file.
        MatouError: as the API answers for the same.
    """
    if len(raw_path) > LONGEST_PATH_BYTES:
        return None
    parts = [unquote_to_bytes(part).decode("utf-8", "surrogateescape") for part in raw_path.strip(b"/").split(b"/")]
    indexes = (index for index, word in enumerate(parts[:-1]) if word in _WORDS)
    for index in indexes:
        repository = _repository(forge, identity, parts[:index])
        if repository is not None:
            return _target(forge, repository, parts[index], parts[index + 1 :])
    return None


def _repository(forge: Forge, identity: Identity, parts: Sequence[str]) -> Authorized[Repository, MayReadCode] | None:
    path = repository_at(tuple(parts))
    try:
        return None if path is None else authorize_repository(forge, identity, MayReadCode, path)
    except NotFound:
        return None


def _target(forge: Forge, repository: Authorized[Repository, MayReadCode], word: str, rest: Sequence[str]) -> str:
    links = Links("", PREFIX)
    if word in _FILES:
        ref, path = _file(forge, repository, rest)
        return links.repository_api(repository.subject.path, "raw", path.encoded) + f"?ref={quoted(ref, safe='')}"
    if word == "commit":
        find_commit_at(forge, repository, "/".join(rest))
    elif not any(True for _ in _readings(forge, repository, rest)):
        raise NotFound("there is nothing here")
    return links.page(repository.subject.path)


def _file(forge: Forge, repository: Authorized[Repository, MayReadCode], rest: Sequence[str]) -> tuple[str, TreePath]:
    """The shortest ref that has such a file: either may have slashes."""
    for ref, start, below in _readings(forge, repository, rest):
        if not below:
            continue
        try:
            path = TreePath(tuple(below))
            read_file(forge, repository, start, path, largest_bytes=0)
        except (NotFound, InvalidTreePath):
            continue
        return ref, path
    raise NotFound("there is nothing here")


def _readings(
    forge: Forge, repository: Authorized[Repository, MayReadCode], rest: Sequence[str]
) -> Iterator[tuple[str, ObjectId, Sequence[str]]]:
    """The beginnings that are a ref or a commit, with what follows them."""
    for count in () if "" in rest else range(1, min(len(rest), MOST_PARTS_OF_A_REF) + 1):
        ref = "/".join(rest[:count])
        try:
            yield ref, object_at(forge, repository, ref), rest[count:]
        except NotFound:
            continue
