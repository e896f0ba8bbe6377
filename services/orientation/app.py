"""The orientation service."""

from fastapi import FastAPI

from services.orientation.accueils.routes import router as accueils
from services.orientation.activites_france_travail.routes import (
    router as activites_france_travail,
)
from services.orientation.annulations.routes import router as annulations
from services.orientation.criteres.routes import router as criteres
from services.orientation.dsp.routes import router as dsp
from services.orientation.echeances.routes import router as echeances
from services.orientation.france_travail.routes import router as france_travail
from services.orientation.imports.routes import LIMITES as LIMITES_IMPORT
from services.orientation.imports.routes import router as imports
from services.orientation.indicateurs.routes import router as indicateurs
from services.orientation.instantanes import router as instantanes
from services.orientation.invitations.routes import router as invitations
from services.orientation.jeux_de_regles.routes import router as jeux_de_regles
from services.orientation.mouvements.routes import router as mouvements
from services.orientation.notifications.routes import router as notifications
from services.orientation.organismes.routes import router as organismes
from services.orientation.orientations.routes import router as orientations
from services.orientation.personnes.routes import router as personnes
from services.orientation.places.routes import router as places
from services.orientation.portefeuilles.routes import router as portefeuilles
from services.orientation.rapprochements.routes import router as rapprochements
from services.orientation.rdv_insertion.routes import recevoir_rdv_insertion
from services.orientation.rdv_insertion.routes import router as rdv_insertion
from services.orientation.reexamens.routes import router as reexamens
from services.orientation.reorientations.routes import router as reorientations
from services.orientation.settings import Settings
from services.orientation.statistiques.routes import router as statistiques
from services.orientation.unites.routes import router as unites
from shared.socle.app import creer

PORTEES = {
    "orientation:lire": "Lire personnes, orientations, organismes et échéances",
    "orientation.sante:lire": "Voir les critères de santé et de handicap",
    "orientation:ecrire": "Enregistrer des personnes, des orientations et des critères",
    "orientation:decider": "Décider d'une orientation, ou d'un rapprochement",
    "orientation:exporter": "Exporter des listes entières, à un instant",
    "orientation:importer": "Déposer un flux CAF/MSA, ou un fichier de lignes",
    "orientation:administrer": "Ouvrir la collectivité, enregistrer les organismes, les règles",
}
TAGS = {
    "personnes": "Les personnes, retrouvées sans que leur identité passe par une URL",
    "rapprochements": "Les personnes qui sont peut-être la même, fusionnées sur décision",
    "imports": "Les flux CAF/MSA, foyer par foyer, et des fichiers de lignes",
    "mouvements": "Ce qui change d'un flux à l'autre",
    "orientations": "De l'information reçue à la décision, expliquée",
    "reorientations": "Changer de parcours ou d'organisme, et réexaminer le parcours social",
    "organismes-referents": "Qui peut être désigné référent",
    "jeux-de-regles": "Ce qui est proposé, sur quel arrêté, et ce que cela changerait",
    "places": "Qui est placé chez son organisme référent, et qui attend",
    "accueils": "Réunions, entretiens, permanences, et premiers contacts",
    "echeances": "Ce qui est dû, et quand",
    "exports": "Des listes entières, à un instant, en fichiers",
    "france-travail": "Ce qui s'échange avec France Travail, ce qui diffère, et sa réparation",
    "rdv-insertion": "Les rendez-vous que tient rdv-insertion, et qui y est attendu",
    "statistiques": "Comment l'orientation se passe, sans que personne s'y reconnaisse",
}
DESCRIPTION = """\
Accueille les bénéficiaires du RSA, propose une orientation qui s'explique, et enregistre la
décision de l'autorité compétente dans le délai légal.
"""
_ORIENTEE = "SELECT personne_id FROM orientation WHERE collectivite = :collectivite"


def _orientee_par(table: str) -> str:
    """The persons whose orientation is that of rows of a table."""
    return (
        f"{_ORIENTEE} AND id IN (SELECT orientation_id FROM {table}"
        f" WHERE collectivite = :collectivite AND id = ANY(cast(:{table}_id AS uuid[])))"
    )


def create() -> FastAPI:
    """The app that uvicorn serves, with settings from the environment."""
    return app(Settings())


def app(reglages: Settings | None) -> FastAPI:
    """The app; without settings it only describes itself."""
    application = creer(
        "orientation",
        titre="Jalons – orientation",
        description=DESCRIPTION,
        version="0.1.0",
        reglages=reglages,
        routeurs=[
            personnes,
            rapprochements,
            dsp,
            imports,
            mouvements,
            orientations,
            criteres,
            annulations,
            notifications,
            reorientations,
            reexamens,
            organismes,
            jeux_de_regles,
            unites,
            places,
            portefeuilles,
            accueils,
            echeances,
            statistiques,
            indicateurs,
            france_travail,
            instantanes,
            rdv_insertion,
            activites_france_travail,
            invitations,
        ],
        tags=TAGS,
        portees=PORTEES,
        imports=LIMITES_IMPORT,
        personnes_par={
            "personne_id": "SELECT unnest(cast(:personne_id AS uuid[]))",
            "orientation_id": f"{_ORIENTEE} AND id = ANY(cast(:orientation_id AS uuid[]))",
        },
        personnes_du_chemin={
            "convocation_id": "SELECT personne_id FROM convocation"
            " WHERE collectivite = :collectivite AND id = ANY(cast(:convocation_id AS uuid[]))",
            "place_id": _orientee_par("place"),
            "proposition_id": _orientee_par("proposition"),
        },
    )
    # Theirs to call, with a signature and no token of ours: out of the document, and of its rules.
    application.add_api_route(
        "/v1/receptions/rdv-insertion/{code}",
        recevoir_rdv_insertion,
        methods=["POST"],
        include_in_schema=False,
    )
    return application
