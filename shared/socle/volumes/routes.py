"""What each client has read of persons, day by day, and the lifting of a block."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Row
from starlette.responses import Response

from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.volumes import EtatVolume, PageVolumesLus, VolumeLu
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.idempotence import once
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.volumes import queries, rules
from shared.socle.volumes.garde import changer

_ETATS = Query(max_length=4, description="États voulus ; absent : tous", examples=[["bloque"]])


def routes(nom: str) -> APIRouter:
    """The volumes of one service."""
    router = routeur("volumes-lus")
    administrer = portee(f"{nom}:administrer")

    @router.get(
        "/volumes-lus",
        response_model=PageVolumesLus,
        summary="Lister ce que chaque client a lu, jour par jour",
        dependencies=[administrer],
    )
    async def lister_volumes_lus(
        page: Annotated[PageDemandee, page_de(PageVolumesLus, "-cree_le", "cree_le")],
        tx: TransactionDep,
        etat: Annotated[list[EtatVolume] | None, _ETATS] = None,
    ) -> Response:
        """Rend, par client et par jour, combien de personnes distinctes ses lectures ont montrées.

        Jamais lesquelles : elles s'oublient le lendemain. Portée `administrer`.
        """
        return rendre_page(page, await queries.list_volumes(tx, etat or (), page), _render)

    @router.get(
        "/volumes-lus/{volume_lu_id}",
        response_model=VolumeLu,
        summary="Lire le volume d'un client et d'un jour",
        dependencies=[administrer],
        responses=refusals(Introuvable),
    )
    async def obtenir_volume_lu(volume_lu_id: UUID, tx: TransactionDep) -> Response:
        """Rend un volume. `nombre` bouge sans `version` : jamais 304. Portée `administrer`."""
        row = await queries.read_volume(tx, volume_lu_id)
        return rendre(Effet(_render(row), version=row.version, status=200))

    @router.post(
        "/volumes-lus/{volume_lu_id}/levees",
        status_code=201,
        response_model=VolumeLu,
        summary="Lever le blocage d'un client, jusqu'à la fin du jour",
        dependencies=[administrer],
        responses=refusals(
            Introuvable, VersionDepassee, TransitionInterdite, rules.LeveeParLeBloque
        ),
    )
    async def creer_levee_volume(
        volume_lu_id: UUID,
        commande: CommandeDep,
        version: SiVersion,
        tx: TransactionDep,
        service: ServiceDep,
    ) -> Response:
        """Laisse le client lire de nouveau, une fois la raison de son volume connue.

        D'un volume `bloque` seulement, et par un autre client que lui. Le lendemain se compte de
        nouveau. Portée `administrer`. Publie `volume.leve`.
        """

        async def lever() -> Effet:
            row = await queries.read_volume(tx, volume_lu_id, tenir=True)
            exige_version(row.version, version)
            par = tx.acces.auteur
            rules.verifier_levee(EtatVolume(row.etat), lecteur=row.client_id, par=par)
            valeurs = {
                "etat": EtatVolume.LEVE.value,
                "leve_par": par,
                "leve_le": service.horloge(),
            }
            row = await changer(service, tx, row, valeurs)
            return Effet(_render(row), location=f"/v1/volumes-lus/{row.id}", version=row.version)

        return await once(tx, commande, lever)

    return router


def _render(row: Row[Any]) -> VolumeLu:
    return VolumeLu.model_validate(row, from_attributes=True)
