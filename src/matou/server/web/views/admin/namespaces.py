"""Teams and projects, as administrators see all of them; what is changed of one stands at its own settings."""

from collections.abc import Mapping

from starlette.responses import Response

from matou.errors import Conflict, Invalid, NotFound
from matou.forge.accounts.administration import add_organization, find_account, list_organizations
from matou.server.web.addresses import subject_url
from matou.server.web.done import back_to, done_of
from matou.server.web.page import PER_PAGE, HtmlPage, Paging, WebRequest
from matou.server.web.views.account.profile import NO_FAULTS, UNUSABLE


def show_namespaces(view: WebRequest) -> HtmlPage:
    return _list(view)


def add_namespace(view: WebRequest) -> HtmlPage | Response:
    form = view.form
    try:
        owner = find_account(view.forge, view.administrator, form.text("owner").strip())
    except NotFound as error:
        return _list(view, {"owner": error.fact}, UNUSABLE)
    name, shown = form.text("name").strip(), form.text("display_name").strip()
    try:
        made = add_organization(view.forge, view.administrator, name, owner, shown)
    except (Invalid, Conflict) as error:
        return _list(view, {"name": error.fact}, UNUSABLE)
    return back_to(subject_url(made.path, "settings"), "added")


def _list(view: WebRequest, faults: Mapping[str, str] = NO_FAULTS, status: int = 200) -> HtmlPage:
    found = list_organizations(view.forge, view.administrator)
    values = {
        "section": "namespaces",
        "namespaces": found[view.offset : view.offset + PER_PAGE],
        "paging": Paging(view.number, len(found)),
        "faults": faults,
        "done": done_of(view),
    }
    return HtmlPage("admin/namespaces.html", values, status)
