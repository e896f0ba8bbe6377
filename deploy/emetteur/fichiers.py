"""The issuer's files: replaced whole, read again when they change, readable by their owner only."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


def remplacer(chemin: Path, contenu: str) -> None:
    """Write a file whole or not at all: half of one would keep every later start from its own."""
    draft = chemin.with_suffix(".nouveau")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(contenu)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(chemin)


@contextmanager
def seul(chemin: Path) -> Iterator[None]:
    """Hold a file from its reading to its replacement: two changes at once would lose one."""
    verrou = os.open(chemin.with_suffix(".verrou"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(verrou, fcntl.LOCK_EX)
        yield
    finally:
        os.close(verrou)


class Relu(Generic[T]):
    """What a file says, parsed again when the file is replaced: no change needs a restart."""

    def __init__(self, chemin: Path, lire: Callable[[str], T]) -> None:
        self._chemin = chemin
        self._lire = lire
        self._known: tuple[tuple[int, int], T] | None = None

    def __call__(self) -> T:
        """The newest content.

        Raises:
            FileNotFoundError: the file was never written.
        """
        found = self._chemin.stat()
        # A replaced file has another inode: two writes in one tick of the clock are told apart.
        stamp = (found.st_ino, found.st_mtime_ns)
        if self._known is None or self._known[0] != stamp:
            self._known = (stamp, self._lire(self._chemin.read_text(encoding="utf-8")))
        return self._known[1]
