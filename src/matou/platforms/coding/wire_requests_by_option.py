"""What CODING's Open API is asked for artifacts and test cases; as `wire_requests`. All of it only reads."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from matou.platforms.coding import wire_by_option
from matou.platforms.coding.wire_requests import Request
from matou.platforms.coding.wire_requests_metadata import OfProject


class DescribeArtifactRepositoryList(Request, kw_only=True):
    answer: ClassVar = wire_by_option.ArtifactRepositoriesResponse
    project_id: int
    page_number: int = 0
    page_size: int = 0
    type: int = 0


class DescribeArtifactPackageList(Request, kw_only=True):
    answer: ClassVar = wire_by_option.ArtifactPackagesResponse
    project_id: int
    repository: str
    page_number: int = 0
    page_size: int = 0
    package_prefix: str = ""


class DescribeArtifactVersionList(Request, kw_only=True):
    answer: ClassVar = wire_by_option.ArtifactVersionsResponse
    project_id: int
    repository: str
    package: str
    page_number: int = 0
    page_size: int = 0


class SpecifiedArtifact(msgspec.Struct, rename="pascal", kw_only=True, omit_defaults=True):
    package_name: str = ""
    version_name: str = ""


class DescribeArtifactRepositoryFileList(Request, kw_only=True):
    """Of a whole repository, page after page by a mark that each page has for the next."""

    answer: ClassVar = wire_by_option.ArtifactFilesResponse
    project: str
    repository: str
    continuation_token: str = ""
    page_size: int = 0
    artifacts: list[SpecifiedArtifact] = msgspec.field(default_factory=list)


class DescribeArtifactFileDownloadUrl(Request, kw_only=True):
    """`timeout` is seconds."""

    answer: ClassVar = wire_by_option.ArtifactFileUrlResponse
    project_id: int
    repository: str
    package: str
    package_version: str
    file_name: str
    timeout: int = 0


class DescribeTestCaseSectionList(OfProject, kw_only=True):
    """Those right below one; 0 for the outermost."""

    answer: ClassVar = wire_by_option.CaseSectionsResponse
    parent_id: int = 0


class DescribeTestCaseList(OfProject, kw_only=True):
    answer: ClassVar = wire_by_option.TestCasesResponse
    page: int = 0
    page_size: int = 0
    section_id: int = 0
    template_type: str = ""
    keyword: str = ""
    priority: int = 0


class DescribeTestCase(OfProject, kw_only=True):
    answer: ClassVar = wire_by_option.TestCaseResponse
    case_id: int


ACTIONS_BY_OPTION: Mapping[str, type[Request]] = {
    request.__name__: request
    for request in (
        DescribeArtifactRepositoryList,
        DescribeArtifactPackageList,
        DescribeArtifactVersionList,
        DescribeArtifactRepositoryFileList,
        DescribeArtifactFileDownloadUrl,
        DescribeTestCaseSectionList,
        DescribeTestCaseList,
        DescribeTestCase,
    )
}
