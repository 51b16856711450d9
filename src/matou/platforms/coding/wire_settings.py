"""How a project and a depot at CODING are set up: protections, webhooks, rights; read and written as `wire` is."""

from typing import ClassVar

from msgspec import UNSET, UnsetType, field

from matou.platforms.coding.wire import CodingStruct, Milliseconds, Response, Rows
from matou.platforms.coding.wire_contents import GitTag


class BranchProtection(CodingStruct, kw_only=True):
    """`rule` is a name of a branch or a pattern of names."""

    keeps_original: ClassVar[bool] = True

    branch_protection_id: int
    rule: str
    deny_force_push: bool = False
    force_squash: bool = False
    required_grant_count: int = 0
    required_status_check: bool = False
    required_code_owner_grant: bool = False
    required_discussion_resolved: bool = False
    auto_add_reviewer: bool = False
    src_must_merged_to: str = ""
    matcher_count: int = 0


class BranchProtectionMember(CodingStruct, kw_only=True):
    keeps_original: ClassVar[bool] = True

    global_key: str = ""
    name: str = ""
    allow_push: bool = False


class ServiceHookUser(CodingStruct, kw_only=True):
    id: int = 0
    name: str = ""
    name_pinyin: str = ""
    avatar: str = ""


class ServiceHook(CodingStruct, kw_only=True):
    """`action_properties` and `filter_properties` are JSON in a text, which holds addresses and secrets."""

    keeps_original: ClassVar[bool] = True

    id: str
    name: str = ""
    target_id: int = 0
    target_type: str = ""
    service: str = ""
    service_name: str = ""
    action: str = ""
    action_label: str = ""
    action_properties: str = ""
    filter_properties: str = ""
    event: list[str] = field(default_factory=list)
    event_label: list[str] = field(default_factory=list)
    enabled: bool = False
    status: int = 0
    version: int = 0
    creator_by: int = 0
    creator_by_user: ServiceHookUser | UnsetType = UNSET
    updated_by: int = 0
    updated_by_user: ServiceHookUser | UnsetType = UNSET
    created_at: Milliseconds = Milliseconds(0)
    updated_at: Milliseconds = Milliseconds(0)
    last_succeed_at: Milliseconds = Milliseconds(0)


class ServiceHookPage(Rows, kw_only=True):
    service_hook: list[ServiceHook]
    page_number: int = 0
    page_size: int = 0
    total_count: int


class CodingPolicy(CodingStruct, kw_only=True):
    policy_id: int = 0
    policy_name: str = ""
    policy_alias: str = ""


class CodingPrincipal(CodingStruct, kw_only=True):
    """A person, department or group with rights in a project. `principal_type`: USER, DEPARTMENT or USER_GROUP."""

    keeps_original: ClassVar[bool] = True

    principal_id: str
    principal_name: str = ""
    principal_type: str = ""
    policies: list[CodingPolicy] = field(default_factory=list)
    created_at: Milliseconds = Milliseconds(0)


class PrincipalPage(Rows, kw_only=True):
    principals: list[CodingPrincipal]
    page_number: int = 0
    page_size: int = 0
    total_count: int


class BranchProtectionsResponse(Response, kw_only=True):
    branch_protections: list[BranchProtection]


class BranchProtectionMembersResponse(Response, kw_only=True):
    members: list[BranchProtectionMember]


class ProtectedTagsResponse(Response, kw_only=True):
    git_tags: list[GitTag]


class ServiceHooksResponse(Response, kw_only=True):
    data: ServiceHookPage


class PrincipalsResponse(Response, kw_only=True):
    data: PrincipalPage
