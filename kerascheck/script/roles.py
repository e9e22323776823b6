"""What an identifier says of the part of the data that it names."""

from __future__ import annotations

from kerascheck.facts.data import Role

VALIDATION_NAMES = ("valid", "val", "dev", "eval")
TEST_NAMES = ("test", "tst", "holdout", "hold_out", "unseen")


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
