"""What an identifier says of the part of the data that it names."""

from __future__ import annotations

import re
from functools import cache

from kerascheck.facts.data import Role

VALIDATION_NAMES = ("valid", "val", "dev", "eval")
TEST_NAMES = ("test", "tst", "holdout", "hold_out", "unseen")


@cache
def named_role(name: str) -> Role:
    """The part of the data that an identifier claims to be; UNKNOWN where it says several things or none."""
    words = name.lower()
    found: set[Role] = set()
    if any(word in words for word in VALIDATION_NAMES) and "value" not in words:
        found.add(Role.VALIDATION)
    if any(word in words for word in TEST_NAMES):
        found.add(Role.TEST)
    if "train" in words or words.endswith(("_tr", "_trn")) or words.startswith(("tr_", "trn_")):
        found.add(Role.TRAIN)
    return found.pop() if len(found) == 1 else Role.UNKNOWN


_WORDS = re.compile(r"[^a-z0-9]+")
_ROLES = {
    "train": Role.TRAIN,
    "training": Role.TRAIN,
    "val": Role.VALIDATION,
    "valid": Role.VALIDATION,
    "validation": Role.VALIDATION,
    "dev": Role.VALIDATION,
    "test": Role.TEST,
    "testing": Role.TEST,
    "holdout": Role.TEST,
}


def role_of_path(text: str) -> Role:
    """The part of the data that the last telling part of a path names; UNKNOWN where it names several or none."""
    for part in reversed(re.split(r"[/\\]", text.lower())):
        stem = part.rsplit(".", 1)[0]
        roles = {_ROLES[word] for word in _WORDS.split(stem) if word in _ROLES}
        if roles:
            return roles.pop() if len(roles) == 1 else Role.UNKNOWN
    return Role.UNKNOWN
