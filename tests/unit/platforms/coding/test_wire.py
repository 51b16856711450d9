"""The vendor's own samples go through our structs and back, and what deviates is read as the reference page says."""

import json
from datetime import UTC, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matou.errors import UnknownShape
from matou.platforms.base.decoder import AnswerBrokeOff
from matou.platforms.base.unreadable import UnreadableRow, left_out_of
from matou.platforms.coding import wire, wire_releases
from matou.platforms.coding import wire_requests as requests
from matou.platforms.coding.wire import DECODER, Milliseconds
from matou.platforms.coding.wire_requests_by_option import ACTIONS_BY_OPTION
from matou.platforms.coding.wire_requests_metadata import METADATA_ACTIONS

read = partial(DECODER.read, is_lenient=False)

SAMPLES = Path(__file__).parents[3] / "data" / "coding"
RESPONSES = sorted(path for path in SAMPLES.glob("*-[0-9].response.json"))
REQUESTS = sorted(path for path in SAMPLES.glob("*-[0-9].request.json"))
ACTIONS = {**requests.ACTIONS, **METADATA_ACTIONS, **ACTIONS_BY_OPTION}

# Where a sample does not keep to the schema beside it, what we write instead: the path, as it came, as we write it.
SORT = "DescribeProjectIssueFieldList-1 Response.ProjectIssueFieldList.IssueField.Options.Sort"
DEVIATIONS: tuple[tuple[str, Any, Any], ...] = (
    ("DescribeTeamMembers-1 Response.Data.TeamMembers.Roles.RoleId", "1", 1),
    ("DescribeMyDepots-1 Response.Payload.Depots.LastPushAt", "2020-09-22", 1600704000000),
    ("DescribeMyDepots-1 Response.Payload.Depots.CreateAt", "2020-09-22", None),
    ("DescribeIterationList-1 Response.Data.List.CompletedPercent", 0, 0.0),
    ("DescribeIssueListWithPage-1 Response.Data.List.WorkingHours", 0, 0.0),
    ("DescribeTestCaseList-1 Response.Data.Cases.Id", 53.0, 53),
    ("DescribeTestCaseList-1 Response.Data.Cases.SectionId", 1.0, 1),
    ("DescribeTestCaseList-1 Response.Data.Cases.Priority", 2.0, 2),
    ("DescribeTestCaseList-1 Response.Data.Cases.Sort", 3.0, 3),
    ("DescribeTestCaseList-1 Response.Data.Cases.CreatedBy", 1.0, 1),
    ("DescribeTestCaseList-1 Response.Data.Cases.Steps", None, ""),
    ("DescribeTestCaseList-1 Response.Data.Cases.Expected", None, ""),
    (SORT, "0", 0),
    (SORT, "1", 1),
)


def differences(sample: Any, written: Any, path: str) -> list[tuple[str, Any, Any]]:
    """What the sample says and what was written does not; keys that only the latter has are not compared."""
    if isinstance(sample, dict) and isinstance(written, dict):
        found = [differences(value, written.get(key), f"{path}.{key}") for key, value in sample.items()]
        return [difference for part in found for difference in part]
    if isinstance(sample, list) and isinstance(written, list) and len(sample) == len(written):
        found = [differences(*pair, path) for pair in zip(sample, written, strict=True)]
        return [difference for part in found for difference in part]
    return [] if sample == written and type(sample) is type(written) else [(path, sample, written)]


def action_of(path: Path) -> type[requests.Request]:
    return ACTIONS[path.name.split("-")[0]]


def said_by(parameters: dict[str, Any]) -> dict[str, Any]:
    said = {key: said_by(value) if isinstance(value, dict) else str(value) for key, value in parameters.items()}
    return {key: value for key, value in said.items() if value not in ("", "0", "False", "false", "[]")}


def test_there_is_a_sample_of_every_action() -> None:
    assert {path.name.split("-")[0] for path in RESPONSES} == set(ACTIONS)


@pytest.mark.parametrize("path", RESPONSES, ids=lambda path: path.name)
def test_an_answer_that_was_read_is_written_as_it_came(path: Path) -> None:
    body = path.read_bytes()

    read_back = wire.encode_response(wire.decode_response(action_of(path).answer, body))

    name = path.name.removesuffix(".response.json")
    found = {
        (f"{name} {where[1:]}", came, written)
        for where, came, written in differences(json.loads(body), json.loads(read_back), "")
    }
    assert found == {deviation for deviation in DEVIATIONS if deviation[0].startswith(f"{name} ")}


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.name)
def test_a_request_of_the_samples_is_read_whatever_its_typing(path: Path) -> None:
    sent = json.loads(path.read_bytes())

    parameters = requests.parameters_of(requests.read_request(action_of(path), sent))

    assert said_by(parameters) == said_by(sent)


def test_a_request_holds_its_action_beside_its_parameters() -> None:
    request = requests.DescribeProjectDepotInfoList(project_id=7, page_number=2, page_size=100)

    body = json.loads(requests.encode_request(request))

    assert body == {"Action": "DescribeProjectDepotInfoList", "ProjectId": 7, "PageNumber": 2, "PageSize": 100}


def test_parameters_are_read_in_any_case_and_unknown_ones_are_left_aside() -> None:
    sent = {"userId": "9", "PageNumber": 1, "Action": "DescribeUserProjects"}

    assert requests.read_request(requests.DescribeUserProjects, sent).user_id == 9


def test_releases_are_read_as_they_really_come() -> None:
    body = (SAMPLES / "releases-as-returned.response.json").read_bytes()

    written = wire.encode_response(wire.decode_response(wire_releases.ReleasesResponse, body))

    assert differences(json.loads(body), json.loads(written), "") == []


def test_a_lone_attachment_is_read_as_a_list_of_one_and_its_size_as_a_number() -> None:
    release = read(
        wire_releases.Release, {"Id": 1, "ReleaseAttachment": {"AttachmentName": "a", "AttachmentSize": "12"}}
    )

    assert [(one.attachment_name, one.attachment_size) for one in release.release_attachment] == [("a", 12)]


def depot(**values: Any) -> dict[str, Any]:
    return {"Id": 1, "Name": "ship", "ProjectId": 2, **values}


@pytest.mark.parametrize(
    ("key", "came", "attribute", "meant"),
    [
        ("Id", "42", "id", 42),
        ("IsShared", "false", "is_shared", False),
        ("IsShared", "True", "is_shared", True),
        ("IsShared", None, "is_shared", False),
        ("CreatedAt", "", "created_at", 0),
        ("CreatedAt", "1630903803000", "created_at", 1630903803000),
        ("Description", None, "description", ""),
        ("Description", "", "description", ""),
        ("Name", "", "name", ""),
        ("DefaultBranch", None, "default_branch", ""),
        ("ComesInTwoYears", {"a": []}, "name", "ship"),
    ],
)
def test_what_codings_answers_vary_in_is_tolerated(key: str, came: Any, attribute: str, meant: Any) -> None:
    assert getattr(read(wire.Depot, depot(**{key: came})), attribute) == meant


@pytest.mark.parametrize(
    ("key", "came"),
    [
        ("Id", True),
        ("Id", "4 2"),
        ("Id", "٤٢"),
        ("Id", 4.0),
        ("Id", None),
        ("Id", ""),
        ("Id", 2**64),
        ("Name", 7),
        ("Name", None),
        ("IsShared", 1),
        ("IsShared", "no"),
        ("CreatedAt", "yesterday"),
        ("CreatedAt", "2020-13-41"),
        ("Description", ["a"]),
    ],
)
def test_anything_else_is_an_error_that_names_the_field_and_what_came(key: str, came: Any) -> None:
    with pytest.raises(UnknownShape) as caught:
        read(wire.Depot, depot(**{key: came}))

    assert f"coding Depot.{key} was {came!r}," in str(caught.value)


def test_a_field_inside_a_list_is_named_by_the_object_that_it_belongs_to() -> None:
    body = b'{"Response":{"DepotData":{"Depots":[{"Id":"x"}]}}}'

    with pytest.raises(UnknownShape, match=r"^coding Depot\.Id was 'x'"):
        wire.decode_response(wire.DepotsResponse, body)


def test_one_odd_row_does_not_hide_the_others() -> None:
    rows = [depot(), depot(Id="x"), depot(Id=3)]
    odd: list[UnreadableRow] = []

    data = read(wire.DepotData, {"Depots": rows}, unreadable=odd)

    assert [row.id for row in data.depots] == [1, 3]
    assert [fault.values["where"] for fault in odd] == ["coding Depot.Id"]


def test_rows_that_are_odd_in_the_same_way_are_told_one_by_one() -> None:
    odd: list[UnreadableRow] = []

    read(wire.DepotData, {"Depots": [depot(Id="x"), depot(Id="x"), depot(Id="x", Name="other")]}, unreadable=odd)

    assert len({row.key for row in odd}) == 3
    assert "'other'" in [row.name for row in odd]


@pytest.mark.parametrize(
    ("key", "came"), [("CreatedAt", "yesterday"), ("Description", ["a"]), ("IsShared", "no"), ("LastPushAt", {})]
)
def test_a_field_that_no_backup_needs_is_left_out_of_an_answer_and_noted(key: str, came: Any) -> None:
    body = json.dumps({"Response": {"Depot": depot(**{key: came})}}).encode()

    answer = wire.decode_response(wire.DepotResponse, body)

    assert [fault.values["where"] for fault in left_out_of(answer.depot)] == [f"coding Depot.{key}"]


@pytest.mark.parametrize(
    "data", [{}, {"Depots": "none"}, {"Depots": [], "Page": {"TotalRow": "many"}}, {"Depots": [], "Page": 7}]
)
def test_a_list_is_never_taken_for_empty_because_it_cannot_be_read(data: dict[str, Any]) -> None:
    with pytest.raises(UnknownShape):
        wire.decode_response(wire.DepotsResponse, json.dumps({"Response": {"DepotData": data}}).encode())


def test_what_we_write_is_typed_as_the_schema_has_it_and_never_null() -> None:
    response = wire.DepotResponse(request_id="r", depot=wire.Depot(id=1, name="ship", project_id=2))

    written = json.loads(wire.encode_response(response))["Response"]["Depot"]

    assert None not in written.values()
    assert written["IsShared"] is False
    assert written["Description"] == ""
    assert type(written["CreatedAt"]) is int


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"Response":{"Data":{"Id":', AnswerBrokeOff),
        (b"", AnswerBrokeOff),
        (b"<html>please log in</html>", UnknownShape),
        (b'{"code":0,"data":{}}', UnknownShape),
        (b"[]", UnknownShape),
        (b'{"Response":[]}', UnknownShape),
        (b'{"Response":{}}', UnknownShape),
        (b'{"Response":{"Error":{}}}', UnknownShape),
        (b'{"Response":{"Error":"no"}}', UnknownShape),
    ],
)
def test_a_body_that_is_no_answer_is_told_from_one_that_was_cut_off(body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        wire.decode_response(wire.TeamResponse, body)


@given(st.integers(1, 7 * 10**12), st.integers(-14, 14))
def test_a_time_goes_to_milliseconds_and_back(since_epoch: int, hours: int) -> None:
    time = wire.EPOCH.astimezone(timezone(timedelta(hours=hours))) + timedelta(milliseconds=since_epoch)

    back = wire.moment(wire.milliseconds(time))

    assert back == time
    assert back is not None
    assert back.tzinfo is UTC


@pytest.mark.parametrize("outside", [0, 2**62, -(2**62)])
def test_no_time_is_made_of_zero_and_of_what_no_calendar_holds(outside: int) -> None:
    assert wire.moment(Milliseconds(outside)) is None


def test_no_time_is_written_as_zero() -> None:
    assert wire.milliseconds(None) == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Id", "Name", "Page"]), inner),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([field.encode_name for field in msgspec.structs.fields(wire.Depot)]), json_values)
)
def test_whatever_comes_is_read_or_is_an_unknown_shape(came: dict[str, Any]) -> None:
    try:
        written = msgspec.to_builtins(read(wire.Depot, came))
    except UnknownShape:
        return
    assert read(wire.Depot, written) == read(wire.Depot, came)
