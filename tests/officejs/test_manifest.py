"""The Office add-in's manifest: what Excel insists on and says nothing about, and the tab it has in common with the
desktop's (ADD-1, ADD-3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from PIL import Image

from tests.officejs.conftest import ADDRESS, OFFICE, ROOT, Node

APP = "{http://schemas.microsoft.com/office/appforoffice/1.1}"
TAB = "{http://schemas.microsoft.com/office/taskpaneappversionoverrides}"
BASIC = "{http://schemas.microsoft.com/office/officeappbasictypes/1.0}"
RIBBON = "{http://schemas.microsoft.com/office/2009/07/customui}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
#: Excel reads no further than the first element that it did not expect there.
ORDER = (
    *("Id", "Version", "ProviderName", "DefaultLocale", "DisplayName", "Description", "IconUrl"),
    *("HighResolutionIconUrl", "SupportUrl", "Hosts", "Requirements", "DefaultSettings", "Permissions"),
    "VersionOverrides",
)


@pytest.fixture(scope="module")
def resources(manifest: Element) -> dict[str, str]:
    """Every resource: its id, and what it stands for."""
    (found,) = manifest.iter(f"{TAB}Resources")
    return {item.attrib["id"]: item.attrib["DefaultValue"] for kind in found for item in kind}


def _buttons(manifest: Element) -> list[Element]:
    return list(manifest.iter(f"{TAB}Control"))


def _resource(of: Element, path: str) -> str:
    found = of.find("/".join(f"{TAB}{name}" for name in path.split("/")))
    assert found is not None, path
    return found.attrib["resid"]


def _functions(manifest: Element) -> list[str]:
    return [str(function.text) for function in manifest.iter(f"{TAB}FunctionName")]


def test_the_elements_stand_in_their_order(manifest: Element) -> None:
    """ADD-3"""
    assert manifest.attrib[f"{XSI}type"] == "TaskPaneApp"
    assert tuple(child.tag.partition("}")[2] for child in manifest) == ORDER
    (host,) = manifest.iter(f"{TAB}Host")
    assert [child.tag.removeprefix(TAB) for child in host] == ["Runtimes", "DesktopFormFactor"]
    (tab,) = manifest.iter(f"{TAB}CustomTab")
    assert [child.tag.removeprefix(TAB) for child in tab] == ["Group"] * 4 + ["Label"]
    for group in tab.iter(f"{TAB}Group"):
        assert [child.tag.removeprefix(TAB) for child in group][:3] == ["Label", "Icon", "Control"]
    for button in _buttons(manifest):
        assert [child.tag.removeprefix(TAB) for child in button] == ["Label", "Supertip", "Icon", "Action"]


def test_it_is_always_the_same_add_in(manifest: Element) -> None:
    """ADD-3: under another id Excel would take a new version for a second add-in."""
    assert manifest.findtext(f"{APP}Id") == "c2c8e4a1-5d0b-4b7e-9a63-70f1d3b8e526"


def test_the_tab_is_the_desktop_s(manifest: Element, resources: dict[str, str]) -> None:
    """ADD-1: the same groups, the same nine buttons in the same order, in the same words."""
    ribbon = ElementTree.parse(ROOT / "addin" / "desktop" / "ribbon.xml").getroot()
    theirs = [
        (group.attrib["label"], *(button.attrib[name] for name in ("label", "screentip", "supertip")))
        for group in ribbon.iter(f"{RIBBON}group")
        for button in group
    ]
    ours = [
        tuple(
            resources[_resource(where, path)]
            for where, path in (
                (group, "Label"),
                (button, "Label"),
                (button, "Supertip/Title"),
                (button, "Supertip/Description"),
            )
        )
        for group in manifest.iter(f"{TAB}Group")
        for button in group.findall(f"{TAB}Control")
    ]
    assert len(ours) == 9
    assert ours[1:] == theirs[1:]
    assert ours[0][:3] == theirs[0][:3]  # here nobody has to say where the server is


def test_every_resource_is_there_and_used(manifest: Element, resources: dict[str, str]) -> None:
    """ADD-3: with one missing, Excel shows no tab and gives no reason."""
    wanted = [element.attrib["resid"] for element in manifest.iter() if "resid" in element.attrib]
    assert set(wanted) == set(resources)
    assert [name for name in resources if len(name) > 32] == []
    (found,) = manifest.iter(f"{TAB}Resources")
    assert len(list(found.iter())) - 1 - len(list(found)) == len(resources), "an id is given twice"


def test_texts_are_as_short_as_they_must_be(manifest: Element) -> None:
    """ADD-3"""
    for kind, most in (("ShortStrings", 125), ("LongStrings", 250)):
        (strings,) = manifest.iter(f"{BASIC}{kind}")
        assert [item.attrib["id"] for item in strings if len(item.attrib["DefaultValue"]) > most] == []


def _addresses(manifest: Element) -> Iterator[str]:
    for element in manifest.iter():
        value = element.attrib.get("DefaultValue", "")
        if "://" in value:
            yield value


def test_every_address_is_ours_and_encrypted(manifest: Element, manifest_text: str) -> None:
    """ADD-3: Excel loads nothing else; and nothing is left to be filled in."""
    assert all(address.startswith(f"{ADDRESS}/") for address in _addresses(manifest))
    assert "$" not in manifest_text


def test_every_file_that_is_named_is_there(manifest: Element) -> None:
    """ADD-3"""
    named = {address.removeprefix(f"{ADDRESS}/addin/") for address in _addresses(manifest)} - {f"{ADDRESS}/home"}
    assert [name for name in named if not (OFFICE / name).is_file()] == []


def test_icons_come_in_every_size_and_have_it(manifest: Element, resources: dict[str, str]) -> None:
    """ADD-3: 16, 32 and 80 for every button and group; 32 and 64 for the add-in itself."""
    for holder in [*manifest.iter(f"{TAB}Group"), *_buttons(manifest)]:
        icon = holder.find(f"{TAB}Icon")
        assert icon is not None
        sizes = {int(image.attrib["size"]): resources[image.attrib["resid"]] for image in icon}
        assert set(sizes) == {16, 32, 80}
        for size, address in sizes.items():
            assert _size(address) == (size, size)
    for name, size in (("IconUrl", 32), ("HighResolutionIconUrl", 64)):
        (own,) = manifest.iter(f"{APP}{name}")
        assert _size(own.attrib["DefaultValue"]) == (size, size)


def _size(address: str) -> tuple[int, int]:
    with Image.open(OFFICE / address.removeprefix(f"{ADDRESS}/addin/")) as picture:
        assert picture.mode == "RGBA"
        return picture.size


def test_no_two_buttons_look_alike(manifest: Element, resources: dict[str, str]) -> None:
    """ADD-1"""
    icons = {resources[next(button.iter(f"{BASIC}Image")).attrib["resid"]] for button in _buttons(manifest)}
    assert len({(OFFICE / icon.removeprefix(f"{ADDRESS}/addin/")).read_bytes() for icon in icons}) == 9


def test_every_function_is_in_commands_js(manifest: Element) -> None:
    """ADD-1: a button whose function nobody associated does nothing and says nothing."""
    source = (OFFICE / "commands.js").read_text(encoding="utf-8")
    associated = re.findall(r"""associate\(\s*["'](\w+)["']""", source)
    assert sorted(associated) == sorted(_functions(manifest))
    assert len(set(_functions(manifest))) == 9


def test_buttons_and_pane_share_one_page(manifest: Element, resources: dict[str, str]) -> None:
    """ADD-2: so that what a press came to is shown in the pane. Excel wants one address everywhere, word for word."""
    (runtime,) = manifest.iter(f"{TAB}Runtime")
    (functions,) = manifest.iter(f"{TAB}FunctionFile")
    assert runtime.attrib == {"resid": functions.attrib["resid"], "lifetime": "long"}
    (pane,) = manifest.iter(f"{APP}SourceLocation")
    assert resources[functions.attrib["resid"]] == pane.attrib["DefaultValue"]
    needed = {item.attrib["Name"]: item.attrib["MinVersion"] for item in manifest.iter() if item.tag.endswith("}Set")}
    assert needed == {"ExcelApi": "1.13", "SharedRuntime": "1.1"}


def test_microsoft_s_own_tools_take_it(node: Node, manifest_text: str, tmp_path: Path) -> None:
    """ADD-3: converted to the unified form it is what that form's schema says; without the network."""
    assert _problems(node, manifest_text, tmp_path) == []


def test_microsoft_s_own_tools_would_see(node: Node, manifest_text: str, tmp_path: Path) -> None:
    """The check above is none if it takes everything."""
    broken = manifest_text.replace("<FunctionName>validate", f"<FunctionName>{'x' * 65}")
    assert any("must NOT have more than 64 characters" in problem for problem in _problems(node, broken, tmp_path))


def _problems(node: Node, text: str, folder: Path) -> list[str]:
    path = folder / "manifest.xml"
    path.write_text(text, encoding="utf-8")
    ran = node(Path(__file__).with_name("manifest_schema.cjs"), path, folder / "converted")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()
