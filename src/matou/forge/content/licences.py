"""Which licence a repository's own file says: by a sentence that only that licence has."""

import re
from collections.abc import Iterable
from typing import Final

LARGEST_LICENCE_BYTES: Final = 64 * 1024

_FILE: Final = re.compile(r"(?:LICEN[CS]E|COPYING|UNLICENSE)(?:[-_.](?:MD|TXT|RST|MIT|APACHE|BSD))?\Z", re.IGNORECASE)
_SPDX: Final = re.compile(r"SPDX-License-Identifier:\s*([A-Za-z0-9.+-]{2,40})")
_SENTENCES: Final = (
    ("MulanPSL-2.0", "Mulan Permissive Software License, Version 2"),
    ("MulanPSL-2.0", "木兰宽松许可证, 第2版"),
    ("MulanPubL-2.0", "Mulan Public License, Version 2"),
    ("Apache-2.0", "Apache License Version 2.0"),
    ("AGPL-3.0", "GNU AFFERO GENERAL PUBLIC LICENSE Version 3"),
    ("LGPL-3.0", "GNU LESSER GENERAL PUBLIC LICENSE Version 3"),
    ("LGPL-2.1", "GNU LESSER GENERAL PUBLIC LICENSE Version 2.1"),
    ("GPL-3.0", "GNU GENERAL PUBLIC LICENSE Version 3"),
    ("GPL-2.0", "GNU GENERAL PUBLIC LICENSE Version 2"),
    ("MPL-2.0", "Mozilla Public License Version 2.0"),
    ("EPL-2.0", "Eclipse Public License - v 2.0"),
    ("BSL-1.0", "Boost Software License - Version 1.0"),
    ("Unlicense", "This is free and unencumbered software released into the public domain"),
    ("CC0-1.0", "CC0 1.0 Universal"),
    ("CC-BY-4.0", "Creative Commons Attribution 4.0 International"),
    ("ISC", "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"),
    (
        "BSD-3-Clause",
        "endorse or promote products derived from this software without specific prior written permission",
    ),
    ("BSD-2-Clause", "Redistribution and use in source and binary forms, with or without modification, are permitted"),
    ("MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"),
)
"""The first that stands there: the text of one licence may name another further down."""


def licence_file(names: Iterable[str]) -> str | None:
    """The file among those of a root that says the licence."""
    return min((name for name in names if _FILE.match(name)), key=len, default=None)


def licence_name(text: str) -> str | None:
    """Its identifier by SPDX (https://spdx.org/licenses/); None where no sentence is known."""
    named = _SPDX.search(text)
    if named is not None:
        return named[1]
    words = " ".join(re.sub(r"[^\w\s.,/-]", " ", text).split()).casefold()
    places = [(words.find(" ".join(sentence.casefold().split())), name) for name, sentence in _SENTENCES]
    return min((place for place in places if place[0] >= 0), default=(0, None))[1]
