"""`main/src/app.py` in an address: which of it is the revision, which the path. Either may have slashes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MayReadCode
from matou.forge.content.contents import object_at
from matou.forge.content.revisions import NoSuchRevision, default_branch_of
from matou.forge.forge import Forge
from matou.git.odb.objects import InvalidTreePath, TreePath
from matou.model.names import ObjectId

MOST_PARTS = 20
"""Of a revision: how many words of an address are tried."""

_WHOLE = 3  # refs/heads/main


@dataclass(frozen=True, slots=True)
class RevisionPath:
    """A place in a repository.

    Attributes:
        revision: as the address has it: a branch, a tag, a whole ref name or an object id.
        start: the object that it names.
        path: None for the root.
    """

    revision: str
    start: ObjectId
    path: TreePath | None

    @property
    def words(self) -> tuple[str, ...]:
        """As they stand in an address."""
        return (self.revision, *(() if self.path is None else self.path.segments))


def read_revision_path(
    forge: Forge, granted: Authorized[Repository, MayReadCode], words: Sequence[str]
) -> RevisionPath:
    """The shortest beginning that names something; nothing at all is the default branch.

    Raises:
        NoSuchRevision: nothing does, or what follows can be no path.
    """
    for revision, start, below in revision_readings(forge, granted, words):
        try:
            return RevisionPath(revision, start, TreePath(tuple(below)) if below else None)
        except InvalidTreePath:
            break
    raise NoSuchRevision("there is no branch, tag or commit {revision}", revision=repr("/".join(words))[:200])


def default_place(forge: Forge, granted: Authorized[Repository, MayReadCode]) -> RevisionPath:
    """The root of the default branch, by the branch's name where that says it. Raises NoSuchRevision."""
    place, name = read_revision_path(forge, granted, ()), default_branch_of(forge, granted)
    try:
        is_named = name is not None and object_at(forge, granted, name) == place.start
    except NotFound:
        is_named = False
    return place if name is None or not is_named else replace(place, revision=name)


def revision_readings(
    forge: Forge, granted: Authorized[Repository, MayReadCode], words: Sequence[str]
) -> Iterator[tuple[str, ObjectId, Sequence[str]]]:
    """The beginnings that are a ref or a commit, with what follows them; a whole ref name before a branch `refs`."""
    if not words:
        yield "HEAD", object_at(forge, granted, ""), ()
    counts = [] if "" in words else list(range(1, min(len(words), MOST_PARTS) + 1))
    if words and words[0] == "refs":
        counts.sort(key=lambda count: count < _WHOLE)
    for count in counts:
        revision = "/".join(words[:count])
        try:
            yield revision, object_at(forge, granted, revision), words[count:]
        except NotFound:
            continue
