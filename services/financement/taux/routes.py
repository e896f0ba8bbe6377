"""Dated rates, each with its source: of funders, of flat rates, of contrats aidés."""

from datetime import date
from fractions import Fraction
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from services.financement.taux import queries, rules
from shared.refus import Introuvable
from shared.schemas.commun import DateCivile, Operation
from shared.schemas.financement.bilans import (
    NatureTaux,
    OrigineTaux,
    PageTauxDates,
    TauxDate,
    TauxDateCreation,
)
from shared.socle.contrat import CommandeDep, portee, routeur
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep

router = routeur("taux")

_TauxId = Annotated[
    UUID, Path(description="Un taux daté", examples=["019b789f-d7a0-7f50-8c3e-b1d64a72e905"])
]


def render(row: Row[Any], au: date | None = None) -> TauxDate:
    """Make the contract of a rate, with what it comes to on a day when asked."""
    nature = NatureTaux(row.nature)
    taux = Fraction(row.numerateur, row.denominateur)
    return TauxDate.model_validate(
        {
            "origine": OrigineTaux.COLLECTIVITE,
            **row._mapping,
            "part_mensuelle_centimes": rules.part_mensuelle(nature, taux, au),
        }
    )


@router.post(
    "/taux",
    status_code=201,
    response_model=TauxDate,
    summary="Enregistrer un taux daté et sa source",
    dependencies=[portee("financement:administrer")],
    responses=refusals(queries.TauxExistant),
)
async def creer_taux(
    demande: TauxDateCreation, commande: CommandeDep, tx: TransactionDep, service: ServiceDep
) -> Response:
    """Enregistre la valeur d'un taux à compter d'un jour ; la précédente vaut jusqu'à la veille.

    Un taux qui n'a pas été lu dans sa source est marqué à confirmer, partout où il sert. Portée
    `financement:administrer`. Publie `financement.taux.enregistre`.
    """

    async def enregistrer() -> Effet:
        rules.verifier_taux(demande)
        values = {**demande.model_dump(), "id": new_id(), "cree_le": service.horloge()}
        row = await queries.store_taux(tx, values)
        await publier(
            tx, Fait("financement.taux.enregistre", "taux", row.id, 1, Operation.CREATION)
        )
        return Effet(render(row), location=f"/v1/taux/{row.id}", version=1)

    return await once(tx, commande, enregistrer)


@router.get(
    "/taux",
    response_model=PageTauxDates,
    summary="Lister les taux datés",
    dependencies=[portee("financement:lire")],
)
async def lister_taux(
    page: Annotated[PageDemandee, page_de(PageTauxDates)],
    tx: TransactionDep,
    nature: Annotated[
        list[NatureTaux],
        Query(
            default_factory=list,
            max_length=10,
            description="De ces natures",
            examples=[["intervention"]],
        ),
    ],
    au: Annotated[
        DateCivile | None,
        Query(
            description="Ceux qui valent ce jour, un par code ; absent : tous",
            examples=["2026-03-02"],
        ),
    ] = None,
) -> Response:
    """Rend les taux de la collectivité et, à côté, ceux que des textes donnent à toutes.

    Les plus récents d'abord. Un jour donné, le sien l'emporte sur un taux national de même code, et
    la part mensuelle d'un contrat aidé est chiffrée. Portée `financement:lire`.
    """
    rows = await queries.list_taux(tx, page, nature, au)
    return rendre_page(page, rows, lambda row: render(row, au))


@router.get(
    "/taux/{taux_id}",
    response_model=TauxDate,
    summary="Lire un taux daté",
    dependencies=[portee("financement:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_taux(taux_id: _TauxId, request: Request, tx: TransactionDep) -> Response:
    """Rend un taux, enregistré ici ou national : il ne change jamais. Portée `financement:lire`."""
    if (national := rules.national(taux_id)) is not None:
        origine = {"origine": OrigineTaux.NATIONAL, "part_mensuelle_centimes": None}
        taux = TauxDate.model_validate({**vars(national), **origine})
        return rendre_lecture(request, taux, 1)
    return rendre_lecture(request, render(await queries.read_taux(tx, taux_id)), 1)
