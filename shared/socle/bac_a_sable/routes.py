"""The two resources that the sandbox alone serves; elsewhere they are in no collectivité."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Row
from starlette.responses import Response

from shared.refus import Erreur, Introuvable, Validation, VersionDepassee
from shared.schemas.bac_a_sable import (
    HorlogeDeTest,
    HorlogeDeTestCreation,
    PageHorlogesDeTest,
    PagePannesDeTest,
    PanneDeTest,
    PanneDeTestCreation,
)
from shared.socle.bac_a_sable import queries, rules
from shared.socle.bac_a_sable.passage import TAG, BacASable
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import TransactionDep


async def get_bac(request: Request) -> BacASable:
    """The sandbox, where this is one.

    Raises:
        Introuvable: this is no sandbox.
    """
    service: Service = request.app.state.service
    if service.bac is None:
        raise Introuvable
    return service.bac


BacDep = Annotated[BacASable, Depends(get_bac)]


def _horloge(row: Row[Any]) -> HorlogeDeTest:
    return HorlogeDeTest.model_validate(dict(row._mapping))


def _panne(row: Row[Any]) -> PanneDeTest:
    return PanneDeTest.model_validate(dict(row._mapping))


def routes(nom: str) -> APIRouter:
    """The clock and the faults of the sandbox, in one service."""
    router = routeur(TAG)
    administrer = portee(f"{nom}:administrer")
    introuvable = refusals(Introuvable)

    @router.post(
        "/horloges-de-test",
        status_code=201,
        response_model=HorlogeDeTest,
        summary="Avancer l'horloge du bac à sable",
        dependencies=[administrer],
        responses=introuvable,
    )
    async def creer_horloge_de_test(
        demande: HorlogeDeTestCreation, commande: CommandeDep, bac: BacDep, tx: TransactionDep
    ) -> Response:
        """Avance l'horloge de la collectivité dans ce service, à un instant ou d'une durée.

        Elle ne recule pas, et dix ans au plus la séparent de l'heure réelle. Requêtes, travaux et
        relevés périodiques la suivent en deux secondes au plus ; les jetons et leur durée restent
        à l'heure réelle. Chaque service a la sienne : avancez les trois. Elle est commune à tous
        les clients du bac à sable. Introuvable en production. Portée `administrer`.
        """

        async def avancer() -> Effet:
            decalage_s = await queries.lock_horloge(tx)
            reel = bac.reelle()
            voulu_s = rules.decalage_apres(
                decalage_s, reel, instant=demande.instant, avance_s=demande.avance_s
            )
            row = await queries.store_horloge(
                tx,
                {
                    "id": new_id(),
                    "client_id": tx.acces.auteur,
                    "instant": reel + timedelta(seconds=voulu_s),
                    "decalage_s": voulu_s,
                },
            )
            return Effet(_horloge(row), location=f"/v1/horloges-de-test/{row.id}")

        return await once(tx, commande, avancer)

    @router.get(
        "/horloges-de-test",
        response_model=PageHorlogesDeTest,
        summary="Lister les déplacements de l'horloge",
        dependencies=[administrer],
        responses=introuvable,
    )
    async def lister_horloges_de_test(
        page: Annotated[PageDemandee, page_de(PageHorlogesDeTest, "-cree_le", "cree_le")],
        bac: BacDep,
        tx: TransactionDep,
    ) -> Response:
        """Rend les déplacements, le dernier d'abord : c'est lui qui dit le décalage courant.

        Sans aucun, l'horloge est à l'heure réelle. Introuvable en production. Portée
        `administrer`.
        """
        return rendre_page(page, await queries.list_horloges(tx, page), _horloge)

    @router.get(
        "/horloges-de-test/{horloge_de_test_id}",
        response_model=HorlogeDeTest,
        summary="Lire un déplacement de l'horloge",
        dependencies=[administrer],
        responses=introuvable,
    )
    async def obtenir_horloge_de_test(
        horloge_de_test_id: UUID, bac: BacDep, tx: TransactionDep
    ) -> Response:
        """Rend un déplacement de l'horloge. Introuvable en production. Portée `administrer`."""
        row = await queries.read_horloge(tx, horloge_de_test_id)
        return rendre(Effet(_horloge(row), status=200))

    @router.post(
        "/pannes-de-test",
        status_code=201,
        response_model=PanneDeTest,
        summary="Provoquer une panne",
        dependencies=[administrer],
        responses=introuvable,
    )
    async def creer_panne_de_test(
        demande: PanneDeTestCreation,
        commande: CommandeDep,
        bac: BacDep,
        request: Request,
        tx: TransactionDep,
    ) -> Response:
        """Fait répondre un problème aux prochains appels de ce client à ce service.

        Chacun attend `latence_ms`, puis répond sans rien lire ni écrire ; le suivant du dernier
        est ordinaire. Les pannes se servent dans l'ordre où elles sont demandées. Un appel qu'un
        autre service fait pour ce client compte aussi ; ceux de `/v1/horloges-de-test` et de
        `/v1/pannes-de-test` ne comptent pas. Introuvable en production. Portée `administrer`.
        """

        async def provoquer() -> Effet:
            connues = request.app.state.operations
            if demande.operation is not None and demande.operation not in connues:
                message = "Operation inconnue de ce service"
                raise Validation([Erreur("/operation", "code-referentiel-inconnu", message)])
            row = await queries.store_panne(
                tx,
                {
                    "id": new_id(),
                    "client_id": tx.acces.auteur,
                    **demande.model_dump(),
                    "restants": demande.appels,
                },
            )
            location = f"/v1/pannes-de-test/{row.id}"
            return Effet(_panne(row), location=location, version=row.version)

        return await once(tx, commande, provoquer)

    @router.get(
        "/pannes-de-test",
        response_model=PagePannesDeTest,
        summary="Lister les pannes de ce client",
        dependencies=[administrer],
        responses=introuvable,
    )
    async def lister_pannes_de_test(
        page: Annotated[PageDemandee, page_de(PagePannesDeTest, "-cree_le", "cree_le")],
        bac: BacDep,
        tx: TransactionDep,
    ) -> Response:
        """Rend les pannes que ce client a demandées, finies ou non. Introuvable en production.

        Portée `administrer`.
        """
        return rendre_page(page, await queries.list_pannes(tx, page), _panne)

    @router.get(
        "/pannes-de-test/{panne_de_test_id}",
        response_model=PanneDeTest,
        summary="Lire une panne",
        dependencies=[administrer],
        responses=introuvable,
    )
    async def obtenir_panne_de_test(
        panne_de_test_id: UUID, bac: BacDep, tx: TransactionDep
    ) -> Response:
        """Rend une panne de ce client. Introuvable en production. Portée `administrer`.

        `restants` bouge sans que `version` change, donc la réponse n'est jamais 304.
        """
        row = await queries.read_panne(tx, panne_de_test_id)
        return rendre(Effet(_panne(row), version=row.version, status=200))

    @router.delete(
        "/pannes-de-test/{panne_de_test_id}",
        status_code=204,
        summary="Retirer une panne",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee),
    )
    async def supprimer_panne_de_test(
        panne_de_test_id: UUID, version: SiVersion, bac: BacDep, tx: TransactionDep
    ) -> Response:
        """Retire une panne : ce qu'il en restait n'a plus lieu. Introuvable en production.

        Portée `administrer`.
        """
        await queries.remove_panne(tx, panne_de_test_id, version)
        return Response(status_code=204)

    return router
