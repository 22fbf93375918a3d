"""Handing workbooks in on a page."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from werkzeug.test import TestResponse

from tests.support.filling import fill
from tests.support.http import Api
from tests.support.pages import Person, person, text_of
from validators.registry import WORKBOOKS
from validators.templates.building import build


@pytest.fixture
def anna(shop: Api) -> Person:
    """A manager."""
    return person(shop, "manager")


def _hand_in(who: Person, content: bytes, name: str = "stock in.xlsx", **fields: str) -> TestResponse:
    return who.send("/uploads", at="/account", file=(io.BytesIO(content), name), **fields)


def _stock_in(*rows: dict[str, object]) -> bytes:
    return fill(build(WORKBOOKS["stock_in"]), "stock_in", list(rows))


def test_checked_then_applied_then_taken_back(shop: Api, anna: Person) -> None:
    """WEB-1: the whole way of a workbook, without another tool."""
    checked = _hand_in(anna, _stock_in({"sku": "MUG", "quantity": 5}), mode="validate")
    assert re.fullmatch(r"/uploads/\d+", checked.request.path) and "1 ok" in checked.text
    assert _on_hand(shop) == 9
    applied = anna.send(f"{checked.request.path}/again", mode="apply")
    assert applied.request.path != checked.request.path and "applied" in text_of(applied)
    assert _on_hand(shop) == 14
    undone = anna.send(f"{applied.request.path}/undo")
    assert "is taken back" in undone.text and "Taken back by manager-user" in undone.text
    assert _on_hand(shop) == 9
    again = anna.send(f"{applied.request.path}/undo")
    assert again.status_code == 409 and "undone already" in again.text


def test_rows_with_problems_are_shown_and_the_good_ones_applied(shop: Api, anna: Person) -> None:
    content = _stock_in({"sku": "MUG", "quantity": 5}, {"sku": "<i>NO</i>", "quantity": 1})
    refused = _hand_in(anna, content, mode="apply")
    said = text_of(refused)
    assert "refused" in said and "1 error" in said and "&lt;i&gt;NO" in refused.text and "<i>NO" not in refused.text
    assert len(re.findall(r'data-label="Row"', refused.text)) == 1
    assert len(re.findall(r'data-label="Row"', anna.get(f"{refused.request.path}?rows=all").text)) == 2
    assert "2 rows" in said
    done = anna.send(f"{refused.request.path}/again", mode="apply", on_error="apply_good")
    assert "partly applied" in text_of(done) and _on_hand(shop) == 14


def test_the_same_again_is_a_duplicate_until_one_insists(shop: Api, anna: Person) -> None:
    """WB-7"""
    content = _stock_in({"sku": "MUG", "quantity": 5})
    _hand_in(anna, content, mode="apply")
    twice = _hand_in(anna, content, mode="apply")
    assert "was applied before" in twice.text and _on_hand(shop) == 14
    anna.send(f"{twice.request.path}/again", mode="apply", again="yes")
    assert _on_hand(shop) == 19


def test_a_form_that_is_sent_twice_applies_once(shop: Api, anna: Person) -> None:
    """WB-7: also where somebody insists; the page opened anew may insist again."""
    content = _stock_in({"sku": "MUG", "quantity": 5})
    _hand_in(anna, content, mode="apply")
    twice = _hand_in(anna, content, mode="apply")
    form, came = f"{twice.request.path}/again", []
    for page in (twice, twice, anna.get(twice.request.path)):
        [once] = re.findall(r'name="once" value="([^"]+)"', page.text)
        came.append(anna.send(form, mode="apply", again="yes", once=once).request.path)
    assert came[0] == came[1] != came[2] and _on_hand(shop) == 24


def test_a_form_that_was_refused_may_be_sent_again(shop: Api, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal uses no key up."""
    checked = _hand_in(anna, _stock_in({"sku": "MUG", "quantity": 5}), mode="validate")
    form = f"{checked.request.path}/again"
    with monkeypatch.context() as patch:
        patch.setattr(shop.shared.uploads._turns, "_per_minute", -1)
        assert anna.send(form, mode="apply", once="key").status_code == 429
    assert "applied" in text_of(anna.send(form, mode="apply", once="key")) and _on_hand(shop) == 14


@pytest.mark.parametrize(("content", "name"), [(b"", "x.xlsx"), (b"hello", "<b>x</b>.xlsx"), (b"a,b\n1,2\n", "a.csv")])
def test_what_is_no_template_is_said_on_its_page(anna: Person, content: bytes, name: str) -> None:
    page = _hand_in(anna, content, name, mode="apply")
    assert re.fullmatch(r"/uploads/\d+", page.request.path) and "failed" in text_of(page)
    assert 'class="problem"' in page.text and "<b>x" not in page.text


def test_whoever_knows_which_template_it_is_says_so_on_its_page(shop: Api, anna: Person) -> None:
    """WEB-1: a file that could be several is not handed in anew."""
    page = _hand_in(anna, b"SKU,Warehouse,Quantity\nMUG,MAIN,5\n", "delivery.csv", mode="apply")
    assert page.text.count("ts headers fit several templates") == 1 and "Which template is it?" in page.text
    checked = anna.send(f"{page.request.path}/again", template="stock_in")
    assert (
        "1 row " in text_of(checked) and "1 ok" in checked.text and "Apply it" in checked.text and _on_hand(shop) == 9
    )
    wrong = anna.send(f"{page.request.path}/again", template="no_such")
    assert wrong.status_code == 404 and 'role="alert"' in wrong.text
    assert "Which template" not in checked.text + person(shop, "viewer").get(page.request.path).text


def test_no_file_and_what_was_chosen_stays(anna: Person) -> None:
    page = anna.send("/uploads", template="stock_in", on_error="apply_good", mode="apply")
    assert page.status_code == 422 and "Choose a workbook first" in page.text
    assert '<option value="stock_in" selected' in page.text and 'value="apply_good" checked' in page.text


def test_a_viewer_sees_the_history_and_hands_in_nothing(shop: Api) -> None:
    viewer = person(shop, "viewer")
    page = viewer.get("/uploads")
    assert page.text.count('<a href="/uploads/') == 3
    assert "Hand a workbook in" not in page.text
    assert _hand_in(viewer, _stock_in({"sku": "MUG", "quantity": 5}), mode="validate").status_code == 403
    assert "Take it back" not in viewer.get("/uploads/1").text


def test_what_takes_a_manager_is_refused_in_words(shop: Api) -> None:
    """SEC-1: push rules by workbook take what they take by the API."""
    content = fill(build(WORKBOOKS["push_rules"]), "push_rules", [{"name": "R", "stores": "S", "percentage": 50}])
    page = _hand_in(person(shop, "merchandiser"), content, "rules.xlsx", mode="apply")
    assert "it takes a manager" in page.text


def test_the_history_by_template_and_in_pages(shop: Api, anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.uploads.LINES", 2)
    first = anna.get("/uploads")
    [older] = re.findall(r'href="(/uploads\?before=\d+)"', first.text)
    second = anna.get(older)
    numbers = [re.findall(r'href="/uploads/(\d+)"', page.text) for page in (first, second)]
    assert numbers == [["3", "2"], ["1"]]
    assert re.findall(r'href="/uploads/(\d+)"', anna.get("/uploads?template=stock_in").text) == ["3"]
    assert "Nothing was handed in yet" in anna.get("/uploads?template=mapping").text


def test_many_rows_come_in_pages(anna: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.uploads.ROWS", 2)
    page = _hand_in(anna, _stock_in(*({"sku": f"NO-{n}", "quantity": 1} for n in range(3))), mode="validate")
    assert len(re.findall(r'data-label="Row"', page.text)) == 2
    [following] = re.findall(r'href="(/uploads/\d+\?after=\d+)"', page.text)
    assert len(re.findall(r'data-label="Row"', anna.get(following).text)) == 1


def test_templates_and_results(anna: Person) -> None:
    book = openpyxl.load_workbook(io.BytesIO(anna.get("/templates/quantity_update.xlsx?with_data=true").data))
    assert "MUG" in [cell.value for cell in book["Quantity update"]["A"]]
    assert anna.get("/templates/no.xlsx").status_code == 404
    result = anna.get("/uploads/1/result.xlsx")
    assert result.status_code == 200 and "attachment" in result.headers["Content-Disposition"]
    assert anna.get("/uploads/987/result.xlsx").status_code == 404 and anna.get("/uploads/987").status_code == 404


def _on_hand(shop: Api) -> int:
    return int(shop.admin.get("/stock?sku=MUG").get_json()["items"][0]["on_hand"])
