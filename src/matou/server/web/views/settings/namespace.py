"""What a team or project is called, and its end."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import RedirectResponse, Response

from matou.db.namespaces import Namespace, NamespaceKind
from matou.errors import Conflict, Invalid, NotFound, Phrase, Refused
from matou.forge.access import (
    Action,
    Authorized,
    MayAdminister,
    MayChangeSettings,
    MayDelete,
    MaySee,
    MaySeeSettings,
    authorize,
    may,
)
from matou.forge.accounts.namespace_moves import rename_namespace
from matou.forge.accounts.namespaces import change_namespace, delete_namespace
from matou.server.web.addresses import subject_url
from matou.server.web.confirmation import fault_of_confirmation
from matou.server.web.done import back_to, done_of
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE

_NOTHING: Final = Phrase("there is nothing here")
_TOO_LONG: Final = Phrase("a name that people see has at most {most} characters, all of which can be seen", most=100)
LONGEST_NAME: Final = 100


def show_namespace_settings(view: WebRequest, granted: Authorized[Namespace, MaySee]) -> HtmlPage:
    return _page(view, granted)


def change_namespace_settings(
    view: WebRequest, granted: Authorized[Namespace, MaySee], word: str
) -> HtmlPage | Response:
    """Raises NotFound where there is no such change; Refused where this account may not."""
    view.account  # noqa: B018  a token or password in a header is not enough
    match word:
        case "describe":
            return _describe(view, granted)
        case "rename":
            return _rename(view, granted)
        case "delete":
            return _delete(view, granted)
    raise NotFound(_NOTHING)


def _describe(view: WebRequest, granted: Authorized[Namespace, MaySee]) -> HtmlPage | Response:
    changing = authorize(view.forge, view.identity, MayChangeSettings, granted.subject)
    shown = view.form.text("display_name").strip() or granted.subject.name
    if len(shown) > LONGEST_NAME or not shown.isprintable():
        return _page(view, granted, {"display_name": _TOO_LONG}, UNUSABLE)
    change_namespace(view.forge, changing, display_name=shown, description=view.form.text("description").strip())
    return back_to(subject_url(granted.subject.path, "settings"), "saved")


def _rename(view: WebRequest, granted: Authorized[Namespace, MaySee]) -> HtmlPage | Response:
    administering = authorize(view.forge, view.identity, MayAdminister, granted.subject)
    fault = fault_of_confirmation(view.form, str(granted.subject.path))
    if fault:
        return _page(view, granted, {"confirm-rename": fault}, UNUSABLE)
    try:
        renamed = rename_namespace(view.forge, administering, view.form.text("name").strip())
    except (Invalid, Conflict, Refused) as error:
        return _page(view, granted, {"name": error.fact}, UNUSABLE)
    return back_to(subject_url(renamed.path, "settings"), "moved")


def _delete(view: WebRequest, granted: Authorized[Namespace, MaySee]) -> HtmlPage | Response:
    deleting = authorize(view.forge, view.identity, MayDelete, granted.subject)
    fault = fault_of_confirmation(view.form, str(granted.subject.path))
    if fault:
        return _page(view, granted, {"confirm-delete": fault}, UNUSABLE)
    try:
        delete_namespace(view.forge, deleting)
    except Conflict as error:
        return _page(view, granted, {"confirm-delete": error.fact}, UNUSABLE)
    return RedirectResponse("/", 303)


def _page(
    view: WebRequest,
    granted: Authorized[Namespace, MaySee],
    faults: Mapping[str, str] = NO_FAULTS,
    status: int = 200,
) -> HtmlPage:
    namespace = authorize(view.forge, view.account.identity, MaySeeSettings, granted.subject).subject
    is_own = namespace.kind is NamespaceKind.USER
    values = {
        "namespace": namespace,
        "section": "",
        "may_change": may(view.forge, view.identity, Action.CHANGE_SETTINGS, namespace),
        "may_rename": not is_own and may(view.forge, view.identity, Action.ADMINISTER, namespace),
        "may_delete": not is_own and may(view.forge, view.identity, Action.DELETE, namespace),
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("settings/namespace.html", values, status)
