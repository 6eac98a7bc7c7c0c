"""What the house asks for otherwise, and is not so here, has its reason on the same line."""

import re
from pathlib import Path

import finance_ppm.sandbox.azure as sandbox

EXCEPTIONAL = re.compile(r"# noqa: |except (?:Base)?Exception\b")
REASONED = re.compile(r"# noqa: [A-Z]+\d+ - \w|except (?:Base)?Exception\b[^#]*# \w")


def test_whatever_departs_from_the_rules_says_why() -> None:
    lines = [
        f"{path.name}:{number}: {line.strip()}"
        for path in Path(sandbox.__path__[0]).glob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if EXCEPTIONAL.search(line)
    ]
    assert len(lines) > 5
    assert [line for line in lines if not REASONED.search(line)] == []
