"""What is said of a release agrees, and README's links hold where nothing else of the repository is."""

import re

from .house import PROJECT, ROOT
from .release import absolute, misfits


def test_nothing_keeps_the_present_version_from_being_released_but_the_date():
    assert all("unreleased" in line for line in misfits(f"v{PROJECT['version']}"))


def test_another_tag_is_refused():
    assert any("the tag is v0.0.0; change one of them" in line for line in misfits("v0.0.0"))


def test_links_of_the_readme_become_absolute():
    links = re.findall(r"(!?)\[[^]]*\]\(([^)]*)\)", absolute((ROOT / "README.md").read_text()))
    assert len(links) > 20
    for picture, link in links:
        assert link.startswith(f"{PROJECT['urls']['Source']}/{'raw' if picture else 'blob'}/v")
