"""The lines that parcours takes: each is made by the act of its own route, and noted as it is."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from services.parcours.activites.routes import prevoir_activite
from services.parcours.contrats_engagement.routes import etablir_contrat
from services.parcours.diagnostics.routes import signer_diagnostic
from services.parcours.freins.routes import observer_frein
from services.parcours.freins.rules import connait_sante
from services.parcours.journaux_acces.queries import PARCOURS, store_acces
from services.parcours.offres.queries import read_offre, render
from services.parcours.offres.routes import appliquer_service, changer_offre, enregistrer_offre
from services.parcours.referents.routes import designer_referent
from services.parcours.rendez_vous.routes import prendre_rendez_vous
from shared.schemas.parcours.accompagnement import ReferentCreation
from shared.schemas.parcours.activites import ActiviteCreation
from shared.schemas.parcours.contrats_engagement import ContratEngagementCreation
from shared.schemas.parcours.diagnostics import DiagnosticCreation
from shared.schemas.parcours.freins import FreinCreation
from shared.schemas.parcours.imports import TypeImportParcours
from shared.schemas.parcours.offres import (
    OffreCreation,
    OffreModification,
    ServiceDataInclusionCreation,
)
from shared.schemas.parcours.rendez_vous import RendezVousCreation
from shared.socle.db import Transaction
from shared.socle.imports.lignes import TypeLigne, retouche
from shared.socle.reponses import Effet
from shared.socle.service import Service


def _notee(
    operation: str, acte: Callable[..., Awaitable[Effet]]
) -> Callable[..., Awaitable[Effet]]:
    """Note who changed a parcours, under the name of the route that would have."""

    async def noter(service: Service, tx: Transaction, demande: Any, parcours_id: UUID) -> Effet:
        effet = await acte(service, tx, demande, parcours_id)
        await store_acces(
            tx,
            [(PARCOURS, parcours_id)],
            operation=operation,
            ecriture=True,
            sante=connait_sante(tx.acces.portees),
            instant=service.horloge(),
        )
        return effet

    return noter


async def _changer_offre(
    _: Service, tx: Transaction, offre_id: UUID, demande: OffreCreation
) -> Effet:
    row = await read_offre(tx, offre_id)
    patch = retouche(OffreModification, demande, render(row), offre_id)
    return await changer_offre(tx, offre_id, patch, row.version)


TYPES = {
    TypeImportParcours.REFERENTS.value: TypeLigne(
        ReferentCreation,
        _notee("creer_referent", designer_referent),
        ["parcours:ecrire"],
        parents=["parcours_id"],
    ),
    TypeImportParcours.DIAGNOSTICS.value: TypeLigne(
        DiagnosticCreation,
        _notee("creer_diagnostic", signer_diagnostic),
        ["parcours:ecrire"],
        parents=["parcours_id"],
    ),
    TypeImportParcours.FREINS.value: TypeLigne(
        FreinCreation,
        _notee("creer_frein", observer_frein),
        ["parcours:ecrire"],
        parents=["parcours_id"],
    ),
    TypeImportParcours.CONTRATS_ENGAGEMENT.value: TypeLigne(
        ContratEngagementCreation,
        _notee("creer_contrat_engagement", etablir_contrat),
        ["parcours:ecrire"],
        parents=["parcours_id"],
    ),
    TypeImportParcours.ACTIVITES.value: TypeLigne(
        ActiviteCreation,
        _notee("creer_activite", prevoir_activite),
        ["parcours:ecrire"],
        parents=["parcours_id"],
    ),
    TypeImportParcours.RENDEZ_VOUS.value: TypeLigne(
        RendezVousCreation,
        _notee("creer_rendez_vous", prendre_rendez_vous),
        ["parcours:ecrire"],
        parents=["parcours_id"],
    ),
    TypeImportParcours.OFFRES.value: TypeLigne(
        OffreCreation, enregistrer_offre, ["parcours:administrer"], modifier=_changer_offre
    ),
    # Known by its own id, and brought up to date by a later one.
    TypeImportParcours.OFFRES_DATA_INCLUSION.value: TypeLigne(
        ServiceDataInclusionCreation, appliquer_service, ["parcours:administrer"], reconnait=True
    ),
}
