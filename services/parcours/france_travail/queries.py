"""SQL of the documents that came from France Travail; what is of health lies apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Row, bindparam, literal_column, select

from services.parcours import tables
from services.parcours.france_travail.rules import (
    VERSION_LISTES,
    FreinVu,
    Json,
    ProjetVu,
    Vue,
    contrainte_de,
    plier,
    reunir,
    separer,
)
from services.parcours.freins.rules import OUVERTS, PESANTS
from services.parcours.objectifs.queries import render as render_objectif
from services.parcours.objectifs.rules import forme
from shared.schemas.orientation.vocabulaire import NiveauFrein
from shared.schemas.parcours.diagnostics import ReponsePouvoirAgir, ValeurBesoin
from shared.schemas.parcours.freins import CodeFrein, StatutFrein
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id

_F, _S, _D = (
    tables.DiagnosticFranceTravail,
    tables.DiagnosticFranceTravailSante,
    tables.Diagnostic,
)
_DOSSIER, _CONTRAINTES = (
    "diagnostic_france_travail.dossier",
    "diagnostic_france_travail_sante.contraintes",
)
_COURANT = (
    select(*_D.__table__.columns, _F.version_listes, _F.dossier)
    .outerjoin(_F, (_F.collectivite == _D.collectivite) & (_F.diagnostic_id == _D.id))
    .where(siens(_D), _D.parcours_id == bindparam("p_parcours_id"))
    .order_by(_D.rang.desc())
    .limit(1)
)
_SANTE = select(_S.contraintes).where(siens(_S), _S.diagnostic_id == bindparam("p_diagnostic_id"))


_OBJECTIFS = {
    sante: select(*table.__table__.columns, literal_column(str(sante), Boolean).label("sante"))
    .where(siens(table), table.frein_id.in_(bindparam("p_freins", expanding=True)))
    .order_by(table.cree_le, table.id)
    for sante, table in tables.OBJECTIFS.items()
}


@dataclass(frozen=True)
class Recu:
    """A document as it came, and the version of the lists that read it."""

    dossier: Json
    version_listes: str


async def read_objectifs(
    tx: Transaction, *, freins: Sequence[UUID], sante: bool, tenus: bool = False
) -> list[Row[Any]]:
    """Read the objectifs of some episodes, of health only if they may be seen; held to change."""
    found: list[Row[Any]] = []
    for volet in (False, True) if sante else (False,):
        statement = _OBJECTIFS[volet].with_for_update() if tenus else _OBJECTIFS[volet]
        found += (await tx.execute(statement, {"p_freins": list(freins)})).all()
    return found


def est(coffre: Coffre, row: Row[Any], libelle: str) -> bool:
    """Tell whether an objectif is of this label, without opening its own."""
    return bool(row.libelle_empreinte == coffre.empreinte(forme(libelle)))


async def store_dossier(
    tx: Transaction, coffre: Coffre, diagnostic_id: UUID, dossier: Json
) -> None:
    """Keep a document beside the diagnostic made of it, its contraintes of health apart."""
    reste, sante = separer(dossier)
    await tx.add(
        _F,
        {
            "id": new_id(),
            "diagnostic_id": diagnostic_id,
            "version_listes": VERSION_LISTES,
            "dossier": coffre.sceller(json.dumps(reste).encode(), _DOSSIER),
        },
    )
    if sante:
        await tx.add(
            _S,
            {
                "id": new_id(),
                "diagnostic_id": diagnostic_id,
                "contraintes": coffre.sceller(json.dumps(sante).encode(), _CONTRAINTES),
            },
        )


async def read_courant(tx: Transaction, parcours_id: UUID) -> Row[Any] | None:
    """Read the diagnostic that no other supersedes, and what came from France Travail of it."""
    return (await tx.execute(_COURANT, {"p_parcours_id": parcours_id})).one_or_none()


async def read_dossier(
    tx: Transaction, coffre: Coffre, row: Row[Any], *, sante: bool
) -> Recu | None:
    """Open the document that a diagnostic is made of, with health only if it may be seen."""
    if row.dossier is None:
        return None
    dossier = json.loads(coffre.ouvrir(row.dossier, _DOSSIER))
    if sante:
        scelle = (await tx.execute(_SANTE, {"p_diagnostic_id": row.id})).scalar_one_or_none()
        if scelle is not None:
            dossier = reunir(dossier, json.loads(coffre.ouvrir(scelle, _CONTRAINTES)))
    return Recu(dossier, row.version_listes)


def vue(
    coffre: Coffre,
    row: Row[Any],
    lignes: Sequence[Row[Any]],
    episodes: Mapping[CodeFrein, Row[Any]],
    objectifs: Sequence[Row[Any]],
) -> Vue:
    """What we hold today: the diagnostic, and where each frein that may be seen stands."""
    situations = {ligne.code: tuple(ligne.situations) for ligne in lignes}
    freins = {
        code: FreinVu(
            statut=StatutFrein(episode.statut),
            niveau=NiveauFrein(episode.niveau) if episode.niveau else None,
            situations=situations.get(code, ()),
            date_observation=episode.date_fin or episode.date_observation,
        )
        for code, episode in episodes.items()
        if contrainte_de(code) is not None
    }
    pese = any(vu.statut in OUVERTS and vu.niveau in PESANTS for vu in freins.values())
    return Vue(
        projets=tuple(
            ProjetVu(
                typologie=projet["typologie"],
                code_rome=projet["code_rome"],
                code_appellation=projet["code_appellation"],
                est_prioritaire=projet["est_prioritaire"],
                besoins={
                    code: ValeurBesoin(valeur)
                    for code, valeur in projet["besoins"].items()
                    if valeur != ValeurBesoin.NON_EXPLORE
                },
            )
            for projet in row.projets
        ),
        freins=freins,
        sans_contrainte=row.sans_contrainte and not pese,
        pouvoir_agir=(
            ReponsePouvoirAgir(row.confiance),
            ReponsePouvoirAgir(row.accompagnement),
        )
        if row.confiance
        else None,
        autonomie_numerique=ValeurBesoin(row.autonomie_numerique),
        date_declaration=row.date_diagnostic,
        objectifs={
            (un.contrainte_ft, plier(un.libelle)): un.statut
            for un in (render_objectif(objectif, coffre) for objectif in objectifs)
            if un.contrainte_ft is not None
        },
    )
