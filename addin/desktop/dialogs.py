"""The two windows of our own that Excel has no box for: signing in, and choosing from a list.

Tk comes with Python on Windows and macOS. A token typed here goes nowhere but into the password store; through Excel's
own input box it would pass a command line that others can read.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from addin.client.errors import AddinError

Result = TypeVar("Result")
_PAD = 12


class NoWindows(AddinError):
    """This Python can't open windows."""

    title = "No window can be opened"


def ask_sign_in(server: str) -> tuple[str, str] | None:
    """Address and token as typed; None if the window was closed. Raises `NoWindows`."""
    window = _Window("Sign in to Stockbook", "Sign in")
    address = window.field("Address of the server", server)
    token = window.field("Access token (sb_…), from your administrator or the console", "", hidden=True)
    return window.run(lambda: (address(), token().strip()))


def choose(title: str, question: str, items: Sequence[str]) -> int | None:
    """The place of the chosen item; None if the window was closed. Raises `NoWindows`."""
    window = _Window(title, "Choose")
    chosen = window.list(question, items)
    return window.run(chosen)


class _Window:
    """A small window above Excel's: fields one below the other, a button that Enter presses too, Escape closes."""

    def __init__(self, title: str, button: str) -> None:
        try:
            self._tk: Any = importlib.import_module("tkinter")
            self._ttk: Any = importlib.import_module("tkinter.ttk")
            self._root = self._tk.Tk()
        except (ImportError, RuntimeError) as error:
            raise _no_windows(error) from error
        except Exception as error:  # Tk's own error, whose class is only known where Tk is
            raise _no_windows(error) from error
        self._root.title(title)
        self._root.resizable(False, False)
        self._root.attributes("-topmost", True)
        self._button, self._pressed = button, False

    def field(self, label: str, value: str, *, hidden: bool = False) -> Callable[[], str]:
        """A line to type in; gives a function that tells what stands in it."""
        self._label(label)
        entry = self._ttk.Entry(self._root, width=52, show="•" if hidden else "")
        entry.insert(0, value)
        entry.pack(fill="x", padx=_PAD)
        entry.focus_set()
        return lambda: str(entry.get())

    def list(self, label: str, items: Sequence[str]) -> Callable[[], int]:
        """A list to choose from, the first chosen already; gives a function that tells which."""
        self._label(label)
        width = min(max((len(item) for item in items), default=20), 100) + 2
        box = self._tk.Listbox(self._root, height=min(len(items), 16), width=width, exportselection=False)
        box.insert("end", *items)
        box.selection_set(0)
        box.bind("<Double-Button-1>", lambda _event: self._press())
        box.pack(fill="both", padx=_PAD)
        box.focus_set()
        return lambda: int(box.curselection()[0])

    def run(self, read: Callable[[], Result]) -> Result | None:
        """Show it until the button is pressed or it is closed; what `read` gives then, or None."""
        found: list[Result] = []

        def press() -> None:
            found.append(read())
            self._root.destroy()

        self._press = press
        self._ttk.Button(self._root, text=self._button, command=press).pack(anchor="e", padx=_PAD, pady=_PAD)
        self._root.bind("<Return>", lambda _event: press())
        self._root.bind("<Escape>", lambda _event: self._root.destroy())
        self._root.lift()
        self._root.mainloop()
        return found[0] if found else None

    def _label(self, text: str) -> None:
        self._ttk.Label(self._root, text=text).pack(anchor="w", padx=_PAD, pady=(_PAD, 2))


def _no_windows(error: Exception) -> NoWindows:
    return NoWindows(
        "The Python behind the Stockbook tab can't open a window (it lacks Tk). Install Python from python.org, or use "
        f"the command line: python -m addin.desktop sign-in. ({type(error).__name__})"
    )
