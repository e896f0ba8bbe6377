"""Announced figures, each with its source, beside what the service counts. None is a bar."""

from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import Row
from starlette.responses import Response

from services.orientation.indicateurs import queries, rules
from services.orientation.portefeuilles.queries import read_clients
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation.statistiques import (
    Indicateur,
    IndicateurCreation,
    MesureIndicateur,
    PageIndicateurs,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("statistiques")


@router.post(
    "/indicateurs",
    status_code=201,
    response_model=Indicateur,
    summary="Enregistrer un chiffre annoncé et sa source",
    dependencies=[portee("orientation:administrer")],
    responses=refusals(queries.IndicateurExistant),
)
async def creer_indicateur(
    demande: IndicateurCreation, commande: CommandeDep, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Enregistre un chiffre tel qu'une source l'annonce, et ce qu'il faut compter à côté.

    Un plafond annoncé (« jusqu'à 1 400 ») n'empêche aucune décision. Un autre chiffre est un
    autre indicateur. Portée `orientation:administrer`. Publie
    `orientation.indicateur.enregistre`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_indicateur(demande)
        if demande.organisme_referent_id:
            await read_clients(tx, demande.organisme_referent_id)
        row = await queries.store_indicateur(
            tx, {"id": new_id(), **demande.model_dump()}, await service.aujourdhui(tx)
        )
        nom = "orientation.indicateur.enregistre"
        await publier(tx, Fait(nom, "indicateurs", row.id, 1, Operation.CREATION))
        return Effet(_render(row), location=f"/v1/indicateurs/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/indicateurs",
    response_model=PageIndicateurs,
    summary="Lister les chiffres annoncés et leur constat",
    dependencies=[portee("orientation:lire")],
)
async def lister_indicateurs(
    page: Annotated[PageDemandee, page_de(PageIndicateurs)],
    service: ServiceDep,
    tx: TransactionDep,
) -> Response:
    """Rend les chiffres annoncés et ce que le service compte à l'instant, les derniers d'abord.

    Les personnes suivies sont celles au RSA qui ont une place ; de 1 à 4, leur nombre est masqué.
    Portée `orientation:lire`.
    """
    rows = await queries.list_indicateurs(tx, page, await service.aujourdhui(tx))
    return rendre_page(page, rows, _render)


@router.get(
    "/indicateurs/{indicateur_id}",
    response_model=Indicateur,
    summary="Lire un chiffre annoncé et son constat",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_indicateur(
    indicateur_id: UUID, service: ServiceDep, tx: TransactionDep
) -> Response:
    """Rend un chiffre annoncé, et ce que le service compte à l'instant : jamais 304.

    Portée `orientation:lire`.
    """
    row = await queries.read_indicateur(tx, indicateur_id, await service.aujourdhui(tx))
    return rendre(Effet(_render(row), version=1, status=200))


def _render(row: Row[Any]) -> Indicateur:
    nombre, etat = rules.constat(
        row.mesure and MesureIndicateur(row.mesure),
        row.nombre,
        communes_inconnues=row.communes_inconnues,
    )
    return Indicateur.model_validate({**row._mapping, "constat": nombre, "etat_constat": etat})
