"""The financement service."""

from fastapi import FastAPI

from services.financement.settings import Settings
from shared.socle.app import creer

PORTEES = {
    "financement:lire": "Lire conventions, enveloppes, réservations, engagements et journal",
    "financement:ecrire": "Réserver, confirmer, annuler",
    "financement:administrer": "Enregistrer conventions, actions et enveloppes",
}
TAGS = {
    "conventions": "Ce qui est convenu, par qui, et les actions que cela paie",
    "enveloppes": "Un montant, une année, un financeur ; ses soldes viennent du journal",
    "journal": "Les écritures, en partie double, ajoutées et jamais changées",
    "reservations": "Des places et des montants pris ensemble, ou pas du tout",
}
DESCRIPTION = """\
Tient les conventions et leurs enveloppes au centime : rien n'est promis deux fois, et chaque
solde se relit dans le journal.
"""


def create() -> FastAPI:
    """The app that uvicorn serves, with settings from the environment."""
    return app(Settings())


def app(reglages: Settings | None) -> FastAPI:
    """The app; without settings it only describes itself."""
    return creer(
        "financement",
        titre="Jalons – financement",
        description=DESCRIPTION,
        version="0.1.0",
        reglages=reglages,
        routeurs=[],
        tags=TAGS,
        portees=PORTEES,
    )
