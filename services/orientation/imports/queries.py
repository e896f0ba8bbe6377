"""SQL of the imports: the file, what each foyer became, and the writing of a batch."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, exists, insert, or_, select, text, update

from services.orientation import tables
from services.orientation.imports.rules import DossierConnu, PersonneConnue
from shared.refus import Introuvable
from shared.schemas.orientation import StatutImport, StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_I, _D, _P, _O = tables.Import, tables.Dossier, tables.Personne, tables.Orientation
_M, _R = tables.ImportMorceau, tables.ImportResultat

_SELECT = select(*_I.__table__.columns).where(siens(_I))
_BY_ID = _SELECT.where(_I.id == bindparam("id"))
_INSERT = insert(_I).returning(*_I.__table__.columns)
_MOVE = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("le"), _I.foyers_traites == bindparam("lus"))
    .values(
        version=_I.version + 1,
        modifie_le=text("now()"),
        foyers_traites=bindparam("traites"),
        compteurs=bindparam("comptes"),
    )
)
_STATE = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("le"))
    .values(version=_I.version + 1, modifie_le=text("now()"))
    .returning(_I.version)
)
_MORCEAU = select(_M.octets).where(
    siens(_M), _M.import_id == bindparam("id"), _M.numero == bindparam("numero")
)
_RESULTATS = (
    select(*_R.__table__.columns)
    .where(siens(_R), _R.import_id == bindparam("id"), _R.numero > bindparam("apres"))
    .order_by(_R.numero)
    .limit(500)
)
_ABANDONNES = (
    select(_I.id)
    .where(
        siens(_I),
        _I.statut.in_((StatutImport.EN_ATTENTE.value, StatutImport.EN_COURS.value)),
        _I.recu_le < bindparam("avant"),
    )
    .order_by(_I.id)
    .with_for_update(skip_locked=True)
)
_AVEC_RESULTATS = select(_I.id).where(
    siens(_I),
    _I.termine_le < bindparam("avant"),
    exists().where(_R.collectivite == _I.collectivite, _R.import_id == _I.id),
)
_OUBLI = delete(_R).where(siens(_R), _R.import_id == bindparam("le"))
_DOSSIERS = select(_D.id, _D.cle, _D.empreinte, _D.date_reference).where(
    siens(_D), _D.cle.in_(bindparam("cles", expanding=True))
)
VALEURS = (
    "nom",
    "nom_naissance",
    "prenoms",
    "date_naissance",
    "role",
    "commune",
    "beneficiaire_rsa",
    "droits_devoirs",
)
_PERSONNES = select(
    _P.id,
    _P.dossier_id,
    _P.nir_empreinte,
    _P.identite_empreinte,
    *(getattr(_P, name) for name in VALEURS),
).where(
    siens(_P),
    or_(
        _P.nir_empreinte.in_(bindparam("nirs", expanding=True)),
        _P.dossier_id.in_(bindparam("dossiers", expanding=True)),
    ),
)
_ORIENTATIONS = select(_O.id, _O.personne_id, _O.statut).where(
    siens(_O),
    _O.personne_id.in_(bindparam("personnes", expanding=True)),
    _O.statut != StatutOrientation.CLOTUREE.value,
)
_UPDATE_DOSSIER = (
    update(_D)
    .where(siens(_D), _D.id == bindparam("le"))
    .values(version=_D.version + 1, modifie_le=text("now()"))
)
_UPDATE_PERSONNE = (
    update(_P)
    .where(siens(_P), _P.id == bindparam("la"))
    .values(version=_P.version + 1, modifie_le=text("now()"))
)
_CLOSE = (
    update(_O)
    # Decided since it was read, it is no longer ours to close.
    .where(
        siens(_O),
        _O.id == bindparam("la"),
        _O.statut.in_((StatutOrientation.BROUILLON.value, StatutOrientation.EN_ATTENTE.value)),
    )
    .values(
        version=_O.version + 1,
        modifie_le=text("now()"),
        statut=StatutOrientation.CLOTUREE.value,
    )
    .returning(_O.id, _O.version)
)


async def store_import(
    tx: Transaction, values: Mapping[str, Any], morceaux: Iterator[bytes]
) -> Row[Any]:
    """Keep a file, piece by piece, and what is known of it."""
    row = (await tx.execute(_INSERT, values)).one()
    for numero, octets in enumerate(morceaux):
        await tx.add(_M, {"import_id": row.id, "numero": numero, "octets": octets})
    return row


async def read_import(tx: Transaction, import_id: UUID) -> Row[Any]:
    """Read one import.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": import_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_imports(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of imports."""
    return await paginer(tx, _SELECT, _I, page)


async def read_morceau(tx: Transaction, import_id: UUID, numero: int) -> bytes | None:
    """Read a piece of the file, sealed; None past the last."""
    found = await tx.execute(_MORCEAU, {"id": import_id, "numero": numero})
    return found.scalar_one_or_none()


async def read_resultats(tx: Transaction, import_id: UUID, apres: int) -> Sequence[Row[Any]]:
    """Read some results, in the order of the file."""
    return (await tx.execute(_RESULTATS, {"id": import_id, "apres": apres})).all()


async def advance(
    tx: Transaction, import_id: UUID, *, lus: int, traites: int, compteurs: Mapping[str, int]
) -> bool:
    """Move the reading on, from where it was known to be; False if another did it."""
    moved = await tx.execute(
        _MOVE, {"le": import_id, "lus": lus, "traites": traites, "comptes": dict(compteurs)}
    )
    return moved.rowcount == 1


async def change_import(tx: Transaction, import_id: UUID, **values: Any) -> int:
    """Change the state of an import; return its version."""
    version: int = (await tx.execute(_STATE.values(**values), {"le": import_id})).scalar_one()
    return version


async def finish_import(
    tx: Transaction, import_id: UUID, statut: StatutImport, **values: Any
) -> int:
    """End an import: the file itself is not kept."""
    await tx.execute(
        delete(_M).where(siens(_M), _M.import_id == bindparam("le")), {"le": import_id}
    )
    return await change_import(tx, import_id, statut=statut.value, **values)


async def lock_abandonnes(tx: Transaction, avant: datetime) -> Sequence[UUID]:
    """Find the imports received before an instant that are still to be read, and hold them."""
    return (await tx.execute(_ABANDONNES, {"avant": avant})).scalars().all()


async def with_resultats(tx: Transaction, avant: datetime) -> Sequence[UUID]:
    """Find the imports that ended before an instant, and whose results are still there."""
    return (await tx.execute(_AVEC_RESULTATS, {"avant": avant})).scalars().all()


async def forget_resultats(tx: Transaction, import_id: UUID) -> None:
    """Delete what became of each foyer of an import."""
    await tx.execute(_OUBLI, {"le": import_id})


async def known_dossiers(tx: Transaction, cles: Sequence[str]) -> dict[str, DossierConnu]:
    """Read what is known of dossiers, by key."""
    rows = await tx.execute(_DOSSIERS, {"cles": list(cles)})
    return {row.cle: DossierConnu(row.id, bytes(row.empreinte), row.date_reference) for row in rows}


async def known_personnes(
    tx: Transaction, nirs: Sequence[bytes], dossiers: Sequence[UUID]
) -> list[PersonneConnue]:
    """Read the persons known by NIR digest or by dossier, and their orientations."""
    rows = (await tx.execute(_PERSONNES, {"nirs": list(nirs), "dossiers": list(dossiers)})).all()
    if not rows:
        return []
    orientations = (await tx.execute(_ORIENTATIONS, {"personnes": [row.id for row in rows]})).all()
    ouverte = StatutOrientation.OUVERTE.value
    a_decider = {row.personne_id: row.id for row in orientations if row.statut != ouverte}
    orientees = {row.personne_id for row in orientations if row.statut == ouverte}
    return [
        PersonneConnue(
            id=row.id,
            dossier_id=row.dossier_id,
            nir_empreinte=row.nir_empreinte and bytes(row.nir_empreinte),
            identite_empreinte=bytes(row.identite_empreinte),
            valeurs={name: getattr(row, name) for name in VALEURS},
            orientation_a_decider=a_decider.get(row.id),
            orientee=row.id in orientees,
        )
        for row in rows
    ]


async def write_dossiers(
    tx: Transaction, new: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]
) -> None:
    """Add and change dossiers; changed ones bear their id under `le`."""
    await tx.add(_D, new)
    if changed:
        columns: dict[str, Any] = {n: bindparam(n) for n in changed[0] if n != "le"}
        await tx.execute(_UPDATE_DOSSIER.values(**columns), changed)


async def write_personnes(
    tx: Transaction, new: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]
) -> None:
    """Add and change persons; changed ones bear their id under `la`."""
    await tx.add(_P, new)
    if changed:
        columns: dict[str, Any] = {n: bindparam(n) for n in changed[0] if n != "la"}
        await tx.execute(_UPDATE_PERSONNE.values(**columns), changed)


async def close_orientations(tx: Transaction, ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """Close orientations that are no longer to be made; return their versions."""
    closed = []
    for one in ids:
        row = (await tx.execute(_CLOSE, {"la": one})).one_or_none()
        if row is not None:
            closed.append((row.id, row.version))
    return closed
