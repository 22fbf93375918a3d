"""End a child that takes too much memory, where the system has no limit to set (Windows)."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

_LOOK_EVERY_SECONDS = 0.025


def watch(process: subprocess.Popen[bytes], most: int, used: Callable[[int], int] | None = None) -> None:
    """Look at a child's memory (bytes) until it ends, in a thread of its own; kill it past `most`.

    `used` tells a process's memory by its id; without one, only Windows is watched.
    """
    measure = used or _measure()
    if measure is not None:
        threading.Thread(target=_watch, args=(process, most, measure), daemon=True).start()


def _watch(process: subprocess.Popen[bytes], most: int, used: Callable[[int], int]) -> None:
    while process.poll() is None:
        if used(process.pid) > most:
            process.kill()
            return
        try:
            process.wait(_LOOK_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            continue


def _measure() -> Callable[[int], int] | None:
    if sys.platform == "win32":
        return windows_memory
    return None


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _Counters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of psapi.h."""

        _fields_ = [
            ("cb", wintypes.DWORD),
            ("PageFaultCount", wintypes.DWORD),
            ("PeakWorkingSetSize", ctypes.c_size_t),
            ("WorkingSetSize", ctypes.c_size_t),
            ("QuotaPeakPagedPoolUsage", ctypes.c_size_t),
            ("QuotaPagedPoolUsage", ctypes.c_size_t),
            ("QuotaPeakNonPagedPoolUsage", ctypes.c_size_t),
            ("QuotaNonPagedPoolUsage", ctypes.c_size_t),
            ("PagefileUsage", ctypes.c_size_t),
            ("PeakPagefileUsage", ctypes.c_size_t),
        ]

    _QUERY_AND_READ = 0x0400 | 0x0010

    def windows_memory(pid: int) -> int:
        """Committed bytes of a process; 0 once it has ended."""
        kernel, counters = ctypes.windll.kernel32, _Counters()
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(_QUERY_AND_READ, False, pid)
        if not handle:
            return 0
        try:
            counters.cb = ctypes.sizeof(counters)
            known = ctypes.windll.psapi.GetProcessMemoryInfo(
                wintypes.HANDLE(handle), ctypes.byref(counters), counters.cb
            )
            return int(counters.PagefileUsage) if known else 0
        finally:
            kernel.CloseHandle(wintypes.HANDLE(handle))
