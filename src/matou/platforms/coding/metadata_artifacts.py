"""The artifacts of a CODING project: packages of all its repositories, version by version, with their files.

Whatever of a repository can be had as a file is listed for the whole of it. An image of docker has no files: it is
known by its name and its hash, and is fetched by docker's own protocol.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias
from urllib.parse import quote

from matou.errors import MatouError, Phrase
from matou.http.paging import ListingBroken
from matou.model.metadata import Artifact, AttachedFile, MetadataValue
from matou.platforms.base.account_lists import ENDS_EVERYTHING
from matou.platforms.base.metadata import ItemRead, ItemRow
from matou.platforms.coding import wire_requests_by_option as ask_for
from matou.platforms.coding.api import CodingApi
from matou.platforms.coding.metadata_lists import AnsweredRows, CodingList
from matou.platforms.coding.metadata_values import extra_of, source_text, stable_address
from matou.platforms.coding.pages import PAGE_SIZE
from matou.platforms.coding.wire import Milliseconds, moment
from matou.platforms.coding.wire_by_option import (
    ArtifactFile,
    ArtifactFilesResponse,
    ArtifactFileUrlResponse,
    ArtifactPackage,
    ArtifactPackagesResponse,
    ArtifactRepositoriesResponse,
    ArtifactRepository,
    ArtifactVersion,
    ArtifactVersionsResponse,
)

TYPES: Final[Sequence[str]] = (
    *("", "generic", "docker", "maven", "npm", "pypi", "helm"),
    *("composer", "nuget", "conan", "cocoapods", "rpm"),
)
"""By CODING's number."""

DOCKER: Final = 2
FILES_PER_PAGE: Final = 1000
PUBLISHED: Final = {1: False, 2: True}

_Files: TypeAlias = Mapping[tuple[str, str], Sequence[ArtifactFile]]


@dataclass(frozen=True, slots=True)
class FoundArtifact:
    """A version as the lists tell of it."""

    repository: ArtifactRepository
    package: ArtifactPackage
    version: ArtifactVersion
    files: Sequence[ArtifactFile]


@dataclass(frozen=True, slots=True)
class ArtifactReader:
    """Of one project. `_found` has which file stands behind which address; one thread adds, others look."""

    api: CodingApi
    project: str
    project_id: int
    _found: dict[str, tuple[FoundArtifact, ArtifactFile]] = field(default_factory=dict)

    def count_repositories(self) -> int:
        """One request."""
        return self.api.call(self._repositories(1, size=1), ArtifactRepositoriesResponse).data.total_count

    def rows(self) -> Iterator[ItemRow]:
        """Of all repositories. One of which not all was listed hides none of the others."""
        broken_off: MatouError | None = None
        for repository in self._all_repositories():
            try:
                yield from self._rows_of(repository)
            except ENDS_EVERYTHING:
                raise
            except MatouError as fault:
                broken_off = fault
        if broken_off is not None:
            raise broken_off

    def read(self, found: FoundArtifact, before: MetadataValue | None) -> ItemRead | None:
        """The lists have told all of it."""
        artifact = artifact_of(found)
        if isinstance(before, Artifact) and _without_bytes(before) == _without_bytes(artifact):
            return None
        urls = {address_of(found, file): file.download_url for file in found.files if file.download_url}
        return ItemRead(item=artifact, addresses=urls)

    def has(self, url: str) -> bool:
        return url in self._found

    def address(self, url: str) -> str:
        """Where a file is for some minutes; empty where CODING gives none."""
        found, file = self._found[url]
        request = ask_for.DescribeArtifactFileDownloadUrl(
            project_id=self.project_id,
            repository=found.repository.name,
            package=found.package.name,
            package_version=found.version.version,
            file_name=file.path,
        )
        return self.api.unrecorded().call(request, ArtifactFileUrlResponse).url

    def _rows_of(self, repository: ArtifactRepository) -> Iterator[ItemRow]:
        files = self._files_of(repository.name) if repository.type != DOCKER else {}
        for package in self._all_packages(repository.name):
            for version in self._all_versions(repository.name, package.name):
                found = FoundArtifact(repository, package, version, files.get((package.name, version.version), ()))
                self._found.update({address_of(found, file): (found, file) for file in found.files})
                yield ItemRow(key=artifact_of(found).key, updated_at=None, value=found)

    def _files_of(self, repository: str) -> _Files:
        """By package and version. Raises ListingBroken where a page has nothing new and yet there are more."""
        found: dict[tuple[str, str, str], ArtifactFile] = {}
        mark, is_last = "", False
        while not is_last:
            request = ask_for.DescribeArtifactRepositoryFileList(
                project=self.project, repository=repository, continuation_token=mark, page_size=FILES_PER_PAGE
            )
            page = self.api.call(request, ArtifactFilesResponse).data
            new = {(file.package_name, file.version_name, file.path): file for file in page.rows}
            mark, is_last = page.continuation_token, not page.continuation_token
            if not is_last and new.keys() <= found.keys():
                what = Phrase("files of {path}", path=repr(repository))
                raise ListingBroken(what, Phrase("a page has nothing new, and says that there are more"), [])
            found |= new
        grouped: defaultdict[tuple[str, str], list[ArtifactFile]] = defaultdict(list)
        for (package, version, _), file in sorted(found.items()):
            grouped[package, version].append(file)
        return grouped

    def _all_repositories(self) -> Iterator[ArtifactRepository]:
        what = Phrase("artifact repositories of {project}", project=repr(self.project))
        rows: CodingList[ArtifactRepository] = CodingList(self.api, what, lambda row: row.name, PAGE_SIZE)
        return rows.pages(
            self._repositories,
            ArtifactRepositoriesResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_count),
        )

    def _repositories(self, number: int, *, size: int = PAGE_SIZE) -> ask_for.DescribeArtifactRepositoryList:
        return ask_for.DescribeArtifactRepositoryList(project_id=self.project_id, page_number=number, page_size=size)

    def _all_packages(self, repository: str) -> Iterator[ArtifactPackage]:
        def page(number: int) -> ask_for.DescribeArtifactPackageList:
            return ask_for.DescribeArtifactPackageList(
                project_id=self.project_id, repository=repository, page_number=number, page_size=PAGE_SIZE
            )

        what = Phrase("packages of {path}", path=repr(repository))
        rows: CodingList[ArtifactPackage] = CodingList(self.api, what, lambda row: row.name, PAGE_SIZE)
        return rows.pages(
            page,
            ArtifactPackagesResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_count),
        )

    def _all_versions(self, repository: str, package: str) -> Iterator[ArtifactVersion]:
        def page(number: int) -> ask_for.DescribeArtifactVersionList:
            return ask_for.DescribeArtifactVersionList(
                project_id=self.project_id,
                repository=repository,
                package=package,
                page_number=number,
                page_size=PAGE_SIZE,
            )

        what = Phrase("versions of {path}", path=repr(f"{repository}/{package}"))
        rows: CodingList[ArtifactVersion] = CodingList(self.api, what, lambda row: row.version, PAGE_SIZE)
        return rows.pages(
            page,
            ArtifactVersionsResponse,
            lambda answer: AnsweredRows(answer.data.rows, answer.data.total_count),
        )


def artifact_of(found: FoundArtifact) -> Artifact:
    """How often it was fetched moves with each fetch, and is left out."""
    version, number = found.version, found.repository.type
    at = moment(Milliseconds(version.created_at * 1000))
    held = [
        *("Id", "Version", "Hash", "Description", "DownloadCount", "PkgId"),
        *(("CreatedAt",) if at else ()),
        *(("ReleaseStatus",) if version.release_status in PUBLISHED else ()),
    ]
    package = extra_of(found.package, "Name", "VersionCount", "RepoId", *_LATEST)
    repository = extra_of(found.repository, "Name", "Type", "ProjectId", "TeamId")
    besides = {"Package": package, "Repository": repository}
    return Artifact(
        repository=found.repository.name,
        type=TYPES[number] if 0 < number < len(TYPES) else str(number),
        package=found.package.name,
        version=version.version,
        id=str(version.id) if version.id else None,
        hash=version.hash or None,
        text=source_text(version.description),
        at=at,
        released=PUBLISHED.get(version.release_status),
        files=tuple(_file_of(found, file) for file in found.files),
        extra={**(extra_of(version, *held) or {}), **{key: given for key, given in besides.items() if given}} or None,
    )


_LATEST: Final = ("LatestVersionId", "LatestVersionName", "LatestVersionReleaseStatus")


def address_of(found: FoundArtifact, file: ArtifactFile) -> str:
    """What is another one's, or has other bytes, has another address."""
    parts = (found.package.name, found.version.version, file.hash)
    return f"{stable_address(file.download_url) or file.path}#{'/'.join(quote(part, safe='') for part in parts)}"


def _file_of(found: FoundArtifact, file: ArtifactFile) -> AttachedFile:
    return AttachedFile(url=address_of(found, file), name=file.path.rpartition("/")[2] or file.path)


def _without_bytes(artifact: Artifact) -> Artifact:
    """What the lists tell."""
    files = tuple(AttachedFile(url=file.url, name=file.name) for file in artifact.files)
    return replace(artifact, files=files)
