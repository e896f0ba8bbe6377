"""Reviews of the parcours social: made together, recorded once, the next one counts from there."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.organismes.queries import all_organismes
from services.orientation.orientations.queries import lock_orientation, read_orientation
from services.orientation.reexamens import queries, rules
from shared.refus import Erreur, Introuvable, Validation, VersionDepassee
from shared.schemas.commun import Auteur, Operation
from shared.schemas.orientation.reorientations import PageReexamens, Reexamen, ReexamenCreation
from shared.schemas.orientation.vocabulaire import StatutOrientation, TypeOrganisme, TypeParcours
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("reorientations")


@router.post(
    "/orientations/{orientation_id}/reexamens",
    status_code=201,
    response_model=Reexamen,
    summary="Enregistrer le réexamen d'un parcours social",
    dependencies=[portee("orientation:ecrire")],
    responses=refusals(Introuvable, VersionDepassee, rules.SansReexamen, rules.AutreAuteur),
)
async def creer_reexamen(
    orientation_id: UUID,
    demande: ReexamenCreation,
    version: SiVersion,
    commande: CommandeDep,
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Enregistre le diagnostic conjoint de France Travail et du référent (CASF L262-31).

    L'échéance `reexamen_social` repart de sa date, de six mois, ou de douze si des difficultés
    durent (D262-65-2-1). Une réorientation se demande à part. Portée `orientation:ecrire`. Publie
    `orientation.reexamen.enregistre`.
    """

    async def enregistrer() -> Effet:
        jour = await service.aujourdhui(tx)
        row = await lock_orientation(tx, orientation_id, version)
        rules.exige_social(
            StatutOrientation(row.statut), row.type_parcours and TypeParcours(row.type_parcours)
        )
        organismes = {un.id: un for un in await all_organismes(tx)}
        france_travail = organismes.get(demande.france_travail_id)
        if france_travail is None:
            message = "Organisme referent inconnu"
            raise Validation([Erreur("/france_travail_id", "hors-bornes", message)])
        rules.verifier_conjoint(
            tx.acces.auteur,
            _partie(organismes[row.organisme_referent_id]),
            _partie(france_travail),
        )
        date_reexamen = demande.date_reexamen or jour
        rules.verifier_date(date_reexamen, row.date_reexamen or row.date_effet, jour)
        reexamen, orientation_version = await queries.store_reexamen(
            tx,
            {
                "id": new_id(),
                "orientation_id": orientation_id,
                "issue": demande.issue.value,
                "organisme_referent_id": row.organisme_referent_id,
                "france_travail_id": france_travail.id,
                "difficultes_durables": demande.difficultes_durables,
                "date_reexamen": date_reexamen,
                "client_id": tx.acces.auteur,
            },
        )
        await publier(
            tx,
            Fait(
                "orientation.reexamen.enregistre",
                "orientations",
                orientation_id,
                orientation_version,
                Operation.MODIFICATION,
            ),
        )
        return Effet(
            _render(reexamen),
            location=f"/v1/orientations/{orientation_id}/reexamens/{reexamen.id}",
            version=orientation_version,
        )

    return await once(tx, commande, enregistrer)


@router.get(
    "/orientations/{orientation_id}/reexamens",
    response_model=PageReexamens,
    summary="Lister les réexamens d'un parcours social",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def lister_reexamens(
    orientation_id: UUID, page: Annotated[PageDemandee, page_de(PageReexamens)], tx: TransactionDep
) -> Response:
    """Rend les réexamens d'une orientation, les plus récents d'abord. Portée `orientation:lire`."""
    await read_orientation(tx, orientation_id)
    rows = await queries.list_reexamens(tx, orientation_id, page)
    return rendre_page(page, rows, _render)


@router.get(
    "/orientations/{orientation_id}/reexamens/{reexamen_id}",
    response_model=Reexamen,
    summary="Lire un réexamen",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_reexamen(
    orientation_id: UUID, reexamen_id: UUID, request: Request, tx: TransactionDep
) -> Response:
    """Rend le réexamen d'un parcours social, immuable. Portée `orientation:lire`."""
    row = await queries.read_reexamen(tx, reexamen_id)
    if row.orientation_id != orientation_id:
        raise Introuvable
    return rendre_lecture(request, _render(row), 1)


def _partie(row: Row[Any]) -> rules.Partie:
    return rules.Partie(row.id, TypeOrganisme(row.type), row.clients)


def _render(row: Row[Any]) -> Reexamen:
    return Reexamen.model_validate({**row._mapping, "auteur": Auteur(client_id=row.client_id)})
