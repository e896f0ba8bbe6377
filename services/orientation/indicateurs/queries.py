"""SQL of the announced figures, and of what is counted beside them now."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Row, Uuid, bindparam, column, insert, select, text
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from shared.refus import Introuvable, Refus
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee, paginer

_I = tables.Indicateur
# The communes of a territory are said once: by the local delays that name it, and by its units.
COMMUNES = """
SELECT jsonb_array_elements_text(d -> 'communes') AS commune
FROM collectivite c, jsonb_array_elements(c.delais) d
WHERE c.collectivite = {cloison} AND d ->> 'territoire' = {territoire}
UNION
SELECT jsonb_array_elements_text(u.communes)
FROM unite u WHERE u.collectivite = {cloison} AND u.territoire = {territoire}
"""
_COMMUNES = COMMUNES.format(cloison="i.collectivite", territoire="i.territoire")
_EN_COURS = "coalesce({0}.date_debut, :jour) <= :jour AND coalesce({0}.date_fin, :jour) >= :jour"
_CONSTATS = (
    text(
        f"""
SELECT i.id, i.territoire IS NOT NULL AND NOT EXISTS ({_COMMUNES}) AS communes_inconnues,
  CASE i.mesure
    WHEN 'personnes_suivies' THEN (
      SELECT count(*) FROM place g
      JOIN orientation o ON o.collectivite = g.collectivite AND o.id = g.orientation_id
      JOIN personne h ON h.collectivite = o.collectivite AND h.id = o.personne_id
      WHERE g.collectivite = i.collectivite AND g.statut = 'placee' AND h.beneficiaire_rsa
        AND (i.organisme_referent_id IS NULL OR g.organisme_id = i.organisme_referent_id)
        AND (i.territoire IS NULL OR h.commune IN ({_COMMUNES})))
    WHEN 'unites' THEN (
      SELECT count(*) FROM unite u
      WHERE u.collectivite = i.collectivite AND {_EN_COURS.format("u")}
        AND (i.organisme_referent_id IS NULL OR u.organisme_referent_id = i.organisme_referent_id)
        AND (i.territoire IS NULL OR u.territoire = i.territoire))
    WHEN 'agents' THEN (
      SELECT count(*) FROM portefeuille p
      LEFT JOIN unite u ON u.collectivite = p.collectivite AND u.id = p.unite_id
      WHERE p.collectivite = i.collectivite AND {_EN_COURS.format("p")}
        AND (i.role IS NULL OR p.role = i.role)
        AND (i.organisme_referent_id IS NULL OR p.organisme_referent_id = i.organisme_referent_id)
        AND (i.territoire IS NULL OR u.territoire = i.territoire))
  END AS nombre
FROM indicateur i WHERE i.collectivite = :cloison
"""
    )
    .columns(
        column("id", Uuid), column("communes_inconnues", Boolean), column("nombre", BigInteger)
    )
    .subquery("constats")
)
_SELECT = (
    select(*_I.__table__.columns, _CONSTATS.c.communes_inconnues, _CONSTATS.c.nombre)
    .join(_CONSTATS, _CONSTATS.c.id == _I.id)
    .where(siens(_I))
)
_BY_ID = _SELECT.where(_I.id == bindparam("id"))
_INSERT = insert(_I)


class IndicateurExistant(Refus):
    code = "reference-externe-existante"
    detail = "Un indicateur porte deja cette reference."


async def store_indicateur(tx: Transaction, values: Mapping[str, Any], jour: date) -> Row[Any]:
    """Insert a figure; its reference is unique in the collectivité, its organisme exists.

    Raises:
        IndicateurExistant: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise IndicateurExistant from None
    return await read_indicateur(tx, values["id"], jour)


async def read_indicateur(tx: Transaction, indicateur_id: UUID, jour: date) -> Row[Any]:
    """Read one figure, and what is counted on a day.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": indicateur_id, "jour": jour})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_indicateurs(tx: Transaction, page: PageDemandee, jour: date) -> Sequence[Row[Any]]:
    """Read a page of figures, and what is counted beside each on a day."""
    return await paginer(tx, _SELECT, _I, page, {"jour": jour})
