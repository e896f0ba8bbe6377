"""SQL of the conventions, of their versions, acts and documents."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.conventions import rules
from shared.refus import Introuvable, Refus
from shared.schemas.financement.conventions import (
    ContenuConvention,
    Signataire,
    StatutVersion,
    TermesEnveloppe,
    TypeActe,
)
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer

_T, _V = tables.Convention, tables.VersionConvention
_A, _D = tables.ActeConvention, tables.DocumentConvention
_ROW = select(*_T.__table__.columns).where(siens(_T))
_LOCK = _ROW.where(_T.id == bindparam("id")).with_for_update(key_share=True)
# What is agreed is in the version in force; what is said twice is kept for those who read a row.
_SELECT = _ROW.join(
    _V, (_V.collectivite == _T.collectivite) & (_V.id == _T.version_courante_id)
).add_columns(_V.contenu, _V.numero)
_BY_ID = _SELECT.where(_T.id == bindparam("id"))
_VERSIONS = select(*_V.__table__.columns).where(siens(_V))
_VERSION = _VERSIONS.where(_V.id == bindparam("id"))
_LOCK_VERSION = _VERSION.with_for_update()
_OF_CONVENTION = _VERSIONS.where(_V.convention_id == bindparam("convention_id")).order_by(_V.numero)
_ACTES = (
    select(*_A.__table__.columns, _V.numero.label("numero_version"))
    .outerjoin(_V, (_V.collectivite == _A.collectivite) & (_V.id == _A.version_id))
    .where(siens(_A), _A.convention_id == bindparam("convention_id"))
)
_DOCUMENTS = select(*_D.__table__.columns).where(siens(_D))
_INITIALE = (
    update(_V)
    .where(siens(_V), _V.convention_id == bindparam("p_convention"), _V.numero == 0)
    .values(
        # Once it is replaced, the parties of the convention are those of the avenant.
        **{
            nom: case(
                (_V.statut == StatutVersion.REMPLACE, getattr(_V, nom)),
                else_=bindparam(f"p_{nom}", type_=getattr(_V, nom).type),
            )
            for nom in ("statut", "signataires")
        },
        **{
            nom: bindparam(f"p_{nom}", type_=getattr(_V, nom).type)
            for nom in (
                "date_deliberation",
                "reference_deliberation",
                "date_signature",
                "date_effet",
                "modifie_le",
            )
        },
        version=_V.version + 1,
    )
)
_ACTION = tables.Action
_DIVISIONS = select(_ACTION.axe, _ACTION.volet).where(
    siens(_ACTION), _ACTION.convention_id == bindparam("convention_id")
)
_E = tables.Enveloppe
_FENETRES = select(_E.id, _E.fenetre_debut, _E.fenetre_fin).where(
    siens(_E), _E.convention_id == bindparam("convention_id")
)
_FENETRE = (
    update(_E)
    .where(siens(_E), _E.id == bindparam("p_id"))
    .values(
        fenetre_debut=func.coalesce(
            bindparam("p_debut", type_=_E.fenetre_debut.type), _E.fenetre_debut
        ),
        fenetre_fin=func.coalesce(bindparam("p_fin", type_=_E.fenetre_fin.type), _E.fenetre_fin),
        version=_E.version + 1,
        modifie_le=func.now(),
    )
    .returning(_E.version)
)


class ConventionExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une convention, ou un avenant, porte deja cette reference."


# Writing


async def store_convention(
    tx: Transaction, convention: Mapping[str, Any], version: Mapping[str, Any]
) -> None:
    """Insert a convention and its initial version; its reference is unique in the collectivité.

    Raises:
        ConventionExistante: the reference is taken.
    """
    try:
        await tx.execute(insert(_T), convention)
        await tx.execute(insert(_V), version)
    except IntegrityError:
        raise ConventionExistante from None


async def store_avenant(tx: Transaction, version: Mapping[str, Any]) -> None:
    """Insert an avenant; the convention is locked, and none is open.

    Raises:
        ConventionExistante: the reference is taken.
    """
    try:
        await tx.execute(insert(_V), version)
    except IntegrityError:
        raise ConventionExistante from None


async def store_acte(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert an act; the client of the request did it."""
    await tx.execute(insert(_A), {**values, "client_id": tx.acces.client_id})


async def store_document(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a document."""
    row = {**values, "client_id": tx.acces.client_id}
    return (await tx.execute(insert(_D).returning(*_D.__table__.columns), row)).one()


async def update_convention(
    tx: Transaction, convention_id: UUID, version: int, valeurs: dict[str, Any]
) -> int:
    """Write the next version of the row of a convention, and return it."""
    row = await update_version(tx, _T, _T.id == convention_id, version, valeurs)
    return int(row.version)


async def update_initiale(tx: Transaction, convention_id: UUID, valeurs: Mapping[str, Any]) -> None:
    """Write where the initial version stands, which is where its convention does."""
    values = {f"p_{nom}": valeur for nom, valeur in valeurs.items()}
    await tx.execute(_INITIALE, {"p_convention": convention_id, **values})


async def update_version_convention(
    tx: Transaction, version_id: UUID, version: int, valeurs: dict[str, Any]
) -> None:
    """Write where a version of a convention stands; its content never changes."""
    await update_version(tx, _V, _V.id == version_id, version, valeurs)


async def store_fenetre(tx: Transaction, termes: TermesEnveloppe) -> int:
    """Move the execution window of an envelope, and return the envelope's version.

    An end that the avenant does not name stays where it is.
    """
    values = {
        "p_id": termes.enveloppe_id,
        "p_debut": termes.fenetre_debut,
        "p_fin": termes.fenetre_fin,
    }
    return int((await tx.execute(_FENETRE, values)).scalar_one())


# Reading


async def read_convention(tx: Transaction, convention_id: UUID) -> Row[Any]:
    """Read one convention, and the content of its version in force.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": convention_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_convention(tx: Transaction, convention_id: UUID) -> Row[Any]:
    """Read a convention and hold its row: two acts on it queue, two avenants too.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"id": convention_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_version(tx: Transaction, version_id: UUID, *, verrou: bool = False) -> Row[Any]:
    """Read one version, and hold its row when asked; its convention is held first, by all.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _LOCK_VERSION if verrou else _VERSION
    row = (await tx.execute(statement, {"id": version_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_initiale(tx: Transaction, convention_id: UUID) -> UUID:
    """Return the id of the initial version of a convention."""
    statement = _OF_CONVENTION.with_only_columns(_V.id).where(_V.numero == 0)
    found: UUID = (await tx.execute(statement, {"convention_id": convention_id})).scalar_one()
    return found


async def read_versions(tx: Transaction, convention_id: UUID) -> Sequence[Row[Any]]:
    """Read all the versions of a convention, by number."""
    return (await tx.execute(_OF_CONVENTION, {"convention_id": convention_id})).all()


async def read_actes(tx: Transaction, convention_id: UUID) -> list[rules.ActeInscrit]:
    """Read the acts of a convention and of its avenants, in the order of their inscription."""
    statement = _ACTES.where(_A.version_id.is_not(None)).order_by(_A.cree_le, _A.id)
    rows = await tx.execute(statement, {"convention_id": convention_id})
    return [
        rules.ActeInscrit(
            numero=row.numero_version,
            acte=rules.Acte(
                type=TypeActe(row.type),
                date_acte=row.date_acte,
                organisme=row.organisme,
                qualite=row.qualite,
                reference=row.reference,
                motif=row.motif,
            ),
            jour_inscription=row.jour_inscription,
        )
        for row in rows
    ]


async def read_divisions(
    tx: Transaction, convention_id: UUID
) -> tuple[frozenset[int], frozenset[int]]:
    """Return the axes and the volets that actions of a convention are in."""
    rows = (await tx.execute(_DIVISIONS, {"convention_id": convention_id})).all()
    axes, volets = ({row[rang] for row in rows if row[rang] is not None} for rang in (0, 1))
    return frozenset(axes), frozenset(volets)


async def read_fenetres(
    tx: Transaction, convention_id: UUID
) -> Mapping[UUID, tuple[date | None, date | None]]:
    """Return the execution window of each envelope of a convention."""
    rows = await tx.execute(_FENETRES, {"convention_id": convention_id})
    return {row.id: (row.fenetre_debut, row.fenetre_fin) for row in rows}


async def read_document(tx: Transaction, document_id: UUID) -> Row[Any]:
    """Read one document.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _DOCUMENTS.where(_D.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": document_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_conventions(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of conventions."""
    return await paginer(tx, _SELECT, _T, page)


async def list_versions(
    tx: Transaction, page: PageDemandee, convention_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the versions of a convention."""
    return await paginer(tx, _VERSIONS.where(_V.convention_id == convention_id), _V, page)


async def list_actes(
    tx: Transaction, page: PageDemandee, convention_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the acts of a convention, of its avenants and of its actions."""
    return await paginer(tx, _ACTES, _A, page, {"convention_id": convention_id})


async def list_documents(
    tx: Transaction, page: PageDemandee, convention_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the documents of a convention."""
    return await paginer(tx, _DOCUMENTS.where(_D.convention_id == convention_id), _D, page)


# What the rules need of a row


def etat(row: Row[Any]) -> rules.Etat:
    """Where a convention or an avenant stands; only a convention has a `date_cloture`."""
    return rules.Etat(
        statut=row.statut,
        signataires=signataires(row.signataires),
        date_deliberation=row.date_deliberation,
        reference_deliberation=row.reference_deliberation,
        date_signature=row.date_signature,
        date_effet=row.date_effet,
        date_cloture=getattr(row, "date_cloture", None),
    )


def etat_initial(row: Row[Any]) -> rules.Etat:
    """Where a convention stood when it was recorded."""
    found = row.etat_initial
    return rules.Etat(
        **{
            nom: None if found[nom] is None else date.fromisoformat(found[nom])
            for nom in ("date_deliberation", "date_signature", "date_effet")
        },
        statut=found["statut"],
        signataires=signataires(found["signataires"]),
        reference_deliberation=found["reference_deliberation"],
    )


def signataires(found: Sequence[Mapping[str, Any]]) -> tuple[Signataire, ...]:
    """The parties, as JSON holds them."""
    return tuple(Signataire.model_validate(one) for one in found)


def version(row: Row[Any]) -> rules.Version:
    """What the rules need of a version."""
    return rules.Version(
        date_effet=row.date_effet,
        jour_inscription=row.jour_inscription,
        signataires=signataires(row.signataires),
        contenu=ContenuConvention.model_validate(row.contenu),
    )
