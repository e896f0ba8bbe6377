"""SQL of the rapprochements: proposed once a pair, merged row by row, undone row by row.

Whoever merges holds the rapprochement, then the two persons in id order, then their orientations
in id order. Who opens an orientation, convenes a person or acts on an orientation holds that person
first; who writes several persons (an import) takes them in id order too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python
from sqlalchemy import (
    Column,
    Row,
    RowMapping,
    Table,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from services.orientation import tables
from services.orientation.personnes.rules import PersonneFusionnee
from services.orientation.rapprochements import rules
from services.orientation.rapprochements.rules import Changement, Identite, OrientationVive
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation.rapprochements import (
    MotifRapprochement,
    NatureActe,
    StatutRapprochement,
)
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.db import Transaction, exige_version, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi

_T, _A, _C = tables.Rapprochement, tables.ActeRapprochement, tables.FusionChangement
_P, _O = tables.Personne, tables.Orientation
_TABLES = tables.Base.metadata.tables
# Every table whose rows are a person's, those to come included: none can be forgotten.
DES_PERSONNES = tuple(un for un in tables.Base.metadata.sorted_tables if "personne_id" in un.c)

_SELECT = select(*_T.__table__.columns).where(siens(_T))
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_LOCK = _BY_ID.with_for_update()
_BY_PAIRE = select(_T.id).where(
    siens(_T), _T.personne_a_id == bindparam("une"), _T.personne_b_id == bindparam("autre")
)
# Set aside or undone, a pair is never proposed again.
_PROPOSE = upsert(_T).on_conflict_do_nothing().returning(_T.id)
_STATUT = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("le"))
    .values(
        version=_T.version + 1,
        modifie_le=text("now()"),
        statut=bindparam("nouveau"),
        gardee_id=bindparam("gardee", type_=_T.gardee_id.type),
    )
    .returning(_T.version)
)
_ACTES = (
    select(*_A.__table__.columns)
    .where(siens(_A), _A.rapprochement_id == bindparam("le"))
    .order_by(_A.cree_le, _A.id)
)
_DERNIERE_FUSION = (
    select(_A.id)
    .where(
        siens(_A),
        _A.rapprochement_id == bindparam("le"),
        _A.nature == NatureActe.FUSION.value,
    )
    .order_by(_A.cree_le.desc(), _A.id.desc())
    .limit(1)
)
_CHANGEMENTS = (
    select(*_C.__table__.columns)
    .where(siens(_C), _C.acte_id == bindparam("acte"))
    .order_by(_C.rang.desc())
)
_PROCHES = (
    select(
        func.coalesce(_P.fusionnee_avec_id, _P.id).label("gardee"),
        _P.nom,
        _P.prenoms,
        _P.nom_naissance,
        _P.date_naissance,
        _P.proche_empreinte,
        _P.proche_naissance_empreinte,
    )
    .where(
        siens(_P),
        or_(
            _P.proche_empreinte.in_(bindparam("empreintes", expanding=True)),
            _P.proche_naissance_empreinte.in_(bindparam("empreintes", expanding=True)),
        ),
    )
    .order_by(_P.id)
)
_LOCK_PERSONNES = (
    select(
        _P.id,
        _P.nom,
        _P.prenoms,
        _P.nom_naissance,
        _P.date_naissance,
        _P.dossier_id,
        _P.fusionnee_avec_id,
    )
    .where(siens(_P), _P.id.in_(bindparam("personnes", expanding=True)))
    .order_by(_P.id)
    .with_for_update()
)
# Whom the absorbed person may also be, as it was proposed.
_PROPOSES = (
    select(_T.motifs, func.coalesce(_P.fusionnee_avec_id, _P.id).label("autre_id"))
    .join(
        _P,
        (_P.collectivite == _T.collectivite)
        & or_(_P.id == _T.personne_a_id, _P.id == _T.personne_b_id),
    )
    .where(
        siens(_T),
        or_(_T.personne_a_id == bindparam("absorbee"), _T.personne_b_id == bindparam("absorbee")),
        _P.id != bindparam("absorbee"),
        _T.statut == StatutRapprochement.PROPOSE.value,
    )
    .order_by(_T.id)
)
_ABSORBEES = select(_P.id).where(siens(_P), _P.fusionnee_avec_id == bindparam("absorbee"))
_LOCK_VIVES = (
    select(_O.id, _O.personne_id, _O.statut, _O.recu_le, _O.date_limite)
    .where(
        siens(_O),
        _O.personne_id.in_(bindparam("personnes", expanding=True)),
        _O.statut != StatutOrientation.CLOTUREE.value,
    )
    .order_by(_O.id)
    .with_for_update()
)


async def proposer(tx: Transaction, personnes: Sequence[Mapping[str, Any]]) -> list[UUID]:
    """Propose whom these persons may be, once a pair; return the new rapprochements.

    Args:
        personnes: columns just written, with their digests.
    """
    found: dict[bytes, list[Row[Any]]] = defaultdict(list)
    empreintes = {digest for une in personnes for digest in _proches(une)}
    if not empreintes:
        return []
    for row in await tx.execute(_PROCHES, {"empreintes": list(empreintes)}):
        for digest in _proches(row._mapping):
            found[digest].append(row)
    paires = []
    for une in personnes:
        for row in {id(row): row for digest in _proches(une) for row in found[digest]}.values():
            if row.gardee != une["id"]:
                reasons = rules.motifs(_identite(une), _identite(row._mapping))
                paires.append((une["id"], row.gardee, reasons))
    return await proposer_paires(tx, paires)


async def proposer_paires(
    tx: Transaction, paires: Iterable[tuple[UUID, UUID, Sequence[MotifRapprochement]]]
) -> list[UUID]:
    """Propose these pairs, those that were never proposed; return the new rapprochements."""
    rows: dict[tuple[UUID, UUID], dict[str, Any]] = {}
    for une, autre, reasons in paires:
        a, b = sorted((une, autre))
        rows.setdefault(
            (a, b),
            {
                "id": new_id(),
                "personne_a_id": a,
                "personne_b_id": b,
                "motifs": [one.value for one in reasons],
                "statut": StatutRapprochement.PROPOSE.value,
                "client_id": tx.acces.auteur,
            },
        )
    if not rows:
        return []
    # In the order of the pairs: who proposes the same ones at once waits for one of them, no more.
    new = list((await tx.execute(_PROPOSE, [rows[paire] for paire in sorted(rows)])).scalars())
    await publier(
        tx,
        *(
            Fait("orientation.rapprochement.propose", "rapprochements", one, 1, Operation.CREATION)
            for one in new
        ),
    )
    return new


async def read_rapprochement(tx: Transaction, rapprochement_id: UUID) -> Row[Any]:
    """Read one rapprochement.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": rapprochement_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_rapprochement(tx: Transaction, rapprochement_id: UUID, version: int) -> Row[Any]:
    """Read one rapprochement and hold its row.

    Raises:
        Introuvable: none of this collectivité has this id.
        VersionDepassee: it changed since the caller read it.
    """
    row = (await tx.execute(_LOCK, {"id": rapprochement_id})).one_or_none()
    if row is None:
        raise Introuvable
    exige_version(row.version, version)
    return row


async def find_paire(tx: Transaction, une: UUID, autre: UUID) -> UUID:
    """Find the rapprochement of two persons, of which there is one."""
    a, b = sorted((une, autre))
    found: UUID = (await tx.execute(_BY_PAIRE, {"une": a, "autre": b})).scalar_one()
    return found


async def list_rapprochements(
    tx: Transaction,
    page: PageDemandee,
    statuts: Sequence[StatutRapprochement],
    personne_id: UUID | None,
) -> Sequence[Row[Any]]:
    """Read a page of rapprochements, of some states or of all, of a person or of all."""
    of_person = (
        true()
        if personne_id is None
        else or_(_T.personne_a_id == personne_id, _T.personne_b_id == personne_id)
    )
    return await paginer(tx, _SELECT.where(parmi(_T.statut, statuts), of_person), _T, page)


async def read_actes(tx: Transaction, rapprochement_id: UUID) -> Sequence[Row[Any]]:
    """Read what was done of a rapprochement, in order."""
    return (await tx.execute(_ACTES, {"le": rapprochement_id})).all()


async def lock_personnes(tx: Transaction, personnes: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Read persons and hold their rows, in id order: two merges of one person queue.

    Raises:
        Introuvable: one of them is not of this collectivité.
    """
    rows = (await tx.execute(_LOCK_PERSONNES, {"personnes": list(personnes)})).all()
    if len(rows) != len(set(personnes)):
        raise Introuvable
    return rows


def motifs_de(rows: Sequence[Row[Any]]) -> list[MotifRapprochement]:
    """Return what brings two persons together."""
    une, autre = (_identite(row._mapping) for row in rows)
    return rules.motifs(une, autre)


def exige_entieres(rows: Iterable[Row[Any]]) -> None:
    """Refuse whom another absorbed.

    Raises:
        PersonneFusionnee: with that other.
    """
    for row in rows:
        if row.fusionnee_avec_id is not None:
            raise PersonneFusionnee(row.fusionnee_avec_id)


async def lock_vives(tx: Transaction, personnes: Sequence[UUID]) -> list[OrientationVive]:
    """Read the orientations of persons that are to decide or in force, and hold them."""
    rows = await tx.execute(_LOCK_VIVES, {"personnes": list(personnes)})
    return [
        OrientationVive(
            row.id,
            row.personne_id,
            StatutOrientation(row.statut),
            row.recu_le,
            row.date_limite,
        )
        for row in rows
    ]


async def store_acte(
    tx: Transaction,
    rapprochement_id: UUID,
    nature: NatureActe,
    statut: StatutRapprochement,
    *,
    motif: str | None,
    gardee_id: UUID | None = None,
) -> tuple[UUID, Fait]:
    """Add an act and move the rapprochement on; return the act and its fact."""
    acte_id = new_id()
    await tx.add(
        _A,
        {
            "id": acte_id,
            "rapprochement_id": rapprochement_id,
            "nature": nature.value,
            "gardee_id": gardee_id,
            "motif": motif,
            "client_id": tx.acces.auteur,
        },
    )
    version = (
        await tx.execute(
            _STATUT, {"le": rapprochement_id, "nouveau": statut.value, "gardee": gardee_id}
        )
    ).scalar_one()
    return acte_id, Fait(
        f"orientation.rapprochement.{statut.value}",
        "rapprochements",
        rapprochement_id,
        version,
        Operation.MODIFICATION,
    )


async def fusionner(
    tx: Transaction,
    acte_id: UUID,
    *,
    gardee_id: UUID,
    absorbee_id: UUID,
    orientations: Sequence[Changement],
) -> list[Fait]:
    """Make one person of two, and keep what was there of every row that is written.

    A row that the kept person has the like of, of which there may be one only (two convocations to
    one session), stays with the absorbed person. What was proposed of her, and can no longer be
    decided with her, is proposed of the one kept.
    """
    done: list[Changement] = []
    faits: list[Fait] = []
    # First of all: two that are to decide would not fit one person.
    for changement in orientations:
        done.append(changement)
        faits += await _ecrire(tx, changement, changement.avant, changement.apres)
    ids = {"absorbee": absorbee_id, "gardee": gardee_id}
    for table in DES_PERSONNES:
        rows = (await tx.execute(_rattacher(table), ids)).all()
        if rows:
            moved = Changement(
                table.name,
                tuple(row.id for row in rows),
                {"personne_id": absorbee_id},
                {"personne_id": gardee_id},
                "rattachee",
            )
            done.append(moved)
            faits += _faits(table, rows, "rattachee")
    deja = (await tx.execute(_ABSORBEES, {"absorbee": absorbee_id})).scalars().all()
    for lignes, avant in (((absorbee_id,), None), (tuple(deja), absorbee_id)):
        pointeur = Changement(
            "personne",
            lignes,
            {"fusionnee_avec_id": avant},
            {"fusionnee_avec_id": gardee_id},
            "fusionnee",
        )
        if lignes:
            done.append(pointeur)
            faits += await _ecrire(tx, pointeur, pointeur.avant, pointeur.apres)
    proposes = (await tx.execute(_PROPOSES, {"absorbee": absorbee_id})).all()
    await proposer_paires(
        tx,
        [
            (gardee_id, row.autre_id, [MotifRapprochement(motif) for motif in row.motifs])
            for row in proposes
            if row.autre_id != gardee_id
        ],
    )
    await tx.add(
        _C,
        [
            {
                "acte_id": acte_id,
                "rang": rang,
                "objet": un.objet,
                "lignes": [str(one) for one in un.lignes],
                "avant": to_jsonable_python(un.avant),
                "apres": to_jsonable_python(un.apres),
            }
            for rang, un in enumerate(done)
        ],
    )
    return faits


async def separer(tx: Transaction, rapprochement_id: UUID) -> list[Fait]:
    """Write back what the merge in force found, in the rows that still hold what it wrote."""
    acte = (await tx.execute(_DERNIERE_FUSION, {"le": rapprochement_id})).scalar_one()
    faits: list[Fait] = []
    for row in (await tx.execute(_CHANGEMENTS, {"acte": acte})).all():
        fait = "separee" if row.objet == "personne" else "retablie"
        un = Changement(row.objet, tuple(map(UUID, row.lignes)), row.avant, row.apres, fait)
        faits += await _ecrire(tx, un, row.apres, row.avant)
    return faits


async def _ecrire(
    tx: Transaction, un: Changement, attendu: Mapping[str, Any], voulu: Mapping[str, Any]
) -> list[Fait]:
    """Write columns of rows that hold what is expected: what changed since is left as it is."""
    table = _TABLES[un.objet]
    statement = (
        update(table)
        .where(
            table.c.collectivite == bindparam("cloison"),
            table.c.id.in_(un.lignes),
            *(table.c[nom].is_not_distinct_from(v) for nom, v in _valeurs(table, attendu)),
        )
        .values(**dict(_valeurs(table, voulu)), **_touche(table))
        .returning(table.c.id, *_version(table))
    )
    return _faits(table, (await tx.execute(statement)).all(), un.fait)


@cache
def _rattacher(table: Table) -> Any:
    """Pass the rows of a person to another, but those that the other has the like of."""
    autre = table.alias("autre")
    uniques = [
        {colonne.name for colonne in index.columns} - {"collectivite", "personne_id"}
        for index in table.indexes
        if index.unique
        and "personne_id" in index.columns
        and index.dialect_options["postgresql"]["where"] is None
    ]
    return (
        update(table)
        .where(
            table.c.collectivite == bindparam("cloison"),
            table.c.personne_id == bindparam("absorbee"),
            *(
                ~exists().where(
                    autre.c.collectivite == table.c.collectivite,
                    autre.c.personne_id == bindparam("gardee"),
                    *(autre.c[nom] == table.c[nom] for nom in colonnes),
                )
                for colonnes in uniques
            ),
        )
        .values(personne_id=bindparam("gardee"), **_touche(table))
        .returning(table.c.id, *_version(table))
    )


def _valeurs(table: Table, valeurs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What was kept as JSON, in the types of its columns."""
    return [
        (nom, None if valeur is None else _lecteur(table.c[nom])(valeur))
        for nom, valeur in valeurs.items()
    ]


@cache
def _lecteur(colonne: Column[Any]) -> Any:
    return TypeAdapter(colonne.type.python_type).validate_python


def _touche(table: Table) -> dict[str, Any]:
    if "version" not in table.c:
        return {}
    return {"version": table.c.version + 1, "modifie_le": text("now()")}


def _version(table: Table) -> list[Any]:
    return [table.c.version] if "version" in table.c else []


def _faits(table: Table, rows: Sequence[Row[Any]], nom: str) -> list[Fait]:
    """What has no version of its own has no fact either."""
    if "version" not in table.c:
        return []
    return [
        Fait(
            f"orientation.{table.name}.{nom}",
            f"{table.name}s",
            row.id,
            row.version,
            Operation.MODIFICATION,
        )
        for row in rows
    ]


def _proches(columns: Mapping[str, Any] | RowMapping) -> list[bytes]:
    digests = (columns["proche_empreinte"], columns["proche_naissance_empreinte"])
    return [bytes(digest) for digest in digests if digest is not None]


def _identite(columns: Mapping[str, Any] | RowMapping) -> Identite:
    return Identite(
        nom=columns["nom"],
        prenoms=columns["prenoms"],
        nom_naissance=columns["nom_naissance"],
        date_naissance=columns["date_naissance"],
    )
