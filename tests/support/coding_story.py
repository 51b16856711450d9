"""A team that builds ferries: requirements, defects, reviews, a wiki and a release, in Chinese, and one who left."""

from typing import Any

from support.coding_metadata import DepotTalk, ProjectTalk, author, json_text, milliseconds, user
from support.coding_schemas import blank
from support.coding_source import CodingSource

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cfc0f01f0005050103a0c52f0000000049454e44ae426082"
)
PICTURE, PLAN, COMMENT_PICTURE, WIKI_PICTURE, RELEASE_ZIP, RELEASE_PICTURE = 701, 702, 703, 704, 705, 706
CHEN, LI, WANG = (1, "陈船长"), (2, "李领航"), (3, "王水手")
PICTURE_PATH = "/api/project/1000/files/{}/imagePreview"
RICH = "<h2>背景</h2><p>旅客要在 <b>手机</b> 上买票。</p>"
MARKDOWN = (
    f"靠岸时 `bow` 会撞上码头：\n\n![截图]({PICTURE_PATH.format(PICTURE)})\n\n```\n{PICTURE_PATH.format(999)}\n```\n"
)
WEBHOOK_KEY = "9269f401-b965-4c28-b5ba-c5ae295e7fde"
HEAD, BASE, MERGED, GONE = (letter * 40 for letter in "abcd")


def tell_story(
    source: CodingSource, name: str = "boats", depot_name: str = "ferry", **of_depot: Any
) -> tuple[ProjectTalk, DepotTalk]:
    """Make the project `boats` with the depot `ferry` and all that lies around it."""
    project = source.project(name, DisplayName="渡船")
    depot = source.depot(project, depot_name, **of_depot)
    talk, depot_talk = source.metadata.projects[name], source.metadata.depots[depot["Id"]]
    source.metadata.files |= {
        PICTURE: PNG,
        PLAN: "年度计划\n".encode(),
        COMMENT_PICTURE: PNG + b"1",
        WIKI_PICTURE: PNG + b"2",
        RELEASE_ZIP: b"PK\x03\x04" + "渡船".encode(),
        RELEASE_PICTURE: PNG + b"3",
    }
    _people(source, project)
    _issues(talk)
    _conversation(talk)
    _planning(talk)
    _pages(talk)
    _merge_requests(depot_talk, depot["Id"])
    _settings(talk, depot_talk)
    talk.optional.tell()
    source.metadata.files |= {801: b"PK jar", 802: b"<project/>", 803: b"PK jar 1.1", 804: PNG + b"4"}
    return talk, depot_talk


def _people(source: CodingSource, project: dict[str, Any]) -> None:
    """王水手 has left: no list has him."""
    source.labels[project["Id"]] = [
        {"Id": 51, "ProjectId": project["Id"], "Name": "急", "Color": "#FF0000", "CreatorId": 1},
        {"Id": 52, "ProjectId": project["Id"], "Name": "甲板", "Color": "#0052CC", "CreatorId": 1},
    ]
    admin, developer = ("ProjectAdmin", "项目管理员"), ("ProjectMember", "开发")
    rows = [
        {
            "Id": id_,
            "GlobalKey": f"gk{id_}",
            "Name": name,
            "Email": f"gk{id_}@example.com",
            "Phone": f"1380000{id_:04}",
            "Status": 1,
            "Roles": [{"RoleType": role, "RoleId": 1, "RoleTypeName": title}],
        }
        for (id_, name), (role, title) in ((CHEN, admin), (LI, developer))
    ]
    source.members[project["Id"]], source.team_members = rows, rows


def _status(name: str, type_: str) -> dict[str, Any]:
    ids = {"未开始": 4, "处理中": 5, "已完成": 6}
    return {"IssueStatusId": ids[name], "IssueStatusName": name, "IssueStatusType": type_}


def _type(code: str, name: str) -> dict[str, Any]:
    id_ = 80 + len(code)
    detail = blank("IssueTypeDetail", Id=id_, Name=name, IssueType=code, IsSystem=True, Description=f"{name}的说明")
    return {"Type": code, "IssueTypeId": id_, "IssueTypeDetail": detail}


def issue(code: int, name: str, **values: Any) -> dict[str, Any]:
    """An issue's detail; made on the third of March and not changed since, unless it is said."""
    made = milliseconds("2025-03-03 09:00")
    return blank(
        "IssueDetail",
        **{
            "Code": code,
            "Name": name,
            "Creator": user(*CHEN),
            "CreatedAt": made,
            "UpdatedAt": made,
            **_type("MISSION", "任务"),
            **_status("未开始", "TODO"),
            **values,
        },
    )


def _issues(talk: ProjectTalk) -> None:
    """Number 4 was deleted before anybody saved it."""
    left = user(*WANG, status=-3)
    label = [blank("IssueProjectLabel", Id=51, Name="急", Color="#FF0000")]
    simple = blank("IssueSimpleData", Code=2, Name="手机买票", Type="REQUIREMENT", Assignee=user(*LI))
    subtask = blank("SubTask", Code=3, Name="画原型", Type="SUB_TASK", Assignee=left)
    file = blank("IssueFile", FileId=PLAN, Name="年度 计划.txt", Size=13, Type=1)
    field = blank("CustomFields", Id=29, Name="免测", ValueString="否")
    people = blank("CustomFields", Id=30, Name="验收人", ValueString=json_text([user(*LI)]))
    talk.issues = {
        1: issue(1, "二〇二五年的船", **_type("EPIC", "史诗"), Priority="1"),
        2: issue(
            2,
            "手机买票",
            **_type("REQUIREMENT", "需求") | _status("处理中", "PROCESSING"),
            Description=RICH,
            Priority="2",
            StoryPoint="2.0",
            IterationId=801,
            Iteration=blank("IterationSimple", Code=8, Id=801, Name="春季", Status="PROCESSING"),
            Epic=blank("Epic", Code=1, Name="二〇二五年的船", Type="EPIC"),
            SubTasks=[subtask],
            CustomFields=[field, people],
            Assignee=user(*LI),
            Assignees=[user(*LI), left],
            DueDate=milliseconds("2025-06-01"),
            WorkingHours=16.5,
        ),
        3: issue(3, "画原型", **_type("SUB_TASK", "子工作项"), Parent=simple, ParentType="REQUIREMENT", Creator=left),
        5: issue(
            5,
            "靠岸时撞船",
            **_type("DEFECT", "缺陷") | _status("已完成", "COMPLETED"),
            Description=MARKDOWN,
            Priority="3",
            Labels=label,
            Files=[file],
            Watchers=[user(*CHEN), left],
            DefectType=blank("DefectType", Id=1, Name="功能缺陷"),
            UpdatedAt=milliseconds("2025-03-09 18:00"),
            CompletedAt=milliseconds("2025-03-09 18:00"),
        ),
        6: issue(6, "给船刷漆", Assignee=user(*LI), ThirdLinks=[blank("IssueThirdLink", Id=1, Title="墨刀")]),
    }
    talk.blocks[5] = [6]
    talk.defects[2] = [5]
    talk.issue_versions[5] = [42]
    talk.references[5] = [
        reference("Requirement", 2, "手机买票", ProjectId=1000, ProjectName="boats", ResourceStatus="处理中"),
        reference("Wiki", 1, "首页", ProjectId=1000, ProjectName="boats"),
        reference("Mission", 7, "修码头", ProjectId=1001, ProjectName="piers", ResourceStatus="未开始"),
    ]


def reference(type_: str, code: int, name: str, **values: Any) -> dict[str, Any]:
    """What an issue names."""
    given = {"ResourceType": type_, "ResourceCode": code, "ResourceId": 900 + code, "ResourceName": name, **values}
    return blank("ResourceReference", **given)


def _conversation(talk: ProjectTalk) -> None:
    first, second = milliseconds("2025-03-04 10:00"), milliseconds("2025-03-05 11:00")
    picture = f"![]({PICTURE_PATH.format(COMMENT_PICTURE)})"
    talk.comments[5] = [
        comment(11, "看到了，潮水太急。", CreatorId=3, CreatedAt=first),
        comment(12, f"@王水手 拍一张 {picture}", ParentId=11, CreatedAt=second, FileId=[COMMENT_PICTURE]),
        comment(13, "", Content="<p>旧编辑器写的</p>", CreatedAt=second + 1000),
    ]
    talk.status_changes[5] = [
        _change(5, "未开始", "TODO", "2025-03-03 09:00"),
        _change(5, "处理中", "PROCESSING", "2025-03-05 09:00"),
        _change(5, "已完成", "COMPLETED", "2025-03-09 18:00"),
    ]
    talk.work_logs = [
        blank(
            "IssueWorkLog",
            Id=1,
            IssueCode=5,
            ProjectName="boats",
            UserId=2,
            RecordHours=1.5,
            WorkingDesc="修好了舵",
            StartAt=second,
            CreatedAt=second,
        )
    ]


def comment(id_: int, text: str, **values: Any) -> dict[str, Any]:
    """A comment as it was first written."""
    at = values.get("CreatedAt", milliseconds("2025-03-06 12:00"))
    given = {"Content": f"<p>{text}</p>", "CreatorId": 1, "CreatedAt": at, "UpdatedAt": at, **values}
    return blank("IssueComment", CommentId=id_, RawContent=text, **given)


def _change(code: int, name: str, type_: str, at: str) -> dict[str, Any]:
    id_ = _status(name, type_)["IssueStatusId"]
    status = blank("IssueStatus", Id=id_, Name=name, Type=type_, IsSystem=True)
    return blank(
        "IssueStatusChangeLog",
        IssueCode=code,
        StatusId=id_,
        StatusName=name,
        IssueStatus=status,
        CreatedAt=milliseconds(at),
    )


def _planning(talk: ProjectTalk) -> None:
    made = milliseconds("2025-02-01 08:00")
    unset = -28_800_000
    talk.iterations = [
        blank(
            "Iteration",
            Code=8,
            Name="春季",
            Goal="能在手机上买票",
            Status="PROCESSING",
            StartAt=milliseconds("2025-03-01"),
            EndAt=milliseconds("2025-05-31"),
            CreatedAt=made,
            UpdatedAt=made,
        ),
        blank(
            "Iteration",
            Code=9,
            Name="以后",
            Status="WAIT_PROCESS",
            StartAt=unset,
            EndAt=unset,
            CreatedAt=made,
            UpdatedAt=made,
        ),
    ]
    talk.versions = [
        blank(
            "OpenApiRelease",
            Id=700,
            Code=42,
            Name="一号船",
            Status="已发布",
            Description="第一艘",
            ReleaseDate=milliseconds("2025-05-01"),
            CreatedAt=made,
            UpdatedAt=made,
        )
    ]
    option = blank("IssueFieldOption", Title="否", Value="否", Sort=1)
    field = blank("IssueField", Id=29, Name="免测", Type="CUSTOM", ComponentType="RADIO", Options=[option])
    talk.fields = [
        blank("ProjectIssueField", IssueFieldId=29, IssueType="REQUIREMENT", IssueField=field, CreatedAt=made)
    ]


def _pages(talk: ProjectTalk) -> None:
    made, changed = milliseconds("2025-02-02 08:00"), milliseconds("2025-02-20 08:00")
    picture = f"![码头]({PICTURE_PATH.format(WIKI_PICTURE)})"
    add_page(talk, 1, "首页", ["欢迎", f"欢迎上船\n\n{picture}"], at=changed, made=made)
    add_page(talk, 2, "CON", ["怎样部署：问李领航"], at=made, made=made, parent=1)
    talk.announcements = [
        blank(
            "ProjectAnnouncementProjectAnnouncement",
            Id=3,
            ContentOrigin="周五**停航**",
            ContentHtml="<p>周五<strong>停航</strong></p>",
        )
    ]


def add_page(talk: ProjectTalk, iid: int, title: str, texts: list[str], *, at: int, made: int, parent: int = 0) -> None:
    """A page of the wiki whose versions had these texts."""
    talk.wiki[iid] = blank(
        "WikiListData",
        Id=600 + iid,
        Iid=iid,
        Title=title,
        Content=texts[-1],
        ParentIid=parent,
        Order=float(iid),
        Creator=user(*CHEN),
        Editor=user(*LI),
        CreatedAt=made,
        UpdatedAt=at,
    )
    talk.wiki_versions[iid] = [
        blank(
            "WikiData",
            Id=600 + iid,
            Iid=iid,
            Title=title,
            Content=text,
            Html=f"<p>{text}</p>",
            Msg=f"第{number}版",
            Editor=user(*LI),
            Creator=user(*CHEN),
            CurrentVersion=number,
            CreatedAt="2025-02-02 08:00:00",
            UpdatedAt=f"2025-02-{number + 1:02} 08:00:00",
        )
        for number, text in enumerate(texts, start=1)
    ]


def merge_request(depot_id: int, number: int, title: str, **values: Any) -> dict[str, Any]:
    at = milliseconds(f"2025-03-1{number} 09:00")
    return blank(
        "MergeRequestData",
        **{
            "Id": 100 + number,
            "MergeId": number,
            "Title": title,
            "DepotId": depot_id,
            "ProjectId": 1000,
            "Status": "CANMERGE",
            "Path": f"/p/boats/d/ferry/git/merge/{number}",
            "Author": author(*LI),
            "SourceBranch": f"topic-{number}",
            "SourceBranchSha": HEAD,
            "TargetBranch": "main",
            "TargetBranchSha": BASE,
            "CreatedAt": at,
            "UpdateAt": at,
            **values,
        },
    )


def note(id_: int, number: int, text: str, **values: Any) -> dict[str, Any]:
    at = values.pop("CreatedAt", milliseconds("2025-03-15 10:00"))
    given = {"Author": author(*CHEN), "CreatedAt": at, "UpdatedAt": at, **values}
    return blank("MergeRequestNote", Id=id_, MergeId=number, Content=text, **given)


def _merge_requests(talk: DepotTalk, depot_id: int) -> None:
    acted = {"ActionAt": milliseconds("2025-03-20 09:00"), "ActionAuthor": author(*CHEN)}
    left = author(*WANG, status="LEAVE")
    talk.merges = {
        1: merge_request(
            depot_id, 1, "改船头", Status="ACCEPTED", MergeCommitSha=MERGED, Describe="修复 #5", Labels=["急"], **acted
        ),
        2: merge_request(depot_id, 2, "刷漆", Reviewers=[author(*CHEN), left], Granted=1, CommentCount=4),
        3: merge_request(depot_id, 3, "不要了", Status="REFUSED", SourceBranchSha=GONE, Author=left, **acted),
    }
    line = {"CommitSha": HEAD, "Path": "src/船头.c", "Index": 4}
    talk.threads = [
        [note(707, 2, "这里为什么是红色？", **line), note(708, 2, "因为显眼", ParentId=707, Author=left, **line)],
        [note(709, 2, "整体很好"), note(710, 2, "谢谢", ParentId=709)],
    ]
    talk.releases = [
        blank(
            "Release",
            Id=7,
            ReleaseId=8,
            TagName="v1.0/春",
            Title="一号船下水",
            Body=f"庆祝 ![]({PICTURE_PATH.format(RELEASE_PICTURE)})",
            Html="<p>庆祝</p>",
            CommitSha=MERGED,
            TargetCommitBranch=MERGED,
            CreatorId=1,
            DepotId=depot_id,
            ProjectId=1000,
            CreatedAt=milliseconds("2025-03-21 09:00"),
            UpdatedAt=milliseconds("2025-03-21 09:00"),
            ReleaseAttachment=[
                blank(
                    "ReleaseAttachment",
                    AttachmentName="渡船 1.0.zip",
                    AttachmentDownloadUrl=str(RELEASE_ZIP),
                    AttachmentSize=10,
                )
            ],
        )
    ]


def _settings(talk: ProjectTalk, depot_talk: DepotTalk) -> None:
    target = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={WEBHOOK_KEY}"
    talk.hooks = [
        blank(
            "ServiceHook",
            Id="8b9fb687-f2db-46a4-ba2b-0afd3c652633",
            Name="通知群",
            Service="WeCom",
            Event=["GIT_PUSHED"],
            Enabled=True,
            ActionProperties=json_text({"service_url": target, "msg_type": "markdown"}),
            FilterProperties=json_text({"depot_list": "1"}),
            CreatedAt=milliseconds("2025-01-01"),
        )
    ]
    talk.principals = [
        blank("PrincipalResp", PrincipalId="1", PrincipalName="陈船长", PrincipalType="USER"),
        blank("PrincipalResp", PrincipalId="60", PrincipalName="甲板部", PrincipalType="DEPARTMENT"),
    ]
    depot_talk.protections = [
        blank("BranchProtection", BranchProtectionId=5, Rule="main", DenyForcePush=True, RequiredGrantCount=1)
    ]
    depot_talk.protection_members[5] = [blank("BranchProtectionMember", GlobalKey="gk1", Name="陈船长", AllowPush=True)]
    depot_talk.protected_tags = [
        blank("GitTag", TagName="v1.0/春", Message="下水", Commit=blank("GitAllTagCommit", Sha=MERGED))
    ]
