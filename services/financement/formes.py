"""What can be read as JSON, as CSV or as a page to print: the caller's `Accept` chooses."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.financement.impression import CSP
from shared.socle.contrat import prefere

_CSV, _HTML = "text/csv", "text/html"


def formes(exemple_csv: str) -> dict[str, Any]:
    """Describe the three forms of an answer."""
    return {
        "content": {
            "application/json": {},
            _CSV: {"schema": {"type": "string"}, "example": exemple_csv},
            _HTML: {
                "schema": {"type": "string"},
                "example": '<!doctype html>\n<html lang="fr">…</html>\n',
            },
        }
    }


def rendre_forme(
    request: Request,
    nom: str,
    *,
    json: Callable[[], Response],
    csv: Callable[[], str],
    page: Callable[[], str],
) -> Response:
    """Render the form that the caller prefers; the page may run nothing and load nothing.

    Args:
        nom: of the file that the CSV is, without its extension.
    """
    varie = {"Vary": "Accept", "Cache-Control": "private, no-store"}
    match prefere(request, ("application/json", _CSV, _HTML)):
        case "text/csv":
            attachment = {"Content-Disposition": f'attachment; filename="{nom}.csv"'}
            return Response(csv(), media_type=_CSV, headers=varie | attachment)
        case "text/html":
            policy = {"Content-Security-Policy": CSP, "X-Content-Type-Options": "nosniff"}
            return Response(page(), media_type=_HTML, headers=varie | policy)
    answer = json()
    answer.headers["Vary"] = "Accept"
    return answer
