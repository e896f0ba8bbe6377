"""SQL of the mises en situation and jobs, their acts, and what the bounds read of a person."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, bindparam, exists, func, insert, select, update
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.emplois.rules import Occupation, PassIae
from shared.refus import Introuvable
from shared.schemas.parcours.dispositifs import TypeActeDispositif, TypeDispositif
from shared.schemas.parcours.emplois import (
    ActeEmploi,
    Derogation,
    DetailApprentissage,
    DetailContratAide,
    DetailIae,
    DetailPmsmp,
    Emploi,
    EmploiCreation,
    ObjetPmsmp,
    StatutEmploi,
    StructureIae,
    TypeActeEmploi,
    TypeEmploi,
)
from shared.schemas.parcours.freins import CodeFrein, StatutFrein
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi

_E, _A, _T, _F = tables.Emploi, tables.ActeEmploi, tables.Parcours, tables.FreinSante
_R, _D, _X = tables.Employeur, tables.Dispositif, tables.ActeDispositif
_SIEN = aliased(_T)
DETAILS: Mapping[str, type[BaseModel]] = {
    TypeEmploi.PMSMP: DetailPmsmp,
    TypeEmploi.IAE: DetailIae,
    TypeEmploi.CONTRAT_AIDE: DetailContratAide,
    TypeEmploi.APPRENTISSAGE: DetailApprentissage,
}

_SELECT = select(*_E.__table__.columns).where(siens(_E))
_BY_ID = _SELECT.where(_E.id == bindparam("p_id"))
# Its parcours too: what bounds a person is read and written by one command at a time.
_LOCK = (
    select(*_E.__table__.columns, _T.statut.label("statut_parcours"))
    .join(_T, (_T.collectivite == _E.collectivite) & (_T.id == _E.parcours_id))
    .where(siens(_E), _E.id == bindparam("p_id"))
    .with_for_update(of=[_T, _E])
)
# Of the person, whatever the parcours: an exit starts no new count.
_DE_LA_PERSONNE = (
    _SELECT.join(_T, (_T.collectivite == _E.collectivite) & (_T.id == _E.parcours_id))
    .join(_SIEN, (_SIEN.collectivite == _T.collectivite) & (_SIEN.personne_id == _T.personne_id))
    .where(_SIEN.id == bindparam("p_parcours_id"))
)
_INSERT = insert(_E).returning(*_E.__table__.columns)
_UPDATE = (
    update(_E)
    .where(siens(_E), _E.id == bindparam("p_id"))
    .values(version=_E.version + 1, modifie_le=func.now())
    .returning(*_E.__table__.columns)
)
_ACTES = select(*_A.__table__.columns).where(siens(_A), _A.emploi_id == bindparam("p_emploi_id"))
_EMPLOYEUR = select(_R.structures_iae, _R.departement).where(
    siens(_R), _R.id == bindparam("p_employeur_id")
)
_PASS = (
    select(_D.date_debut, _D.date_fin)
    .join(_T, (_T.collectivite == _D.collectivite) & (_T.id == _D.parcours_id))
    .join(_SIEN, (_SIEN.collectivite == _T.collectivite) & (_SIEN.personne_id == _T.personne_id))
    .where(siens(_D), _D.id == bindparam("p_pass_iae_id"), _SIEN.id == bindparam("p_parcours_id"))
    .where(_D.type == TypeDispositif.PASS_IAE.value)
)
_SUSPENSIONS = select(_X.date_acte, _X.date_fin).where(
    siens(_X),
    _X.dispositif_id == bindparam("p_pass_iae_id"),
    _X.type == TypeActeDispositif.SUSPENSION.value,
)
_RECRUTES = (
    select(
        func.count(_T.personne_id.distinct()).label("recrutes"),
        func.count(_T.personne_id.distinct())
        .filter(
            exists()
            .where(_F.collectivite == _SIEN.collectivite, _F.parcours_id == _SIEN.id)
            .where(_SIEN.collectivite == _T.collectivite, _SIEN.personne_id == _T.personne_id)
            .where(_F.code == CodeFrein.HANDICAP.value)
            .where(_F.statut.in_([StatutFrein.OUVERT.value, StatutFrein.EN_COURS.value]))
        )
        .label("en_situation_handicap"),
    )
    .select_from(_R)
    .join(_E, (_E.collectivite == _R.collectivite) & (_E.employeur_id == _R.id))
    .join(_T, (_T.collectivite == _E.collectivite) & (_T.id == _E.parcours_id))
    .where(siens(_R), _R.departement.is_(True), _E.statut != StatutEmploi.ANNULE.value)
    .where(_E.type != TypeEmploi.PMSMP.value, _E.age_entree <= bindparam("p_age_max"))
    .where(_E.date_debut.between(bindparam("p_date_debut"), bindparam("p_date_fin")))
)


async def read_emploi(tx: Transaction, emploi_id: UUID) -> Row[Any]:
    """Read one.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": emploi_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_emploi(tx: Transaction, emploi_id: UUID) -> Row[Any]:
    """Read one, and hold it and its parcours until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"p_id": emploi_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_emplois(
    tx: Transaction,
    page: PageDemandee,
    *,
    types: Sequence[TypeEmploi],
    statuts: Sequence[StatutEmploi],
    parcours: Sequence[UUID],
    employeurs: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page."""
    statement = _SELECT.where(
        parmi(_E.type, types),
        parmi(_E.statut, statuts),
        parmi(_E.parcours_id, parcours),
        parmi(_E.employeur_id, employeurs),
    )
    return await paginer(tx, statement, _E, page)


async def read_occupations(tx: Transaction, parcours_id: UUID) -> list[Occupation]:
    """Read all that this person did and does, whatever the parcours."""
    rows = await tx.execute(_DE_LA_PERSONNE, {"p_parcours_id": parcours_id})
    return [occupation(row) for row in rows]


async def read_employeur(tx: Transaction, employeur_id: UUID) -> Row[Any]:
    """Read what an employer is.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_EMPLOYEUR, {"p_employeur_id": employeur_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_pass_iae(tx: Transaction, pass_iae_id: UUID, parcours_id: UUID) -> PassIae:
    """Read the days of a PASS IAE of this person.

    Raises:
        Introuvable: she has none with this id.
    """
    keys = {"p_pass_iae_id": pass_iae_id}
    row = (await tx.execute(_PASS, keys | {"p_parcours_id": parcours_id})).one_or_none()
    if row is None:
        raise Introuvable
    suspensions = (await tx.execute(_SUSPENSIONS, keys)).all()
    return PassIae(
        row.date_debut, row.date_fin, [(one.date_acte, one.date_fin) for one in suspensions]
    )


async def store_emploi(tx: Transaction, demande: EmploiCreation, parcours_id: UUID) -> Row[Any]:
    """Insert one and the act that begins it."""
    pmsmp, iae, aide = demande.pmsmp, demande.iae, demande.contrat_aide
    derogations = [un.derogation for un in (iae, aide, demande.apprentissage) if un is not None]
    apprenti = demande.apprentissage
    row = (
        await tx.execute(
            _INSERT,
            {
                "id": new_id(),
                "parcours_id": parcours_id,
                **demande.model_dump(
                    include={
                        "employeur_id",
                        "date_debut",
                        "date_fin",
                        "duree_hebdomadaire_minutes",
                        "rome",
                    }
                ),
                "type": demande.type.value,
                "statut": StatutEmploi.OUVERT.value,
                "age_entree": apprenti.age_entree if apprenti else demande.age_entree,
                "objet": pmsmp and pmsmp.objet.value,
                "prescripteur": pmsmp and pmsmp.prescripteur.value,
                "renouvelle_id": pmsmp and pmsmp.renouvelle_id,
                "structure": iae and iae.structure.value,
                "pass_iae_id": iae and iae.pass_iae_id,
                "dispositif_aide": aide and aide.dispositif.value,
                "decideur": aide and aide.decideur.value,
                "date_fin_aide": aide and aide.date_fin_aide,
                "derogation": next(iter(derogations), None),
            },
        )
    ).one()
    await store_acte(
        tx, row.id, TypeActeEmploi.DEBUT, demande.date_debut, derogation=row.derogation
    )
    return row


async def store_acte(
    tx: Transaction,
    emploi_id: UUID,
    type_acte: TypeActeEmploi,
    date_acte: date,
    *,
    motif: str | None = None,
    derogation: str | None = None,
) -> None:
    """Add an act."""
    await tx.add(
        _A,
        {
            "id": new_id(),
            "emploi_id": emploi_id,
            "type": type_acte.value,
            "date_acte": date_acte,
            "motif": motif,
            "derogation": derogation,
            "client_id": tx.acces.auteur,
        },
    )


async def update_emploi(tx: Transaction, emploi_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """Write what an act makes of a locked one."""
    return (await tx.execute(_UPDATE.values(**values), {"p_id": emploi_id})).one()


async def list_actes(tx: Transaction, page: PageDemandee, emploi_id: UUID) -> Sequence[Row[Any]]:
    """Read a page of acts."""
    return await paginer(tx, _ACTES, _A, page, {"p_emploi_id": emploi_id})


async def count_recrutes(tx: Transaction, annee: int, age_max: int) -> tuple[int, int]:
    """Count the young people whom the département hired in a year, and those with a handicap."""
    keys = {
        "p_date_debut": date(annee, 1, 1),
        "p_date_fin": date(annee, 12, 31),
        "p_age_max": age_max,
    }
    row = (await tx.execute(_RECRUTES, keys)).one()
    return row.recrutes, row.en_situation_handicap


def occupation(row: Row[Any]) -> Occupation:
    """What the bounds read of one."""
    return Occupation(
        id=row.id,
        type=TypeEmploi(row.type),
        statut=StatutEmploi(row.statut),
        employeur_id=row.employeur_id,
        debut=row.date_debut,
        fin=row.date_fin,
        structure=StructureIae(row.structure) if row.structure else None,
        objet=ObjetPmsmp(row.objet) if row.objet else None,
        renouvelle_id=row.renouvelle_id,
        fin_aide=row.date_fin_aide,
        minutes=row.duree_hebdomadaire_minutes,
        derogation=Derogation(row.derogation) if row.derogation else None,
        age_entree=row.age_entree,
        accompagnement=row.date_accompagnement_renforce,
    )


def render(row: Row[Any]) -> Emploi:
    """Make the contract of a row: its detail under the name of its type."""
    columns = {**row._mapping, "dispositif": row.dispositif_aide}
    detail = DETAILS.get(row.type)
    details: dict[str, Any] = dict.fromkeys(DETAILS)
    if detail is not None:
        details[row.type] = {champ: columns[champ] for champ in detail.model_fields}
    return Emploi.model_validate({**columns, **details})


def render_acte(row: Row[Any]) -> ActeEmploi:
    """Make the contract of an act."""
    return ActeEmploi.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})
