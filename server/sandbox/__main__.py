"""`python -m server.sandbox --path FILE`: the marketplace alone, up in a tenth of the time that all of Stockbook takes.

The demo starts it so. `python -m server sandbox` is the same for people, with the data folder's file unless told.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from server.errors import StockbookError
from server.sandbox import http


def main() -> None:
    """Serve until interrupted or told to end."""
    asked = argparse.ArgumentParser(prog="python -m server.sandbox", description=main.__doc__)
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=8100)
    asked.add_argument("--path", type=Path, required=True)
    given = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        http.serve(given.path, given.host, given.port)
    except KeyboardInterrupt:
        return
    except StockbookError as error:
        sys.exit(error.text)


if __name__ == "__main__":
    main()
