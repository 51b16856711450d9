"""The history: lists of commits, one commit with what it changed, and two revisions beside one another."""

from collections.abc import Collection
from typing import Final, NamedTuple

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadCode, MaySee
from matou.forge.content.commit_graph import commit_graph
from matou.forge.content.commit_signatures import find_signature
from matou.forge.content.differences import recall_difference
from matou.forge.content.history import EVERY_COMMIT, CommitQuery, browse_commits, find_commit_at, users_of
from matou.forge.content.references import ref_listing
from matou.forge.content.revisions import BRANCHES, TAGS, NoSuchRevision, default_branch_of
from matou.git.odb.objects import Commit, open_repository
from matou.git.operations.differences import parent_of
from matou.git.operations.notes import NOTES, find_note
from matou.model.names import ObjectId
from matou.model.refs import RefListing
from matou.server.api.responses import StreamedResponse
from matou.server.web.addresses import subject_url
from matou.server.web.diff_pages import diff_page
from matou.server.web.graph_drawing import GraphDrawing, drawings
from matou.server.web.page import PER_PAGE, HtmlPage, WebRequest
from matou.server.web.revision_paths import RevisionPath, default_place, read_revision_path
from matou.server.web.views.commit_comments import talk_on
from matou.server.web.views.commit_texts import commit_text

LONGEST_FILTER: Final = 200
MOST_REFS: Final = 6
"""Beside one commit of a list."""


class ShownRef(NamedTuple):
    """A branch or a tag that stands at a commit, by its short name; branches come first."""

    is_tag: bool
    name: str


def show_commits(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    code = view.code(granted.subject)
    try:
        place = read_revision_path(view.forge, code, words) if words else default_place(view.forge, code)
    except NoSuchRevision:
        if words:
            raise
        # Its front page says what there is instead of commits.
        return RedirectResponse(subject_url(code.subject.path), 302)
    query = CommitQuery(place.path, author=_filter(view, "author"), keyword=_filter(view, "message"))
    refs = ref_listing(view.forge, code)
    # Whose name an e-mail belongs to may change at any time.
    etag = "" if query.author else view.unless_known(place, code.subject, refs.digest)
    commits, has_more = browse_commits(view.forge, code, place.start, query, offset=view.offset, limit=PER_PAGE)
    values = {
        "repository": code.subject,
        "place": place,
        "commits": commits,
        "query": query,
        "drawings": _drawings(view, code, place, query),
        "refs": _refs_at(refs, {commit.id for commit in commits}),
        "default_branch": default_branch_of(view.forge, code),
        "people": people_of(view, commits),
        "has_more": has_more,
    }
    return HtmlPage("commits.html", values, etag=etag)


def show_commit(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response | StreamedResponse:
    code, revision = view.code(granted.subject), "/".join(words)
    text = commit_text(view, code, revision)
    if text is not None:
        return text
    commit = find_commit_at(view.forge, code, revision)
    if revision != commit.id:
        query = view.at() if view.query else ""
        return RedirectResponse(subject_url(code.subject.path, "commit", commit.id) + query, 302)
    signature = find_signature(view.forge, code, commit.id)
    note = _note(view, code, commit)
    talk = talk_on(view, granted, commit.id)
    etag = view.unless_known(commit.id, code.subject, signature, note, talk.state)
    difference = recall_difference(
        view.forge, code, parent_of(commit), commit.id, ignores_whitespace=view.query.get("w") == "1"
    )
    values = {
        "repository": code.subject,
        "commit": commit,
        "body": _body(commit),
        "signature": signature,
        "note": note,
        "talk": talk.read(),
        "people": people_of(view, (commit,)),
        "diff": diff_page(view, code, difference),
        "before": parent_of(commit),
    }
    return HtmlPage("commit.html", values, etag=etag)


def people_of(view: WebRequest, commits: tuple[Commit, ...]) -> dict[str, str]:
    """The accounts of those who wrote and committed, by e-mail."""
    emails = {signature.email for commit in commits for signature in (commit.author, commit.committer)}
    return {email: user.name for email, user in users_of(view.forge, emails).items()}


def _drawings(
    view: WebRequest, code: Authorized[Repository, MayReadCode], place: RevisionPath, query: CommitQuery
) -> list[GraphDrawing]:
    """None of a selection: what it leaves out is what its commits have in between."""
    if query != EVERY_COMMIT:
        return []
    return drawings(commit_graph(view.forge, code, place.start, offset=view.offset, limit=PER_PAGE))


def _refs_at(listing: RefListing, commits: Collection[ObjectId]) -> dict[ObjectId, list[ShownRef]]:
    """Branches and tags by the commit that each stands for, the first few of each."""
    found: dict[ObjectId, list[ShownRef]] = {}
    for ref, target in listing.refs.items():
        commit = listing.peeled.get(ref, target)
        if commit in commits and ref.startswith((BRANCHES, TAGS)):
            is_tag = ref.startswith(TAGS)
            found.setdefault(commit, []).append(ShownRef(is_tag, ref.removeprefix(TAGS if is_tag else BRANCHES)))
    return {commit: sorted(refs)[:MOST_REFS] for commit, refs in found.items()}


def _filter(view: WebRequest, name: str) -> str:
    """What git is asked for: one line, without what ends a text for it."""
    return view.query.get(name, "").replace("\0", "").split("\n")[0].strip()[:LONGEST_FILTER]


def _body(commit: Commit) -> str:
    """What follows the first paragraph."""
    return commit.message.strip("\n").partition("\n\n")[2].strip("\n")


def _note(view: WebRequest, code: Authorized[Repository, MayReadCode], commit: Commit) -> str | None:
    notes = ref_listing(view.forge, code).refs.get(NOTES)
    return None if notes is None else find_note(open_repository(view.forge.git_dir(code.subject)), notes, commit.id)
