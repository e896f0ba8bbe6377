"""The parcours service."""

from fastapi import FastAPI

from services.parcours.accompagnements.routes import router as accompagnements
from services.parcours.freins.routes import router as freins
from services.parcours.prescriptions.routes import router as prescriptions
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

Ce qu'un état permet ; le reste est refusé par `transition-interdite` :

| ressource | de | vers | par |
|---|---|---|---|
| parcours | – | `ouvert` | une décision d'orientation, que suit ce service |
| parcours | `ouvert` | `clos` | `POST /v1/parcours/{parcours_id}/clotures` |
| frein | – | `ouvert` | `POST /v1/parcours/{parcours_id}/freins` |
| frein | `ouvert` | `en_cours` | une prescription confirmée |
| frein | `ouvert`, `en_cours`, de niveau moyen ou fort | `leve` | `POST …/levees` |
| frein | `ouvert`, `en_cours` | `abandonne` | `POST …/abandons` |
| frein | `leve`, `abandonne` | `ouvert`, par un nouvel épisode | `POST …/reouvertures` |
| niveau | tout niveau | `sans_impact`, `moyen`, `fort` | `POST …/niveaux` |
| prescription | – | `reservee` | `POST /v1/prescriptions` |
| prescription | `reservee` | `confirmee` | `POST …/confirmations` |
| prescription | `reservee` | `annulee` | `POST …/annulations` |
| prescription | `reservee` | `expiree` | le temps, à `expire_le` |
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
        routeurs=[accompagnements, freins, prescriptions],
        tags=TAGS,
        portees=PORTEES,
    )
