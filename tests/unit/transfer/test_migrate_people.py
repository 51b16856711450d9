"""Whom somebody is at a target: a file that is read strictly, and a draft that reads as one."""

from pathlib import Path

import pytest

from matou.model.metadata import Participant
from matou.transfer.migrate.people import PersonLine, UnusablePeople, read_people, write_draft


def test_names_that_are_filled_in_are_those_people(tmp_path: Path) -> None:
    path = tmp_path / "people.toml"
    path.write_text('# x\n[people]\n"coding:17" = "zhangsan"\n"gitee:li 四" = ""\n', encoding="utf-8")

    assert read_people(path) == {"coding:17": "zhangsan"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "one table, [people]"),
        ("people = 3", "one table, [people]"),
        ('[people]\n"coding:1" = "a"\n[others]\n', "one table, [people]"),
        ('[people]\n"17" = "a"\n', "no person or no name"),
        ('[people]\n"coding:" = "a"\n', "no person or no name"),
        ('[people]\n"coding:1" = 7\n', "no person or no name"),
        ('[people]\n"coding:1" = "@anna"\n', "no person or no name"),
        ('[people]\n"coding:1" = "a b"\n', "no person or no name"),
        ('[people]\n"coding:1" = "a"\n"coding:1" = "b"\n', "cannot be read"),
        ("[people", "cannot be read"),
    ],
)
def test_what_says_no_person_and_no_name_is_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "people.toml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(UnusablePeople) as caught:
        read_people(path)

    assert told in str(caught.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "people.toml").write_bytes(b"\xff\xfe\x00")

    for name in ("none.toml", "people.toml"):
        with pytest.raises(UnusablePeople):
            read_people(tmp_path / name)


def test_a_draft_names_everybody_and_maps_nobody(tmp_path: Path) -> None:
    """Whatever they are called."""
    path = tmp_path / "people.toml"
    hostile = 'a"\n"coding:9" = "root\x7f'
    people = [
        PersonLine("coding:17", Participant(id="17", login="zhang-san", name="张三"), 12),
        PersonLine(f"coding:{hostile}", Participant(login=hostile, name=hostile), 1),
    ]

    write_draft(path, people)

    assert read_people(path) == {}
    text = path.read_text(encoding="utf-8")
    assert '# 张三 (zhang-san): 12\n"coding:17" = ""\n' in text
    filled = text.replace('"coding:17" = ""', '"coding:17" = "zhangsan"')
    path.write_text(filled, encoding="utf-8")
    assert read_people(path) == {"coding:17": "zhangsan"}
