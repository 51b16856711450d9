"""What the environment says, and what it does not say by accident."""

from pathlib import Path

import pytest

from matou.settings import InvalidSetting, Settings, processor_quotas


@pytest.mark.parametrize(
    ("environment", "allowed"),
    [({}, False), ({"MATOU_IMPORT_PRIVATE": ""}, False), ({"MATOU_IMPORT_PRIVATE": "0"}, False),
     ({"MATOU_IMPORT_PRIVATE": "1"}, True)],
)  # fmt: skip
def test_imports_reach_private_addresses_only_if_it_is_said(environment: dict[str, str], allowed: bool) -> None:
    assert Settings.from_environment(environment).imports_may_reach_private is allowed


@pytest.mark.parametrize("value", ["yes", "true", "2", " 1"])
def test_anything_else_is_a_mistake_to_be_told(value: str) -> None:
    with pytest.raises(InvalidSetting):
        Settings.from_environment({"MATOU_IMPORT_PRIVATE": value})


@pytest.mark.parametrize(
    ("quota", "processors"),
    [("150000 100000", [2]), ("50000 100000", [1]), ("max 100000", []), ("", []), ("1 0", []), ("400000 100000", [4])],
)
def test_a_container_has_as_many_processors_as_it_may_take_the_time_of(
    tmp_path: Path, quota: str, processors: list[int]
) -> None:
    of_process = tmp_path / "cgroup"
    of_process.write_text("1:cpu:/old\n0::/pods/one\n")
    group = tmp_path / "cgroups" / "pods" / "one"
    group.mkdir(parents=True)
    (group / "cpu.max").write_text(f"{quota}\n")

    assert list(processor_quotas(tmp_path / "cgroups", of_process)) == processors


def test_what_is_above_a_control_group_counts_too(tmp_path: Path) -> None:
    of_process = tmp_path / "cgroup"
    of_process.write_text("0::/pods/one\n")
    for group, quota in (("pods", "100000 100000"), ("pods/one", "800000 100000")):
        (tmp_path / group).mkdir(parents=True)
        (tmp_path / group / "cpu.max").write_text(quota)

    assert sorted(processor_quotas(tmp_path, of_process)) == [1, 8]


@pytest.mark.parametrize("said", ["", "0::/../../etc\n", "no group at all\n"])
def test_where_no_control_group_is_told_there_is_no_quota(tmp_path: Path, said: str) -> None:
    (tmp_path / "cgroup").write_text(said)

    assert list(processor_quotas(tmp_path, tmp_path / "cgroup")) == []
    assert list(processor_quotas(tmp_path, tmp_path / "nothing")) == []
