"""The coded lists of the sector, served, and the register of the versions that each database met.

A stored code bears no version of its own: the register tells, of any instant, which state of the
list the service then applied, and keeps it whole. So a code is read as it was meant when written.
"""

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection, Row, insert, select, text, update
from starlette.responses import Response

from shared import referentiels
from shared.refus import Introuvable
from shared.schemas.commun import DateCivile
from shared.schemas.referentiels import (
    NomReferentiel,
    PageReferentiels,
    PageVersionsReferentiel,
    Referentiel,
    ReferentielResume,
    VersionCode,
    VersionReferentiel,
)
from shared.socle.contrat import portee, routeur
from shared.socle.documents import refusals
from shared.socle.pages import PageDemandee, page_de, paginer, rendre_page
from shared.socle.reponses import rendre_lecture
from shared.socle.tables import VersionReferentiel as Table
from shared.socle.transactions import TransactionDep

_PUBLIC = {"Cache-Control": "public, max-age=3600"}
NomDep = Annotated[NomReferentiel, Path()]


def inscrire(connexion: Connection) -> None:
    """Register the lists that this code bears, where they differ from the last registered.

    At each migration, as the owner: the services may only read. A list that this code no longer
    has stays in force: what bears its codes is still read by it.
    """
    if connexion.execute(text("SELECT to_regclass('version_referentiel')")).scalar_one() is None:
        return
    for nom in referentiels.noms():
        lignes = [dict(ligne) for ligne in referentiels.charger(nom)]
        courante = connexion.execute(
            select(Table.version_codes, Table.contenu).where(
                Table.nom == nom, Table.remplacee_le.is_(None)
            )
        ).one_or_none()
        if courante is not None and courante.version_codes == referentiels.version(nom):
            continue
        forme = referentiels.forme(nom)
        avant = courante.contenu if courante else []
        change = referentiels.comparer(forme.code, avant, lignes)
        connexion.execute(
            update(Table)
            .where(Table.nom == nom, Table.remplacee_le.is_(None))
            .values(remplacee_le=sa.func.now())
        )
        connexion.execute(
            insert(Table).values(
                nom=nom,
                version_codes=referentiels.version(nom),
                sens=forme.sens,
                colonne_code=forme.code,
                colonne_libelle=forme.libelle,
                contenu=lignes,
                ajoutes=change.ajoutes,
                retires=change.retires,
                modifies=change.modifies,
            )
        )
    connexion.commit()


def _resume(row: Row[Any]) -> ReferentielResume:
    return ReferentielResume.model_validate(row, from_attributes=True)


def _version(row: Row[Any]) -> VersionReferentiel:
    return VersionReferentiel.model_validate(row, from_attributes=True)


def routes(nom: str) -> APIRouter:
    """The coded lists, in one service: the same in all three."""
    router = routeur("referentiels")

    @router.get(
        "/referentiels",
        response_model=PageReferentiels,
        summary="Lister les référentiels",
        dependencies=[portee(f"{nom}:lire")],
    )
    async def lister_referentiels(
        tx: TransactionDep, page: Annotated[PageDemandee, page_de(PageReferentiels, "nom")]
    ) -> Response:
        """Rend les listes de codes que le service applique, et la version de chacune.

        Les mêmes pour toutes les collectivités et pour les trois services. Portée `lire`.
        """
        statement = select(
            Table.id, Table.nom, Table.sens, Table.version_codes, Table.en_vigueur_le
        ).where(Table.remplacee_le.is_(None))
        return rendre_page(page, await paginer(tx, statement, Table, page), _resume)

    @router.get(
        "/referentiels/{referentiel}",
        response_model=Referentiel,
        summary="Lire un référentiel",
        dependencies=[portee(f"{nom}:lire")],
        responses=refusals(Introuvable),
    )
    async def obtenir_referentiel(
        request: Request,
        tx: TransactionDep,
        referentiel: NomDep,
        date_reference: Annotated[
            DateCivile | None,
            Query(
                description="Les seuls codes qu'un acte de ce jour peut porter ; absent : tous",
                examples=["2026-03-02"],
            ),
        ] = None,
        version_codes: Annotated[
            VersionCode | None,
            Query(
                description="Une version passée, telle que `/versions` la nomme ; absent : celle"
                " que le service applique",
                examples=["0f3a9c5be217"],
            ),
        ] = None,
    ) -> Response:
        """Rend une liste de codes entière, ou celle d'un jour ; `ETag` change avec son contenu.

        Un code retiré reste valable pour l'acte qui le porte : sa version le dit toujours. Une
        heure en cache au plus. Portée `lire`.
        """
        demandee = (
            Table.remplacee_le.is_(None)
            if version_codes is None
            else Table.version_codes == version_codes
        )
        row = (
            await tx.execute(
                # A list may come back to what it was: the last time it did is what is told.
                select(*Table.__table__.columns)
                .where(Table.nom == referentiel, demandee)
                .order_by(Table.en_vigueur_le.desc())
                .limit(1)
            )
        ).one_or_none()
        if row is None:
            raise Introuvable
        forme = referentiels.Forme(row.sens, row.colonne_code, row.colonne_libelle)
        codes = [
            {
                "code": one.code,
                "libelle": one.libelle,
                "date_debut": one.debut,
                "date_fin": one.fin,
                "attributs": [{"nom": k, "valeur": v} for k, v in one.attributs.items()],
            }
            for one in referentiels.presenter(forme, row.contenu)
            if date_reference is None or one.vaut(date_reference)
        ]
        contenu = Referentiel.model_validate({**row._mapping, "codes": codes})
        return rendre_lecture(request, contenu, row.version_codes, headers=_PUBLIC)

    @router.get(
        "/referentiels/{referentiel}/versions",
        response_model=PageVersionsReferentiel,
        summary="Lister les versions d'un référentiel",
        dependencies=[portee(f"{nom}:lire")],
        responses=refusals(Introuvable),
    )
    async def lister_versions_referentiel(
        tx: TransactionDep,
        referentiel: NomDep,
        page: Annotated[PageDemandee, page_de(PageVersionsReferentiel, "-en_vigueur_le")],
    ) -> Response:
        """Rend les versions d'une liste, la plus récente d'abord, et ce que chacune change.

        Un acte enregistré à un instant a été lu avec la version en vigueur à cet instant.
        Portée `lire`.
        """
        statement = select(
            *(one for one in Table.__table__.columns if one.name != "contenu")
        ).where(Table.nom == referentiel)
        rows = await paginer(tx, statement, Table, page)
        if not rows and page.apres is None:
            raise Introuvable
        return rendre_page(page, rows, _version)

    return router
