"""The wiki of what another forge imports: pages as files of Markdown with their history, in their own repository."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from matou.archive.path_registry import safe_segment
from matou.git.odb.pack_writer import PackWriter
from matou.git.odb.quarantine import ObjectKind
from matou.git.operations.tree_edit import CommitIdent, InvalidPerson, write_commit
from matou.git.operations.tree_update import TreeUpdate
from matou.git.refs.listing import write_first_refs
from matou.git.repository import make_bare
from matou.i18n import gettext as _
from matou.model.metadata import AttachedFile, MarkupText, PersonKey, WikiPage, WikiVersion
from matou.model.metadata.kinds import WIKI_PAGE, WIKI_VERSION
from matou.model.names import ObjectId, RefName
from matou.model.refs import RefListing
from matou.settings import MEBIBYTE
from matou.transfer.export.markdown_files import literal
from matou.transfer.export.source import ExportSource, harmless_name

WIKI_FOLDER: Final = "git.wiki.git"
"""In a dump for Gitea."""

WIKI_BRANCH: Final = RefName("refs/heads/master")
"""Where `gitea restore-repo` looks for a wiki, whatever its HEAD says."""

_HOME: Final = "Home"
_TAKEN: Final = frozenset({"_pages", "_new", "_edit", "raw", "_sidebar", "_footer"})
"""What Gitea has under these names is no page; of two of them it makes frames around the others."""

_NOT_IN_NAMES: Final = re.compile(r"[\s%+#?]+")
_NOT_IN_FILE_NAMES: Final = re.compile(r"[\s%+#?-]+")
"""Gitea looks for a hyphen where an address has a space, and for a space where it has a hyphen."""

_MATOU: Final = CommitIdent("Matou", "")
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_FILE_BYTES: Final = 100 * MEBIBYTE
"""Of a picture in a page: git has each whole in memory."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """A page as somebody left it; `page` is its id."""

    page: str
    number: int
    at: datetime
    title: str
    text: MarkupText
    files: tuple[AttachedFile, ...]
    by: PersonKey | None


def write_wiki(source: ExportSource, folder: Path, *, home: str = _HOME) -> int:
    """Write the repository, where there are pages; how many there are.

    Args:
        home: the page on which the wiki begins.
    """
    pages: list[WikiPage] = [page for _, page in source.items(WIKI_PAGE, oldest_first=True)]
    if not pages:
        return 0
    make_bare(folder, head=f"ref: {WIKI_BRANCH}\n".encode())
    with PackWriter(folder) as objects:
        writer = _WikiWriter(source, objects, _names(pages), home)
        for edit in _edits(source, pages):
            writer.write(edit)
        writer.write_home(pages)
        objects.keep(durably=False)
        write_first_refs(folder, RefListing({} if writer.tip is None else {WIKI_BRANCH: writer.tip}))
    return len(pages)


def _edits(source: ExportSource, pages: Iterable[WikiPage]) -> list[_Edit]:
    """In the order in which they were made; what a page is now comes after all that it was."""
    edits = [
        _Edit(one.page, one.version, one.at or _LONG_AGO, one.title, one.text, one.files, one.by)
        for one in _versions(source)
    ]
    latest: dict[str, tuple[datetime, int]] = {}
    for edit in edits:
        latest[edit.page] = max((edit.at, edit.number), latest.get(edit.page, (_LONG_AGO, 0)))
    for page in pages:
        at, number = latest.get(page.id, (_LONG_AGO, 0))
        at, by = max(page.updated_at or page.at or _LONG_AGO, at), page.updated_by or page.by
        edits.append(_Edit(page.id, number + 1, at, page.title, page.text, page.files, by))
    return sorted(edits, key=lambda edit: (edit.at, edit.number))


def _versions(source: ExportSource) -> Iterator[WikiVersion]:
    return (version for _, version in source.items(WIKI_VERSION, oldest_first=True))


def _names(pages: Iterable[WikiPage]) -> Mapping[str, str]:
    """What each page's file is called, without its ending, by the page's id; Gitea shows it as the title."""
    names: dict[str, str] = {}
    taken = set(_TAKEN)
    for page in pages:
        name = safe_segment(_NOT_IN_NAMES.sub("-", page.title.strip()) or page.id)
        if name.casefold() in taken:
            name = safe_segment(f"{name}-{page.id}")
        taken.add(name.casefold())
        names[page.id] = name
    return names


class _WikiWriter:
    """Puts one edit after another on top of what there is."""

    def __init__(self, source: ExportSource, objects: PackWriter, names: Mapping[str, str], home: str) -> None:
        self._source = source
        self._home = home
        self._objects = objects
        self._names = names
        self._tree = TreeUpdate(None, None)
        self.tip: ObjectId | None = None
        self._at = _LONG_AGO

    def write(self, edit: _Edit) -> None:
        """Nothing where it changes nothing. Of a page that is not there any more there is no file to change."""
        name = self._names.get(edit.page)
        if name is None or not self._put(f"{name}.md", self._text(edit)):
            return
        self._at = edit.at
        self._commit(_author(self._source.person(edit.by)), edit.title)

    def write_home(self, pages: list[WikiPage]) -> None:
        """The page on which the wiki begins: a list of all of them, unless one is called so."""
        if self._home.casefold() not in {name.casefold() for name in self._names.values()}:
            self._put(f"{self._home}.md", "".join(self._lines(pages, None, 0)))
            self._commit(_MATOU, _("list of pages"))

    def _lines(self, pages: list[WikiPage], parent: str | None, depth: int) -> Iterator[str]:
        known = {page.id for page in pages}
        for page in sorted(pages, key=lambda page: (page.order or 0, page.id)):
            above = page.parent if page.parent in known else None
            if above == parent and depth < len(pages):
                yield f"{'  ' * depth}* [{literal(page.title or page.id)}]({quote(self._names[page.id])})\n"
                yield from self._lines(pages, page.id, depth + 1)

    def _put(self, path: str, text: str) -> bool:
        blob = self._objects.write_object(ObjectKind.BLOB, text.encode(errors="replace"))
        return self._tree.put(path, blob)

    def _text(self, edit: _Edit) -> str:
        """With the places of its files in the stead of their addresses at the source."""
        places = {file.url: self._place(file) for file in edit.files if file.url}
        if not places:
            return edit.text.body
        # The longest first: one address may begin as another one is.
        addresses = re.compile("|".join(map(re.escape, sorted(places, key=len, reverse=True))))
        return addresses.sub(lambda found: quote(places[found[0]] or "") or found[0], edit.text.body)

    def _place(self, file: AttachedFile) -> str | None:
        if file.sha256 is None or (file.size or 0) > _LARGEST_FILE_BYTES:
            return None
        place = f"files/{file.sha256}/{_NOT_IN_FILE_NAMES.sub('_', harmless_name(file.name))}"
        if self._tree.find(place) is None:
            try:
                content = self._source.archive.blob_file(file.sha256).read_bytes()
            except FileNotFoundError:
                self._source.faults.missing_files += 1
                return None
            self._tree.put(place, self._objects.write_object(ObjectKind.BLOB, content))
        return place

    def _commit(self, author: CommitIdent, title: str) -> None:
        message = title.replace("\0", "").encode(errors="replace").decode().strip() or "-"
        self.tip = write_commit(
            self._objects,
            tree=self._tree.write(self._objects),
            parents=() if self.tip is None else (self.tip,),
            author=author,
            committer=_MATOU,
            at=self._at,
            message=message,
        )


def _author(name: str) -> CommitIdent:
    try:
        return CommitIdent(name, "")
    except InvalidPerson:
        return _MATOU
