"""The ribbon's VBA out of a built .xlam, in a VBA interpreter; what it asks Python for is run under the test engine."""

from __future__ import annotations

from pathlib import Path

from pyopenvba import ExcelFile
from pyopenvba.apps.excel import ExcelApplication

from addin.desktop.build import MODULE

#: Stands in for xlwings' module, which starts a process: it remembers what Python is asked for. Whether there is a file
#: beside the workbook is the test's to say.
RECORDER = """
Public asked As String
Public isBeside As Boolean

Public Sub PutBeside()
    isBeside = True
End Sub

Public Function GetFullName(ByVal book As Object) As String
    GetFullName = book.Name
End Function

Public Function GetDirectoryConfigFilePath() As String
    GetDirectoryConfigFilePath = "C:\\mailed\\stockbook_addin.conf"
End Function

Public Function FileExists(ByVal path As String) As Boolean
    FileExists = isBeside And path = GetDirectoryConfigFilePath()
End Function

Public Function RunPython(ByVal command As String)
    asked = command
End Function

Public Function WhatWasAsked() As String
    WhatWasAsked = asked
End Function
"""


class Ribbon:
    """The tab of one built add-in, in an Excel of its own with an empty workbook open."""

    def __init__(self, xlam: Path, *, sheet: str = "", workbook: bool = True, beside: bool = False) -> None:
        """`sheet`: one more sheet of that name in the open workbook; `beside`: a file of settings lies beside it."""
        with ExcelFile(xlam) as book:
            source = book.vba_modules()[MODULE]
        self._app = ExcelApplication()
        if workbook:
            opened = self._app.add_workbook()
            if sheet:
                opened.add_sheet(sheet)
        self._app.add_module(RECORDER, name="xlwings")
        self._app.add_module(source, name=MODULE)
        if beside:
            self._app.run("PutBeside")

    def press(self, tag: str) -> str | None:
        """Press the button with this tag; the Python it asked for, None if it asked for none."""
        self._app.run("RunCommand", tag)
        return str(self._app.run("WhatWasAsked")) or None

    def run(self, tag: str) -> None:
        """Press it, and run what it asks for."""
        command = self.press(tag)
        assert command is not None, self.said
        exec(command, {})

    @property
    def said(self) -> list[str]:
        """The message boxes of the VBA."""
        return [str(each) for each in self._app.dialogs]
