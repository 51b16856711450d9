"""Where addresses as the platforms write them lead, which the answers of the APIs hold for people.

`/TEAM/REPOSITORY/blob/REF/PATH`, `…/raw/…`, `…/tree/…` and `…/commit/…` are these.
"""

from collections.abc import Sequence

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode, authorize_repository
from matou.forge.content.contents import find_file
from matou.forge.content.history import find_commit_at
from matou.git.odb.objects import EntryKind
from matou.server.paths import repository_at
from matou.server.web.addresses import subject_url
from matou.server.web.page import WebRequest
from matou.server.web.revision_paths import read_revision_path

_WORDS = ("blob", "raw", "tree", "commit")


def code_link(view: WebRequest) -> str | None:
    """Where such a link leads, from the server's root on; None where it is no link into a repository of the viewer's.

    Raises:
        NotFound: the repository has no such commit or ref.
        MatouError: as its page answers for the same.
    """
    for index, word in enumerate(view.segments[:-1]):
        repository = _repository(view, view.segments[:index]) if word in _WORDS else None
        if repository is not None:
            return _target(view, repository, word, view.segments[index + 1 :])
    return None


def _repository(view: WebRequest, parts: Sequence[str]) -> Authorized[Repository, MayReadCode] | None:
    path = repository_at(tuple(parts))
    try:
        return None if path is None else authorize_repository(view.forge, view.identity, MayReadCode, path)
    except NotFound:
        return None


def _target(view: WebRequest, code: Authorized[Repository, MayReadCode], word: str, rest: Sequence[str]) -> str:
    if word == "commit":
        return subject_url(code.subject.path, word, find_commit_at(view.forge, code, "/".join(rest)).id)
    place = read_revision_path(view.forge, code, rest)
    if place.path is None:
        if word != "tree":
            raise NotFound("there is nothing here")
        return subject_url(code.subject.path, word, *place.words)
    is_folder = find_file(view.forge, code, place.start, place.path).kind is EntryKind.FOLDER
    return subject_url(code.subject.path, _page_of(word, is_folder=is_folder), *place.words)


def _page_of(word: str, *, is_folder: bool) -> str:
    """A submodule is called a folder by some platforms, and has the page of a file."""
    if is_folder:
        return "tree"
    return "blob" if word == "tree" else word
