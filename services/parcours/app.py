"""The parcours service."""

from fastapi import FastAPI

from services.parcours.settings import Settings
from shared.socle.app import creer

PORTEES = {
    "parcours:lire": "Lire parcours, freins (hors santé) et prescriptions",
    "parcours:ecrire": "Tenir les freins et prescrire",
    "parcours.sante:lire": "Lire les freins de santé et de handicap",
    "parcours.sante:ecrire": "Tenir les freins de santé et de handicap",
    "parcours:administrer": "Ouvrir la collectivité",
}
TAGS = {
    "parcours": "Un parcours ouvert par personne, qu'une décision d'orientation ouvre",
    "freins": "Ce qui retient la personne, et ce qu'on en sait, observation après observation",
    "prescriptions": "D'un frein à une action : une place et un montant, réservés ensemble",
}
DESCRIPTION = """\
Tient le parcours d'une personne vers l'emploi, ses freins, et les prescriptions qui les lèvent.
"""


def create() -> FastAPI:
    """The app that uvicorn serves, with settings from the environment."""
    return app(Settings())


def app(reglages: Settings | None) -> FastAPI:
    """The app; without settings it only describes itself."""
    return creer(
        "parcours",
        titre="Jalons – parcours",
        description=DESCRIPTION,
        version="0.1.0",
        reglages=reglages,
        routeurs=[],
        tags=TAGS,
        portees=PORTEES,
    )
