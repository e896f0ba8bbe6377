"""The bare FastAPI route that the services are measured against: an answer of like size, no more.

Served by its own uvicorn, with the options of the services (`deploy.local.services.uvicorn`).
"""

import json
import os
from typing import Any

from fastapi import FastAPI

REPONSE = "JALONS_BANC_REPONSE"


def create() -> FastAPI:
    """An app of one route, that answers the JSON given in the environment."""
    app = FastAPI()
    reponse: dict[str, Any] = json.loads(os.environ[REPONSE])

    @app.get("/nue")
    async def nue() -> dict[str, Any]:
        return reponse

    return app
