"""All commands, and how each ends: 0 done, 1 rows or work refused, 2 wrong use. Never a traceback."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Iterator, Sequence

from server.channels.errors import ChannelError
from server.cli.commands import Commands
from server.cli.output import complain
from server.errors import StockbookError, WrongUse

log = logging.getLogger(__name__)

REFUSED, WRONG_USE = 1, 2
MOST_DETAILS = 20

app = Commands(
    name="python -m server", help="Stockbook: the stock of many online stores, from Excel.", no_args_is_help=True
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        app(args=None if arguments is None else list(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except StockbookError as error:
        complain(error.text, *_details(error))
        return WRONG_USE if isinstance(error, WrongUse) else REFUSED
    except ChannelError as error:
        complain(f"the store answered: {error.reason}")
        return REFUSED
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone
        return REFUSED
    except OSError as error:
        complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        return REFUSED
    except Exception:
        number = secrets.token_hex(4)
        if log.isEnabledFor(logging.INFO):  # servers, and whoever asked for it
            log.exception("unexpected problem %s", number)
        complain(f"something went wrong ({number}); STOCKBOOK_LOG=debug shows more")
        return REFUSED
    return 0


def _details(error: StockbookError) -> Iterator[str]:
    """The single problems behind an error, where the error's own sentence is not all there is to say."""
    for item in error.errors[:MOST_DETAILS]:
        said = str(item.get("text") or item.get("detail") or "")
        if said and said not in error.text and f"'{item.get('value')}'" not in error.text:
            yield f"{item['place']}: {said}" if item.get("place") else said
    if len(error.errors) > MOST_DETAILS:
        yield f"… and {len(error.errors) - MOST_DETAILS} more"
