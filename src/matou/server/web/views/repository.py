"""The front page of a repository, and its folders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matou.db.repositories import Repository
from matou.errors import NotFound, Refused, TryLater
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.contents import MOST_IN_A_FOLDER, TreeListEntry, list_entries, read_file
from matou.forge.content.history import find_commit_at
from matou.forge.content.last_changes import list_changed_entries
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, NoSuchRevision, default_branch_of
from matou.git.odb.objects import Commit, EntryKind, MissingObject, MissingPath, TreePath
from matou.model.refs import RefListing
from matou.server.web.addresses import git_url, subject_url
from matou.server.web.markdown import TextKind, TextLocation, render_document
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.revision_paths import RevisionPath, read_revision_path

LARGEST_README_BYTES: Final = 512 * 1024
_README: Final = ("readme.md", "readme.markdown", "readme", "readme.rst", "readme.txt", "readme.org")


@dataclass(frozen=True, slots=True)
class FileRow:
    """One entry of a folder. `commit` changed it last; None where that is not known."""

    name: str
    kind: EntryKind
    href: str
    commit: Commit | None


@dataclass(frozen=True, slots=True)
class RefCounts:
    branches: int
    tags: int


def show_repository(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    repository = granted.subject
    try:
        code = view.code(repository)
    except (NotFound, Refused):
        return HtmlPage("repository_closed.html", {"repository": repository})
    try:
        return _folder_page(view, code, read_revision_path(view.forge, code, ()))
    except NoSuchRevision:
        return HtmlPage("repository_empty.html", _about(view, code))


def show_folder(view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]) -> HtmlPage:
    code = view.code(granted.subject)
    return _folder_page(view, code, read_revision_path(view.forge, code, words))


def _about(view: WebRequest, code: Authorized[Repository, MayReadCode]) -> dict[str, object]:
    """What stands above and beside every page of a repository's code."""
    listing = ref_listing(view.forge, code)
    return {
        "repository": code.subject,
        "default_branch": default_branch_of(view.forge, code),
        "counts": _counts(listing),
        "clone_url": f"{view.base}{git_url(code.subject.path)}",
    }


def _counts(listing: RefListing) -> RefCounts:
    return RefCounts(
        sum(name.startswith(BRANCHES) for name in listing.refs), sum(name.startswith(TAGS) for name in listing.refs)
    )


def _folder_page(view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath) -> HtmlPage:
    about = _about(view, code)
    etag = view.unless_known(place, about)
    commit = find_commit_at(view.forge, code, place.start)
    rows = _rows(view, code, place)
    values = {
        **about,
        "place": place,
        "commit": commit,
        "rows": rows,
        "readme": _readme(view, code, place, [row.name for row in rows if row.kind is EntryKind.FILE]),
    }
    return HtmlPage("folder.html", values, etag=etag)


def _rows(view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath) -> list[FileRow]:
    """Folders first, each sorted as people sort names."""
    try:
        changed = list_changed_entries(view.forge, code, place.start, place.path)
        rows = [_row(view, code, place, each.entry, each.commit) for each in changed]
    except TryLater:
        entries, _total = list_entries(
            view.forge, code, place.start, below=place.path, recursive=False, offset=0, limit=MOST_IN_A_FOLDER
        )
        rows = [_row(view, code, place, entry, None) for entry in entries]
    return sorted(rows, key=lambda row: (row.kind is not EntryKind.FOLDER, row.name.casefold(), row.name))


def _row(
    view: WebRequest,
    code: Authorized[Repository, MayReadCode],
    place: RevisionPath,
    entry: TreeListEntry,
    changed_by: str | None,
) -> FileRow:
    name = entry.path.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
    word = "tree" if entry.kind is EntryKind.FOLDER else "blob"
    commit = None if changed_by is None else find_commit_at(view.forge, code, changed_by)
    return FileRow(name, entry.kind, subject_url(code.subject.path, word, *place.words, name), commit)


def _readme(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, names: Sequence[str]
) -> dict[str, object] | None:
    name = _readme_name(names, view.language)
    if name is None:
        return None
    path = TreePath((*(() if place.path is None else place.path.segments), name))
    try:
        content = read_file(view.forge, code, place.start, path, largest_bytes=LARGEST_README_BYTES).content
    except (MissingPath, MissingObject):
        return None
    if content is None:
        return None
    location = TextLocation(code.subject.path, place.revision, place.path)
    html = render_document(content.decode("utf-8", "replace"), TextKind.of(name), location)
    return {"name": name, "html": html}


def _readme_name(names: Sequence[str], language: str) -> str | None:
    """That of the reader's language where there is one, as `README.zh-CN.md` or `README_CN.md`."""
    folded = {name.casefold(): name for name in names}
    chinese = ("readme.zh-cn.md", "readme.zh.md", "readme_zh.md", "readme_cn.md", "readme-zh.md", "readme_zh-cn.md")
    english = ("readme.en.md", "readme_en.md", "readme-en.md")
    wanted = (*(chinese if language == "zh" else english), *_README)
    return next((folded[name] for name in wanted if name in folded), None)
