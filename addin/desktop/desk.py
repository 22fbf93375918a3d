"""What every command works with: the workbook in front, the screen, and the server this person is signed in to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import xlwings as xw

from addin.client.errors import ControlWorkbook
from addin.client.http import Server
from addin.desktop import config
from addin.desktop.control import ControlBook
from addin.desktop.presses import Presses
from addin.desktop.screen import Screen
from addin.desktop.xlwings_sheet import TemplateSheet

_UNFIT = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')


@dataclass(frozen=True)
class Desk:
    """One press of a button."""

    book: xw.Book
    screen: Screen

    @classmethod
    def in_front(cls) -> Desk:
        """The workbook that was active when the button was pressed."""
        book = xw.Book.caller()
        return cls(book, Screen(book.app))

    def sheet(self) -> TemplateSheet:
        """The template that is open. Raises `NotATemplate`, of a kind of its own for the control workbook."""
        if ControlBook.of(self.book) is not None:
            raise ControlWorkbook
        return TemplateSheet.of(self.book)

    def server(self) -> Server:
        """The server, as this person. Raises `NotSignedIn`."""
        address = config.server()
        return Server(address, config.token(address))

    @property
    def presses(self) -> Presses:
        """Presses of Apply whose answer has not come back."""
        return Presses(config.folder() / "presses")

    def open(self, content: bytes, name: str) -> Path:
        """Put a workbook into the user's own folder and open it. Nothing that is there is written over."""
        path = _free(config.downloads(), _UNFIT.sub(" ", name).strip())
        path.write_bytes(content)
        self.book.app.books.open(str(path))
        return path


def _free(folder: Path, name: str) -> Path:
    """A path that nothing has yet; day and minute make it one that people find again."""
    stem = f"{name} {datetime.now():%Y-%m-%d %H%M}"
    paths = (folder / f"{stem}{number}.xlsx" for number in ("", *(f" ({n})" for n in range(2, 10_000))))
    return next(path for path in paths if not path.exists())
