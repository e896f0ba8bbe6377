"""The lines that orientation takes: each is made by the act of its own route."""

from uuid import UUID

from services.orientation.organismes.queries import read_organisme
from services.orientation.organismes.routes import changer_organisme, enregistrer_organisme
from services.orientation.orientations.routes import (
    ajouter_criteres,
    enregistrer_decision,
    ouvrir_orientation,
)
from services.orientation.personnes.routes import enregistrer_personne
from shared.schemas.orientation.imports import TypeImport
from shared.schemas.orientation.organismes import (
    OrganismeReferent,
    OrganismeReferentCreation,
    OrganismeReferentModification,
)
from shared.schemas.orientation.orientations import (
    CriteresCreation,
    DecisionCreation,
    OrientationCreation,
)
from shared.schemas.orientation.personnes import EnregistrementCreation
from shared.socle.db import Transaction
from shared.socle.imports.lignes import TypeLigne, retouche
from shared.socle.reponses import Effet
from shared.socle.service import Service


async def _changer_organisme(
    _: Service, tx: Transaction, organisme_id: UUID, demande: OrganismeReferentCreation
) -> Effet:
    row = await read_organisme(tx, organisme_id)
    courant = OrganismeReferent.model_validate(row, from_attributes=True)
    patch = retouche(OrganismeReferentModification, demande, courant, organisme_id)
    return await changer_organisme(tx, organisme_id, patch, courant.version)


TYPES = {
    # Recognised or recorded: a person is known by what the line says of them.
    TypeImport.PERSONNES.value: TypeLigne(
        EnregistrementCreation, enregistrer_personne, ["orientation:ecrire"], reconnait=True
    ),
    TypeImport.ORIENTATIONS.value: TypeLigne(
        OrientationCreation, ouvrir_orientation, ["orientation:ecrire"]
    ),
    TypeImport.CRITERES.value: TypeLigne(
        CriteresCreation, ajouter_criteres, ["orientation:ecrire"], parents=["orientation_id"]
    ),
    TypeImport.DECISIONS.value: TypeLigne(
        DecisionCreation,
        enregistrer_decision,
        ["orientation:decider"],
        parents=["orientation_id"],
    ),
    TypeImport.ORGANISMES_REFERENTS.value: TypeLigne(
        OrganismeReferentCreation,
        enregistrer_organisme,
        ["orientation:administrer"],
        modifier=_changer_organisme,
    ),
}
