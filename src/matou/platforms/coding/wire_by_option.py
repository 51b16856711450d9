"""What CODING tells of artifacts and of test cases, which are read when somebody asks for it; as `wire`."""

from typing import ClassVar

from msgspec import field

from matou.platforms.coding.wire import CodingStruct, Response, Rows, WholeNumber


class ArtifactRepository(CodingStruct, kw_only=True):
    """`type` is a number: see `metadata_artifacts.TYPES`. Times of artifacts are seconds."""

    keeps_original: ClassVar[bool] = True

    id: int = 0
    name: str
    project_id: int = 0
    team_id: int = 0
    type: int = 0
    description: str = ""
    access_level: int = 0
    release_strategy: int = 0
    created_at: int = 0


class ArtifactPackage(CodingStruct, kw_only=True):
    keeps_original: ClassVar[bool] = True

    id: int = 0
    name: str
    repo_id: int = 0
    description: str = ""
    latest_version_id: int = 0
    latest_version_name: str = ""
    latest_version_release_status: int = 0
    release_strategy: int = 0
    version_count: int = 0
    created_at: int = 0


class ArtifactVersion(CodingStruct, kw_only=True):
    """`release_status`: 1 not published, 2 published; `size` is in MB."""

    keeps_original: ClassVar[bool] = True

    id: int = 0
    version: str
    pkg_id: int = 0
    hash: str = ""
    description: str = ""
    size: float = 0.0
    download_count: int = 0
    release_status: int = 0
    created_at: int = 0


class ArtifactFile(CodingStruct, kw_only=True):
    """`path` is within the repository; `download_url` is good for five minutes."""

    package_name: str = ""
    version_name: str = ""
    path: str
    hash: str = ""
    download_url: str = ""
    artifact_type: int = 0
    host: str = ""
    project: str = ""
    repository: str = ""


class ArtifactRepositoryPage(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_count: int
    rows: list[ArtifactRepository] = field(name="InstanceSet")


class ArtifactPackagePage(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_count: int
    rows: list[ArtifactPackage] = field(name="InstanceSet")


class ArtifactVersionPage(Rows, kw_only=True):
    page_number: int = 0
    page_size: int = 0
    total_count: int
    rows: list[ArtifactVersion] = field(name="InstanceSet")


class ArtifactFilePage(Rows, kw_only=True):
    """`continuation_token` is empty on the last page."""

    continuation_token: str = ""
    rows: list[ArtifactFile] = field(name="InstanceSet")


class CaseStep(CodingStruct, kw_only=True):
    content: str = ""
    expected: str = ""


class CaseAttachment(CodingStruct, kw_only=True):
    """`url` is signed and good for ten minutes."""

    id: int = 0
    name: str = ""
    url: str = ""
    created_at: str = ""


class CodingTestCase(CodingStruct, kw_only=True):
    """`template_type`: STEPS has `custom_steps`, TEXT `steps` and `expected`. Times are texts of China's clock.

    Lists have no attachments; `priority` is 0 (the highest) to 3.
    """

    keeps_original: ClassVar[bool] = True

    id: WholeNumber
    section_id: WholeNumber = WholeNumber(0)
    priority: WholeNumber = WholeNumber(0)
    title: str = ""
    template_type: str = ""
    preconds: str = ""
    steps: str = ""
    expected: str = ""
    custom_steps: list[CaseStep] = field(default_factory=list)
    sort: WholeNumber = WholeNumber(0)
    created_by: WholeNumber = WholeNumber(0)
    created_at: str = ""
    updated_at: str = ""
    attachments: list[CaseAttachment] = field(default_factory=list)


class CodingTestCasePage(Rows, kw_only=True):
    """How many there are, not every answer says."""

    page: int = 0
    page_size: int = 0
    total: int = 0
    total_page: int = 0
    cases: list[CodingTestCase]


class OneTestCase(Rows, kw_only=True):
    case: CodingTestCase


class CaseSection(CodingStruct, kw_only=True):
    id: int
    name: str = ""
    parent_id: int = 0
    sort: int = 0


class CaseSections(Rows, kw_only=True):
    sections: list[CaseSection]


class ArtifactRepositoriesResponse(Response, kw_only=True):
    data: ArtifactRepositoryPage


class ArtifactPackagesResponse(Response, kw_only=True):
    data: ArtifactPackagePage


class ArtifactVersionsResponse(Response, kw_only=True):
    data: ArtifactVersionPage


class ArtifactFilesResponse(Response, kw_only=True):
    data: ArtifactFilePage


class ArtifactFileUrlResponse(Response, kw_only=True):
    url: str = ""


class TestCasesResponse(Response, kw_only=True):
    __test__: ClassVar[bool] = False

    data: CodingTestCasePage


class TestCaseResponse(Response, kw_only=True):
    __test__: ClassVar[bool] = False

    data: OneTestCase


class CaseSectionsResponse(Response, kw_only=True):
    data: CaseSections
