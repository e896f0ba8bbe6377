"""Structured logs and correlation. A log line holds identifiers, never a person's data."""

import json
import logging
import re
import secrets
import sys
from contextvars import ContextVar

import structlog

# 00-<trace id>-<parent id>-<flags>, all zero being invalid (W3C Trace Context).
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_trace: ContextVar[str] = ContextVar("trace", default="")


def trace_id() -> str:
    """The trace id of the work in hand; a new one where nothing started it."""
    current = _trace.get()
    if not current:
        current = secrets.token_hex(16)
        _trace.set(current)
    return current


def adopt(traceparent: str | None) -> str:
    """Continue the caller's trace; absent or malformed, begin a new one, never an error."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    current = found.group(1) if found else secrets.token_hex(16)
    _trace.set(current)
    return current


def traceparent() -> str:
    """The header that carries the trace on to a sibling, a job or an event."""
    return f"00-{trace_id()}-{secrets.token_hex(8)}-01"


def configure(service: str, level: str = "INFO") -> None:
    """Write JSON lines on standard error, with the service and the trace in each."""

    def add_context(
        _: object, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event.setdefault("service", service)
        if _trace.get():
            event.setdefault("trace", _trace.get())
        return event

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="le"),
            add_context,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak through `logging`: where and what kind, never their words.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Sobre())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


class Sobre(logging.Formatter):
    """A library's record without its message: an error's text may quote a row, or a request."""

    def format(self, record: logging.LogRecord) -> str:
        """Keep the level, the logger, the place, and the type of the exception."""
        kind = record.exc_info[0] if record.exc_info else None
        line = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "place": f"{record.module}:{record.lineno}",
            "exception": kind and kind.__name__,
            "trace": _trace.get() or None,
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})
