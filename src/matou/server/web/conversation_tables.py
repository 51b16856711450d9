"""The pages of what people said, of repositories and of namespaces, and the feeds: a part of `tables`."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from matou.server.web.views.feeds import show_commits_or_feed, show_events_feed, show_releases_feed
from matou.server.web.views.issues import show_changes, show_issues, show_saved_file
from matou.server.web.views.people import show_people
from matou.server.web.views.planning import show_boards, show_labels, show_milestones
from matou.server.web.views.releases import show_releases
from matou.server.web.views.repository_events import show_events, show_hooks, show_protections
from matou.server.web.views.search import show_repository_search, show_search
from matou.server.web.views.wiki import show_announcements, show_wiki

SavedView = Callable[..., Any]

_OF_BOTH: Final[Mapping[str, SavedView]] = {
    "boards": show_boards,
    "files": show_saved_file,
    "hooks": show_hooks,
    "issues": show_issues,
    "labels": show_labels,
    "milestones": show_milestones,
    "people": show_people,
    "wiki": show_wiki,
}
OF_THE_SITE: Final[Mapping[str, SavedView]] = {"search": show_search}
OF_REPOSITORIES: Final[Mapping[str, SavedView]] = {
    **_OF_BOTH,
    "changes": show_changes,
    "commits": show_commits_or_feed,
    "events": show_events,
    "events.atom": show_events_feed,
    "protections": show_protections,
    "releases": show_releases,
    "releases.atom": show_releases_feed,
    "search": show_repository_search,
}
OF_NAMESPACES: Final[Mapping[str, SavedView]] = {**_OF_BOTH, "announcements": show_announcements}
