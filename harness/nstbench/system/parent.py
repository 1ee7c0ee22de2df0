"""The parent as a child process meets it: JSON lines in and out. See `nstbench.system.child`."""

from __future__ import annotations

import json
import os
import queue
import threading
from typing import Any


class Parent:
    """Who started this process and speaks to it.

    As soon as the parent closes its end, or is gone, this process ends, even amid a computation.

    Args:
        descriptor: the file descriptor for answers.
    """

    def __init__(self, descriptor: int) -> None:
        self._answers = os.fdopen(descriptor, "w", encoding="utf-8")
        self._messages: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, message: object) -> None:
        """Send a message of JSON types."""
        self._answers.write(json.dumps(message) + "\n")
        self._answers.flush()

    def hear(self) -> Any:
        """Return the next message, asleep until it comes."""
        return json.loads(self._messages.get())

    def _listen(self) -> None:
        # Not sys.stdin: Python aborts if a thread still waits for it when all else has ended.
        with os.fdopen(0, encoding="utf-8", closefd=False) as lines:
            for line in lines:
                self._messages.put(line)
        os._exit(0)
