"""Which kind of browser asks, in a few words for the list of devices: nothing of what it says of itself is kept."""

import re

_BROWSERS = (
    (re.compile(r"\b(?:Edg|EdgA|EdgiOS)/"), "Edge"),
    (re.compile(r"\b(?:OPR|Opera)/"), "Opera"),
    (re.compile(r"\bMicroMessenger/"), "WeChat"),
    (re.compile(r"\b(?:QQBrowser|MQQBrowser)/"), "QQ Browser"),
    (re.compile(r"\b(?:Firefox|FxiOS)/"), "Firefox"),
    (re.compile(r"\b(?:Chrome|Chromium|CriOS|HeadlessChrome)/"), "Chrome"),
    (re.compile(r"\bVersion/[\d.]+ .*\bSafari/"), "Safari"),
    (re.compile(r"\Acurl/"), "curl"),
)
"""The first that fits: each of the later ones is named by earlier ones too, which want the pages made for it."""

_SYSTEMS = (
    (re.compile(r"\bAndroid\b"), "Android"),
    (re.compile(r"\b(?:iPhone|iPad|iPod)\b"), "iOS"),
    (re.compile(r"\bOpenHarmony\b|\bHarmonyOS\b"), "HarmonyOS"),
    (re.compile(r"\bWindows\b"), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b"), "macOS"),
    (re.compile(r"\bCrOS\b"), "ChromeOS"),
    (re.compile(r"\bLinux\b|\bX11\b"), "Linux"),
)
LONGEST_READ = 512


def browser_name(user_agent: str) -> str:
    """As in `Firefox · Linux`; one of the two where the other cannot be told, and empty where neither can."""
    text = user_agent[:LONGEST_READ]
    found = (next((name for pattern, name in kinds if pattern.search(text)), "") for kinds in (_BROWSERS, _SYSTEMS))
    return " · ".join(filter(None, found))
