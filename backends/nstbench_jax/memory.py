"""Keep the memory of this process, in huge pages, for XLA takes its scratch memory anew in every iteration.

On a CPU glibc maps hundreds of megabytes for it, the kernel clears them page by page, and both undo it again;
at 256 pixels an iteration takes an eighth longer for it (docs/performance.md).
"""

from __future__ import annotations

import ctypes
import platform

RESERVE = 1 << 30
"""Bytes of address space that are to lie in huge pages; memory is taken when it is first written."""

HUGE_PAGE = 1 << 21
TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8
"""Of `mallopt`: when to give memory back, how often to map any, how many heaps."""

MADV_HUGEPAGE = 14


def keep_in_huge_pages() -> bool:
    """Let all threads share one heap that is never given back; returns whether it lies in huge pages.

    To be called before XLA starts its threads. Elsewhere than with glibc on Linux it does nothing.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
    libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for what, value in ((ARENA_MAX, 1), (MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1)):
        libc.mallopt(what, value)
    first = -(-libc.sbrk(0) // HUGE_PAGE) * HUGE_PAGE
    libc.free(libc.malloc(RESERVE))
    length = (libc.sbrk(0) - first) // HUGE_PAGE * HUGE_PAGE
    return length > 0 and libc.madvise(first, length, MADV_HUGEPAGE) == 0
