"""A team that was backed up: the archive that each run would write, without the runs."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from matou.archive.layout import Archive
from matou.archive.manifest import (
    LfsState,
    ListingState,
    ManifestWriter,
    NamespaceLine,
    Outcome,
    RepositoryLine,
    RunLine,
    SourceLine,
)
from matou.archive.snapshots import lfs_list_text
from matou.git.repository import create_bare
from matou.model.names import RepositoryPath
from matou.model.platform import VersionControl, Visibility

AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
LARGE = b"large"
OID = hashlib.sha256(LARGE).hexdigest()
MISSING = "f" * 64


class BackedUpTeam:
    """A team as backups see it; each `back_up` writes the archive that a run would."""

    def __init__(self, archive: Archive, *, host: str = "e.coding.net", team: str = "team") -> None:
        self.archive = archive
        self.source = SourceLine(
            platform="coding", url=f"https://{host}/open-api", account="1", team=team, team_id="12"
        )
        self.labels = [{"id": "1", "name": "bug", "color": "#ff0000"}]
        self.namespace: dict[str, Any] = {"display_name": "码头", "description": "", "path": f"{team}/harbour"}
        self.repositories: dict[str, dict[str, Any]] = {"42": {"name": "ship", "path": f"{team}/harbour/ship"}}

    def back_up(self) -> int:
        run = self.archive.begin_run()
        first = RunLine(format=1, run=run, started_at=AT, source=self.source, options={}, matou="0.1.0")
        writer = ManifestWriter(self.archive, first)
        blobs = self.archive.blobs
        documents = {"labels": blobs.put_bytes(json.dumps(self.labels).encode())}
        icon = blobs.put_bytes(b"icon")
        writer.write(
            NamespaceLine(
                id="7",
                name="harbour",
                created_at=AT,
                icon=icon,
                archived=False,
                seen=True,
                documents=documents,
                **self.namespace,
            )
        )
        blobs.put_bytes(LARGE)
        listed = LfsState(list=blobs.put_bytes(lfs_list_text({OID: 5, MISSING: 9})), objects=2, missing=(MISSING,))
        for number, repository in self.repositories.items():
            git_dir = self.archive.repository(RepositoryPath.parse(repository["path"]))
            git_dir.parent.mkdir(parents=True, exist_ok=True)
            create_bare(git_dir)
            line = {
                "description": "a ship",
                "default_branch": "trunk",
                "outcome": Outcome.SAVED,
                "visibility": Visibility.PUBLIC,
                **repository,
            }
            writer.write(
                RepositoryLine(
                    id=number,
                    namespace="7",
                    clone_url="https://e.coding.net/team/harbour/ship.git",
                    version_control=VersionControl.GIT,
                    created_at=AT,
                    last_push_at=AT,
                    lfs=listed,
                    **line,
                )
            )
        writer.publish(finished_at=AT, requests=1, listing=ListingState.COMPLETE)
        writer.close()
        return run
