"""The shapes in which its products refuse: none is alike."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse, Response


class Refuse(Exception):
    """What a product answers instead of its work."""

    def __init__(self, reponse: Response) -> None:
        super().__init__()
        self.reponse = reponse


def spring(chemin: str, message: str, statut: int = 400) -> JSONResponse:
    """The default of Spring, on the APIs of orientation: what helps is in `message`."""
    corps = {
        "timestamp": datetime.now(UTC).isoformat(),
        "status": statut,
        "error": "Bad Request",
        "message": message,
        "path": chemin,
    }
    return JSONResponse(corps, status_code=statut)


def sans_vide(corps: Mapping[str, Any]) -> dict[str, Any]:
    """A body as it writes them: what is not known is absent."""
    return {nom: valeur for nom, valeur in corps.items() if valeur is not None}
