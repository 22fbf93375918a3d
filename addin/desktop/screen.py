"""What the user sees of a command besides the cells: the status bar, and message boxes."""

from __future__ import annotations

from typing import Literal

import xlwings as xw

from addin.client.errors import AddinError

#: A message box of Excel holds about a thousand letters.
_MOST_LETTERS = 950


class Screen:
    """The status bar and the message boxes of one Excel."""

    def __init__(self, app: xw.App) -> None:
        self.app = app

    def progress(self, text: str) -> None:
        """What is being done, on the status bar."""
        self.app.status_bar = f"Stockbook: {text} …"

    def quiet(self) -> None:
        """Give the status bar back to Excel."""
        self.app.status_bar = False

    def tell(self, text: str, title: str = "Stockbook") -> None:
        """Say something and wait for OK."""
        self.app.alert(_short(text), title, buttons="ok", mode="info")

    def tell_error(self, error: AddinError) -> None:
        """Say what went wrong and wait for OK."""
        self.app.alert(_short(str(error)), error.title, buttons="ok", mode="critical")

    def ask(self, text: str, title: str = "Stockbook") -> bool:
        """A yes or a no."""
        return self.app.alert(_short(text), title, buttons="yes_no") == "yes"

    def choose(self, text: str, title: str = "Stockbook") -> Literal["yes", "no", "cancel"]:
        """A yes, a no, or leave it."""
        answer = self.app.alert(_short(text), title, buttons="yes_no_cancel")
        if answer == "yes":
            return "yes"
        return "no" if answer == "no" else "cancel"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1].rstrip() + "…"
