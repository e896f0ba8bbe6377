"""Imports of lines: deposited, followed, read back line by line, cancelled."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from shared.refus import Introuvable, Refus, TransitionInterdite, VersionDepassee
from shared.schemas.commun import LimitesImport, Page
from shared.schemas.imports import ImportLignes, StatutImport
from shared.socle.auth import Acces
from shared.socle.contrat import (
    CommandeDep,
    CorpsTropGrand,
    SiVersion,
    TypeNonAdmis,
    portee,
    routeur,
    sans_delai,
)
from shared.socle.db import ATTENTE_TRAVAIL, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import publier
from shared.socle.idempotence import Commande, once
from shared.socle.ids import new_id
from shared.socle.imports import queries
from shared.socle.imports.decompression import RATIO_MAX, ArchiveAbusive, GzipIllisible
from shared.socle.imports.depot import CONTENT_ENCODING, DEPOT_S, deposer
from shared.socle.imports.lignes import LIGNE_MAX, LIGNES_MAX, TAILLE_MAX, TypeLigne
from shared.socle.imports.travail import CONTEXTE, fait
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre
from shared.socle.retention import IMPORTS_JOURS
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

NDJSON = "application/x-ndjson"
LIMITES = LimitesImport(
    octets_max=TAILLE_MAX,
    ratio_max=RATIO_MAX,
    depot_max_s=DEPOT_S,
    resultats_jours=IMPORTS_JOURS,
)
CORPS_NDJSON: dict[str, Any] = {
    "schema": {"type": "string", "format": "binary"},
    "example": '{"ligne_cle":"1","reference_externe":"si35:000417"}\n',
}
REFUS_DEPOT = (GzipIllisible, CorpsTropGrand, ArchiveAbusive, TypeNonAdmis)
REGLES = (
    f"Au plus {LIGNES_MAX} lignes de {LIGNE_MAX // 1024} Kio, et {TAILLE_MAX // 2**20} Mio."
    " Chaque ligne est le corps de la création d'une ressource, avec `ligne_cle`, unique dans le"
    " fichier, `reference_externe`, unique par client et type, et l'identifiant que son chemin"
    " nomme. Elle est appliquée entière ou refusée, seule, avec les droits du jeton qui dépose. Une"
    " ligne déjà appliquée est `identique`, quel que soit le fichier. Avec `essai=true`, tout est"
    " vérifié, ligne par ligne, et rien n'est écrit. L'import n'est visible que de qui l'a déposé."
)


class FichierExpire(Refus):
    """What became of the lines was kept for its time; the import and its counters remain."""

    code = "fichier-expire"


def routes(
    nom: str,
    *,
    types: Mapping[str, TypeLigne],
    choix: type[StrEnum],
    ressource: type[ImportLignes],
    liste: type[Page[Any]],
) -> APIRouter:
    """The imports of one service.

    Args:
        nom: the service.
        types: what it takes, by name.
        choix: their names.
        ressource: an import, as the service answers it.
        liste: a page of them.
    """
    router = routeur("imports")

    def rendu(row: Row[Any]) -> ImportLignes:
        return ressource.model_validate(
            {**row._mapping, "sha256": bytes(row.empreinte).hex(), "lignes": row.compteurs}
        )

    @router.post(
        "/imports",
        status_code=202,
        response_model=ressource,
        summary="Importer un fichier de lignes",
        description="Reçoit un fichier NDJSON ; un travail l'applique, ligne par ligne."
        f" {REGLES}\n\n"
        f"Portée `{nom}:importer`, et celle de la création d'une ligne. Compte au quota `job`."
        f" Publie `{nom}.import.recu`, puis `{nom}.import.terminee`, seul événement livré de ce que"
        " le fichier change ; le flux de changements dit tout.",
        dependencies=[portee(f"{nom}:importer"), quota("job")],
        responses=refusals(*REFUS_DEPOT),
        openapi_extra={
            "parameters": [CONTENT_ENCODING],
            "requestBody": {
                "required": True,
                "description": "Un objet JSON par ligne, en UTF-8",
                "content": {NDJSON: CORPS_NDJSON},
            },
        },
    )
    @sans_delai
    async def importer_lignes(
        request: Request,
        commande: CommandeDep,
        service: ServiceDep,
        type_: Annotated[
            choix,  # type: ignore[valid-type]
            Query(
                alias="type",
                description="Ce que sont les lignes",
                examples=[next(iter(choix)).value],
            ),
        ],
    ) -> Response:
        exige_media(request, NDJSON)
        return await deposer_lignes(request, commande, service, str(type_), types, rendu)

    @router.get(
        "/imports",
        response_model=liste,
        summary="Lister ses imports",
        description="Rend les imports que le client a déposés, les plus récents d'abord."
        f" Portée `{nom}:lire`.",
        dependencies=[portee(f"{nom}:lire")],
    )
    async def lister_imports(
        page: Annotated[PageDemandee, page_de(liste)], tx: TransactionDep
    ) -> Response:
        rows = await queries.list_imports(tx, page)
        return rendre_page(page, rows, rendu)

    @router.get(
        "/imports/{import_id}",
        response_model=ressource,
        summary="Suivre un import",
        description="Rend l'état d'un import et ce que ses lignes sont devenues jusqu'ici."
        " Ses compteurs avancent sans que `version` change, donc la réponse n'est jamais 304."
        f" Portée `{nom}:lire`.",
        dependencies=[portee(f"{nom}:lire")],
        responses=refusals(Introuvable),
    )
    async def obtenir_import(import_id: UUID, tx: TransactionDep) -> Response:
        row = await queries.read_import(tx, import_id)
        return rendre(Effet(rendu(row), version=row.version, status=200))

    @router.get(
        "/imports/{import_id}/resultats",
        summary="Lire le sort de chaque ligne",
        description=f"{SORT} Portée `{nom}:lire`.",
        dependencies=[portee(f"{nom}:lire")],
        response_class=Response,
        responses={
            200: {"description": FORME, "content": {NDJSON: EXEMPLE_RESULTATS}},
            **refusals(Introuvable, FichierExpire),
        },
    )
    @sans_delai
    async def suivre_resultats_import(
        import_id: UUID, request: Request, service: ServiceDep
    ) -> Response:
        return await suivre_resultats(request.state.acces, service, import_id)

    @router.delete(
        "/imports/{import_id}",
        status_code=204,
        summary="Annuler un import",
        description=f"{ANNULATION} Portée `{nom}:importer`. Publie `{nom}.import.annulee`.",
        dependencies=[portee(f"{nom}:importer")],
        responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
    )
    async def supprimer_import(
        import_id: UUID, version: SiVersion, request: Request, service: ServiceDep
    ) -> Response:
        await annuler(request.state.acces, service, import_id, version)
        return Response(status_code=204)

    return router


SORT = (
    "Rend ce que chaque ligne traitée est devenue, une ligne JSON par ligne, dans l'ordre du"
    " fichier, jamais une de ses valeurs. Conservé 30 jours après la fin de l'import, qui garde ses"
    " compteurs."
)
FORME = (
    "Un objet JSON par ligne du fichier, dans son ordre : `ligne`, son rang, `ligne_cle`,"
    " `statut` (creee, modifiee, identique, refusee), `id` de la ressource, `probleme` (code,"
    " titre, erreurs)"
)
EXEMPLE_RESULTATS: dict[str, Any] = {
    "schema": {"type": "string", "format": "binary"},
    "example": '{"ligne":1,"ligne_cle":"1","statut":"creee",'
    '"id":"019cad9d-67a0-726b-b2a7-4de452e6b438","probleme":null}\n'
    '{"ligne":2,"ligne_cle":"2","statut":"refusee","id":null,"probleme":{"code":"validation",'
    '"titre":"Donnees invalides","erreurs":[{"pointeur":"/personne_id","code":"uuid-attendu",'
    '"message":"UUID attendu"}]}}\n',
}
ANNULATION = (
    "Arrête un import qui n'est pas fini, entre deux lignes : celles qui sont faites le restent, et"
    " leurs résultats aussi."
)


def exige_media(request: Request, *medias: str) -> None:
    """Refuse any other media type."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in medias:
        raise TypeNonAdmis(types_admis=sorted(medias))


async def deposer_lignes(
    request: Request,
    commande: Commande,
    service: Service,
    nom: str,
    types: Mapping[str, TypeLigne],
    rendu: Callable[[Row[Any]], BaseModel],
) -> Response:
    """Keep a file of lines and enqueue its job: once, under the command's key."""
    acces: Acces = request.state.acces
    acces.exige(*types[nom].portees)
    recu_le = service.horloge()
    async with deposer(
        request, service.coffre, contexte=CONTEXTE, maximum=TAILLE_MAX, lignes_max=LIGNES_MAX
    ) as depot:

        async def garder() -> Effet:
            row = await queries.store_import(
                tx,
                {
                    "id": new_id(),
                    "type": nom,
                    "statut": StatutImport.EN_ATTENTE.value,
                    "essai": commande.essai,
                    "empreinte": depot.empreinte,
                    "taille_octets": depot.taille,
                    "recu_le": recu_le,
                    "client_id": acces.auteur,
                    "portees": sorted(acces.portees),
                },
                depot.morceaux(),
            )
            # One file of a collectivité at a time: the order is theirs.
            await differer(
                tx,
                service.nom,
                "importer_lignes",
                verrou=acces.collectivite,
                import_id=str(row.id),
            )
            await publier(tx, fait(service.nom, StatutImport.EN_ATTENTE, row.id, 1))
            return Effet(
                rendu(row),
                location=f"/v1/imports/{row.id}",
                version=1,
                status=202,
                headers={"Retry-After": "5"},
            )

        # A trial is a job too: what it finds is read from its results. Its lines leave nothing.
        deposee = replace(depot.commande(commande), essai=False)
        async with service.base.transaction(acces) as tx:
            return await once(tx, deposee, garder)


async def suivre_resultats(acces: Acces, service: Service, import_id: UUID) -> Response:
    """Stream what lines became.

    Raises:
        Introuvable: the caller deposited no such import.
        FichierExpire: it was kept for its time.
    """
    async with service.base.transaction(acces) as tx:
        row = await queries.read_import(tx, import_id)
    verifier_conservation(row.termine_le, service.horloge())

    async def lignes() -> AsyncIterator[bytes]:
        # A transaction a page: one held while a slow reader reads would delay every feed.
        apres = 0
        while apres < row.lignes_traitees:
            async with service.base.transaction(acces) as tx:
                rows = await queries.read_resultats(tx, import_id, apres)
            if not rows:
                # Forgotten while they were read: an answer cut short must not pass for a whole one.
                raise FichierExpire
            yield b"".join(_resultat(one) for one in rows)
            apres = rows[-1].ligne

    return StreamingResponse(
        lignes(), media_type=NDJSON, headers={"Cache-Control": "private, no-store"}
    )


def verifier_conservation(termine_le: datetime | None, instant: datetime) -> None:
    """Refuse results past their time, whether they were removed or not."""
    if termine_le is not None and termine_le < instant - timedelta(days=IMPORTS_JOURS):
        raise FichierExpire


async def annuler(acces: Acces, service: Service, import_id: UUID, version: int) -> None:
    """Cancel an import, between two lines.

    Raises:
        Introuvable: the caller deposited no such import.
        VersionDepassee: its state changed since the caller read it.
        TransitionInterdite: it is over.
    """
    # The lines under way are waited for: they hold the import until they commit.
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        row = await queries.read_import(tx, import_id, tenir=True)
        exige_version(row.version, version)
        if row.statut not in queries.OUVERTS:
            raise TransitionInterdite(row.statut, [])
        version = await queries.finish_import(
            tx, import_id, StatutImport.ANNULEE, termine_le=service.horloge()
        )
        await publier(tx, fait(service.nom, StatutImport.ANNULEE, import_id, version))


def _resultat(row: Row[Any]) -> bytes:
    sort = {
        "ligne": row.ligne,
        "ligne_cle": row.ligne_cle,
        "statut": row.statut,
        "id": row.ressource_id,
        "probleme": row.probleme,
    }
    return to_json(sort) + b"\n"
