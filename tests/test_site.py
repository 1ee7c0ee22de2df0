"""The site: its navigation has every guide, and every link of a page leads somewhere."""

import re

import pytest

from nstbench import api

from . import site_pages
from .house import PROJECT, ROOT
from .site_pages import page, pages


def test_the_navigation_has_every_guide_once():
    listed = [*pages()]
    assert len(listed) == len({*listed})
    assert {*listed} >= {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")}


@pytest.mark.parametrize("name", [*pages()])
def test_the_links_of_a_page_lead_to_pages_pictures_or_the_repository(name):
    text, pictures = page(name)
    assert text.startswith("# ")
    assert all((ROOT / picture).is_file() for picture in pictures)
    assert "](../harness" not in text
    assert not re.search(rf"{PROJECT['urls']['Source']}/blob/main/docs/\S*\.md", text)


def test_a_link_that_leads_nowhere_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(site_pages, "ROOT", tmp_path)
    for name in ("pyproject.toml", "zensical.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "README.md").write_text("# x\n\n[gone](docs/gone.md)\n")
    with pytest.raises(FileNotFoundError, match=r"README\.md: docs/gone\.md leads nowhere"):
        page("README.md")


def test_the_contract_leaves_nothing_of_the_api_out():
    listed = re.findall(r"^::: nstbench\.api\.(\w+)$", (ROOT / "docs/contract.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(api.__all__)
