"""Imports: a file comes in whole, a job reads it, and each foyer's fate can be read back."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from services.orientation.imports import queries
from services.orientation.imports.travail import CONTEXTE
from shared.refus import Erreur, Introuvable, Refus, Validation
from shared.schemas.commun import Operation
from shared.schemas.orientation import (
    CompteursImport,
    Import,
    PageImports,
    ProblemeImport,
    ResultatImport,
    StatutImport,
    TypeImport,
)
from shared.socle.auth import Acces
from shared.socle.coffre import Coffre
from shared.socle.contrat import (
    CommandeDep,
    CorpsTropGrand,
    TypeNonAdmis,
    portee,
    routeur,
    sans_delai,
)
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDep, rendre_page
from shared.socle.problems import DelaiDepasse
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

MORCEAU = 1024 * 1024
TAILLE_MAX = 512 * 1024 * 1024
DEPOT_S = 900

router = routeur("imports")


class CorpsVide(Refus):
    code, title = "entete-invalide", "Corps vide"


@router.post(
    "/imports",
    status_code=202,
    response_model=Import,
    summary="Importer un flux CAF/MSA",
    dependencies=[portee("orientation:importer")],
    responses=refusals(CorpsTropGrand, TypeNonAdmis),
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "Flux VRSB0801 ou VRSD0301, tel que reçu, jamais modifié",
            "content": {
                "application/xml": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "<Racine>…</Racine>",
                }
            },
        }
    },
)
@sans_delai
async def importer_flux(
    request: Request,
    commande: CommandeDep,
    service: ServiceDep,
    type: Annotated[  # noqa: A002  # the contract's name
        TypeImport, Query(description="Ce que contient le fichier", examples=["flux_beneficiaires"])
    ],
) -> Response:
    """Reçoit un flux des bénéficiaires ; un travail le lit, foyer par foyer.

    Chaque foyer est écrit entier ou pas du tout ; un foyer refusé l'est avec sa ligne et son
    motif, et n'arrête pas les autres. Les six semaines courent de cette réception. Le même
    fichier, reçu deux fois, ne change rien. Portée `orientation:importer`.
    """
    acces: Acces = request.state.acces
    _exige_xml(request)
    if commande.essai:
        message = "Un import ne s'essaie pas encore"
        raise Validation([Erreur("?essai", "hors-bornes", message)])
    recu_le = service.horloge()
    with tempfile.TemporaryFile() as spool:
        try:
            async with asyncio.timeout(DEPOT_S):
                digest, size, lengths = await _receive(request, spool, service.coffre)
        except TimeoutError:
            raise DelaiDepasse from None
        spool.seek(0)

        async def deposer() -> Effet:
            row = await queries.store_import(
                tx,
                {
                    "id": new_id(),
                    "type": type.value,
                    "statut": StatutImport.EN_ATTENTE.value,
                    "empreinte": digest,
                    "taille_octets": size,
                    "recu_le": recu_le,
                    "compteurs": dict.fromkeys(CompteursImport.model_fields, 0),
                    "client_id": acces.client_id,
                },
                (spool.read(length) for length in lengths),
            )
            # Two files of one collectivité are read one after the other: the order is theirs.
            await differer(
                tx, "orientation", "importer_flux", verrou=acces.collectivite, import_id=str(row.id)
            )
            await publier(
                tx, Fait("orientation.import.recu", "imports", row.id, 1, Operation.CREATION)
            )
            return Effet(
                _import(row),
                location=f"/v1/imports/{row.id}",
                version=1,
                status=202,
                headers={"Retry-After": "5"},
            )

        same = hashlib.sha256(commande.empreinte + digest).digest()
        async with service.base.transaction(acces) as tx:
            return await once(tx, replace(commande, empreinte=same), deposer)


@router.get(
    "/imports",
    response_model=PageImports,
    summary="Lister les imports",
    dependencies=[portee("orientation:lire")],
)
async def lister_imports(page: PageDep, tx: TransactionDep) -> Response:
    """Rend les imports, les plus récents d'abord. Portée `orientation:lire`."""
    rows = await queries.list_imports(tx, page)
    return rendre_page(page, PageImports, rows, _import)


@router.get(
    "/imports/{import_id}",
    response_model=Import,
    summary="Suivre un import",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_import(import_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend l'état d'un import et ce qu'il a fait jusqu'ici. Portée `orientation:lire`."""
    row = await queries.read_import(tx, import_id)
    return rendre_lecture(request, _import(row), row.version)


@router.get(
    "/imports/{import_id}/resultats",
    summary="Lire le sort de chaque foyer",
    dependencies=[portee("orientation:lire")],
    response_class=Response,
    responses={
        200: {
            "description": "Un objet JSON par ligne, un par foyer, dans l'ordre du fichier :"
            " `ligne` et `rang` où le foyer se trouve, `statut` (creee, modifiee, identique,"
            " refusee), `id` du dossier, `probleme` (code, ligne, champ), `avertissements`",
            "content": {
                "application/x-ndjson": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": '{"ligne":12,"rang":1,"statut":"creee",'
                    '"id":"019cad95-0a20-7297-8d61-e00a0d5efb5a","probleme":null,'
                    '"avertissements":[]}\n'
                    '{"ligne":96,"rang":2,"statut":"refusee","id":null,'
                    '"probleme":{"code":"date_illisible","ligne":118,"champ":"DTNAI"},'
                    '"avertissements":[]}\n',
                }
            },
        },
        **refusals(Introuvable),
    },
)
@sans_delai
async def suivre_resultats_import(
    import_id: UUID, request: Request, service: ServiceDep
) -> Response:
    """Rend le sort de chaque foyer lu, une ligne JSON par foyer, dans l'ordre du fichier.

    Un foyer refusé porte sa ligne, son motif et l'élément en cause, jamais sa valeur. Portée
    `orientation:lire`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        await queries.read_import(tx, import_id)

    async def lignes() -> AsyncIterator[bytes]:
        # A transaction a page: one held while a slow reader reads would delay every feed.
        apres = 0
        while True:
            async with service.base.transaction(acces) as tx:
                rows = await queries.read_resultats(tx, import_id, apres)
            if not rows:
                return
            for row in rows:
                yield _resultat(row).model_dump_json().encode() + b"\n"
            apres = rows[-1].numero

    return StreamingResponse(
        lignes(),
        media_type="application/x-ndjson",
        headers={"Cache-Control": "private, no-store"},
    )


def _exige_xml(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    plain = request.headers.get("content-encoding", "identity") == "identity"
    if media not in ("application/xml", "text/xml") or not plain:
        raise TypeNonAdmis(types_admis=["application/xml"])


async def _receive(
    request: Request, spool: IO[bytes], coffre: Coffre
) -> tuple[bytes, int, list[int]]:
    """Read the body to disk, sealed piece by piece; return its digest, size and pieces."""
    digest = hashlib.sha256()
    size = 0
    lengths: list[int] = []
    piece = bytearray()

    def seal() -> None:
        sealed = coffre.sceller(bytes(piece), CONTEXTE)
        spool.write(sealed)
        lengths.append(len(sealed))
        piece.clear()

    async for chunk in request.stream():
        size += len(chunk)
        if size > TAILLE_MAX:
            raise CorpsTropGrand(corps_max_octets=TAILLE_MAX)
        digest.update(chunk)
        piece += chunk
        if len(piece) >= MORCEAU:
            seal()
    if not size:
        raise CorpsVide
    if piece:
        seal()
    return digest.digest(), size, lengths


def _import(row: Row[Any]) -> Import:
    return Import.model_validate({**row._mapping, "sha256": bytes(row.empreinte).hex()})


def _resultat(row: Row[Any]) -> ResultatImport:
    probleme = (
        ProblemeImport(code=row.motif, ligne=row.ligne, champ=row.champ) if row.motif else None
    )
    return ResultatImport(
        ligne=row.ligne,
        rang=row.numero,
        statut=row.statut,
        id=row.dossier_id,
        probleme=probleme,
        avertissements=row.avertissements,
    )
