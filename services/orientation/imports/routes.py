"""Imports: a file comes in whole, a job reads it, and each foyer's fate can be read back."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from services.orientation.imports import queries, rules
from services.orientation.imports.decompression import (
    RATIO_MAX,
    ArchiveAbusive,
    GzipIllisible,
    decompresser,
)
from services.orientation.imports.travail import CONTEXTE
from shared.refus import Erreur, Introuvable, Refus, Validation
from shared.schemas.commun import LimitesImport, Operation
from shared.schemas.orientation.imports import (
    CompteursImport,
    ImportFichier,
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
    recevoir,
    routeur,
    sans_delai,
)
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.problems import DelaiDepasse
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

MORCEAU = 1024 * 1024
TAILLE_MAX = 512 * 1024 * 1024
DEPOT_S = 900

LIMITES = LimitesImport(
    octets_max=TAILLE_MAX,
    ratio_max=RATIO_MAX,
    depot_max_s=DEPOT_S,
    resultats_jours=rules.RESULTATS_JOURS,
)

router = routeur("imports")


class CorpsVide(Refus):
    code = "entete-invalide"
    detail = "Corps vide."


class EncodageNonAdmis(TypeNonAdmis):
    """Its header tells which encodings are taken (RFC 9110, 15.5.16)."""

    def __init__(self) -> None:
        super().__init__(encodages_admis=["gzip"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "gzip"}


@router.post(
    "/imports",
    status_code=202,
    response_model=ImportFichier,
    summary="Importer un flux CAF/MSA",
    dependencies=[portee("orientation:importer")],
    responses=refusals(GzipIllisible, CorpsTropGrand, ArchiveAbusive, TypeNonAdmis),
    openapi_extra={
        "parameters": [
            {
                "name": "Content-Encoding",
                "in": "header",
                "required": False,
                "description": "`gzip` : le corps est décompressé à mesure qu'il arrive, dans la"
                f" même limite de taille, et jamais plus de {RATIO_MAX} fois ce qui est reçu",
                "schema": {
                    "type": "string",
                    "pattern": "^(gzip|identity)$",
                    "maxLength": 8,
                    "examples": ["gzip"],
                },
            }
        ],
        "requestBody": {
            "required": True,
            "description": "Flux VRSB0801 ou VRSD0301, tel que reçu, jamais modifié",
            "content": {
                "application/xml": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "<Racine>…</Racine>",
                }
            },
        },
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

    Ce qui change d'un flux à l'autre est dans `/v1/mouvements`. Un flux d'un jour antérieur à celui
    d'un flux de la même famille déjà lu finit `echouee`, avec `date_reference_anterieure`.

    Avec `Content-Encoding: gzip`, `sha256`, `taille_octets` et l'idempotence sont ceux du fichier
    décompressé : compressé ou non, c'est le même. Un contenu au-delà de la taille admise, ou du
    ratio une fois passé le premier Mio, est refusé (`archive-abusive`) ; un gzip tronqué ou altéré
    aussi (`entete-invalide`). Rien n'en est gardé ; les nombres sont dans `/v1/limites`.
    """
    acces: Acces = request.state.acces
    _exige_xml(request)
    contenu = _contenu(request)
    if commande.essai:
        message = "Un import ne s'essaie pas encore"
        raise Validation([Erreur("?essai", "hors-bornes", message)])
    recu_le = service.horloge()
    with tempfile.TemporaryFile() as spool:
        try:
            async with asyncio.timeout(DEPOT_S) as bound:
                digest, size, lengths = await _receive(contenu, spool, service.coffre)
        except TimeoutError:
            if not bound.expired():
                raise
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
async def lister_imports(
    page: Annotated[PageDemandee, page_de(PageImports)], tx: TransactionDep
) -> Response:
    """Rend les imports, les plus récents d'abord. Portée `orientation:lire`."""
    rows = await queries.list_imports(tx, page)
    return rendre_page(page, rows, _import)


@router.get(
    "/imports/{import_id}",
    response_model=ImportFichier,
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
        **refusals(Introuvable, rules.FichierExpire),
    },
)
@sans_delai
async def suivre_resultats_import(
    import_id: UUID, request: Request, service: ServiceDep
) -> Response:
    """Rend le sort de chaque foyer lu, une ligne JSON par foyer, dans l'ordre du fichier.

    Un foyer refusé porte sa ligne, son motif et l'élément en cause, jamais sa valeur. Conservé 30
    jours après la fin de l'import, qui garde ses compteurs. Portée `orientation:lire`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        row = await queries.read_import(tx, import_id)
    rules.verifier_conservation(row.termine_le, service.horloge())

    async def lignes() -> AsyncIterator[bytes]:
        # A transaction a page: one held while a slow reader reads would delay every feed.
        apres = 0
        while True:
            async with service.base.transaction(acces) as tx:
                rows = await queries.read_resultats(tx, import_id, apres)
            if not rows:
                break
            for one in rows:
                yield _resultat(one).model_dump_json().encode() + b"\n"
            apres = rows[-1].numero
        if apres < row.foyers_traites:
            # Forgotten while they were read: an answer cut short must not pass for a whole one.
            raise rules.FichierExpire

    return StreamingResponse(
        lignes(),
        media_type="application/x-ndjson",
        headers={"Cache-Control": "private, no-store"},
    )


def _exige_xml(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in ("application/xml", "text/xml"):
        raise TypeNonAdmis(types_admis=["application/xml"])


def _contenu(request: Request) -> AsyncIterable[bytes]:
    """The file that the body holds, whatever its encoding."""
    # A second line of the header is a second encoding.
    match ", ".join(request.headers.getlist("content-encoding")).strip().lower():
        case "" | "identity":
            return recevoir(request)
        case "gzip":
            return decompresser(recevoir(request), maximum=TAILLE_MAX)
    raise EncodageNonAdmis


async def _receive(
    contenu: AsyncIterable[bytes], spool: IO[bytes], coffre: Coffre
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

    async for chunk in contenu:
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


def _import(row: Row[Any]) -> ImportFichier:
    return ImportFichier.model_validate({**row._mapping, "sha256": bytes(row.empreinte).hex()})


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
