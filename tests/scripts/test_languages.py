"""What the installed program says to somebody whose language is Chinese."""

from pathlib import Path

import pytest

from support.program import Person

CHINESE = "zh_CN.UTF-8"


def test_an_error_and_its_advice_are_in_chinese(person: Person, tmp_path: Path) -> None:
    arguments = ("backup", "coding", "--url", "http://127.0.0.1:1/open-api", "--to", tmp_path / "a")

    ended = person.matou(*arguments, code=2, LC_ALL=CHINESE)

    assert ended.err == (
        "matou: 没有 coding 的令牌\n"
        "请登录：matou login http://127.0.0.1:1/open-api；或设置 MATOU_CODING_TOKEN，或用 --token-stdin 提供令牌\n"
    )


@pytest.mark.parametrize("command", ["", "backup", "repo"])
def test_help_is_all_in_chinese(person: Person, command: str) -> None:
    shown = person.matou(*command.split(), "--help", LC_ALL=CHINESE).out

    assert "用法：matou" in shown
    assert "选项：" in shown
    assert "显示本帮助并退出。" in shown
    assert not {"Usage", "Options", "Commands", "Arguments", "default", "required"} & set(
        shown.replace(":", " ").replace("：", " ").replace("[", " ").replace("]", " ").split()
    )


def test_a_command_line_that_will_not_do_is_told_in_chinese(person: Person) -> None:
    assert person.matou("verify", code=2, LC_ALL=CHINESE).err == "matou: 缺少参数：DIR\n参见：matou verify --help\n"
    assert person.matou("nope", code=2, LC_ALL=CHINESE).err == "matou: 未知命令：nope\n参见：matou --help\n"


def test_a_file_that_is_not_there_is_told_in_chinese(person: Person, tmp_path: Path) -> None:
    ended = person.matou("key", "add", "--user", "li", "--root", tmp_path, "/nowhere", code=2, LC_ALL=CHINESE)

    assert ended.err == ("matou: [FILE] 的值无效：文件 '/nowhere' 不存在\n参见：matou key add --help\n")


def test_what_a_role_is_for_is_not_taken_for_what_a_token_is_for(person: Person) -> None:
    assert "令牌" not in person.matou("role", "create", "--help", LC_ALL=CHINESE).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bakup",), "未知命令：bakup；您是指 backup 吗？\n参见：matou --help"),
        (("org", "member", "ad"), "未知命令：ad；您是指 add 吗？\n参见：matou org member --help"),
        (("completion",), "缺少参数：SHELL（可选 bash, zsh, fish）\n参见：matou completion --help"),
        (("backup", "--json=x"), "选项 '--json' 不带值。\n参见：matou --help"),
    ],
)
def test_a_word_that_is_almost_right_is_told_in_chinese(person: Person, words: tuple[str, ...], said: str) -> None:
    assert person.matou(*words, code=2, LC_ALL=CHINESE).err == f"matou: {said}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source = 1", "source：应为列表，却是整数"),
        ("[[source]]\nplatform = 1", "source 1, platform：应为文字，却是整数"),
        ("[[source]]\nplatform = 'a'\nurl = 'b'\nto = 'c'\ntokn = 'd'", "source 1：不认识 tokn"),
        ("[[source]", "第 1 行第 9 列不是 TOML"),
        ("[[source]]\nplatform", "不是 TOML：结束得太早"),
    ],
)
def test_what_is_wrong_in_matou_toml_is_told_in_chinese(person: Person, tmp_path: Path, text: str, said: str) -> None:
    config = tmp_path / "matou.toml"
    config.write_text(text)

    err = person.matou("backup", "--config", config, code=2, LC_ALL=CHINESE).err

    assert err == f"matou: 无法读取 {config}：{said}\n"
    assert "$" not in err


def test_a_map_that_is_none_is_told_in_chinese(person: Person, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_bytes(b"\xff")
    words = ("--to", "gitee", "--url", "http://127.0.0.1:1", "--namespace", "x", "--map", tmp_path / "map.toml")

    err = person.matou("migrate", tmp_path, *words, code=2, LC_ALL=CHINESE, MATOU_GITEE_TOKEN="x").err

    assert err.endswith("不是 UTF-8\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("x", "'x' 不是有效的整数"),
        ("1.5", "'1.5' 不是有效的整数"),
        ("0", "0 不在范围 1<=x<=64 内"),
        ("99", "99 不在范围 1<=x<=64 内"),
    ],
)
def test_a_number_that_will_not_do_is_told_in_chinese(person: Person, given: str, said: str) -> None:
    ended = person.matou("backup", "gitcode", "--jobs", given, code=2, LC_ALL=CHINESE)

    assert ended.err == f"matou: --jobs 的值无效：{said}\n参见：matou backup --help\n"
