"""Structured logs. A log line holds identifiers, never a person's data."""

import json
import logging
import sys

import structlog

from shared import contexte


def configure(service: str, level: str = "INFO") -> None:
    """Write JSON lines on standard error, with the service and the trace in each."""

    def add_context(
        _: object, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event.setdefault("service", service)
        if trace := contexte.trace_connue():
            event.setdefault("trace", trace)
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
            "trace": contexte.trace_connue(),
        }
        return json.dumps({name: value for name, value in line.items() if value is not None})
