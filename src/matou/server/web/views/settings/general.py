"""What a repository is called, who sees it, and what cannot be undone."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.repositories import Repository
from matou.errors import Conflict, Invalid, MatouError, NotFound, Phrase, Refused
from matou.forge.access import (
    Action,
    Authorized,
    MayAdminister,
    MayChangeSettings,
    MayDelete,
    MayRename,
    MaySee,
    MaySeeSettings,
    MayTransfer,
    authorize,
    may,
)
from matou.forge.content.references import ref_listing
from matou.forge.repositories.forks import require_not_wider
from matou.forge.repositories.repository_moves import delete_repository, rename_repository, transfer_repository
from matou.forge.repositories.repository_update import (
    RepositoryUpdate,
    archive_repository,
    change_repository,
    set_visibility,
    unarchive_repository,
)
from matou.i18n import localize
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from matou.server.web.addresses import subject_url
from matou.server.web.confirmation import fault_of_confirmation
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

_NOTHING: Final = Phrase("there is nothing here")
_CHOOSE: Final = Phrase("choose one of these")
MOST_BRANCHES: Final = 500
VISIBILITIES: Final[Mapping[Visibility, Phrase]] = {
    Visibility.PRIVATE: Phrase("private: its members alone"),
    Visibility.INTERNAL: Phrase("internal: whoever has an account here"),
    Visibility.PUBLIC: Phrase("public: whoever reaches this server"),
}
_BY_RIGHT: Final[Mapping[str, Action]] = {
    "may_change": Action.CHANGE_SETTINGS,
    "may_administer": Action.ADMINISTER,
    "may_rename": Action.RENAME,
    "may_transfer": Action.TRANSFER,
    "may_delete": Action.DELETE,
}


def show_general(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage:
    return _page(view, granted)


def change_general(view: WebRequest, granted: Authorized[Repository, MaySee], word: str) -> HtmlPage | Response:
    """Raises NotFound where there is no such change; Refused where this account may not."""
    view.account  # noqa: B018  a token or password in a header is not enough
    if word not in _CHANGES:
        raise NotFound(_NOTHING)
    return _CHANGES[word](view, granted)


def _describe(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage | Response:
    form = view.form
    changing = authorize(view.forge, view.identity, MayChangeSettings, granted.subject)
    changes = RepositoryUpdate(
        name=form.text("name").strip() or None,
        description=form.text("description").strip(),
        homepage=form.text("homepage").strip(),
        default_branch=form.text("default_branch") or None,
    )
    try:
        change_repository(view.forge, changing, changes)
    except (Invalid, Conflict, NotFound) as error:
        return _page(view, granted, {"describe": error.fact}, UNUSABLE)
    return _done(granted.subject, "saved")


def _set_visibility(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage | Response:
    administering = authorize(view.forge, view.identity, MayAdminister, granted.subject)
    chosen = view.form.text("visibility")
    if chosen not in {each.value for each in Visibility}:
        return _page(view, granted, {"visibility": _CHOOSE}, UNUSABLE)
    try:
        require_not_wider(view.forge, administering, Visibility(chosen))
    except MatouError as error:
        return _page(view, granted, {"visibility": error.fact}, UNUSABLE)
    set_visibility(view.forge, administering, Visibility(chosen))
    return _done(granted.subject, "saved")


def _archive(view: WebRequest, granted: Authorized[Repository, MaySee]) -> Response:
    administering = authorize(view.forge, view.identity, MayAdminister, granted.subject)
    if view.form.text("archived") == "1":
        archive_repository(view.forge, administering)
        return _done(granted.subject, "archived")
    unarchive_repository(view.forge, administering)
    return _done(granted.subject, "reopened")


def _rename(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage | Response:
    renaming = authorize(view.forge, view.identity, MayRename, granted.subject)
    fault = fault_of_confirmation(view.form, str(granted.subject.path))
    if fault:
        return _page(view, granted, {"confirm-rename": fault}, UNUSABLE)
    try:
        moved = rename_repository(view.forge, renaming, view.form.text("path").strip())
    except (Invalid, Conflict) as error:
        return _page(view, granted, {"path": error.fact}, UNUSABLE)
    return back_to(subject_url(moved.path, "settings"), "moved")


def _transfer(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage | Response:
    transferring = authorize(view.forge, view.identity, MayTransfer, granted.subject)
    fault = fault_of_confirmation(view.form, str(granted.subject.path))
    if fault:
        return _page(view, granted, {"confirm-transfer": fault}, UNUSABLE)
    try:
        target = NamespacePath.parse(view.form.text("namespace").strip())
        moved = transfer_repository(view.forge, transferring, target)
    except (Invalid, Conflict, NotFound, Refused) as error:
        return _page(view, granted, {"namespace": error.fact}, UNUSABLE)
    return back_to(subject_url(moved.path, "settings"), "moved")


def _delete(view: WebRequest, granted: Authorized[Repository, MaySee]) -> HtmlPage | Response:
    deleting = authorize(view.forge, view.identity, MayDelete, granted.subject)
    fault = fault_of_confirmation(view.form, str(granted.subject.path))
    if fault:
        return _page(view, granted, {"confirm-delete": fault}, UNUSABLE)
    delete_repository(view.forge, deleting)
    return RedirectResponse("/", 303)


_CHANGES: Final = {
    "describe": _describe,
    "visibility": _set_visibility,
    "archive": _archive,
    "rename": _rename,
    "transfer": _transfer,
    "delete": _delete,
}


def _done(repository: Repository, done: str) -> Response:
    return back_to(subject_url(repository.path, "settings"), done)


def _page(
    view: WebRequest,
    granted: Authorized[Repository, MaySee],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    seen = authorize(view.forge, view.account.identity, MaySeeSettings, granted.subject)
    rights = {name: may(view.forge, view.identity, action, granted.subject) for name, action in _BY_RIGHT.items()}
    values = {
        "repository": granted.subject,
        "section": "",
        "visibilities": [(each.value, localize(text)) for each, text in VISIBILITIES.items()],
        "branches": _branches(view, seen),
        "faults": faults,
        "done": done_of(view),
        **rights,
    }
    return HtmlPage("settings/general.html", values, status)


def _branches(view: WebRequest, seen: Authorized[Repository, MaySeeSettings]) -> list[tuple[str, str]]:
    """Those that can be chosen; the one that is the default now first, even where nobody has made it yet."""
    prefix, default = "refs/heads/", seen.subject.default_branch or ""
    names = sorted(ref.removeprefix(prefix) for ref in ref_listing(view.forge, seen).refs if ref.startswith(prefix))
    readable = [name for name in names if name.isprintable() and name != default][:MOST_BRANCHES]
    return [(name, name) for name in ([default, *readable] if default else readable)]
