"""SQL of the persons, and the digests by which they are found."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.personnes import rules
from shared.refus import Introuvable, Refus
from shared.schemas.orientation import Personne
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens

_T = tables.Personne
NIR = "personne.nir"

# The NIR, sealed or condensed, is not in what is read.
_COLUMNS = [c for c in _T.__table__.columns if c.key not in ("nir_scelle", "nir_empreinte")]
_BY_ID = select(*_COLUMNS).where(siens(_T), _T.id == bindparam("id"))
_BY_NIR = select(_T.id, _T.date_naissance).where(siens(_T), _T.nir_empreinte == bindparam("digest"))
_BY_IDENTITE = select(_T.id).where(siens(_T), _T.identite_empreinte == bindparam("digest")).limit(2)
_BY_REFERENCE = select(_T.id).where(
    siens(_T),
    _T.client_id == bindparam("client"),
    _T.reference_externe == bindparam("reference"),
)
_INSERT = insert(_T).returning(*_COLUMNS)


class PersonneExistante(Refus):
    """The person, or the partner's key, is there already: the answer says under which id."""

    code = "reference-externe-existante"
    detail = "Cette personne est deja enregistree."


def empreintes(
    coffre: Coffre, *, nom: str, prenoms: str, date_naissance: date, nir: str | None
) -> dict[str, Any]:
    """Return the columns that find a person without telling who it is."""
    return {
        "identite_empreinte": coffre.empreinte(
            rules.identite_canonique(nom, prenoms, date_naissance)
        ),
        "nir_empreinte": coffre.empreinte(nir) if nir else None,
        "nir_scelle": coffre.sceller(nir.encode(), NIR) if nir else None,
    }


async def store_personne(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a person.

    Raises:
        PersonneExistante: its NIR, or the partner's key, is known already.
    """
    try:
        async with tx.connexion.begin_nested():
            return (await tx.execute(_INSERT, values)).one()
    except IntegrityError:
        pass
    known = await find_by_nir(tx, values["nir_empreinte"])
    if known is None:
        keys = {"client": values["client_id"], "reference": values["reference_externe"]}
        known = (await tx.execute(_BY_REFERENCE, keys)).one()
    elif known.date_naissance != values["date_naissance"]:
        raise PersonneExistante  # a NIR alone does not tell whose it is
    raise PersonneExistante(id=str(known.id))


async def read_personne(tx: Transaction, personne_id: UUID) -> Row[Any]:
    """Read one person, without its NIR.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": personne_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def find_by_nir(tx: Transaction, digest: bytes | None) -> Row[Any] | None:
    """Find the person of a NIR digest: its id and birth date."""
    if digest is None:
        return None
    return (await tx.execute(_BY_NIR, {"digest": digest})).one_or_none()


async def find_by_identite(tx: Transaction, digest: bytes) -> Sequence[UUID]:
    """Find the persons of an identity digest: two at most, which is already too many."""
    return (await tx.execute(_BY_IDENTITE, {"digest": digest})).scalars().all()


def render(row: Row[Any]) -> Personne:
    """Make the contract of a row."""
    return Personne.model_validate({**row._mapping, "code_commune": row.commune})
