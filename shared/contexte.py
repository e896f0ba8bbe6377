"""What a request carries on: its trace, who first asked, and how long they wait.

Set where a request or a job begins; read where something is logged, written or asked of a sibling.
"""

import re
import secrets
import time
from asyncio import Timeout
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# 00-<trace id>-<parent id>-<flags>, all zero being invalid (W3C Trace Context).
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# The least that `Delai-Max` may say: past the deadline a sibling is told so, and answers 504.
_DELAI_MIN_MS = 100

_trace: ContextVar[str] = ContextVar("trace", default="")
_origine: ContextVar[str] = ContextVar("origine", default="")
_echeance: ContextVar[float] = ContextVar("echeance", default=float("inf"))
_borne: ContextVar[Timeout | None] = ContextVar("borne", default=None)


def trace_id() -> str:
    """The trace id of the work in hand; a new one where nothing started it."""
    current = _trace.get()
    if not current:
        current = secrets.token_hex(16)
        _trace.set(current)
    return current


def trace_connue() -> str | None:
    """The trace id, if the work in hand has one."""
    return _trace.get() or None


def adopt(traceparent: str | None) -> str:
    """Continue the caller's trace; absent or malformed, begin a new one, never an error."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    current = found.group(1) if found else secrets.token_hex(16)
    _trace.set(current)
    return current


def traceparent() -> str:
    """The header that carries the trace on to a sibling, a job or an event."""
    return f"00-{trace_id()}-{secrets.token_hex(8)}-01"


@contextmanager
def demande(origine: str, delai_s: float, borne: Timeout | None = None) -> Iterator[None]:
    """Note for whom a request is, from now until when they wait, and what cuts it then."""
    pour, jusque = _origine.set(origine), _echeance.set(time.monotonic() + delai_s)
    coupe = _borne.set(borne)
    try:
        yield
    finally:
        _origine.reset(pour)
        _echeance.reset(jusque)
        _borne.reset(coupe)


@contextmanager
def pour(origine: str) -> Iterator[None]:
    """Call siblings for another client than the one who asks: whom it acted for before."""
    autre = _origine.set(origine)
    try:
        yield
    finally:
        _origine.reset(autre)


def sans_retour() -> None:
    """Lift the deadline: a commit that is sent cannot be taken back, and 504 says nothing is."""
    if borne := _borne.get():
        borne.reschedule(None)


def en_tetes(delai_s: float) -> tuple[float, dict[str, str]]:
    """What to tell a sibling asked for `delai_s` at most, and how long to wait for it."""
    left = min(delai_s, max(_echeance.get() - time.monotonic(), _DELAI_MIN_MS / 1000))
    headers = {"traceparent": traceparent(), "Delai-Max": str(int(left * 1000))}
    if origine := _origine.get():
        headers["Client-Origine"] = origine
    return left, headers
