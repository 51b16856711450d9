"""The front page of a repository, and its folders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from matou.db.repositories import Repository
from matou.errors import NotFound, Refused
from matou.forge.access import Authorized, MayReadAnalysis, MayReadCode, MaySee, authorize
from matou.forge.analysis.languages import known_languages
from matou.forge.content.contents import read_file
from matou.forge.content.history import find_commit_at
from matou.forge.content.last_changes import ChangedEntry, browse_changed_entries
from matou.forge.content.licences import LARGEST_LICENCE_BYTES, licence_file, licence_name
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, NoSuchRevision, default_branch_of
from matou.forge.push import lfs
from matou.git.odb.objects import (
    Commit,
    EntryKind,
    MissingObject,
    MissingPath,
    TreePath,
    commit_to_list,
    open_repository,
)
from matou.model.names import ObjectId
from matou.model.refs import RefListing
from matou.server.web.addresses import git_url, joined, subject_url
from matou.server.web.documents import recall_document
from matou.server.web.markdown import TextLocation
from matou.server.web.page import HtmlPage, Paging, WebRequest
from matou.server.web.revision_paths import RevisionPath, default_place, read_revision_path
from matou.server.web.text_encoding import decode_text

PATIENCE: Final = timedelta(milliseconds=100)
"""How long a page waits for the commits that changed its entries; what is not known then is left out."""

ENTRIES_ON_A_PAGE: Final = 200
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
        return _folder_page(view, code, default_place(view.forge, code))
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
        "ssh_url": None if view.state.ssh is None else view.state.ssh.clone_url(view.base, code.subject.path),
    }


def _counts(listing: RefListing) -> RefCounts:
    return RefCounts(
        sum(name.startswith(BRANCHES) for name in listing.refs), sum(name.startswith(TAGS) for name in listing.refs)
    )


def _folder_page(view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath) -> HtmlPage:
    about = _about(view, code)
    # Of the past nothing of this is known: it is counted as of now.
    facts = _facts(view, code) if place.path is None and view.past is None else {}
    etag = view.unless_known(place, about, facts)
    commit = find_commit_at(view.forge, code, place.start)
    changed = browse_changed_entries(view.forge, code, place.start, place.path, patience=PATIENCE)
    entries = sorted(changed.entries, key=_order)
    begin = (view.number - 1) * ENTRIES_ON_A_PAGE
    names = [_name(each) for each in entries if each.entry.kind in (EntryKind.FILE, EntryKind.EXECUTABLE)]
    values = {
        **about,
        "facts": facts,
        "licence": _licence(view, code, place, names),
        "place": place,
        "commit": commit,
        "rows": _rows(view, code, place, entries[begin : begin + ENTRIES_ON_A_PAGE]),
        "paging": Paging(view.number, len(entries), ENTRIES_ON_A_PAGE),
        "readme": _readme(view, code, place, {_name(each): each.entry.id for each in entries}, names)
        if view.number == 1
        else None,
    }
    # What was not known in time is known the next time.
    return HtmlPage("folder.html", values, etag=etag if changed.is_whole else "")


def _order(each: ChangedEntry) -> tuple[bool, str, str]:
    """Folders first, each sorted as people sort names."""
    name = _name(each)
    return each.entry.kind is not EntryKind.FOLDER, name.casefold(), name


def _name(each: ChangedEntry) -> str:
    return each.entry.path.rpartition(b"/")[2].decode("utf-8", "surrogateescape")


def _rows(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, entries: Sequence[ChangedEntry]
) -> list[FileRow]:
    opened = open_repository(view.forge.git_dir(code.subject))
    commits = {name: commit_to_list(opened, name) for name in {each.commit for each in entries if each.commit}}
    folders, files = (subject_url(code.subject.path, word, *place.words) for word in ("tree", "blob"))
    return [
        FileRow(
            _name(each),
            each.entry.kind,
            joined(folders if each.entry.kind is EntryKind.FOLDER else files, _name(each)),
            None if each.commit is None else commits[each.commit],
        )
        for each in entries
    ]


def _facts(view: WebRequest, code: Authorized[Repository, MayReadCode]) -> dict[str, object]:
    """What the database and what was counted before say of a repository."""
    return {
        "size_bytes": code.subject.size_bytes,
        "lfs_bytes": lfs.stored_size(view.forge, code),
        "last_push_at": code.subject.last_push_at,
        "languages": _languages(view, code.subject),
    }


def _languages(view: WebRequest, repository: Repository) -> Mapping[str, float] | None:
    """Of the default branch as it is now. Whoever has an account has them counted, if they are not known."""
    try:
        granted = authorize(view.forge, view.identity, MayReadAnalysis, repository)
    except (NotFound, Refused):
        return None
    known = known_languages(view.forge, granted, counts=view.identity.user is not None)
    return None if known is None else known.shares


def _licence(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, names: Sequence[str]
) -> tuple[str, str] | None:
    """Its name and the address of the file that says it."""
    file = licence_file(names) if place.path is None else None
    if file is None:
        return None
    text = _text_of(view, code, place, file, LARGEST_LICENCE_BYTES)
    name = None if text is None else licence_name(text)
    return None if name is None else (name, subject_url(code.subject.path, "blob", place.revision, file))


def _readme(
    view: WebRequest,
    code: Authorized[Repository, MayReadCode],
    place: RevisionPath,
    blobs: Mapping[str, ObjectId],
    names: Sequence[str],
) -> dict[str, object] | None:
    name = _readme_name(names, view.language)
    if name is None:
        return None
    location = TextLocation(code.subject.path, place.revision, place.path)
    read = partial(_text_of, view, code, place, name, LARGEST_README_BYTES)
    html = recall_document(view, blobs[name], name, location, read)
    return None if html is None else {"name": name, "html": html}


def _text_of(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, name: str, largest_bytes: int
) -> str | None:
    """A file of the folder, in whatever encoding it is; None where it is none, or too long."""
    path = TreePath((*(() if place.path is None else place.path.segments), name))
    try:
        content = read_file(view.forge, code, place.start, path, largest_bytes=largest_bytes).content
    except (MissingPath, MissingObject):
        return None
    decoded = None if content is None else decode_text(content)
    return None if decoded is None else decoded.text


def _readme_name(names: Sequence[str], language: str) -> str | None:
    """That of the reader's language where there is one, as `README.zh-CN.md` or `README_CN.md`."""
    folded = {name.casefold(): name for name in names}
    chinese = ("readme.zh-cn.md", "readme.zh.md", "readme_zh.md", "readme_cn.md", "readme-zh.md", "readme_zh-cn.md")
    english = ("readme.en.md", "readme_en.md", "readme-en.md")
    wanted = (*(chinese if language == "zh" else english), *_README)
    return next((folded[name] for name in wanted if name in folded), None)
