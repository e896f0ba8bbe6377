"""Imports: a file comes in whole, a job reads it, and each foyer's fate can be read back."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from services.orientation.imports import queries, rules
from services.orientation.imports.lignes import TYPES
from services.orientation.imports.travail import CONTEXTE
from shared.refus import (
    Erreur,
    Introuvable,
    TransitionInterdite,
    Validation,
    VersionDepassee,
)
from shared.schemas.commun import LimitesImport, Operation
from shared.schemas.imports import ProblemeImport, StatutImport
from shared.schemas.orientation.imports import (
    CompteursImport,
    ImportFichier,
    PageImports,
    ResultatImport,
    TypeImport,
)
from shared.socle.auth import Acces
from shared.socle.contrat import (
    CommandeDep,
    SiVersion,
    portee,
    routeur,
    sans_delai,
)
from shared.socle.db import exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import Fait, publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.imports import queries as lignes_queries
from shared.socle.imports import routes as lignes
from shared.socle.imports.decompression import RATIO_MAX
from shared.socle.imports.depot import CONTENT_ENCODING, DEPOT_S, deposer
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre, rendre_lecture
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

TAILLE_MAX = 512 * 1024 * 1024

LIMITES = LimitesImport(
    octets_max=TAILLE_MAX,
    ratio_max=RATIO_MAX,
    depot_max_s=DEPOT_S,
    resultats_jours=rules.RESULTATS_JOURS,
)

router = routeur("imports")


@router.post(
    "/imports",
    status_code=202,
    response_model=ImportFichier,
    summary="Importer un flux CAF/MSA, ou un fichier de lignes",
    dependencies=[portee("orientation:importer"), quota("job")],
    responses=refusals(*lignes.REFUS_DEPOT),
    openapi_extra={
        "parameters": [CONTENT_ENCODING],
        "requestBody": {
            "required": True,
            "description": "Flux VRSB0801 ou VRSD0301, tel que reçu, jamais modifié ; ou un objet"
            " JSON par ligne, en UTF-8",
            "content": {
                "application/xml": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "<Racine>…</Racine>",
                },
                lignes.NDJSON: lignes.CORPS_NDJSON,
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
    """Reçoit un flux CAF/MSA en XML, ou un fichier de lignes en NDJSON ; un travail le lit.

    `type` seul dit ce que le fichier contient. Chaque foyer d'un flux est écrit entier ou pas du
    tout ; un foyer refusé l'est avec sa ligne et son motif, et n'arrête pas les autres. Les six
    semaines courent de cette réception. Le même fichier, reçu deux fois, ne change rien. Portée
    `orientation:importer`.

    Ce qui change d'un flux à l'autre est dans `/v1/mouvements`. Un flux d'un jour antérieur à celui
    d'un flux de la même famille déjà lu finit `echouee`, avec `date_reference_anterieure`.

    Avec `Content-Encoding: gzip`, `sha256`, `taille_octets` et l'idempotence sont ceux du fichier
    décompressé : compressé ou non, c'est le même. Un contenu au-delà de la taille admise, ou du
    ratio une fois passé le premier Mio, est refusé (`archive-abusive`) ; un gzip tronqué ou altéré
    aussi (`entete-invalide`). Rien n'en est gardé ; les nombres sont dans `/v1/limites`.

    D'un fichier de lignes, chaque ligne est le corps de la création d'une ressource, avec
    `ligne_cle`, unique dans le fichier, `reference_externe`, unique par client et type, et
    l'identifiant que son chemin nomme. Elle est appliquée entière ou refusée, seule, avec les
    droits du jeton qui dépose : la portée de cette création est donc demandée aussi. Une ligne déjà
    appliquée est `identique`, quel que soit le fichier. `essai=true` vérifie tout, ligne par ligne,
    et n'écrit rien. Un tel import n'est visible que de qui l'a déposé.

    Compte au quota `job`. Publie `orientation.import.recu`, puis `orientation.import.terminee`.
    """
    # `type` alone tells what the file is: a generated client always sends one of the two media.
    lignes.exige_media(request, "application/xml", "text/xml", lignes.NDJSON)
    if type is not TypeImport.FLUX_BENEFICIAIRES:
        return await lignes.deposer_lignes(
            request, commande, service, type.value, TYPES, _import_de_lignes
        )
    acces: Acces = request.state.acces
    if commande.essai:
        message = "Un flux ne s'essaie pas encore"
        raise Validation([Erreur("?essai", "hors-bornes", message)])
    recu_le = service.horloge()
    async with deposer(request, service.coffre, contexte=CONTEXTE, maximum=TAILLE_MAX) as depot:

        async def garder() -> Effet:
            row = await queries.store_import(
                tx,
                {
                    "id": new_id(),
                    "type": type.value,
                    "statut": StatutImport.EN_ATTENTE.value,
                    "empreinte": depot.empreinte,
                    "taille_octets": depot.taille,
                    "recu_le": recu_le,
                    "compteurs": dict.fromkeys(CompteursImport.model_fields, 0),
                    "client_id": acces.client_id,
                },
                depot.morceaux(),
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

        async with service.base.transaction(acces) as tx:
            return await once(tx, depot.commande(commande), garder)


@router.get(
    "/imports",
    response_model=PageImports,
    summary="Lister les imports",
    dependencies=[portee("orientation:lire")],
)
async def lister_imports(
    page: Annotated[PageDemandee, page_de(PageImports)], tx: TransactionDep
) -> Response:
    """Rend les flux, et les fichiers de lignes que le client a déposés, les plus récents d'abord.

    Portée `orientation:lire`.
    """
    rows = await queries.list_imports(tx, page)
    return rendre_page(page, rows, lambda row: _import(row, essai=row.essai, lignes=row.lignes))


@router.get(
    "/imports/{import_id}",
    response_model=ImportFichier,
    summary="Suivre un import",
    dependencies=[portee("orientation:lire")],
    responses=refusals(Introuvable),
)
async def obtenir_import(import_id: UUID, request: Request, tx: TransactionDep) -> Response:
    """Rend l'état d'un import et ce qu'il a fait jusqu'ici. Portée `orientation:lire`.

    Les compteurs d'un fichier de lignes avancent sans que `version` change : la réponse n'est alors
    jamais 304. Un fichier de lignes déposé par un autre est introuvable.
    """
    row = await queries.find_import(tx, import_id)
    if row is not None:
        return rendre_lecture(request, _import(row), row.version)
    row = await lignes_queries.read_import(tx, import_id)
    return rendre(Effet(_import_de_lignes(row), version=row.version, status=200))


@router.delete(
    "/imports/{import_id}",
    status_code=204,
    summary="Annuler un import",
    dependencies=[portee("orientation:importer")],
    responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
)
async def supprimer_import(
    import_id: UUID, version: SiVersion, request: Request, service: ServiceDep
) -> Response:
    """Arrête un fichier de lignes qui n'est pas fini, entre deux lignes ; un flux ne s'annule pas.

    Les lignes qui sont faites le restent, et leurs résultats aussi. Portée `orientation:importer`.
    Publie `orientation.import.annulee`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        flux = await queries.find_import(tx, import_id)
    if flux is not None:
        exige_version(flux.version, version)
        raise TransitionInterdite(flux.statut, [])
    await lignes.annuler(acces, service, import_id, version)
    return Response(status_code=204)


@router.get(
    "/imports/{import_id}/resultats",
    summary="Lire le sort de chaque foyer, ou de chaque ligne",
    dependencies=[portee("orientation:lire")],
    response_class=Response,
    responses={
        200: {
            "description": "Un objet JSON par ligne. D'un flux, un par foyer, dans l'ordre du"
            " fichier : `ligne` et `rang` où le foyer se trouve, `statut` (creee, modifiee,"
            " identique, refusee), `id` du dossier, `probleme` (code, ligne, champ),"
            f" `avertissements`. D'un fichier de lignes : {lignes.FORME}",
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
    """Rend le sort de chaque foyer, ou de chaque ligne, dans l'ordre du fichier, par lignes JSON.

    Un foyer ou une ligne refusés portent leur motif et l'élément en cause, jamais sa valeur.
    Conservé 30 jours après la fin de l'import, qui garde ses compteurs. Portée `orientation:lire`.
    """
    acces: Acces = request.state.acces
    async with service.base.transaction(acces) as tx:
        row = await queries.find_import(tx, import_id)
        # To be told that somebody is known here is to be shown them: the volume guard counts it.
        request.state.personnes_lues = await queries.read_reconnues(tx, import_id)
    if row is None:
        return await lignes.suivre_resultats(acces, service, import_id)
    rules.verifier_conservation(row.termine_le, service.horloge())

    async def foyers() -> AsyncIterator[bytes]:
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
        foyers(),
        media_type="application/x-ndjson",
        headers={"Cache-Control": "private, no-store"},
    )


def _import(
    row: Row[Any], *, essai: bool = False, lignes: dict[str, int] | None = None
) -> ImportFichier:
    return ImportFichier.model_validate(
        {
            **row._mapping,
            "compteurs": row.compteurs or dict.fromkeys(CompteursImport.model_fields, 0),
            "sha256": bytes(row.empreinte).hex(),
            "essai": essai,
            "lignes": lignes,
        }
    )


def _import_de_lignes(row: Row[Any]) -> ImportFichier:
    """A file of lines, as any file: it has no foyer, and is complete once it has ended."""
    return ImportFichier.model_validate(
        {
            **row._mapping,
            "sha256": bytes(row.empreinte).hex(),
            "compteurs": dict.fromkeys(CompteursImport.model_fields, 0),
            "lignes": row.compteurs,
            "date_reference": None,
            "complet": row.statut == StatutImport.TERMINEE,
        }
    )


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
