"""The settings of repositories and teams: each form does what it says, for whoever may and nobody else."""

import re

import pytest

from matou.db.memberships import Role
from matou.db.repositories import Repository
from matou.errors import NotFound
from matou.forge.accounts.namespaces import find_namespace
from matou.forge.repositories.repository_lists import find_repository
from matou.model.names import NamespacePath
from matou.model.platform import Visibility
from matou.model.repository_settings import (
    ChangeRequestSettings,
    MergedCommitAuthor,
    MergeMethod,
    PushRules,
    RepositoryRules,
)
from matou.server.web.setting_fields import CHOICES, GROUPS, NOT_SHOWN, Widget, choices_of, every_field, widget_of
from support.deciding import add_member, archive_repository, deploy_keys, namespace_members, read_settings
from support.deciding import members as members_of
from support.matou_server import PASSWORD, MatouServer
from support.page_browser import Page, PageBrowser
from support.ssh_keys import new_ssh_key


@pytest.fixture
def repository(matou_server: MatouServer) -> Repository:
    return matou_server.repository()


@pytest.fixture
def browser(matou_server: MatouServer) -> PageBrowser:
    opened = PageBrowser(matou_server.url)
    opened.sign_in(matou_server.owner.name, PASSWORD)
    return opened


def member(server: MatouServer, repository: Repository, role: Role) -> PageBrowser:
    person = server.user()
    add_member(server.forge, find_namespace(server.forge, repository.path.namespace), person, role)
    opened = PageBrowser(server.url)
    opened.sign_in(person.name, PASSWORD)
    return opened


def here(repository: Repository, word: str = "") -> str:
    return f"/{repository.path}/-/settings{word and f'/{word}'}"


def now(server: MatouServer, repository: Repository) -> Repository:
    return find_repository(server.forge, repository.path)


def test_every_setting_has_a_field_and_every_choice_a_word() -> None:
    shown = {(group.kind, field.name) for group in GROUPS for field in group.fields}

    assert shown | NOT_SHOWN == every_field()
    assert not shown & NOT_SHOWN
    for group in GROUPS:
        for field in group.fields:
            is_choice = widget_of(group.kind, field.name) is Widget.CHOICE
            assert bool(choices_of(group.kind, field.name)) == is_choice
    assert CHOICES.keys() == {*MergeMethod, *MergedCommitAuthor}


@pytest.mark.parametrize("word", ["", "members", "roles", "rules", "deploy-keys"])
def test_who_gets_to_them(matou_server: MatouServer, browser: PageBrowser, repository: Repository, word: str) -> None:
    stranger, guest = PageBrowser(matou_server.url), PageBrowser(matou_server.url)
    guest.sign_in(matou_server.user().name, PASSWORD)

    assert browser.open(here(repository, word)).status == 200
    assert stranger.open(here(repository, word)).status == 404
    assert guest.open(here(repository, word)).status == 404
    assert guest.open(here(repository, word)).text == guest.open("/nothing/at/-/settings").text


def test_a_stranger_is_asked_to_sign_in_where_the_repository_can_be_seen(matou_server: MatouServer) -> None:
    public = matou_server.repository(visibility=Visibility.PUBLIC)

    page = PageBrowser(matou_server.url).open(here(public))

    assert page.path.startswith("/-/sign-in?next=")


def test_what_is_not_there_is_not_found(browser: PageBrowser, repository: Repository) -> None:
    token = browser.open(here(repository)).form(here(repository, "describe")).fields["form_token"]

    assert browser.open(here(repository, "nothing")).status == 404
    for word in ("nothing", "rules/nothing", "members/nothing", "deploy-keys/nothing", "a/b/c"):
        assert browser.post(here(repository, word), {"form_token": token, "person": "x"}).status in (404, 422)
    assert browser.post(f"/{repository.path}/-/tree", {"form_token": token}).status == 404


@pytest.mark.parametrize("role", [Role.REPORTER, Role.DEVELOPER])
def test_those_who_may_only_look_are_shown_no_form_and_refused(
    matou_server: MatouServer, repository: Repository, role: Role
) -> None:
    theirs = member(matou_server, repository, role)
    token = theirs.open("/-/account").form("/-/sign-out").fields["form_token"]
    fields = {"form_token": token, "confirm": str(repository.path), "visibility": "public", "path": "mine"}

    for word in ("describe", "visibility", "archive", "rename", "transfer", "delete", "rules/push_rules"):
        assert theirs.post(here(repository, word), fields).status == 403
    assert theirs.post(here(repository, "members/set"), {**fields, "person": "x", "permission": "admin"}).status == 403

    assert now(matou_server, repository) == repository


def test_a_deploy_key_is_added_and_removed(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    keys, pair = here(repository, "deploy-keys"), new_ssh_key()
    added = browser.send(browser.open(keys), f"{keys}/add", key=pair.public, title="<b>build</b>", writes="1")
    [key] = deploy_keys(matou_server.forge, repository)
    again = browser.send(added, f"{keys}/add", key=pair.public)
    removed = browser.send(added, f"{keys}/remove")

    assert (key.title, key.writes, key.user_id) == ("<b>build</b>", True, None)
    assert key.fingerprint in added.text
    assert "<b>build" not in added.text
    assert (again.status, 'id="key-fault"' in again.text) == (422, True)
    assert "The key is removed" in removed.text
    assert deploy_keys(matou_server.forge, repository) == ()


def test_a_deploy_key_only_fetches_unless_it_is_said(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    keys = here(repository, "deploy-keys")
    browser.send(browser.open(keys), f"{keys}/add", key=new_ssh_key().public)

    [key] = deploy_keys(matou_server.forge, repository)
    assert not key.writes


@pytest.mark.parametrize("role", [Role.REPORTER, Role.DEVELOPER])
def test_who_may_not_manage_members_neither_sees_nor_changes_deploy_keys(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository, role: Role
) -> None:
    keys, theirs = here(repository, "deploy-keys"), member(matou_server, repository, role)
    browser.send(browser.open(keys), f"{keys}/add", key=new_ssh_key().public)
    [key] = deploy_keys(matou_server.forge, repository)
    token = theirs.open("/-/account").form("/-/sign-out").fields["form_token"]

    assert theirs.open(keys).status == 403
    assert key.fingerprint not in theirs.open(keys).text
    for word, field in (("add", new_ssh_key().public), ("remove", str(key.id))):
        assert theirs.post(f"{keys}/{word}", {"form_token": token, "key": field}).status == 403
    assert deploy_keys(matou_server.forge, repository) == (key,)


@pytest.mark.parametrize("number", ["", "x", "-1", "٣", "9" * 30])
def test_a_deploy_key_that_is_none_is_not_found(browser: PageBrowser, repository: Repository, number: str) -> None:
    keys = here(repository, "deploy-keys")
    token = browser.open(keys).form(f"{keys}/add").fields["form_token"]

    assert browser.post(f"{keys}/remove", {"form_token": token, "key": number}).status == 404


def test_a_description_is_changed(matou_server: MatouServer, browser: PageBrowser, repository: Repository) -> None:
    hostile = "渡船 <img src=x onerror=alert(1)>"

    page = browser.send(
        browser.open(here(repository)), here(repository, "describe"), name="Ferry", description=hostile, homepage=""
    )

    changed = now(matou_server, repository)
    assert (changed.true_name, changed.description) == ("Ferry", hostile)
    assert "It is saved" in page.text
    assert "<img src=x" not in page.text


def test_a_homepage_that_runs_something_is_refused(browser: PageBrowser, repository: Repository) -> None:
    page = browser.send(browser.open(here(repository)), here(repository, "describe"), homepage="javascript:alert(1)")

    assert page.status == 422
    assert 'role="alert"' in page.text


def test_who_sees_it_is_changed_and_that_is_noted_of_administrators(
    matou_server: MatouServer, repository: Repository
) -> None:
    browser = PageBrowser(matou_server.url)
    browser.sign_in(matou_server.user(admin=True).name, PASSWORD)

    browser.send(browser.open(here(repository)), here(repository, "visibility"), visibility="public")

    assert now(matou_server, repository).visibility is Visibility.PUBLIC
    assert str(repository.path) in browser.open("/-/admin/log").text


def test_a_visibility_that_there_is_not_is_refused(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    page = browser.send(browser.open(here(repository)), here(repository, "visibility"), visibility="everybody")

    assert (page.status, 'id="visibility-fault"' in page.text) == (422, True)
    assert now(matou_server, repository).visibility is Visibility.PRIVATE


def test_it_is_archived_and_reopened(matou_server: MatouServer, browser: PageBrowser, repository: Repository) -> None:
    archived = browser.send(browser.open(here(repository)), here(repository, "archive"))
    was_archived = now(matou_server, repository).archived
    browser.send(archived, here(repository, "archive"))

    assert was_archived
    assert not any(form.action == here(repository, "describe") for form in archived.forms())
    assert not now(matou_server, repository).archived


def test_it_is_renamed_once_its_path_was_typed(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    page = browser.open(here(repository))

    refused = browser.send(page, here(repository, "rename"), path="boat", confirm="boat")
    done = browser.send(page, here(repository, "rename"), path="boat", confirm=str(repository.path))

    assert (refused.status, 'id="confirm-rename-fault"' in refused.text) == (422, True)
    assert done.path == f"/{repository.path.namespace}/boat/-/settings?done=moved"
    assert now(matou_server, repository).path.name == "boat"


@pytest.mark.parametrize("name", ["", "..", "a/b", "x.git", "-", "con\0"])
def test_a_name_that_can_be_none_is_refused(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository, name: str
) -> None:
    page = browser.send(
        browser.open(here(repository)), here(repository, "rename"), path=name, confirm=str(repository.path)
    )

    assert page.status == 422
    assert now(matou_server, repository) == repository


def test_it_is_moved_to_another_team(matou_server: MatouServer, browser: PageBrowser, repository: Repository) -> None:
    team = matou_server.team()
    page = browser.open(here(repository))

    nowhere = browser.send(page, here(repository, "transfer"), namespace="nothing/here", confirm=str(repository.path))
    done = browser.send(page, here(repository, "transfer"), namespace=str(team.path), confirm=str(repository.path))

    assert (nowhere.status, 'id="namespace-fault"' in nowhere.text) == (422, True)
    assert done.path == f"/{team.path}/{repository.name}/-/settings?done=moved"


def test_it_is_deleted_once_its_path_was_typed(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    page = browser.open(here(repository))

    refused = browser.send(page, here(repository, "delete"), confirm=repository.name)
    still_there = now(matou_server, repository) == repository
    browser.send(page, here(repository, "delete"), confirm=str(repository.path))

    assert (refused.status, still_there) == (422, True)
    with pytest.raises(NotFound):
        now(matou_server, repository)


def test_what_a_source_owns_is_not_changed(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    archive_repository(matou_server.forge, repository)
    token = browser.open("/-/account").form("/-/sign-out").fields["form_token"]

    answer = browser.post(here(repository, "rules/push_rules"), {"form_token": token, "deny_force_push": "1"})

    assert answer.status == 403
    assert not read_settings(matou_server.forge, now(matou_server, repository), PushRules).deny_force_push


def rules(browser: PageBrowser, repository: Repository, kind: str, **changed: str) -> Page:
    return browser.send(browser.open(here(repository, "rules")), here(repository, f"rules/{kind}"), **changed)


def test_every_group_is_saved_as_it_is_shown(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    """What nobody touches stays as it is, in each of the forms."""
    for group in GROUPS:
        page = rules(browser, repository, group.kind.kind)

        assert (group.kind.kind, page.status) == (group.kind.kind, 200)
        assert read_settings(matou_server.forge, repository, group.kind) == group.kind()


def test_rules_are_changed(matou_server: MatouServer, browser: PageBrowser, repository: Repository) -> None:
    rules(browser, repository, "push_rules", deny_force_push="1", commit_message_regex="^[A-Z]", max_file_size="50")
    rules(
        browser,
        repository,
        "repository_rules",
        branch_name_regex="^(main|feature/.*)$",
        forbidden_developer_create_branch="1",
        forbidden_developer_create_branch_user_ids=matou_server.owner.name,
    )
    rules(browser, repository, "change_requests", merge_method="ff", approval_required_reviewers="3")

    forge = matou_server.forge
    assert read_settings(forge, repository, PushRules) == PushRules(
        deny_force_push=True, commit_message_regex="^[A-Z]", max_file_size=50
    )
    kept = read_settings(forge, repository, RepositoryRules)
    assert kept.forbidden_developer_create_branch_user_ids == (matou_server.owner.id,)
    assert read_settings(forge, repository, ChangeRequestSettings).merge_method is MergeMethod.FAST_FORWARD
    assert f'value="{matou_server.owner.name}"' in browser.open(here(repository, "rules")).text


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("push_rules", "commit_message_regex", "(?=look)"),
        ("push_rules", "max_file_size", "-1"),
        ("push_rules", "max_file_size", "many"),
        ("push_rules", "max_file_size", "9" * 30),
        ("repository_rules", "branch_name_regex", "("),
        ("repository_rules", "forbidden_developer_create_branch_user_ids", "nobody-of-this-name"),
        ("change_requests", "approval_required_reviewers", "6"),
        ("change_requests", "merge_method", "guess"),
        ("change_requests", "lite_merge_request_prefix_title", "x" * 101),
    ],
)
def test_a_rule_that_cannot_be_is_refused_beside_its_field(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository, kind: str, field: str, value: str
) -> None:
    page = rules(browser, repository, kind, **{field: value})

    group = next(group for group in GROUPS if group.kind.kind == kind)
    assert page.status == 422
    assert re.search(rf'id="{field}-fault"|role="alert"', page.text)
    assert read_settings(matou_server.forge, repository, group.kind) == group.kind()


def test_a_role_is_given_and_taken(matou_server: MatouServer, browser: PageBrowser, repository: Repository) -> None:
    person = matou_server.user()
    page = browser.open(here(repository, "members"))

    given = browser.send(page, here(repository, "members/set"), person=person.name, permission="push")
    roles = {one.user.name: one.role for one in members_of(matou_server.forge, repository)[0]}
    taken = browser.send(given, here(repository, "members/remove"))

    assert roles[person.name] is Role.DEVELOPER
    assert "The role is taken" in taken.text
    assert person.name not in {one.user.name for one in members_of(matou_server.forge, repository)[0]}


@pytest.mark.parametrize("changed", [{"person": "nobody-of-this-name"}, {"permission": "owner"}])
def test_a_role_that_cannot_be_given_is_refused(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository, changed: dict[str, str]
) -> None:
    fields = {"person": matou_server.user().name, "permission": "pull", **changed}

    page = browser.send(browser.open(here(repository, "members")), here(repository, "members/set"), **fields)

    assert page.status == 422
    assert len(members_of(matou_server.forge, repository)[0]) == 1


def test_roles_of_the_teams_above_can_be_left_out(
    matou_server: MatouServer, browser: PageBrowser, repository: Repository
) -> None:
    page = browser.open(here(repository, "members"))

    browser.send(page, here(repository, "members/mode"), independent="1")

    assert now(matou_server, repository).independent_members


def team_settings(name: str, word: str = "") -> str:
    return f"/{name}/-/settings{word and f'/{word}'}"


def test_a_team_is_described_renamed_and_deleted(matou_server: MatouServer, browser: PageBrowser) -> None:
    name = str(matou_server.team().path)

    browser.send(browser.open(team_settings(name)), team_settings(name, "describe"), display_name="港口")
    described = find_namespace(matou_server.forge, NamespacePath.parse(name))
    renamed = browser.send(
        browser.open(team_settings(name)), team_settings(name, "rename"), name=f"{name}-2", confirm=name
    )
    refused = browser.send(renamed, team_settings(f"{name}-2", "delete"), confirm="yes")
    browser.send(renamed, team_settings(f"{name}-2", "delete"), confirm=f"{name}-2")

    assert described.display_name == "港口"
    assert renamed.path == f"{team_settings(f'{name}-2')}?done=moved"
    assert refused.status == 422
    with pytest.raises(NotFound):
        find_namespace(matou_server.forge, NamespacePath.parse(f"{name}-2"))


def test_a_team_with_something_in_it_is_not_deleted(browser: PageBrowser, repository: Repository) -> None:
    name = str(repository.path.namespace)

    page = browser.send(browser.open(team_settings(name)), team_settings(name, "delete"), confirm=name)

    assert page.status == 422
    assert "still holds" in page.text


def test_roles_in_a_team_are_given_and_taken_and_its_last_owner_stays(
    matou_server: MatouServer, browser: PageBrowser
) -> None:
    team = matou_server.team()
    name, person = str(team.path), matou_server.user()
    page = browser.open(team_settings(name, "members"))

    given = browser.send(page, team_settings(name, "members/set"), person=person.name, role="30")
    roles = {one.user.name: one.role for one in namespace_members(matou_server.forge, team)[0]}
    token = given.form(team_settings(name, "members/set")).fields["form_token"]
    kept = browser.post(team_settings(name, "members/remove"), {"form_token": token, "person": matou_server.owner.name})
    browser.post(team_settings(name, "members/remove"), {"form_token": token, "person": person.name})

    assert roles == {person.name: Role.DEVELOPER, matou_server.owner.name: Role.OWNER}
    assert (kept.status, "is the last owner of" in kept.text) == (422, True)
    assert len(namespace_members(matou_server.forge, team)[0]) == 1


def test_an_accounts_own_namespace_is_neither_renamed_nor_deleted(
    matou_server: MatouServer, browser: PageBrowser
) -> None:
    name = matou_server.owner.name
    page = browser.open(team_settings(name))

    actions = {form.action for form in page.forms()}
    assert page.status == 200
    assert team_settings(name, "rename") not in actions
    assert team_settings(name, "delete") not in actions
