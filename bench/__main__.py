"""Run the benches and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from bench import allocation, push, reports, results, sync, uploads
from bench.page import QUICK, RESULTS, Section, Size, markdown
from server.cli.serving import collect_rarely

BENCHES: dict[str, Callable[[Size], Section]] = {
    "uploads": uploads.run,
    "results": results.run,
    "reports": reports.run,
    "allocation": allocation.run,
    "sync": sync.run,
    "push": push.run,
}


def main() -> None:
    """Run all of them, or those that are named; only a whole run is written down."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which: {', '.join(BENCHES)}. Unless given: all.")
    parser.add_argument("--quick", action="store_true", help="few rows, two rounds, nothing written")
    given = parser.parse_args()
    if unknown := set(given.names) - BENCHES.keys():
        parser.error(f"there is no bench {', '.join(sorted(unknown))}")
    size = QUICK if given.quick else Size()
    collect_rarely()  # as the server does, so that the floor is not slowed by what the server is spared
    sections = [BENCHES[name](size) for name in given.names or BENCHES]
    page = markdown(sections, size)
    print(page)
    if not given.quick and not given.names:
        RESULTS.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
