"""One rendering of every error: `application/problem+json` (RFC 9457, contract guide, 14).

Nothing that the caller sent is echoed, and nothing of the inside is shown: no SQL, no stack,
no host, no path. What we did not foresee is logged by its type and place only.
"""

import errno
import itertools
import re
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from shared import contexte
from shared.refus import (
    CODES_ERREUR,
    DependanceIndisponible,
    Erreur,
    Introuvable,
    Refus,
    Validation,
)

PROBLEM_JSON = "application/problem+json"
# Where the type of a problem is documented: a deployment publishes docs/problemes.md there.
TYPES = "https://api.insertion.example/problemes/"
_INSTANCE_MAX = 2000

_log = structlog.get_logger()


class JsonIllisible(Refus):
    code = "json-illisible"


class MethodeInterdite(Refus):
    code = "methode-interdite"

    def __init__(self, allow: Iterable[str]) -> None:
        super().__init__()
        self._allow = ", ".join(sorted(allow))

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": self._allow}


class Interne(Refus):
    code = "interne"


class Surcharge(Refus):
    """The database is short of something that time gives back: locks, connections, disk."""

    code = "surcharge"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "2"}


class DelaiDepasse(Refus):
    code = "delai-depasse"


def render(refus: Refus, instance: str | None = None) -> Response:
    """Render a refusal; null members are left out, and the trace id is always there."""
    body: dict[str, Any] = {
        "type": TYPES + refus.code,
        "title": refus.title,
        "status": refus.status,
        "code": refus.code,
        "detail": refus.detail,
        "instance": instance if instance and len(instance) <= _INSTANCE_MAX else None,
        "correlation": contexte.trace_id(),
        **refus.members,
    }
    # Facts are written as in any body: an instant in UTC, an id, a day.
    content = to_json({name: value for name, value in body.items() if value is not None})
    return Response(
        content,
        status_code=refus.status,
        media_type=PROBLEM_JSON,
        headers={"Cache-Control": "no-store", **refus.headers},
    )


def from_pydantic(errors: Iterable[Any]) -> Validation:
    """Translate Pydantic's errors into our closed list; the offending values stay out."""
    return Validation(
        [Erreur(_pointer(error["loc"]), _code(error["type"]), _message(error)) for error in errors]
    )


def from_database(error: DBAPIError | OSError | PoolTimeout) -> Refus:
    """Say what a database failure means for the caller."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Surcharge()
    state = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    if state == "57014":  # cancelled by statement_timeout
        return DelaiDepasse()
    # 40: serialization, deadlock; 53: disk, memory, connections; 55P03: lock not available.
    if state[:2] in ("40", "53") or state == "55P03" or isinstance(error, PoolTimeout):
        return Surcharge()
    # 08: connection; 57P: server stopping. No state at all: the connection itself failed.
    if state[:2] == "08" or state[:3] == "57P" or not state:
        return DependanceIndisponible()
    return Interne()


def declare(app: FastAPI) -> None:
    """Register the only error handlers of a service."""
    allowed: list[tuple[Any, set[str]]] = []

    def methods_of(path: str) -> set[str]:
        if not allowed:
            # A path declared whole comes before a template that it fits.
            paths = sorted(app.state.chemins.items(), key=lambda one: "{" in one[0])
            allowed.extend((compile_path(template)[0], methods) for template, methods in paths)
        return next((methods for shape, methods in allowed if shape.fullmatch(path)), {"GET"})

    async def on_refus(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refus)
        return render(error, request.scope["path"])

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return render(from_pydantic(error.errors()), request.scope["path"])

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        match error.status_code:
            case 404:
                refus: Refus = Introuvable()
            case 405:
                refus = MethodeInterdite(methods_of(request.scope["path"]))
            case 400:
                refus = JsonIllisible()
            case _:
                refus = Interne()
        return render(refus, request.scope["path"])

    async def on_database(request: Request, error: Exception) -> Response:
        assert isinstance(error, DBAPIError | PoolTimeout | OSError)
        refus = from_database(error)
        log_fault(error)
        return render(refus, request.scope["path"])

    app.add_exception_handler(Refus, on_refus)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DBAPIError, on_database)
    app.add_exception_handler(PoolTimeout, on_database)
    app.add_exception_handler(OSError, on_database)


def log_fault(error: BaseException) -> None:
    """Log a fault by its type and place. Its text may quote data: it is never logged."""
    cause = getattr(error, "orig", None) or error
    frames = traceback.extract_tb(error.__traceback__)
    _log.error(
        "panne",
        type=type(cause).__name__,
        sqlstate=getattr(cause, "sqlstate", None),
        pile=[f"{Path(frame.filename).name}:{frame.lineno}:{frame.name}" for frame in frames[-8:]],
    )


def _pointer(location: tuple[str | int, ...]) -> str:
    origin, *path = location
    steps = [str(step) for step in path]
    if origin in ("query", "path"):
        return f"?{steps[0]}"  # a list has one name, whichever of its values is at fault
    if origin == "header":
        return "!" + ".".join(steps)
    # A field that is not ours bears the name that its sender gave it: told only if it looks like
    # one of ours, for it may be a person's, or anything.
    known = itertools.takewhile(_NOM.fullmatch, steps)
    return "".join(f"/{step}" for step in known) or "/"


_NOM = re.compile(r"[a-z][a-z0-9_]{0,63}|[0-9]{1,5}")
_CODES = {
    "missing": "requis",
    "extra_forbidden": "champ-inconnu",
    "string_too_long": "trop-long",
    "too_long": "trop-long",
    "bytes_too_long": "trop-long",
    "string_pattern_mismatch": "format-inattendu",
    "string_too_short": "hors-bornes",
    "too_short": "hors-bornes",
    "enum": "code-referentiel-inconnu",
    "literal_error": "code-referentiel-inconnu",
    "string_unicode": "caractere-interdit",
    "timezone_aware": "date-attendue",
    "finite_number": "type-inattendu",
}
_MESSAGES = {
    "requis": "Champ requis",
    "champ-inconnu": "Champ inconnu",
    "trop-long": "Valeur trop longue",
    "hors-bornes": "Valeur hors bornes",
    "format-inattendu": "Format inattendu",
    "uuid-attendu": "UUID attendu",
    "date-attendue": "Date attendue",
    "code-referentiel-inconnu": "Code inconnu du referentiel",
    "type-inattendu": "Type inattendu",
    "caractere-interdit": "Un caractere n'est pas admis",
}


def _code(kind: str) -> str:
    if kind in CODES_ERREUR:
        return kind
    if kind in _CODES:
        return _CODES[kind]
    if kind.startswith(("greater_than", "less_than", "int_parsing_size", "multiple_of")):
        return "hors-bornes"
    if kind.startswith("uuid"):
        return "uuid-attendu"
    if kind.startswith(("date", "time")):
        return "date-attendue"
    return "type-inattendu"


def _message(error: Any) -> str:
    # A message of ours (PydanticCustomError) is fixed text; Pydantic's own may quote the value.
    if error["type"] in CODES_ERREUR:
        return str(error["msg"])
    return _MESSAGES.get(_code(error["type"]), "Valeur non admise")
