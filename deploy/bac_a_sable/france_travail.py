"""The faithful fake of France Travail, as a process: every synthetic person is known to it."""

from starlette.applications import Starlette

from tests.doubles.france_travail import Monde, app


def create() -> Starlette:
    """The app that uvicorn serves."""
    return app(Monde(tous_connus=True))
