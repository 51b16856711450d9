"""Artifacts and test cases of a project at CODING, and how its Open API tells of them: see support.coding_metadata."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from support.coding_schemas import blank

Rows = list[dict[str, Any]]
Parameters = Mapping[str, Any]
Sign = Callable[[int], str]


@dataclass
class ProjectWorkshop:
    """Versions and files are those of packages; a file is told by its number in `DownloadUrl`.

    `largest_page` is the most files that one answer gives.
    """

    repositories: Rows = field(default_factory=list)
    versions: dict[tuple[str, str], Rows] = field(default_factory=dict)
    files: Rows = field(default_factory=list)
    sections: Rows = field(default_factory=list)
    cases: Rows = field(default_factory=list)
    largest_page: int = 1000

    def tell(self) -> None:
        """Make two repositories, one of them docker's, and two cases in sections."""
        self.repositories = [
            blank("ArtifactRepositoryBean", Id=1, Name="maven", Type=3, AccessLevel=1, ProjectId=1000),
            blank("ArtifactRepositoryBean", Id=2, Name="images", Type=2, ProjectId=1000),
        ]
        self.version("maven", "com.harbour:船", "1.0", Id=11, Hash="sha1 a", ReleaseStatus=2, Description="第一版")
        self.version("maven", "com.harbour:船", "1.1", Id=12, Hash="sha1 b")
        self.version("images", "harbour/ferry", "latest", Id=13, Hash="sha256:c")
        self.file("com.harbour:船", "1.0", "com/harbour/船/1.0/船-1.0.jar", 801, hash_="h1")
        self.file("com.harbour:船", "1.0", "com/harbour/船/1.0/船-1.0.pom", 802, hash_="h2")
        self.file("com.harbour:船", "1.1", "com/harbour/船/1.1/船-1.1.jar", 803, hash_="h3")
        self.sections = [blank("Section", Id=1, Name="买票"), blank("Section", Id=2, Name="手机", ParentId=1)]
        step = blank("CustomStep", Content="点“买票”", Expected="看到船期")
        attachment = {"Id": 9, "Name": "屏幕.png", "Url": "804"}
        self.cases = [
            self.case(
                53, "在手机上买票", SectionId=2, TemplateType="STEPS", CustomSteps=[step], Attachments=[attachment]
            ),
            self.case(54, "退票", TemplateType="TEXT", Steps="点“退票”", Expected="钱回来了", Priority=0),
        ]

    def version(self, repository: str, package: str, name: str, **values: Any) -> None:
        row = blank("ArtifactVersionBean", Version=name, CreatedAt=1_603_426_362, **values)
        self.versions.setdefault((repository, package), []).append(row)

    def file(self, package: str, version: str, path: str, number: int, *, hash_: str) -> None:
        self.files.append(
            blank(
                "ArtifactRepositoryFile",
                PackageName=package,
                VersionName=version,
                Path=path,
                Hash=hash_,
                DownloadUrl=str(number),
                Repository="maven",
                Project="boats",
            )
        )

    def case(self, id_: int, title: str, **values: Any) -> dict[str, Any]:
        times = {"CreatedAt": "2025-03-01 09:00:00", "UpdatedAt": "2025-03-02 09:00:00"}
        return blank("Case", **{"Id": id_, "Title": title, "CreatedBy": 1, "Priority": 2, **times, **values})


def _instances(rows: Rows, parameters: Parameters) -> dict[str, Any]:
    number, size = int(parameters.get("PageNumber") or 1), int(parameters.get("PageSize") or 10)
    page = rows[(number - 1) * size : number * size]
    return {"Data": {"InstanceSet": page, "PageNumber": number, "PageSize": size, "TotalCount": len(rows)}}


def repositories(self: ProjectWorkshop, _: Sign, parameters: Parameters) -> dict[str, Any]:
    return _instances(self.repositories, parameters)


def packages(self: ProjectWorkshop, _: Sign, parameters: Parameters) -> dict[str, Any]:
    names = [package for repository, package in self.versions if repository == parameters["Repository"]]
    rows = [blank("ArtifactPackageBean", Id=700 + number, Name=name) for number, name in enumerate(names)]
    return _instances(rows, parameters)


def versions(self: ProjectWorkshop, _: Sign, parameters: Parameters) -> dict[str, Any]:
    return _instances(self.versions.get((parameters["Repository"], parameters["Package"]), []), parameters)


def files(self: ProjectWorkshop, sign: Sign, parameters: Parameters) -> dict[str, Any]:
    start = int(parameters.get("ContinuationToken") or 0)
    rows = [row for row in self.files if row["Repository"] == parameters["Repository"]]
    end = start + min(self.largest_page, int(parameters["PageSize"]))
    page = [{**row, "DownloadUrl": sign(int(row["DownloadUrl"]))} for row in rows[start:end]]
    return {"Data": {"InstanceSet": page, "ContinuationToken": str(end) if end < len(rows) else ""}}


def file_url(self: ProjectWorkshop, sign: Sign, parameters: Parameters) -> dict[str, Any]:
    named = (parameters["Package"], parameters["PackageVersion"], parameters["FileName"])
    found = [row for row in self.files if (row["PackageName"], row["VersionName"], row["Path"]) == named]
    return {"Url": sign(int(found[0]["DownloadUrl"])) if found else ""}


def sections(self: ProjectWorkshop, _: Sign, parameters: Parameters) -> dict[str, Any]:
    parent = int(parameters.get("ParentId") or 0)
    return {"Data": {"Sections": [row for row in self.sections if row["ParentId"] == parent]}}


def cases(self: ProjectWorkshop, _: Sign, parameters: Parameters) -> dict[str, Any]:
    """Whose number nobody tells, and whose attachments are null."""
    number, size = int(parameters.get("Page") or 1), int(parameters.get("PageSize") or 20)
    page = self.cases[(number - 1) * size : number * size]
    return {"Data": {"Cases": [{key: row[key] for key in row if key != "Attachments"} for row in page]}}


def one_case(self: ProjectWorkshop, sign: Sign, parameters: Parameters) -> dict[str, Any]:
    found = [row for row in self.cases if row["Id"] == int(parameters["CaseId"])]
    if not found:
        return {"Error": {"Code": "ResourceNotFound", "Message": "case_not_exist"}}
    attachments = [{**one, "Url": sign(int(one["Url"]))} for one in found[0]["Attachments"]]
    return {"Data": {"Case": {**found[0], "Attachments": attachments}}}


ANSWERS_BY_OPTION: Mapping[str, Callable[[ProjectWorkshop, Sign, Parameters], dict[str, Any]]] = {
    "DescribeArtifactRepositoryList": repositories,
    "DescribeArtifactPackageList": packages,
    "DescribeArtifactVersionList": versions,
    "DescribeArtifactRepositoryFileList": files,
    "DescribeArtifactFileDownloadUrl": file_url,
    "DescribeTestCaseSectionList": sections,
    "DescribeTestCaseList": cases,
    "DescribeTestCase": one_case,
}
