"""The application: open workbooks, message boxes that are answered from a queue, a status bar with a memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xlwings as xw
from xlwings import base_classes
from xlwings.main import Engine as PublicEngine

from tests.addin.engine.books import Book
from tests.addin.engine.values import ErrorValue


@dataclass
class Alert:
    """A message box that was shown."""

    text: str
    title: str
    buttons: str
    mode: str | None


@dataclass
class Excel:
    """What a test says to the application, and hears of it."""

    alerts: list[Alert] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    statuses: list[Any] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    drawing: list[bool] = field(default_factory=list)

    @property
    def said(self) -> str:
        """The last message."""
        return self.alerts[-1].text


class App(base_classes.App):
    """One running Excel."""

    pid = 1
    visible = True
    display_alerts = True
    enable_events = True
    calculation = "automatic"
    api = None
    selection: Any = None
    books: Any = None

    def __init__(self) -> None:
        self.watch = Excel()
        self.books = Books(self)
        self._status: Any = False
        self._drawing = True

    @property
    def engine(self) -> Engine:
        return engine

    @property
    def status_bar(self) -> Any:
        return self._status

    @status_bar.setter
    def status_bar(self, value: Any) -> None:
        self._status = value
        self.watch.statuses.append(value)

    @property
    def screen_updating(self) -> bool:
        return self._drawing

    @screen_updating.setter
    def screen_updating(self, value: bool) -> None:
        self._drawing = value
        self.watch.drawing.append(value)

    def alert(self, prompt: str, title: str, buttons: str, mode: str | None, callback: Any) -> str:
        """What was asked is kept; a question nobody has an answer for is a mistake of the test's."""
        assert callback is None
        assert len(prompt) <= 1023, "a message box holds no more"
        self.watch.alerts.append(Alert(prompt, title, buttons, mode))
        if buttons == "ok":
            return "ok"
        assert self.watch.answers, f"a question that no answer was given for: {prompt}"
        answer = self.watch.answers.pop(0)
        assert answer in buttons.split("_"), f"{answer} is no button of {buttons}"
        return answer

    def activate(self, steal_focus: bool = False) -> None:
        """There is one."""

    def count(self, kind: str) -> None:
        """One more call into Excel."""
        self.watch.calls[kind] += 1


class Books(base_classes.Books):
    """The open workbooks, the one in front last."""

    api = None
    app: Any = None

    def __init__(self, app: App) -> None:
        self.app, self.all = app, []

    def open(self, fullname: str, *_more: Any, **_options: Any) -> Book:
        path = Path(fullname)
        if any(book.name == path.name for book in self.all):
            raise ValueError(f"a workbook called {path.name} is open already")
        book = Book(self.app, path)
        self.all.append(book)
        return book

    @property
    def active(self) -> Book:
        return self.all[-1]

    def bring_to_front(self, book: Book) -> None:
        self.all.remove(book)
        self.all.append(book)

    def close(self, book: Book) -> None:
        self.all.remove(book)

    def __call__(self, key: str | int) -> Book:
        for number, book in enumerate(self.all, 1):
            if key in (number, book.name):
                return book
        raise KeyError(key)

    def __len__(self) -> int:
        return len(self.all)

    def __iter__(self) -> Iterator[Book]:
        return iter(list(self.all))


class Apps(base_classes.Apps):
    """There is one application."""

    def __init__(self) -> None:
        self.one = App()

    def keys(self) -> list[int]:
        return [self.one.pid]

    def add(self, **_options: Any) -> App:
        return self.one

    @staticmethod
    def cleanup() -> None:
        """Nothing is left behind."""

    def __iter__(self) -> Iterator[App]:
        return iter([self.one])

    def __len__(self) -> int:
        return 1

    def __getitem__(self, pid: int) -> App:
        return self.one


class Engine:
    """What xlwings asks of an engine."""

    name = "openpyxl"
    type = "desktop"

    def __init__(self) -> None:
        self.apps = Apps()

    @staticmethod
    def prepare_xl_data_element(value: Any, _options: Any) -> Any:
        return "" if value is None else value

    @staticmethod
    def clean_value_data(data: Any, datetime_builder: Any, empty_as: Any, number_builder: Any, err_to_str: bool) -> Any:
        def clean(value: Any) -> Any:
            if isinstance(value, ErrorValue):
                return str(value) if err_to_str else None
            if value is None or value == "":
                return empty_as
            if isinstance(value, float) and number_builder is not None:
                return number_builder(value)
            return value

        return [[clean(value) for value in line] for line in data]


engine = Engine()


def install() -> Excel:
    """Make this engine the active one, with a fresh application; gives what a test watches of it."""
    if engine.name not in xw.engines.engines_by_name:
        xw.engines.add(PublicEngine(impl=engine))
    xw.engines[engine.name].activate()
    engine.apps = Apps()
    return engine.apps.one.watch
