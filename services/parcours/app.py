"""The parcours service."""

from fastapi import FastAPI

from services.parcours.accompagnements.routes import router as accompagnements
from services.parcours.chronologies.routes import router as chronologies
from services.parcours.contrats_engagement.routes import router as contrats
from services.parcours.diagnostics.routes import router as diagnostics
from services.parcours.echeances.routes import router as echeances
from services.parcours.freins.routes import router as freins
from services.parcours.prescriptions.routes import router as prescriptions
from services.parcours.referents.routes import router as referents
from services.parcours.settings import Settings
from shared.socle.app import creer

PORTEES = {
    "parcours:lire": "Lire parcours, freins (hors santé), contrats et prescriptions",
    "parcours:ecrire": "Tenir les freins, établir les contrats et prescrire",
    "parcours.sante:lire": "Lire les freins de santé et de handicap, les motifs sans heures",
    "parcours.sante:ecrire": "Tenir les freins de santé et de handicap, ne fixer aucune heure",
    "parcours:administrer": "Ouvrir la collectivité",
}
TAGS = {
    "parcours": "Un parcours ouvert par personne, qu'une décision d'orientation ouvre",
    "referents": "Qui suit la personne : le référent unique, et qui intervient à côté de lui",
    "diagnostics": "Ce qui est trouvé de la situation entière, signé, l'un après l'autre",
    "freins": "Ce qui retient la personne, et ce qu'on en sait, observation après observation",
    "contrats-engagement": "Ce dont la personne et son organisme référent conviennent, et signent",
    "echeances": "Ce qui est dû, pour quand, et d'où vient le délai",
    "prescriptions": "D'un frein à une action : une place et un montant, réservés ensemble",
}
DESCRIPTION = """\
Tient le parcours d'une personne vers l'emploi, ses freins, et les prescriptions qui les lèvent.

Ce qu'un état permet ; le reste est refusé par `transition-interdite` :

| ressource | de | vers | par |
|---|---|---|---|
| parcours | – | `ouvert` | une décision d'orientation, que suit ce service |
| parcours | `ouvert` | `clos` | `POST /v1/parcours/{parcours_id}/clotures` |
| référent | – | désigné | `POST /v1/parcours/{parcours_id}/referents`, ou une passation acceptée |
| référent | désigné | parti | `POST …/clotures`, une passation, une réorientation, la sortie |
| passation | – | `proposee` | `POST /v1/parcours/{parcours_id}/passations` |
| passation | `proposee` | `acceptee`, `refusee` | `POST …/reponses`, deux accords ou un refus |
| passation | `proposee` | `caduque` | le départ du référent |
| diagnostic | – | courant | `POST /v1/parcours/{parcours_id}/diagnostics` |
| diagnostic | courant | remplacé | le diagnostic suivant |
| frein | – | `ouvert` | `POST /v1/parcours/{parcours_id}/freins` |
| frein | `ouvert` | `en_cours` | une prescription confirmée |
| frein | `ouvert`, `en_cours`, de niveau moyen ou fort | `leve` | `POST …/levees` |
| frein | `ouvert`, `en_cours` | `abandonne` | `POST …/abandons` |
| frein | `leve`, `abandonne` | `ouvert`, par un nouvel épisode | `POST …/reouvertures` |
| niveau | tout niveau | `sans_impact`, `moyen`, `fort` | `POST …/niveaux` |
| contrat | – | `a_signer` | `POST /v1/parcours/{parcours_id}/contrats-engagement` |
| contrat | `a_signer`, `refuse` | `en_attente_signature` | `POST …/signatures`, la première |
| contrat | `en_attente_signature`, `refuse` | `signe` | `POST …/signatures`, la seconde |
| contrat | `a_signer`, `en_attente_signature` | `refuse` | `POST …/refus` |
| contrat | `signe`, `refuse`, `en_attente_signature` | `a_signer` | un avenant, ou une décision |
| contrat | tous, sauf `cloture` | `suspendu` | `POST …/suspensions`, la fin d'inscription |
| contrat | `suspendu` | l'état d'avant | `POST …/reprises` |
| contrat | `suspendu`, depuis douze mois | `cloture` | `POST …/clotures` |
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
        routeurs=[
            accompagnements,
            chronologies,
            referents,
            diagnostics,
            freins,
            contrats,
            echeances,
            prescriptions,
        ],
        tags=TAGS,
        portees=PORTEES,
    )
