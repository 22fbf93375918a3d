"""What each button of the ribbon does. A button's tag in ribbon.xml is the name of a function here.

Whatever happens, the user is told in one message box, and Excel gets its status bar back.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

from addin.client.errors import AddinError
from addin.desktop import config, dialogs, fetching, loading, pushing, signing_in, uploading
from addin.desktop.desk import Desk

_LOG = "addin.log"
_LOG_BYTES = 200_000


class Unexpected(AddinError):
    """A mistake of ours, or of Excel's."""

    title = "Something went wrong in the add-in"


def sign_in() -> None:
    """Ask for server and token, try them, keep them."""
    _press(_sign_in)


def get_template() -> None:
    """Choose a template and open it."""
    _press(fetching.get_template)


def load_current_data() -> None:
    """Bring the open template up to date."""
    _press(loading.load_current_data)


def validate() -> None:
    """Check the open template's rows."""
    _press(uploading.validate)


def apply() -> None:
    """Apply the open template's rows."""
    _press(uploading.apply)


def push_now() -> None:
    """Tell the stores now."""
    _press(pushing.push_now)


def sync_orders() -> None:
    """Read the stores' orders now."""
    _press(pushing.sync_orders)


def reports() -> None:
    """Choose a report and open it."""
    _press(fetching.reports)


def history() -> None:
    """Choose an earlier upload and open it."""
    _press(fetching.history)


def _sign_in(desk: Desk) -> None:
    typed = dialogs.ask_sign_in(config.server())
    if typed is not None:
        desk.screen.progress("signing in")
        desk.screen.tell(signing_in.sign_in(*typed), "Signed in")


def _press(command: Callable[[Desk], None]) -> None:
    desk = Desk.in_front()
    try:
        command(desk)
    except AddinError as error:
        if isinstance(error, uploading.NotWritten):
            _write_down(error)
        desk.screen.tell_error(error)
    except Exception as error:  # the edge of the process: without a word Excel would show nothing, or a traceback
        desk.screen.tell_error(_unexpected(error))
    finally:
        desk.screen.quiet()


def _unexpected(error: Exception) -> Unexpected:
    where = _write_down(error)
    return Unexpected(f"{type(error).__name__}: {str(error)[:300]}\n\nThe details are in {where}.")


def _write_down(error: Exception) -> Path:
    """The details, in a file for whoever is asked about it; where that is."""
    where = config.folder() / _LOG
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        kept = where.read_text(encoding="utf-8")[-_LOG_BYTES:] if where.exists() else ""
        where.write_text(kept + "".join(traceback.format_exception(error)) + "\n", encoding="utf-8")
    except OSError:
        where = config.folder()
    return where
