"""SQL of the envelopes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, Uuid, bindparam, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from services.financement import tables
from services.financement.conventions.queries import read_convention
from services.financement.engagements.queries import RESTE
from services.financement.enveloppes.rules import Blocage, EtatEnveloppe
from services.financement.journal.queries import Regard, soldes_au, soldes_de
from services.financement.reservations.queries import echu_de
from services.financement.reservations.rules import EtatReservation
from shared.refus import Introuvable, Refus
from shared.schemas.financement.enveloppes import AvenantEnveloppeCommande, StatutEnveloppe
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches, parmi

_T = tables.Enveloppe
_ROW = select(*_T.__table__.columns).where(siens(_T))
# `key_share`: a reservation that refers to the envelope meanwhile need not wait.
_LOCK = _ROW.where(_T.id == bindparam("id")).with_for_update(key_share=True)
_SELECT = _ROW.add_columns(soldes_de(_T.id).label("soldes"), echu_de(_T.id).label("echu"))
_INSERT = insert(_T)
_TOUCH = (
    update(_T)
    .where(siens(_T), _T.id == func.any(bindparam("p_objets", type_=ARRAY(Uuid()))))
    .values(version=_T.version + 1, modifie_le=bindparam("p_modifie_le"))
)
_STATUTS = select(_T.statut).where(
    siens(_T), _T.id == func.any(bindparam("objets", type_=ARRAY(Uuid())))
)
_OF_ACTION = select(tables.Action.convention_id).where(
    siens(tables.Action), tables.Action.id == bindparam("id")
)
_G, _L = tables.Engagement, tables.EngagementLigne
# Those that hold the most come first: they are where to look.
_BLOCAGES = (
    select(_G.id.label("engagement_id"), _G.numero, RESTE.label("montant_centimes"))
    .join(_L, (_L.collectivite == _G.collectivite) & (_L.engagement_id == _G.id))
    .where(siens(_L), _L.enveloppe_id == bindparam("enveloppe_id"), RESTE > 0)
    .order_by(RESTE.desc(), _G.id)
    .limit(100)
)
_OPEN = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        statut=bindparam("p_statut"),
        version=_T.version + 1,
        modifie_le=bindparam("p_modifie_le"),
    )
)

_WINDOW = (
    update(_T)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .values(
        fenetre_debut=bindparam("p_debut", type_=_T.fenetre_debut.type),
        fenetre_fin=bindparam("p_fin", type_=_T.fenetre_fin.type),
    )
)


class EnveloppeExistante(Refus):
    code = "reference-externe-existante"
    detail = "Une enveloppe porte deja cette reference."


async def store_enveloppe(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert an envelope; its reference is unique in the collectivité.

    Raises:
        EnveloppeExistante: the reference is taken.
    """
    try:
        await tx.execute(_INSERT, values)
    except IntegrityError:
        raise EnveloppeExistante from None


async def lock_enveloppe(tx: Transaction, enveloppe_id: UUID) -> Row[Any]:
    """Read an envelope and hold its row until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"id": enveloppe_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_etat(
    tx: Transaction, enveloppe_id: UUID, echues: Sequence[EtatReservation], instant: datetime
) -> tuple[EtatEnveloppe, int]:
    """Hold the row of an envelope whose gate is held; return its state, and its version.

    Args:
        echues: what this command gives back, counted as given back.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    await lock_enveloppe(tx, enveloppe_id)
    row = await read_enveloppe(tx, enveloppe_id, instant)
    rendu = sum(
        tenue.quantite
        for echue in echues
        for tenue in echue.tenues
        if tenue.objet_id == enveloppe_id
    )
    contenu: Mapping[str, Any] = {}
    if row.axe is not None or row.volet is not None:
        contenu = (await read_convention(tx, row.convention_id)).contenu
    soldes = {
        **row.soldes,
        "disponible": row.soldes["disponible"] + rendu,
        "reserve": row.soldes["reserve"] - rendu,
    }
    etat = EtatEnveloppe(
        id=row.id,
        statut=StatutEnveloppe(row.statut),
        convention_id=row.convention_id,
        exercice=row.exercice,
        financeur=row.financeur,
        axe=row.axe,
        axe_fongible=_fongible(contenu.get("axes", ()), row.axe),
        volet=row.volet,
        volet_fongible=_fongible(contenu.get("volets", ()), row.volet),
        fenetre_debut=row.fenetre_debut,
        fenetre_fin=row.fenetre_fin,
        soldes=soldes,
    )
    return etat, row.version


def _fongible(divisions: Sequence[Mapping[str, Any]], ordre: int | None) -> bool:
    """Tell whether money may leave an axis or a volet; null: it is in none."""
    return ordre is None or any(one["ordre"] == ordre and one["fongible"] for one in divisions)


async def read_statuts(tx: Transaction, objets: Collection[UUID]) -> set[StatutEnveloppe]:
    """Return the states of those of these objects that are envelopes."""
    rows = await tx.execute(_STATUTS, {"objets": list(objets)})
    return {StatutEnveloppe(statut) for statut in rows.scalars()}


async def read_convention_de(tx: Transaction, action_id: UUID) -> UUID | None:
    """Return the convention of an action; null when none has this id."""
    found: UUID | None = (await tx.execute(_OF_ACTION, {"id": action_id})).scalar_one_or_none()
    return found


async def read_blocages(tx: Transaction, enveloppe_id: UUID) -> list[Blocage]:
    """Read the engagements that hold the most of an envelope, a hundred at most."""
    rows = await tx.execute(_BLOCAGES, {"enveloppe_id": enveloppe_id})
    return [Blocage(**row._mapping) for row in rows]


async def store_fenetre(
    tx: Transaction, enveloppe: EtatEnveloppe, demande: AvenantEnveloppeCommande, instant: datetime
) -> None:
    """Move the window of an envelope, an end that is null kept; what it was stays, with the act."""
    debut = demande.fenetre_debut or enveloppe.fenetre_debut
    fin = demande.fenetre_fin or enveloppe.fenetre_fin
    await tx.execute(_WINDOW, {"p_id": enveloppe.id, "p_debut": debut, "p_fin": fin})
    await tx.add(
        tables.AvenantFenetre,
        {
            "id": new_id(),
            "enveloppe_id": enveloppe.id,
            "fenetre_debut_avant": enveloppe.fenetre_debut,
            "fenetre_fin_avant": enveloppe.fenetre_fin,
            "fenetre_debut": debut,
            "fenetre_fin": fin,
            "date_effet": demande.date_effet,
            "source": demande.source,
            "client_id": tx.acces.auteur,
            "cree_le": instant,
        },
    )


async def store_statut(
    tx: Transaction, enveloppe_id: UUID, statut: str, modifie_le: datetime
) -> None:
    """Write the next version of an envelope, in this state."""
    await tx.execute(_OPEN, {"p_id": enveloppe_id, "p_statut": statut, "p_modifie_le": modifie_le})


async def touch_enveloppes(tx: Transaction, objets: Collection[UUID], modifie_le: datetime) -> None:
    """Write the next version of those of these objects that are envelopes."""
    await tx.execute(_TOUCH, {"p_objets": sorted(objets), "p_modifie_le": modifie_le})


def _select(regard: Regard | None) -> Select[Any]:
    """The envelopes with their balances: of this instant, or as of a day."""
    if regard is None:
        return _SELECT
    return _ROW.add_columns(soldes_au(_T.id, regard).label("soldes"), literal(0).label("echu"))


async def read_enveloppe(
    tx: Transaction, enveloppe_id: UUID, instant: datetime, regard: Regard | None = None
) -> Row[Any]:
    """Read one envelope with its balances: as of a day when asked.

    Else of this instant, with what is due back to it and not yet swept.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _select(regard).where(_T.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": enveloppe_id, "instant": instant})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_enveloppes(
    tx: Transaction,
    page: PageDemandee,
    instant: datetime,
    *,
    exercices: Sequence[int],
    conventions: Sequence[UUID],
    regard: Regard | None = None,
) -> Sequence[Row[Any]]:
    """Read a page of envelopes, of some years or of some conventions when asked."""
    statement = _select(regard)
    if conventions:
        statement = statement.where(parmi(_T.exercice, exercices))
        tranches = par_tranches(statement, _T.convention_id, conventions, _T, page)
    else:
        tranches = par_tranches(statement, _T.exercice, exercices, _T, page)
    ensemble = tranches.subquery()
    return await paginer(tx, select(ensemble), ensemble.c, page, {"instant": instant})
