"""What people download: templates, empty or with current data (WB-4), and result workbooks (WB-6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.clock import now
from server.db.session import Database
from server.errors import NotFound, Refused
from server.places.models import Shelf, Warehouse
from server.push.models import PushRule
from server.settings import Settings
from server.stores.models import Store
from server.uploads import outcome
from server.uploads.handlers.registry import HANDLERS
from server.uploads.models import Upload
from server.uploads.sources import folder, source_of
from validators.columns import Reference
from validators.extracting.addresses import column_number
from validators.reading import RawSheet, Unreadable
from validators.registry import WORKBOOKS
from validators.results.marking import mark
from validators.results.rebuilding import SheetRows, rebuild
from validators.templates.building import build
from validators.workbooks import MESSAGE_TITLE, STATUS_TITLE, VERSION_TITLE, Workbook
from validators.writing.outcome_cells import Cell, Style

#: Drop-downs longer than this help nobody and make the file heavy.
LONGEST_LIST = 2_000


def template_of(template: str) -> Workbook:
    """The workbook of that id. Raises `NotFound` naming those there are."""
    workbook = WORKBOOKS.get(template)
    if workbook is None:
        raise NotFound(f"there is no template '{template[:60]}'; there are {', '.join(WORKBOOKS)}")
    return workbook


def template_file(
    session: Session, template: str, *, with_data: bool = False, warehouse_id: int | None = None
) -> bytes:
    """The template as .xlsx, drop-downs filled with the team's own values (WB-3), with current data if asked (WB-4).

    Raises `Refused` for current data of a workbook that has none.
    """
    workbook = template_of(template)
    lists = value_lists(session, workbook)
    if not with_data:
        return build(workbook, lists=lists)
    if not workbook.with_data:
        raise Refused(f"'{workbook.title}' has no current data; download it empty")
    current = HANDLERS[template].current(session, warehouse_id=warehouse_id)
    rows = ({**row.values, VERSION_TITLE: row.version} for row in current)
    return build(workbook, lists=lists, rows=rows, versioned=True)


def value_lists(session: Session, workbook: Workbook) -> dict[Reference, Sequence[str]]:
    """The team's own values for each reference that the workbook's columns have."""
    wanted = {column.reference for column in workbook.columns if column.reference in _LISTS}
    return {reference: list(session.scalars(_LISTS[reference])) for reference in wanted if reference is not None}


_LISTS: dict[Reference | None, Select[Any]] = {
    Reference.MERCHANT_SKU: select(MerchantSku.code)
    .where(MerchantSku.deleted_at.is_(None))
    .order_by(MerchantSku.key)
    .limit(LONGEST_LIST),
    Reference.WAREHOUSE: select(Warehouse.code).where(Warehouse.deleted_at.is_(None)).order_by(Warehouse.key),
    Reference.STORE: select(Store.name).order_by(Store.key),
    Reference.SHELF: select(Shelf.code).distinct().order_by(Shelf.code).limit(LONGEST_LIST),
    Reference.PUSH_RULE: select(PushRule.name).order_by(PushRule.key),
}


def find_upload(session: Session, upload_id: int) -> Upload:
    """The upload of that number. Raises `NotFound`."""
    upload = session.get(Upload, upload_id)
    if upload is None:
        raise NotFound(f"there is no upload {upload_id}")
    return upload


def result_file(db: Database, settings: Settings, upload_id: int) -> bytes:
    """The workbook as it was handed in, with status, message, colours and notes (WB-6).

    What it is made of is read first: building a large one takes longer than a database waits for an idle reader.
    Raises `NotFound`, and `Refused` where no row of it was looked at.
    """
    with db.read() as session:
        upload = find_upload(session, upload_id)
        if not upload.layout:
            raise Refused(f"upload {upload.id} has no result: its rows were never looked at")
        rows = list(outcome.stored_rows(session, upload.id))
    cells = [*_stamp(upload), *outcome.cells_of(rows, upload.layout, undone=outcome.is_undone(upload))]
    workbook = WORKBOOKS[upload.template]

    def sheets() -> Iterable[SheetRows]:
        return [_sheet_rows(source_of(upload.stored_as, upload.filename, upload.template).read(settings))]

    with reading_kept(settings, upload) as path:
        if path.suffix == ".json":
            return rebuild(sheets(), cells, workbook)
        return mark(path, cells, sheets=sheets, template=workbook)


def original_file(settings: Settings, upload: Upload) -> tuple[bytes, str]:
    """The file word for word, and what it is called. Raises `NotFound` once it is no longer kept."""
    with reading_kept(settings, upload) as path:
        return path.read_bytes(), upload.filename or f"upload-{upload.id}{path.suffix}"


@contextmanager
def reading_kept(settings: Settings, upload: Upload) -> Iterator[Path]:
    """The file that was handed in, to be read within the block. Raises `NotFound`, also if it is deleted meanwhile."""
    path = kept_file(settings, upload)
    try:
        yield path
    except (FileNotFoundError, Unreadable):
        kept_file(settings, upload)
        raise  # it is there: that is not why


def kept_file(settings: Settings, upload: Upload) -> Path:
    """Where the file lies that was handed in. Raises `NotFound` once it is no longer kept."""
    path = folder(settings) / upload.stored_as
    if upload.stored_as and path.is_file():
        return path
    days = settings.upload_files_days
    rule = f": files are kept for {days} days" if days and upload.created_at < now() - timedelta(days=days) else ""
    raise NotFound(f"the file of upload {upload.id} is no longer kept{rule}. What came of it is still shown")


def owner_of(session: Session, upload: Upload) -> int | None:
    """Whose file an upload was made from: the user's who handed it in first. Whoever hands it in once more, from the
    history, has an upload of their own but not the file. None for one of the command line."""
    first = first_with(session, upload.stored_as) if upload.stored_as else None
    return first.user_id if first else upload.user_id


def first_with(session: Session, stored_as: str) -> Upload | None:
    """The upload that brought a file; None for one that is not in the history yet."""
    return session.scalar(select(Upload).where(Upload.stored_as == stored_as).order_by(Upload.id).limit(1))


def _stamp(upload: Upload) -> Iterator[Cell]:
    """When and under which number it was handed in, above the status column where the template leaves room."""
    if upload.layout.get("header_row", 1) < 3:
        return
    said = f"Upload {upload.id}, {upload.status.replace('_', ' ')}, {upload.created_at:%Y-%m-%d %H:%M} UTC"
    yield Cell(upload.layout["sheet"], f"{upload.layout['status']}1", said, Style.CLEAR)


def _sheet_rows(raw: RawSheet) -> SheetRows:
    """What was read, column by column as it stood, for a workbook that is built new."""
    letters = {name: letter for name, letter in raw.letters.items() if name in raw.columns} or {
        name: column.letter for name, column in raw.columns.items()
    }
    titles = {letters[name]: raw.workbook.by_name[name].header for name in raw.columns}
    columns: dict[str, Sequence[Any]] = {letters[name]: column.values for name, column in raw.columns.items()}
    tools = ((raw.status, STATUS_TITLE), (raw.message, MESSAGE_TITLE), (raw.version, VERSION_TITLE))
    for column, title in tools:
        if column is not None:
            titles[column.letter] = title
            columns[column.letter] = column.values
    width = max((column_number(letter) + 1 for letter in titles), default=0)
    header = _line(titles, width)
    body = (
        (number, _line({letter: values[place] for letter, values in columns.items()}, width))
        for place, number in enumerate(raw.row_numbers)
    )
    hidden = [raw.version.letter] if raw.version is not None else []
    return SheetRows(raw.sheet, raw.header_row, [(raw.header_row, header), *body], hidden)


def _line(values: Mapping[str, Any], width: int) -> list[Any]:
    line: list[Any] = [None] * width
    for letter, value in values.items():
        line[column_number(letter)] = value
    return line


def columns_of(workbook: Workbook) -> list[dict[str, Any]]:
    """A template's columns as the API describes them."""
    return [
        {
            "name": column.name,
            "title": column.title,
            "type": column.kind.value,
            "required": column.required,
            "key": column.key,
            "read_only": column.info,
            "help": column.help,
            "example": column.example,
            "allowed": list(column.choices),
            "reference": column.reference.value if column.reference else None,
            "clearable": column.clearable,
        }
        for column in workbook.columns
    ]


__all__ = ["columns_of", "original_file", "result_file", "template_file", "template_of"]
