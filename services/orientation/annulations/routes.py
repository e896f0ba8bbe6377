"""Annulments: the only act that ends a decision without another one taking its place."""

from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.annulations import queries, rules
from services.orientation.organismes.queries import read_organisme
from services.orientation.orientations.competence import AutoriteIncompetente
from services.orientation.orientations.queries import lock_orientation, read_decision
from services.orientation.places.queries import lock_organismes, promote, release_places
from services.orientation.reorientations.queries import end_reorientations
from services.orientation.reorientations.rules import SansObjet
from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Auteur, Operation
from shared.schemas.orientation.orientations import AnnulationDecision, AnnulationDecisionCreation
from shared.schemas.orientation.vocabulaire import StatutOrientation, TypeOrganisme
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("orientations")


@router.post(
    "/orientations/{orientation_id}/annulations",
    status_code=201,
    response_model=AnnulationDecision,
    summary="Annuler une décision d'orientation",
    dependencies=[portee("orientation:decider")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite, AutoriteIncompetente),
)
async def annuler_decision(
    orientation_id: UUID,
    demande: AnnulationDecisionCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Met fin à une décision en vigueur, par l'organisme qui l'a prise ; elle reste écrite.

    L'orientation est close et sa place rendue au premier de la file. La précédente n'est pas
    rouverte : la personne est de nouveau à orienter, avec ses critères et sa première échéance.
    Portée `orientation:decider`. Publie `orientation.decision.annulee`,
    `orientation.orientation.ouverte`, et `orientation.place.attribuee` pour chaque place donnée.
    """

    async def annuler() -> Effet:
        row = await lock_orientation(tx, orientation_id, version)
        rules.verifier_statut(StatutOrientation(row.statut))
        decision = await read_decision(tx, row.decision_id)
        decideur = await read_organisme(tx, decision.organisme_decideur_id)
        rules.verifier_auteur(
            tx.acces.auteur,
            decideurs=decideur.clients,
            type_decideur=TypeOrganisme(decideur.type),
            regle=decision.regle_competence,
        )
        jour = await service.aujourdhui(tx)
        suivante = await queries.reopen(tx, row)
        annulation, orientation_version = await queries.store_annulation(
            tx,
            {
                "id": new_id(),
                "orientation_id": orientation_id,
                "decision_id": row.decision_id,
                "motif": demande.motif,
                "date_annulation": jour,
                "organisme_decideur_id": decideur.id,
                "orientation_suivante_id": suivante,
                "client_id": tx.acces.auteur,
            },
        )
        sans_objet = await end_reorientations(
            tx, [orientation_id], SansObjet.DECISION_ANNULEE, jour
        )
        bornes = await lock_organismes(tx, {row.organisme_referent_id})
        await release_places(tx, [orientation_id])
        await publier(
            tx,
            *sans_objet,
            _fait("decision.annulee", orientation_id, orientation_version, Operation.MODIFICATION),
            *([_fait("orientation.ouverte", suivante, 1, Operation.CREATION)] if suivante else []),
            *await promote(tx, bornes),
        )
        return Effet(
            _render(annulation),
            location=f"/v1/orientations/{orientation_id}/annulations/{annulation.id}",
            version=orientation_version,
        )

    return await once(tx, commande, annuler)


@router.get(
    "/orientations/{orientation_id}/annulations/{annulation_id}",
    response_model=AnnulationDecision,
    summary="Lire une annulation",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_annulation(
    orientation_id: UUID, annulation_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend l'acte qui annule une décision, immuable. Portée `orientation:lire`."""
    row = await queries.read_annulation(tx, annulation_id)
    if row.orientation_id != orientation_id:
        raise Introuvable
    return rendre_lecture(request, _render(row), 1)


def _render(row: Row[Any]) -> AnnulationDecision:
    return AnnulationDecision.model_validate(
        {**row._mapping, "auteur": Auteur(client_id=row.client_id)}
    )


def _fait(nom: str, orientation_id: UUID, version: int, operation: Operation) -> Fait:
    return Fait(f"orientation.{nom}", "orientations", orientation_id, version, operation)
