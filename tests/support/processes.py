"""Real processes that start in a moment: forked from one that has everything imported."""

from __future__ import annotations

import multiprocessing

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["server.cli.main", "server.cli.serving"])
