"""What was overwritten or deleted at the source, and the states in which runs found a repository."""

from dataclasses import dataclass
from typing import Final

from matou.db.repositories import Repository
from matou.forge.access import Authorized, MayReadPast, MaySee, authorize
from matou.forge.content.history import NoSuchCommit, find_commit_at
from matou.forge.content.kept_refs import KeptRef, LostTip, find_lost_tip, kept_refs, saved_states
from matou.forge.content.revisions import BRANCHES, TAGS
from matou.git.odb.objects import Commit
from matou.model.names import ObjectId, RefName
from matou.server.web.page import HtmlPage, Paging, WebRequest

LOST_ON_A_PAGE: Final = 25
STATES_ON_A_PAGE: Final = 20


@dataclass(frozen=True, slots=True)
class LostRow:
    """`name` is the short one; `old` and `new` are None where a tip is no commit, or there is none."""

    name: str
    is_tag: bool
    lost: LostTip
    old: Commit | None
    new: Commit | None


def show_kept(view: WebRequest, granted: Authorized[Repository, MaySee], _words: tuple[str, ...]) -> HtmlPage:
    past = authorize(view.forge, view.identity, MayReadPast, granted.subject)
    kept, before = kept_refs(view.forge, past), view.number_of("before")
    first = (view.number - 1) * LOST_ON_A_PAGE
    lost = () if before else kept[first : first + LOST_ON_A_PAGE]
    states, more = saved_states(view.forge, past, before=before, limit=STATES_ON_A_PAGE)
    values = {
        "repository": past.subject,
        "lost": [_row(view, past, each) for each in lost],
        "paging": Paging(view.number, len(kept), LOST_ON_A_PAGE),
        "states": states,
        "before": before,
        "more": more,
    }
    return HtmlPage("kept.html", values, etag=view.unless_known(values))


def count_kept(view: WebRequest, repository: Repository) -> int:
    """How much was overwritten or deleted; 0 where the viewer may not know."""
    if view.past is not None or not view.may_read_past(repository):
        return 0
    return len(kept_refs(view.forge, authorize(view.forge, view.identity, MayReadPast, repository)))


def short_name(ref: RefName) -> str:
    """`main` of `refs/heads/main`; whatever is neither a branch nor a tag by its whole name."""
    return ref.removeprefix(BRANCHES).removeprefix(TAGS)


def _row(view: WebRequest, past: Authorized[Repository, MayReadPast], kept: KeptRef) -> LostRow:
    lost = find_lost_tip(view.forge, past, kept)
    old, new = _commit(view, past, kept.tip), _commit(view, past, lost.new_tip)
    return LostRow(short_name(kept.ref), kept.ref.startswith(TAGS), lost, old, new)


def _commit(view: WebRequest, past: Authorized[Repository, MayReadPast], tip: ObjectId | None) -> Commit | None:
    try:
        return None if tip is None else find_commit_at(view.forge, past, tip)
    except NoSuchCommit:
        return None
