"""The settings of a repository or a namespace, by what stands behind `/-/settings/`."""

from starlette.responses import Response

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.access import Authorized, MaySee
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.settings.deploy_keys import change_deploy_keys, show_deploy_keys
from matou.server.web.views.settings.general import change_general, show_general
from matou.server.web.views.settings.members import (
    change_namespace_members,
    change_repository_members,
    page_of_namespace,
    show_repository_members,
)
from matou.server.web.views.settings.namespace import change_namespace_settings, show_namespace_settings
from matou.server.web.views.settings.roles import change_roles, show_roles
from matou.server.web.views.settings.rules import change_rules, show_rules


def show_repository_settings(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    match words:
        case ():
            return show_general(view, granted)
        case ("members",):
            return show_repository_members(view, granted)
        case ("roles",):
            return show_roles(view, granted)
        case ("rules",):
            return show_rules(view, granted)
        case ("deploy-keys",):
            return show_deploy_keys(view, granted)
    raise NotFound("there is nothing here")


def change_repository_settings(
    view: WebRequest, granted: Authorized[Repository, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    match words:
        case (word,):
            return change_general(view, granted, word)
        case ("members", word):
            return change_repository_members(view, granted, word)
        case ("roles", word):
            return change_roles(view, granted, word)
        case ("rules", word):
            return change_rules(view, granted, word)
        case ("deploy-keys", word):
            return change_deploy_keys(view, granted, word)
    raise NotFound("there is nothing here")


def show_settings_of_namespace(
    view: WebRequest, granted: Authorized[Namespace, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    match words:
        case ():
            return show_namespace_settings(view, granted)
        case ("members",):
            return page_of_namespace(view, granted)
    raise NotFound("there is nothing here")


def change_settings_of_namespace(
    view: WebRequest, granted: Authorized[Namespace, MaySee], words: tuple[str, ...]
) -> HtmlPage | Response:
    match words:
        case (word,):
            return change_namespace_settings(view, granted, word)
        case ("members", word):
            return change_namespace_members(view, granted, word)
    raise NotFound("there is nothing here")
