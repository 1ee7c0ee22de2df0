"""Print a JUnit file of `nstbench check` as annotations that GitHub shows beside a change."""

import sys
from xml.etree import ElementTree

LEVELS = {"failure": "error", "error": "error", "skipped": "notice"}


IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTIES = IN_TEXT | {":": "%3A", ",": "%2C"}


def escaped(text: str, codes: dict[str, str]) -> str:
    """Return text as GitHub's commands take it, which end at a line's end and split properties at commas."""
    return "".join(codes.get(each, each) for each in text)


if __name__ == "__main__":
    for case in ElementTree.parse(sys.argv[1]).iter("testcase"):
        for found in case:
            title = escaped(f"{case.get('classname')}: {case.get('name')}", IN_PROPERTIES)
            print(f"::{LEVELS[found.tag]} title={title}::{escaped(found.get('message', ''), IN_TEXT)}")
