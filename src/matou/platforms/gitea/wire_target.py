"""What a migration sends to a Gitea, by the description of API v1 that a server has at `/swagger.v1.json`."""

from collections.abc import Mapping
from typing import Final

import msgspec

from matou.model.platform import Visibility
from matou.platforms.base.importer import RepositoryImport

MOST_DESCRIPTION: Final = 2048
"""Characters of a description (`MigrateRepoOptions`)."""


class GiteaGeneralSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`GET /settings/repository`."""

    migrations_disabled: bool | None = None


def migration(wanted: RepositoryImport) -> Mapping[str, object]:
    """`MigrateRepoOptions`: everything that the importer for GitHub offers."""
    parts = ("issues", "pull_requests", "labels", "milestones", "releases", "wiki")
    return {
        "service": "github",
        "clone_addr": wanted.address,
        "auth_token": wanted.token.reveal(),
        "repo_owner": wanted.namespace,
        "repo_name": wanted.name,
        "description": wanted.description[:MOST_DESCRIPTION],
        "private": wanted.visibility is not Visibility.PUBLIC,
        "mirror": False,
        "lfs": wanted.has_lfs,
        **dict.fromkeys(parts, True),
    }
