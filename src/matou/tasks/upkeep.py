"""Upkeep of one repository. Each may be done twice, or be cut off at any moment; nothing depends on it."""

from matou.db import repositories
from matou.db.repositories import Repository, RepositoryId
from matou.forge.access import MayReadCode, granted_to_operator
from matou.forge.analysis.upkeep import compute
from matou.forge.forge import Forge
from matou.forge.maintenance import bucket_packing, commit_graphs, packing
from matou.jobs.queue import RunningJob


def pack_loose_objects(forge: Forge, running: RunningJob) -> None:
    repository = _repository(forge, running)
    if repository is not None:
        packing.pack_repository(forge, repository, check=running.check)


def write_graph(forge: Forge, running: RunningJob) -> None:
    repository = _repository(forge, running)
    if repository is not None:
        commit_graphs.write_graph(forge, repository)


def compute_analysis(forge: Forge, running: RunningJob) -> None:
    repository = _repository(forge, running)
    if repository is not None:
        compute(forge, granted_to_operator(MayReadCode, repository))


def merge_bucket_packs(forge: Forge, running: RunningJob) -> None:
    """Whoever lost the job has uploaded a pack that nobody lists, which goes a day later."""
    repository = _repository(forge, running)
    if repository is not None and forge.bucket is not None:
        bucket_packing.repack(forge.bucket, repository, publishing=running.publishing)


def sweep_bucket(forge: Forge, running: RunningJob) -> None:
    if forge.bucket is not None:
        bucket_packing.sweep(forge.bucket, check=running.check)


def _repository(forge: Forge, running: RunningJob) -> Repository | None:
    """None where it was deleted meanwhile, so that there is nothing to do."""
    number = running.argument("repository")
    if not isinstance(number, int):
        return None
    with forge.database.begin_read() as connection:
        return repositories.find_repository_by_id(connection, RepositoryId(number))
