"""Our own two windows, on a Tk that is none, and where there is no Tk."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest

from addin.desktop import dialogs


class Widget:
    """Every widget there is: remembers what it was told."""

    made: list[Widget] = []

    def __init__(self, _parent: Any = None, **options: Any) -> None:
        self.options, self.text, self.items, self.bound = options, "", [], {}
        self.place = 0
        self.closed = False
        Widget.made.append(self)

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **_options: None

    def insert(self, at: Any, *texts: str) -> None:
        self.text, self.items = texts[0], list(texts)

    def get(self) -> str:
        return self.text

    def selection_set(self, place: int) -> None:
        self.place = place

    def curselection(self) -> tuple[int]:
        return (self.place,)

    def bind(self, event: str, call: Any) -> None:
        self.bound[event] = call

    def destroy(self) -> None:
        self.closed = True

    def mainloop(self) -> None:
        Widget.act(self)

    act: Any = None


@pytest.fixture
def tk(monkeypatch: pytest.MonkeyPatch) -> type[Widget]:
    """A Tk that shows nothing; `act(window)` is what the person does."""
    Widget.made = []
    real = importlib.import_module
    fakes = {
        "tkinter": SimpleNamespace(Tk=Widget, Listbox=Widget),
        "tkinter.ttk": SimpleNamespace(Entry=Widget, Label=Widget, Button=Widget),
    }
    monkeypatch.setattr(importlib, "import_module", lambda name: fakes.get(name) or real(name))
    return Widget


def _of(tk: type[Widget], option: str) -> list[Widget]:
    return [each for each in tk.made if option in each.options]


def test_signing_in(tk: type[Widget]) -> None:
    """Address as it was, token hidden while it is typed; Enter presses the button."""

    def act(window: Widget) -> None:
        address, token = _of(tk, "show")
        assert address.text == "http://old" and token.options["show"] == "•"
        address.text, token.text = "https://new", " sb_x \n"
        window.bound["<Return>"](None)

    tk.act = act
    assert dialogs.ask_sign_in("http://old") == ("https://new", "sb_x")


def test_closing_means_nothing(tk: type[Widget]) -> None:
    """Escape, and the window's own cross."""
    tk.act = lambda window: window.bound["<Escape>"](None)
    assert dialogs.ask_sign_in("x") is None and dialogs.choose("t", "q", ["a"]) is None


def test_choosing(tk: type[Widget]) -> None:
    """The chosen place; a double click is as good as the button."""

    def act(_window: Widget) -> None:
        (box,) = _of(tk, "exportselection")
        assert box.items == ["a", "b", "c"]
        box.place = 2
        box.bound["<Double-Button-1>"](None)

    tk.act = act
    assert dialogs.choose("t", "q", ["a", "b", "c"]) == 2


def test_a_python_without_tk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Said in words, with the way around it."""

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(dialogs.NoWindows, match="sign-in"):
        dialogs.choose("t", "q", ["a"])
