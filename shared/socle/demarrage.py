"""How a process begins: it loads its modules, and keeps them until it ends."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def chargement() -> Iterator[None]:
    """Load without the cyclic collector, which would pass over it all again and again.

    A fifth of the time of a start. What is loaded lives as long as the process: never passed over
    afterwards either.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
