"""Encodings are told from bytes: what users of these platforms have in their files, long texts and single words."""

import random

import pytest

from matou.server.web.text_encoding import DecodedText, decode_text

CHINESE = (
    "测试文件，请勿删除",
    "中文",
    "# 码头\n",
    "你好，世界",
    "版权所有 (c) 2010",
    "功能说明：\n1. 登录\n2. 退出\n",
    "author: 王小明",
    "价格：￥100",
    "// 中文注释\nint main() { return 0; }\n",
    "姓名,年龄\n张三,20\n李四,30\n",
)
JAPANESE = ("テストファイル", "// 日本語のコメント\nint main();\n", "これはテストです。削除しないでください。")


def each(encoding: str, name: str, *texts: str) -> list[tuple[str, str, str]]:
    return [(encoding, name, text) for text in texts]


@pytest.mark.parametrize(
    ("encoding", "name", "text"),
    [
        *each("utf-8", "", *CHINESE, *JAPANESE, "plain", "", "é", "🚢"),
        *each("utf-8-sig", "UTF-8, BOM", "码头\n", "plain\n"),
        *each("utf-16", "UTF-16", "码头\n", "plain\n"),
        *each("utf-16-le", "UTF-16", "key = value\n", "key = 码头\n"),
        *each("utf-16-be", "UTF-16", "key = value\n"),
        *each("utf-32", "UTF-32", "码头\n"),
        *each("gbk", "GBK", *CHINESE),
        *each("big5", "Big5", "測試檔案，請勿刪除", "// 繁體中文註解\nint main();\n"),
        *each("shift_jis", "Shift-JIS", *JAPANESE),
        *each("euc_jp", "EUC-JP", *JAPANESE),
        *each("euc_kr", "EUC-KR", "테스트 파일입니다 안녕하세요"),
        *each("cp1251", "Windows-1251", "Привет мир", "# комментарий\nx = 1\n"),
        *each("cp1252", "Windows-1252", "café résumé naïve", "Größe: über alles", "Größe"),
    ],
)
def test_a_text_is_read_in_the_encoding_that_it_is_in(encoding: str, name: str, text: str) -> None:
    assert decode_text(text.encode(encoding)) == DecodedText(text, name)


def test_a_file_that_is_no_text_is_none() -> None:
    assert decode_text(b"\x7fELF\x02\x01\x01\0\0\0") is None
    assert decode_text(random.Random(1).randbytes(4000)) is None


@pytest.mark.parametrize("content", ["码头，一行\n".encode() + b"\xff\n", b"\x81 \xff \x8d in no encoding"])
def test_a_text_with_broken_bytes_is_still_a_text(content: bytes) -> None:
    assert decode_text(content) == DecodedText(content.decode("utf-8", "replace"))
