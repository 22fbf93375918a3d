from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from server.catalog.errors import UnknownSkus
from server.catalog.label_fonts import font_for
from server.catalog.label_sheets import SHEETS, sheet_named
from server.catalog.labels import Barcode, Label, is_ean13, labels_of, labels_pdf
from server.catalog.records import NewSku
from server.catalog.service import create
from server.db.session import Database
from server.errors import WrongUse
from tests.factories import AT

SHIRT = Label("NK-SP-TS-RED-M", "Sport T-shirt, red, M", "4006381333931")
MANY = [
    SHIRT,
    Label("MUG-WHT-350", "Mug, white, 350 ml"),
    Label("CÀ-PHÊ", "Cà phê sữa đá đặc biệt"),
    Label("UPC", "Twelve digits", "614141999996"),
    Label("X" * 64, "A title that is far too long for any label there is " * 5, "AB*12+3"),
    Label("Y" * 64, "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"),
]


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
def test_every_label_lies_within_its_page(sheet) -> None:
    """CAT-14: on every sheet and roll, and no two labels touch."""
    places = list(sheet.places(sheet.per_page))
    for page, left, top in places:
        assert page == 0
        assert left >= 0 and left + sheet.label[0] <= sheet.page[0] + 0.01
        assert top >= 0 and top + sheet.label[1] <= sheet.page[1] + 0.01
    corners = {(round(left, 2), round(top, 2)) for _, left, top in places}
    assert len(corners) == sheet.per_page
    assert sheet.columns == 1 or sheet.pitch[0] >= sheet.label[0] - 0.01
    assert sheet.rows == 1 or sheet.pitch[1] >= sheet.label[1] - 0.01


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
@pytest.mark.parametrize("barcode", Barcode)
def test_any_label_fits_any_sheet(sheet, barcode: Barcode) -> None:
    """CAT-14: long titles and codes, letters of other languages, every kind of barcode."""
    pdf = labels_pdf(MANY, sheet, barcode=barcode)
    assert pdf.startswith(b"%PDF-") and pages(pdf) == -(-len(MANY) // sheet.per_page)


def test_copies_go_on_to_the_next_page() -> None:
    """CAT-14: chosen SKUs times copies, from the first free label on."""
    label = Label("A", copies=20)
    assert pages(labels_pdf([label], SHEETS["L7160"])) == 1
    assert pages(labels_pdf([label], SHEETS["L7160"], start=3)) == 2
    assert pages(labels_pdf([label], SHEETS["50x30"])) == 20


def test_what_can_not_be_printed_is_said() -> None:
    """CAT-14: sheets by name, whatever the case; no labels, too many, a start that is not there."""
    assert sheet_named(" l7160 ").id == "L7160"
    with pytest.raises(WrongUse, match="there are L7160"):
        sheet_named("L9999")
    for labels, start in (([], 1), ([Label("A", copies=5001)], 1), ([SHIRT], 22), ([SHIRT], 0)):
        with pytest.raises(WrongUse):
            labels_pdf(labels, SHEETS["L7160"], start=start)


@pytest.mark.parametrize(
    ("gtin", "expected"),
    [
        ("4006381333931", True), ("4006381333932", False), ("614141999996", True), ("96385074", False),
        ("400638133393A", False), ("", False), ("٤٠٠٦٣٨١٣٣٣٩٣١", False),
    ],
)  # fmt: skip
def test_which_gtins_are_an_ean13(gtin: str, expected: bool) -> None:
    """CAT-14: EAN-13 where the GTIN is one: thirteen digits, or a UPC's twelve, with a right check digit."""
    assert is_ean13(gtin) is expected


def test_letters_that_no_font_has_become_question_marks() -> None:
    """CAT-14: a label is printed all the same."""
    name, text = font_for("Mug \U0001f9cb")
    assert name and text == "Mug ?"
    assert font_for("红色")[1] == "红色"


def test_labels_are_made_of_what_is_known(db: Database) -> None:
    """CAT-14: title and first GTIN of each SKU, in the order asked; or the SKU's own barcode."""
    skus = [NewSku(code="A", title="Ay", gtins=["1", "2"]), NewSku(code="B", title="Bee")]
    db.write(lambda s: create(s, skus, by="anna", at=AT))
    with db.read() as session:
        assert labels_of(session, [("b", 2), ("a", 1)]) == [Label("B", "Bee", None, 2), Label("A", "Ay", "1", 1)]
        assert labels_of(session, [("a", 1)], of_gtin=False) == [Label("A", "Ay", None, 1)]
        with pytest.raises(UnknownSkus, match="'C'"):
            labels_of(session, [("A", 1), ("C", 1)])


@pytest.mark.parametrize("sheet", ["L7160", "L7651", "5167", "40x30"])
def test_barcodes_can_be_read_back(sheet: str, tmp_path: Path) -> None:
    """CAT-14: printed at 300 dots per inch, every barcode is read as what it stands for."""
    zxing = pytest.importorskip("zxingcpp", reason="left out: no barcode reader (zxing-cpp)")
    if shutil.which("pdftoppm") is None:
        pytest.skip("left out: no pdftoppm on this machine")
    (tmp_path / "labels.pdf").write_bytes(labels_pdf(MANY, SHEETS[sheet]))
    subprocess.run(["pdftoppm", "-r", "300", "-png", "labels.pdf", "page"], cwd=tmp_path, check=True, timeout=60)
    read = [code.text for page in tmp_path.glob("page*.png") for code in zxing.read_barcodes(Image.open(page))]
    wanted = [
        label.gtin.zfill(13) if label.gtin and is_ean13(label.gtin) else label.gtin or label.sku for label in MANY
    ]
    assert sorted(read) == sorted(wanted)
