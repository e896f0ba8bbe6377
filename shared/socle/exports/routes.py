"""Exports: asked for, followed, downloaded, deleted; each is its client's alone."""

import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request
from sqlalchemy import Row
from starlette.responses import Response, StreamingResponse

from shared.refus import Introuvable, VersionDepassee
from shared.schemas.exports import (
    Export,
    ExportCreation,
    FichierExport,
    PageExports,
    StatutExport,
)
from shared.socle.auth import Acces
from shared.socle.contrat import CommandeDep, SiVersion, portee, routeur, sans_delai
from shared.socle.documents import refusals
from shared.socle.evenements import FeedExpire, lire_position
from shared.socle.exports import queries, rules
from shared.socle.exports.extraits import Extraits
from shared.socle.exports.travail import CONTEXTE, PURGE, TACHE
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.pages import CurseurInvalide, PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre_lecture
from shared.socle.service import Service
from shared.socle.transactions import ServiceDep, TransactionDep
from shared.socle.travaux import differer

_NDJSON = "application/x-ndjson"
_Rang = Annotated[
    int,
    Path(ge=1, le=1_000_000, description="Rang du fichier, tel que le dit l'export", examples=[1]),
]


def routes(nom: str, creation: type[ExportCreation], extraits: Extraits) -> APIRouter:
    """The exports of one service.

    Args:
        nom: the service.
        creation: what may be asked of it.
        extraits: its lists, by the names that `creation` gives them.
    """
    router = routeur("exports")
    exporter = portee(f"{nom}:exporter")

    @router.post(
        "/exports",
        status_code=202,
        response_model=Export,
        summary="Exporter une liste entière, à un instant",
        dependencies=[exporter, quota("job")],
        responses=refusals(CurseurInvalide, FeedExpire),
    )
    async def creer_export(
        demande: creation,  # type: ignore[valid-type]  # one class a service
        commande: CommandeDep,
        service: ServiceDep,
        tx: TransactionDep,
    ) -> Response:
        """Demande les éléments d'une liste, tels que ce client les y lit, tous au même instant.

        Un travail les écrit dans des fichiers NDJSON, avec leurs empreintes ; ce qui change ensuite
        se suit par `curseur_changements`, sans trou. Avec `depuis`, seulement ce que le flux a
        annoncé de cette liste depuis ce curseur, et dans `supprimes` ce qui n'est plus à garder :
        effacé, ou sorti de la liste. Jamais de donnée de santé, quelles que soient les portées.
        Portées `exporter`, et celle de la liste. Publie `export.terminee` ou `export.echouee`.
        """
        return await _creer(nom, extraits, demande, commande, service, tx)

    @router.get(
        "/exports",
        response_model=PageExports,
        summary="Lister ses exports",
        dependencies=[exporter],
    )
    async def lister_exports(
        page: Annotated[PageDemandee, page_de(PageExports)],
        service: ServiceDep,
        tx: TransactionDep,
    ) -> Response:
        """Rend les exports de ce client, les derniers demandés d'abord. Portée `exporter`.

        Un export se garde un jour.
        """
        rows = await queries.list_exports(tx, page, tx.acces.auteur)
        fichiers = await queries.read_fichiers(tx, [row.id for row in page.montrees(rows)])
        return rendre_page(page, rows, lambda row: _rendre(service, row, fichiers[row.id]))

    @router.get(
        "/exports/{export_id}",
        response_model=Export,
        summary="Suivre un export",
        dependencies=[exporter],
        responses=refusals(Introuvable),
    )
    async def obtenir_export(
        export_id: UUID, request: Request, service: ServiceDep, tx: TransactionDep
    ) -> Response:
        """Rend où en est un export et, terminé, ses fichiers. Portée `exporter`.

        Celui d'un autre client est introuvable.
        """
        row = await queries.read_export(tx, export_id, client=tx.acces.auteur)
        fichiers = await queries.read_fichiers(tx, [row.id])
        return rendre_lecture(request, _rendre(service, row, fichiers[row.id]), row.version)

    @router.delete(
        "/exports/{export_id}",
        status_code=204,
        summary="Supprimer un export",
        dependencies=[exporter],
        responses=refusals(Introuvable, VersionDepassee),
    )
    async def supprimer_export(
        export_id: UUID, version: SiVersion, service: ServiceDep, tx: TransactionDep
    ) -> Response:
        """Supprime un export et ses fichiers ; en cours, le travail s'arrête. Portée `exporter`.

        Il est introuvable aussitôt ; rien n'est publié.
        """
        await queries.remove_export(tx, export_id, version, tx.acces.auteur, service.horloge())
        await differer(tx, nom, PURGE)
        return Response(status_code=204)

    @router.get(
        "/exports/{export_id}/fichiers/{rang}",
        summary="Lire un fichier d'un export",
        dependencies=[exporter],
        response_class=Response,
        responses={
            200: {
                "description": "Un objet JSON par ligne : un élément de la liste, tel qu'elle le"
                " rend, ou, d'un fichier de `supprimes`, `id` et `motif`. Compressé en gzip si"
                " l'appelant l'accepte",
                "headers": {
                    "ETag": {
                        "description": "SHA-256 du fichier, entre guillemets ; suivi de `.gzip` si"
                        " la réponse est compressée",
                        "schema": {"type": "string", "maxLength": 80},
                        "example": f'"{"9f86d081884c7d65" * 4}"',
                    }
                },
                "content": {
                    _NDJSON: {
                        "schema": {"type": "string", "format": "binary"},
                        "example": '{"id":"019cad9d-67a0-726b-b2a7-4de452e6b438",'
                        '"statut":"ouverte"}\n',
                    }
                },
            },
            **refusals(Introuvable, rules.FichierExpire),
        },
    )
    @sans_delai
    async def obtenir_fichier_export(
        export_id: UUID, rang: _Rang, request: Request, service: ServiceDep
    ) -> Response:
        """Rend les lignes d'un fichier d'un export terminé, pendant une heure. Portée `exporter`.

        Le jeton porte aussi les portées de lecture avec lesquelles l'export fut demandé. `ETag` est
        le `sha256` que dit l'export.
        """
        acces: Acces = request.state.acces
        async with service.base.transaction(acces) as tx:
            row = await queries.read_export(tx, export_id, client=acces.auteur)
            fichiers = (await queries.read_fichiers(tx, [row.id]))[row.id]
        fichier = next((un for un in fichiers if un.rang == rang), None)
        if fichier is None or row.statut != StatutExport.TERMINEE:
            raise Introuvable
        # A file shows what its token read: no token of less reads it.
        acces.exige(*row.portees)
        rules.verifier_lecture(row.expire_le, service.horloge())
        return _servir(request, service, acces, fichier)

    return router


async def _creer(
    nom: str,
    extraits: Extraits,
    demande: Any,
    commande: CommandeDep,
    service: Service,
    tx: TransactionDep,
) -> Response:
    extrait = extraits[demande.type.value]
    tx.acces.exige(*extrait.portees)

    async def deposer() -> Effet:
        extrait.filtrer(demande.filtre)
        if demande.depuis is not None:
            await lire_position(service.coffre, tx, demande.depuis, service.horloge())
        row = await queries.store_export(
            tx,
            {
                "id": new_id(),
                "client_id": tx.acces.auteur,
                "portees": rules.portees_gardees(tx.acces.portees),
                **demande.model_dump(mode="json"),
                "statut": StatutExport.EN_ATTENTE.value,
                "erreurs": [],
            },
        )
        # One at a time for a collectivité: the worker has other jobs than to read it all.
        verrou = f"export {tx.collectivite}"
        await differer(tx, nom, TACHE, verrou=verrou, export_id=str(row.id))
        return Effet(
            _rendre(service, row, ()),
            location=f"/v1/exports/{row.id}",
            version=row.version,
            status=202,
            headers={"Retry-After": "5"},
        )

    return await once(tx, commande, deposer)


def _servir(request: Request, service: Service, acces: Acces, fichier: Row[Any]) -> Response:
    empreinte = bytes(fichier.empreinte).hex()
    compresse = _veut_gzip(request)
    headers = {
        "Cache-Control": "private, no-store",
        "ETag": f'"{empreinte}.gzip"' if compresse else f'"{empreinte}"',
        "Vary": "Accept-Encoding",
    }
    connus = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if headers["ETag"] in connus or "*" in connus:
        return Response(status_code=304, headers=headers)

    async def morceaux() -> AsyncIterator[bytes]:
        # A transaction a piece: one held while a slow reader reads would keep a connection.
        lus = numero = 0
        while lus < fichier.octets:
            async with service.base.transaction(acces) as tx:
                scelle = await queries.read_morceau(tx, fichier.export_id, fichier.rang, numero)
            if scelle is None:
                # Forgotten while it was read: an answer cut short must not pass for a whole one.
                raise rules.FichierExpire
            clair = service.coffre.ouvrir(scelle, CONTEXTE)
            lus, numero = lus + len(clair), numero + 1
            yield clair

    # The volume guard reads it first: past its bound, no line leaves.
    request.state.fichier = morceaux
    if compresse:
        headers["Content-Encoding"] = "gzip"
        return StreamingResponse(_gzip(morceaux()), media_type=_NDJSON, headers=headers)
    headers["Content-Length"] = str(fichier.octets)
    return StreamingResponse(morceaux(), media_type=_NDJSON, headers=headers)


async def _gzip(morceaux: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    compresseur = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    async for clair in morceaux:
        yield compresseur.compress(clair)
    yield compresseur.flush()


def _veut_gzip(request: Request) -> bool:
    """Whether `Accept-Encoding` takes gzip by its name."""
    asked = ",".join(request.headers.getlist("accept-encoding")).lower().split(",")
    ranges = dict(one.replace(" ", "").partition(";")[::2] for one in asked)
    return "gzip" in ranges and ranges["gzip"] not in ("q=0", "q=0.0", "q=0.00", "q=0.000")


def _rendre(service: Service, row: Row[Any], fichiers: Sequence[Row[Any]]) -> Export:
    base = f"{service.reglages.url.rstrip('/')}/v1/exports/{row.id}/fichiers/"
    # Those of a run under way may be of one that ends otherwise.
    montres = fichiers if row.statut == StatutExport.TERMINEE else ()
    listes: dict[bool, list[FichierExport]] = {False: [], True: []}
    for un in montres:
        listes[un.supprimes].append(
            FichierExport(
                rang=un.rang,
                url=f"{base}{un.rang}",
                nombre=un.nombre,
                octets=un.octets,
                sha256=bytes(un.empreinte).hex(),
                expire_le=row.expire_le,
            )
        )
    return Export.model_validate(
        {
            **row._mapping,
            "nombre": sum(un.nombre for un in listes[False]),
            "fichiers": listes[False],
            "nombre_supprimes": sum(un.nombre for un in listes[True]),
            "supprimes": listes[True],
        }
    )
