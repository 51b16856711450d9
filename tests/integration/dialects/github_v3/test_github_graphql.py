"""GitHub's GraphQL as far as it is here: each field of the schema answers, all others are refused by name."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
)

import matou.server.dialects.github_v3
from matou.archive.layout import Archive
from matou.db.engine import open_database
from matou.forge.access import Scope
from matou.forge.forge import Forge
from matou.server.dialects.github_v3 import graphql_execution
from matou.server.dialects.github_v3.graphql_nodes import MOST_NODES, Connection, Graph
from support.coding_api import Clock
from support.gitcode_server import Harbour
from support.github_story import CONTENT, story
from support.saved_conversation import save

PATH: Final = "/github/api/graphql"
LIGHT: Final = 'repository(owner: "harbour", name: "light")'
ARGUMENTS: Final = {
    "isRequired": "(pullRequestNumber: 1)",
    "repository": '(owner: "harbour", name: "light")',
    "search": '(type: ISSUE, query: "repo:harbour/light", first: 10)',
    "issue": "(number: 1)",
    "pullRequest": "(number: 5)",
    "issueOrPullRequest": "(number: 5)",
    "release": '(tagName: "v1/a")',
    "repositoryOwner": '(login: "harbour")',
    "organization": '(login: "harbour")',
    "user": '(login: "dora")',
    "fieldValueByName": '(name: "Status")',
}


@pytest.fixture(scope="module")
def light(prepared_harbour: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harbour]:
    """To be read and not changed."""
    root = tmp_path_factory.mktemp("graphql") / "archive"
    archive, clock = Archive.open(Path(shutil.copytree(prepared_harbour, root))), Clock()
    with closing(open_database(archive.database)) as database:
        harbour = Harbour(Forge(database, archive, clock.now), clock)
        repository = harbour.repository("light")
        head = harbour.git("rev-parse", "main", repository=repository).strip()
        save(harbour.forge, repository, story(head, archive.blobs.put_bytes(CONTENT)))
        yield harbour


def ask(harbour: Harbour, query: str, *, person: str | None = "chen", status: int = 200, **variables: Any) -> Any:
    body = {"query": query, "variables": variables}
    answer = harbour.ask_site("POST", PATH, person=person, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def data(harbour: Harbour, query: str, **options: Any) -> Any:
    answer = ask(harbour, query, **options)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def schema() -> GraphQLSchema:
    return build_schema(files(matou.server.dialects.github_v3).joinpath("schema.graphql").read_text(encoding="utf-8"))


def selection(types: GraphQLSchema, named: GraphQLNamedType, shown: set[str]) -> str:
    """Every field of a type, and of each type that it leads to where that comes first."""
    if named.name in shown:
        return "{ __typename }"
    if isinstance(named, GraphQLUnionType | GraphQLInterfaceType):
        kinds = types.get_possible_types(named)
        parts = (f"... on {kind.name} {selection(types, kind, shown)}" for kind in kinds)
        return f"{{ __typename {' '.join(parts)} }}"
    if not isinstance(named, GraphQLObjectType):
        return ""
    shown.add(named.name)
    return f"{{ {' '.join(_fields(types, named, shown))} }}"


def _fields(types: GraphQLSchema, named: GraphQLObjectType, shown: set[str]) -> Iterator[str]:
    for name, field in named.fields.items():
        arguments = ARGUMENTS.get(name, "(first: 10)") if field.args else ""
        yield f"{name}{arguments} {selection(types, get_named_type(field.type), shown)}"


@pytest.mark.parametrize("field", sorted(schema().query_type.fields.keys() - {"node"}))  # type: ignore[union-attr]
def test_each_field_of_the_schema_is_answered(light: Harbour, field: str) -> None:
    types = schema()
    assert types.query_type is not None
    of = get_named_type(types.query_type.fields[field].type)

    answer = ask(light, f"{{ {field}{ARGUMENTS.get(field, '')} {selection(types, of, set())} }}")

    assert answer["data"][field]
    # Not every repository on the way has an issue of this number.
    assert {one.get("type") for one in answer.get("errors", ())} <= {"NOT_FOUND"}


def test_pull_requests_are_told_as_rest_tells_them(light: Harbour) -> None:
    query = f"""{{ {LIGHT} {{ pullRequests(first: 10, states: [MERGED]) {{ totalCount nodes {{
        number title state merged mergedAt headRefName additions deletions changedFiles reviewDecision
        author {{ login }} mergedBy {{ login }} mergeCommit {{ messageHeadline }}
        commits(first: 5) {{ totalCount nodes {{ commit {{ messageHeadline messageBody }} }} }}
        files(first: 5) {{ nodes {{ path additions changeType }} }}
        reviewThreads(first: 5) {{ nodes {{ path line isResolved comments(first: 5) {{ nodes {{ body }} }} }} }}
    }} }} }} }}"""

    [pull] = data(light, query)["repository"]["pullRequests"]["nodes"]

    assert (pull["number"], pull["state"], pull["merged"], pull["mergedAt"]) == (
        5,
        "MERGED",
        True,
        "2026-01-06T12:00:00Z",
    )
    assert (pull["author"]["login"], pull["mergedBy"]["login"], pull["reviewDecision"]) == ("wang", "li", "APPROVED")
    assert (pull["additions"], pull["deletions"], pull["changedFiles"]) == (1, 1, 1)
    assert pull["commits"]["nodes"][0]["commit"] == {
        "messageHeadline": "fix the main thing",
        "messageBody": "long story",
    }
    assert pull["mergeCommit"] == {"messageHeadline": "fix the main thing"}
    assert pull["files"]["nodes"] == [{"path": "src/main.c", "additions": 1, "changeType": "MODIFIED"}]
    first, second = pull["reviewThreads"]["nodes"]
    assert (first["path"], first["line"], second["line"]) == ("src/main.c", 1, 7)
    assert [one["body"] for one in first["comments"]["nodes"]] == ["这里", "已改"]


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("is:issue", [3, 2, 1]),
        ("type:pr", [6, 5]),
        ("", [6, 5, 3, 2, 1]),
        ("is:issue is:closed", [2]),
        ("is:pr state:merged", [5]),
        ("label:缺陷", [1]),
        ('is:issue label:"缺陷" author:wang', [1]),
        ("is:issue author:li", []),
        ("assignee:li", [2]),
        ("is:pr head:fix state:open", [6]),
        ("修灯", [6, 5]),
    ],
)
def test_items_are_looked_for_in_github_s_words(light: Harbour, search: str, numbers: list[int]) -> None:
    query = """query($q: String!) { search(type: ISSUE, query: $q, first: 10) { issueCount
        nodes { ... on Issue { number } ... on PullRequest { number } } } }"""

    found = data(light, query, q=f"repo:harbour/light {search}")["search"]

    assert ([one["number"] for one in found["nodes"]], found["issueCount"]) == (numbers, len(numbers))


@pytest.mark.parametrize("search", ["is:issue", "repo:harbour/light no:label", "repo:harbour/light -label:x"])
def test_what_cannot_be_looked_for_is_said(light: Harbour, search: str) -> None:
    answer = ask(light, "query($q: String!) { search(type: ISSUE, query: $q, first: 1) { issueCount } }", q=search)

    assert answer["errors"][0]["type"] == "UNPROCESSABLE"


def test_repositories_are_looked_for(light: Harbour) -> None:
    query = """{ search(type: REPOSITORY, query: "user:harbour ligh", first: 5) {
        repositoryCount nodes { ... on Repository { nameWithOwner isPrivate } } } }"""

    assert data(light, query)["search"] == {
        "repositoryCount": 1,
        "nodes": [{"nameWithOwner": "harbour/light", "isPrivate": False}],
    }


def test_lists_are_given_in_pages(light: Harbour) -> None:
    query = """query($after: String) { repository(owner: "harbour", name: "light") {
        issues(first: 2, after: $after, orderBy: {field: CREATED_AT, direction: ASC}) {
            nodes { number } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""

    first = data(light, query)["repository"]["issues"]
    second = data(light, query, after=first["pageInfo"]["endCursor"])["repository"]["issues"]

    assert ([one["number"] for one in first["nodes"]], first["pageInfo"]["hasNextPage"]) == ([1, 2], True)
    assert ([one["number"] for one in second["nodes"]], second["pageInfo"]["hasNextPage"]) == ([3], False)
    assert second["pageInfo"]["hasPreviousPage"]


def test_a_list_is_given_from_its_end(light: Harbour) -> None:
    comments = "issue(number: 1) { comments(last: 1) { nodes { body } } }"
    query = f"{{ {LIGHT} {{ issues(last: 1) {{ nodes {{ number }} }} {comments} }} }}"

    found = data(light, query)["repository"]

    assert found == {"issues": {"nodes": [{"number": 3}]}, "issue": {"comments": {"nodes": [{"body": "见 #2 和 !4"}]}}}


def test_a_node_is_found_again_by_its_id(light: Harbour) -> None:
    found = data(light, f"{{ {LIGHT} {{ id issue(number: 1) {{ id }} pullRequest(number: 5) {{ id }} }} }}")[
        "repository"
    ]
    query = """query($id: ID!) { node(id: $id) { id ... on Repository { name }
        ... on Issue { number } ... on PullRequest { number } } }"""

    nodes = [
        data(light, query, id=one)["node"] for one in (found["id"], found["issue"]["id"], found["pullRequest"]["id"])
    ]

    assert [(one.get("name"), one.get("number")) for one in nodes] == [("light", None), (None, 1), (None, 5)]
    assert ask(light, query, id="I_9")["errors"][0]["type"] == "NOT_FOUND"


def test_what_is_not_there_is_refused_by_its_name(light: Harbour) -> None:
    answer = ask(light, f"{{ {LIGHT} {{ name pinnedIssues(first: 3) {{ totalCount }} }} }}")

    assert [one["message"] for one in answer["errors"]] == ["Cannot query field 'pinnedIssues' on type 'Repository'."]
    assert "data" not in answer


def test_nothing_is_written(light: Harbour) -> None:
    [fault] = ask(light, 'mutation { closeIssue(input: {issueId: "I_1"}) { issue { id } } }')["errors"]

    assert "mutation" in fault["message"]


def test_whoever_asks_which_fields_there_are_is_told(light: Harbour) -> None:
    found = data(light, '{ __type(name: "Issue") { fields(includeDeprecated: true) { name } } }')

    assert {"name": "stateReason"} in found["__type"]["fields"]


@pytest.mark.parametrize("person", ["xiao", "gu"])
def test_what_may_not_be_read_is_not_told(light: Harbour, person: str) -> None:
    """A stranger sees no private repository, and a guest not what was said around it."""
    answer = ask(
        light, '{ repository(owner: "harbour", name: "ferry") { issues(first: 1) { totalCount } } }', person=person
    )

    assert answer["data"]["repository"] is None
    assert answer["errors"][0]["type"] == ("NOT_FOUND" if person == "xiao" else "FORBIDDEN")


def test_what_is_confidential_is_for_those_who_may_read_it(light: Harbour) -> None:
    query = f"{{ {LIGHT} {{ issues(first: 10) {{ totalCount }} issue(number: 3) {{ title }} }} }}"

    assert data(light, query)["repository"]["issues"]["totalCount"] == 3
    shown = ask(light, query, person="xiao")
    assert shown["data"]["repository"] == {"issues": {"totalCount": 2}, "issue": None}
    assert shown["errors"][0]["type"] == "NOT_FOUND"


def test_a_token_is_needed_and_its_scope(light: Harbour) -> None:
    assert ask(light, "{ viewer { login } }", person=None, status=401)["message"] == "Bad credentials"
    token = light.token("chen", frozenset({Scope.USER_READ}))
    answer = light.ask_site("POST", PATH, token=token, json={"query": "{ viewer { login } }"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("{ viewer { login }", "Syntax Error"),
        ("{ " + "viewer { login } " * 700 + "}", "2500 tokens"),
        (f"{{ {LIGHT} {{ issues(first: 101) {{ nodes {{ number }} }} }} }}", "first and last are at most 100"),
        (f'{{ {LIGHT} {{ issues(first: 1, after: "eA==") {{ nodes {{ number }} }} }} }}', "is no cursor"),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }", "fragment"),
    ],
)
def test_a_query_that_cannot_be_used_is_answered_with_the_reason(light: Harbour, query: str, reason: str) -> None:
    assert reason in ask(light, query)["errors"][0]["message"]


def test_a_query_that_nests_too_deep_is_refused(light: Harbour) -> None:
    deep = "owner { ... on User { repositories(first: 1) { nodes { " * 120
    answer = light.ask_site("POST", PATH, json={"query": f"{{ {LIGHT} {{ {deep} name {'} } } } ' * 120} }} }}"})

    assert answer.status_code in (200, 422)
    assert "errors" in answer.json()


def test_an_answer_holds_so_many_nodes_and_no_more(light: Harbour) -> None:
    def rows(offset: int, limit: int) -> tuple[list[int], int]:
        return list(range(offset, offset + limit)), MOST_NODES * 2

    graph = Graph(light, lambda *_: {}, left=150)  # type: ignore[arg-type]
    make = partial(Connection, graph, rows, lambda row: {"n": row}, 100)

    assert len(make().fields["nodes"]()) == 100
    with pytest.raises(Exception, match="at most"):
        make().fields["nodes"]()


def test_fields_under_many_names_are_counted(light: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    many = " ".join(f"a{n}: body" for n in range(300))
    query = f"{{ {LIGHT} {{ issue(number: 1) {{ {many} }} }} }}"
    assert "errors" not in ask(light, query)

    monkeypatch.setattr(graphql_execution, "Graph", partial(Graph, fields_left=299))

    assert "at most" in str(ask(light, query, status=422))


def test_texts_under_many_names_are_counted(light: Harbour, monkeypatch: pytest.MonkeyPatch) -> None:
    query = f"{{ {LIGHT} {{ name again: name }} }}"
    monkeypatch.setattr(graphql_execution, "Graph", partial(Graph, characters_left=2 * len("light")))
    assert "errors" not in ask(light, query)

    monkeypatch.setattr(graphql_execution, "Graph", partial(Graph, characters_left=2 * len("light") - 1))

    assert "at most" in str(ask(light, query, status=422))


def test_variables_are_an_object(light: Harbour) -> None:
    body = {"query": "{ viewer { login } }", "variables": "x"}

    assert light.ask_site("POST", PATH, json=body).status_code == 422
