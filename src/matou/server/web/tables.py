"""The pages that there are, by the first word behind `/-/`. The empty word is the front page of a subject."""

from collections.abc import Callable, Mapping
from typing import Final

from starlette.responses import Response

from matou.db.namespaces import Namespace
from matou.db.repositories import Repository
from matou.forge.access import Authorized, MaySee
from matou.server.api.responses import StreamedResponse
from matou.server.web.conversation_tables import OF_NAMESPACES, OF_REPOSITORIES, OF_THE_SITE
from matou.server.web.page import HtmlPage, WebRequest
from matou.server.web.views.account.table import change_account, show_account
from matou.server.web.views.admin.table import change_admin, show_admin
from matou.server.web.views.blame import show_blame, show_file_history
from matou.server.web.views.commits import show_commit, show_commits
from matou.server.web.views.compare import show_comparison
from matou.server.web.views.files import show_file
from matou.server.web.views.find import show_find
from matou.server.web.views.first_start import make_account, show_first_start
from matou.server.web.views.kept import show_kept
from matou.server.web.views.listings import show_namespace
from matou.server.web.views.overview import show_overview
from matou.server.web.views.preferences import keep_preferences
from matou.server.web.views.raw import show_raw
from matou.server.web.views.refs import send_archive, show_branches, show_tags
from matou.server.web.views.repository import show_folder, show_repository
from matou.server.web.views.runs import show_runs
from matou.server.web.views.settings.table import (
    change_repository_settings,
    change_settings_of_namespace,
    show_repository_settings,
    show_settings_of_namespace,
)
from matou.server.web.views.sign_in import show_sign_in, sign_in, sign_out
from matou.server.web.views.statistics import show_statistics

Words = tuple[str, ...]
Shown = HtmlPage | Response | StreamedResponse
View = Callable[[WebRequest, Words], Shown]
RepositoryView = Callable[[WebRequest, Authorized[Repository, MaySee], Words], Shown]
NamespaceView = Callable[[WebRequest, Authorized[Namespace, MaySee], Words], Shown]

PAGES: Final[Mapping[str, View]] = {
    **OF_THE_SITE,
    "account": show_account,
    "overview": show_overview,
    "runs": show_runs,
    "admin": show_admin,
    "first-start": show_first_start,
    "sign-in": show_sign_in,
}
ACTIONS: Final[Mapping[str, View]] = {
    "account": change_account,
    "admin": change_admin,
    "first-start": make_account,
    "preferences": keep_preferences,
    "sign-in": sign_in,
    "sign-out": sign_out,
}
"""What forms are sent to; those that belong to a repository or a namespace stand below."""

WITHOUT_TOKEN: Final = frozenset({"preferences"})
"""While nobody is signed in: they change nothing but how this browser is shown pages, and stand on every page."""

REPOSITORY_PAGES: Final[Mapping[str, RepositoryView]] = {
    "": show_repository,
    "tree": show_folder,
    "blob": show_file,
    "raw": show_raw,
    "blame": show_blame,
    "history": show_file_history,
    "commits": show_commits,
    "commit": show_commit,
    "find": show_find,
    "compare": show_comparison,
    "branches": show_branches,
    "tags": show_tags,
    "archive": send_archive,
    "kept": show_kept,
    "settings": show_repository_settings,
    "statistics": show_statistics,
    **OF_REPOSITORIES,
}
NAMESPACE_PAGES: Final[Mapping[str, NamespaceView]] = {
    "": show_namespace,
    "settings": show_settings_of_namespace,
    **OF_NAMESPACES,
}
REPOSITORY_ACTIONS: Final[Mapping[str, RepositoryView]] = {"settings": change_repository_settings}
NAMESPACE_ACTIONS: Final[Mapping[str, NamespaceView]] = {"settings": change_settings_of_namespace}
