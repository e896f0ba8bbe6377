"""SQL of the imports: the file, what each foyer became, and the writing of a batch."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Row,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    false,
    func,
    insert,
    null,
    or_,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from services.orientation import tables
from services.orientation.flux.canonique import EnteteFlux, EtatDossier
from services.orientation.imports.rules import DossierConnu, PersonneConnue
from shared.refus import Introuvable
from shared.schemas.imports import StatutImport
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer
from shared.socle.tables import ImportLignes

_I, _D, _P, _O = tables.Import, tables.Dossier, tables.Personne, tables.Orientation
_K, _AUTRE = aliased(_P), aliased(_P)
_M, _R, _L = tables.ImportMorceau, tables.ImportResultat, ImportLignes

_SELECT = select(*_I.__table__.columns).where(siens(_I))
_BY_ID = _SELECT.where(_I.id == bindparam("id"))
_COMMUNES = (
    "id",
    "version",
    "cree_le",
    "modifie_le",
    "type",
    "statut",
    "empreinte",
    "taille_octets",
    "recu_le",
    "termine_le",
    "probleme",
)
# Two tables, one list: each part comes in order from its own index.
_FICHIERS = union_all(
    select(
        *(getattr(_I, nom) for nom in _COMMUNES),
        _I.date_reference,
        _I.compteurs,
        _I.complet,
        false().label("essai"),
        cast(null(), JSONB).label("lignes"),
    ).where(siens(_I)),
    select(
        *(getattr(_L, nom) for nom in _COMMUNES),
        cast(null(), Date),
        cast(null(), JSONB),
        _L.statut == StatutImport.TERMINEE.value,
        _L.essai,
        _L.compteurs,
    ).where(siens(_L), _L.client_id == bindparam("le_client")),
).subquery("fichiers")
_INSERT = insert(_I).returning(*_I.__table__.columns)
_HOLD = (
    select(_I.id)
    .where(siens(_I), _I.id == bindparam("id"), _I.foyers_traites == bindparam("lus"))
    .with_for_update()
)
_MOVE = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("le"))
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
# Of a file of persons: whom its lines found here, brought by another than who deposited it.
_RECONNUES = text(
    "SELECT DISTINCT r.ressource_id FROM import_lignes i"
    " JOIN import_lignes_resultat r ON r.collectivite = i.collectivite AND r.import_id = i.id"
    " JOIN personne p ON p.collectivite = r.collectivite AND p.id = r.ressource_id"
    " WHERE i.collectivite = :collectivite AND i.id = :l_import AND i.type = 'personnes'"
    " AND r.statut IN ('modifiee', 'identique') AND p.client_id <> i.client_id"
)
_AVEC_RESULTATS = select(_I.id).where(
    siens(_I),
    _I.termine_le < bindparam("avant"),
    exists().where(_R.collectivite == _I.collectivite, _R.import_id == _I.id),
)
_OUBLI = delete(_R).where(siens(_R), _R.import_id == bindparam("le"))
_DOSSIERS = select(
    _D.id, _D.cle, _D.empreinte, _D.date_reference, _D.etat, _D.commune, _D.droit_recu_le
).where(siens(_D), _D.cle.in_(bindparam("cles", expanding=True)))
# Told again as they were: what is older than this flux is no longer to be believed of them.
_REDITS = (
    update(_D)
    .where(
        siens(_D),
        _D.id.in_(bindparam("dossiers", expanding=True)),
        _D.date_reference < bindparam("jour"),
    )
    .values(date_reference=bindparam("jour"))
)
_LUS = select(_I.cle_flux, _I.date_reference).where(
    siens(_I), _I.statut == StatutImport.TERMINEE.value
)
_RELU = select(exists(_LUS.where(_I.cle_flux == bindparam("cle"), _I.id != bindparam("un"))))
_DEPASSE = select(
    exists(
        _LUS.where(_I.famille_flux == bindparam("famille"), _I.date_reference > bindparam("jour"))
    )
)
_PARTIES = (
    select(_P.id, _P.dossier_id, _P.droits_devoirs)
    .where(siens(_P), _P.dossier_id.is_not(None), _P.role.is_(None), _P.beneficiaire_rsa)
    .order_by(_P.id)
    .limit(bindparam("limite"))
    .with_for_update(key_share=True)
)
_OUVERTES = select(_O.id).where(
    siens(_O),
    _O.personne_id.in_(bindparam("personnes", expanding=True)),
    _O.statut == StatutOrientation.OUVERTE.value,
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
    "decedee",
)
# What recognises an absorbed person leads to the one kept: its row is the one that is written.
_PERSONNES = (
    select(
        _K.id,
        _P.dossier_id,
        _K.dossier_id.label("foyer_id"),
        _P.nir_empreinte,
        _P.identite_empreinte,
        _P.date_naissance.label("naissance"),
        *(getattr(_K, name) for name in VALEURS),
    )
    .join(
        _K,
        (_K.collectivite == _P.collectivite)
        & (_K.id == func.coalesce(_P.fusionnee_avec_id, _P.id)),
    )
    .where(
        siens(_P),
        or_(
            _P.nir_empreinte.in_(bindparam("nirs", expanding=True)),
            _P.dossier_id.in_(bindparam("dossiers", expanding=True)),
        ),
    )
)
# Held against a merge too: it may have absorbed one of them since they were read.
_TENIR = (
    select(_P.fusionnee_avec_id)
    .where(siens(_P), _P.id.in_(bindparam("personnes", expanding=True)))
    .order_by(_P.id)
    .with_for_update(key_share=True)
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
# A flux without NIR forgets none, and the NIR of an absorbed person stays hers.
_NIR = bindparam("nir_empreinte", type_=_P.nir_empreinte.type)
_NIR_A_ECRIRE = and_(
    _NIR.is_not(None),
    ~exists().where(
        _AUTRE.collectivite == _P.collectivite,
        _AUTRE.nir_empreinte == _NIR,
        _AUTRE.id != _P.id,
    ),
)
_VIVES = (
    select(_O.id)
    .where(
        siens(_O),
        _O.personne_id.in_(bindparam("personnes", expanding=True)),
        _O.statut != StatutOrientation.CLOTUREE.value,
    )
    .order_by(_O.statut == StatutOrientation.OUVERTE.value, _O.id)
    .with_for_update()
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


async def find_import(tx: Transaction, import_id: UUID) -> Row[Any] | None:
    """Read one flux, if there is one of this id: else it may be a file of lines."""
    return (await tx.execute(_BY_ID, {"id": import_id})).one_or_none()


async def list_imports(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of the fluxes, and of the files of lines that the caller deposited."""
    return await paginer(tx, select(_FICHIERS), _FICHIERS.c, page, {"le_client": tx.acces.auteur})


async def read_morceau(tx: Transaction, import_id: UUID, numero: int) -> bytes | None:
    """Read a piece of the file, sealed; None past the last."""
    found = await tx.execute(_MORCEAU, {"id": import_id, "numero": numero})
    return found.scalar_one_or_none()


async def read_resultats(tx: Transaction, import_id: UUID, apres: int) -> Sequence[Row[Any]]:
    """Read some results, in the order of the file."""
    return (await tx.execute(_RESULTATS, {"id": import_id, "apres": apres})).all()


async def plan_again(tx: Transaction) -> None:
    """Have PostgreSQL make the plans of this connection again, for the tables as they are.

    A plan made on empty tables, be it a foreign key's or a trigger's, seeks a row by any index that
    begins with its collectivité, and is kept until autovacuum analyses them, a minute later: each
    foyer would cost more than the one before.
    """
    await tx.execute(text("DISCARD PLANS"))


async def hold_import(tx: Transaction, import_id: UUID, *, lus: int) -> bool:
    """Hold an import for the batch that follows what was read; False if another moved it on."""
    return (await tx.execute(_HOLD, {"id": import_id, "lus": lus})).one_or_none() is not None


async def advance(
    tx: Transaction, import_id: UUID, *, traites: int, compteurs: Mapping[str, int]
) -> None:
    """Move the reading on; the import is held."""
    await tx.execute(_MOVE, {"le": import_id, "traites": traites, "comptes": dict(compteurs)})


async def hold_personnes(tx: Transaction, personnes: Sequence[UUID]) -> bool:
    """Hold persons in id order; False if one was absorbed by another since they were read."""
    if not personnes:
        return True
    found = await tx.execute(_TENIR, {"personnes": personnes})
    return all(absorbed_by is None for absorbed_by in found.scalars())


async def lock_vives(tx: Transaction, personnes: Sequence[UUID]) -> None:
    """Hold what is to decide of some persons, then what is in force, as decisions do."""
    if personnes:
        await tx.execute(_VIVES, {"personnes": personnes})


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


async def read_reconnues(tx: Transaction, import_id: UUID) -> Sequence[UUID]:
    """Read whom a file of persons tells its depositor to be known here."""
    return (await tx.execute(_RECONNUES, {"l_import": import_id})).scalars().all()


async def with_resultats(tx: Transaction, avant: datetime) -> Sequence[UUID]:
    """Find the imports that ended before an instant, and whose results are still there."""
    return (await tx.execute(_AVEC_RESULTATS, {"avant": avant})).scalars().all()


async def forget_resultats(tx: Transaction, import_id: UUID) -> None:
    """Delete what became of each foyer of an import."""
    await tx.execute(_OUBLI, {"le": import_id})


async def already_read(tx: Transaction, import_id: UUID, entete: EnteteFlux) -> bool:
    """Whether another import read this very flux to its end."""
    found = await tx.execute(_RELU, {"cle": entete.cle, "un": import_id})
    return bool(found.scalar_one())


async def overtaken(tx: Transaction, entete: EnteteFlux) -> bool:
    """Whether a flux of the same family and of a later day was read to its end."""
    found = await tx.execute(_DEPASSE, {"famille": entete.famille, "jour": entete.date_reference})
    return bool(found.scalar_one())


async def known_dossiers(tx: Transaction, cles: Sequence[str]) -> dict[str, DossierConnu]:
    """Read what is known of dossiers, by key."""
    rows = await tx.execute(_DOSSIERS, {"cles": list(cles)})
    return {
        row.cle: DossierConnu(
            row.id,
            bytes(row.empreinte),
            row.date_reference,
            EtatDossier(row.etat),
            row.commune,
            row.droit_recu_le,
        )
        for row in rows
    }


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
            foyer_id=row.foyer_id,
            nir_empreinte=row.nir_empreinte and bytes(row.nir_empreinte),
            identite_empreinte=bytes(row.identite_empreinte),
            naissance=row.naissance,
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


async def retell_dossiers(tx: Transaction, dossiers: Sequence[UUID], jour: date) -> None:
    """Date the dossiers that a flux told again as they were."""
    if dossiers:
        await tx.execute(_REDITS, {"dossiers": list(dossiers), "jour": jour})


async def write_personnes(
    tx: Transaction, new: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]
) -> None:
    """Add and change persons; changed ones bear their id under `la`."""
    await tx.add(_P, new)
    if changed:
        columns: dict[str, Any] = {n: bindparam(n) for n in changed[0] if n != "la"}
        for name in ("nir_scelle", "nir_empreinte"):
            kept = getattr(_P, name)
            columns[name] = case((_NIR_A_ECRIRE, bindparam(name, type_=kept.type)), else_=kept)
        await tx.execute(_UPDATE_PERSONNE.values(**columns), changed)


async def leave_dossier(tx: Transaction, personnes: Sequence[UUID]) -> None:
    """Take their role from persons whom their foyer no longer tells."""
    if personnes:
        await tx.execute(_UPDATE_PERSONNE.values(role=None), [{"la": one} for one in personnes])


async def close_orientations(tx: Transaction, ids: Sequence[UUID]) -> list[tuple[UUID, int]]:
    """Close orientations that are no longer to be made; return their versions."""
    closed = []
    for one in ids:
        row = (await tx.execute(_CLOSE, {"la": one})).one_or_none()
        if row is not None:
            closed.append((row.id, row.version))
    return closed


async def in_force(tx: Transaction, personnes: Sequence[UUID]) -> Sequence[UUID]:
    """Find the orientations in force of some persons."""
    return (await tx.execute(_OUVERTES, {"personnes": list(personnes)})).scalars().all()


async def settle_departures(
    tx: Transaction, limite: int
) -> tuple[Sequence[Row[Any]], list[tuple[UUID, int]]]:
    """End the right of some who left their foyer; return them as they were, and what was closed."""
    parties = (await tx.execute(_PARTIES, {"limite": limite})).all()
    if not parties:
        return [], []
    ids = [row.id for row in parties]
    await tx.execute(
        _UPDATE_PERSONNE.values(beneficiaire_rsa=False, droits_devoirs=False),
        [{"la": one} for one in ids],
    )
    orientations = (await tx.execute(_ORIENTATIONS, {"personnes": ids})).all()
    a_decider = sorted(
        row.id for row in orientations if row.statut != StatutOrientation.OUVERTE.value
    )
    return parties, await close_orientations(tx, a_decider)
