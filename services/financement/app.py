"""The financement service."""

from fastapi import FastAPI

from services.financement.actions.routes import router as actions
from services.financement.conventions.routes import router as conventions
from services.financement.engagements.routes import router as engagements
from services.financement.enveloppes.routes import router as enveloppes
from services.financement.journal.routes import router as journal
from services.financement.reservations.routes import router as reservations
from services.financement.settings import Settings
from shared.socle.app import creer

PORTEES = {
    "financement:lire": "Lire conventions, enveloppes, réservations, engagements et journal",
    "financement:ecrire": "Réserver, confirmer, annuler",
    "financement:administrer": "Enregistrer conventions, actions et enveloppes",
}
TAGS = {
    "conventions": "Ce qui est convenu, par qui, en quels axes et volets",
    "actions": "Ce qu'une convention paie : des places, des prix, une clé de financement",
    "enveloppes": "Un montant, une année, un financeur ; ses soldes viennent du journal",
    "journal": "Les écritures, en partie double, ajoutées et jamais changées",
    "reservations": "Des places et des montants pris ensemble, ou pas du tout",
    "engagements": "Ce qui est dû, numéroté, et qui en paie chaque centime",
}
DESCRIPTION = """\
Tient les conventions et leurs enveloppes au centime : rien n'est promis deux fois, et chaque
solde se relit dans le journal.

| objet | état | actes possibles |
| --- | --- | --- |
| enveloppe | `annoncee`, `notifiee` | ouverture d'un montant exact : `ouverte` |
| réservation | `en_attente` | confirmation : `confirmee` ; annulation : `annulee` |
| réservation | `en_attente`, dès `expire_le` | aucun : elle est `expiree` et tout est rendu |
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
        routeurs=[conventions, actions, enveloppes, journal, reservations, engagements],
        tags=TAGS,
        portees=PORTEES,
    )
