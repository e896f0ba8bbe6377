"""A faithful France Travail in memory: `app()` is an ASGI app, its `state.monde` the scenario.

Where its own documents say nothing, what it does is a setting of `Monde`, never a guess in code.
"""

from tests.doubles.france_travail.application import app
from tests.doubles.france_travail.etat import Monde, Panne, Usager

__all__ = ["Monde", "Panne", "Usager", "app"]
