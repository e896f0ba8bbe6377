"""SQL of the exchanges with France Travail: the switch, what is to be sent, what is compared."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, and_, bindparam, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.orientation import tables
from shared.refus import Introuvable
from shared.schemas.orientation.france_travail import StatutEnvoi
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer

# Longer than a sending can take once it is renewed: at most four calls (sent, refused with the
# token kept of the person, who is found again by two keys, sent again) of 500 s, as `acces` bounds.
BAIL = timedelta(minutes=40)
_R, _E, _C = tables.ReglageFranceTravail, tables.EnvoiFranceTravail, tables.EcartFranceTravail
_D, _O, _P, _G = tables.Decision, tables.Orientation, tables.Personne, tables.OrganismeReferent
# A decision is seen when it commits, later than it was written: no request lasts that long.
_RECUL = text("interval '10 minutes'")

_REGLAGES = select(*_R.__table__.columns).where(siens(_R))
_DERNIER = _REGLAGES.order_by(_R.cree_le.desc(), _R.id.desc()).limit(1)
_OUVERT_DEPUIS = text(
    "SELECT min(cree_le) FROM reglage_france_travail r WHERE collectivite = :collectivite"
    " AND envoi AND cree_le > coalesce((SELECT max(cree_le) FROM reglage_france_travail"
    " WHERE collectivite = :collectivite AND NOT envoi), '-infinity')"
)
# A repair is put in the queue out of turn: decisions older than it may not be there yet.
_VUE_JUSQU_A = select(func.max(_E.decidee_le)).where(siens(_E), ~_E.reparation).scalar_subquery()
_INSCRIRE = upsert(_E).on_conflict_do_nothing()
_NOUVELLES = (
    select(_D.id.label("decision_id"), _D.cree_le.label("decidee_le"))
    .where(
        siens(_D),
        _D.cree_le >= bindparam("depuis"),
        or_(_VUE_JUSQU_A.is_(None), _D.cree_le >= _VUE_JUSQU_A - _RECUL),
        ~select(_E.decision_id).where(siens(_E), _E.decision_id == _D.id).exists(),
    )
    .order_by(_D.cree_le, _D.id)
    .limit(bindparam("limite"))
)
_A_FAIRE = (
    select(_E.decision_id)
    .where(
        siens(_E),
        _E.statut == StatutEnvoi.A_FAIRE.value,
        _E.reprendre_le <= func.clock_timestamp(),
    )
    .order_by(_E.reprendre_le)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
_TOUCHE = {"version": _E.version + 1, "modifie_le": text("now()")}
# Asked for before sending was closed, and left there: opened again, it sends only what comes after.
_DELAISSER = (
    update(_E)
    .where(
        siens(_E),
        _E.statut == StatutEnvoi.A_FAIRE.value,
        _E.decidee_le < bindparam("depuis"),
        _E.modifie_le < bindparam("depuis"),  # a repair asked since is not
    )
    .values(**_TOUCHE, statut=StatutEnvoi.DEPASSEE.value)
)
_PRENDRE = (
    update(_E)
    .where(siens(_E), _E.decision_id == _A_FAIRE)
    .values(
        **_TOUCHE,
        essais=_E.essais + 1,
        reprendre_le=func.clock_timestamp() + bindparam("bail", type_=Interval()),
    )
    .returning(_E.decision_id, _E.essais, _E.reparation, _E.version)
)
# The version that taking it gave is the proof of the lease: whoever takes it after gives another.
_TENU = (siens(_E), _E.decision_id == bindparam("la_decision"), _E.version == bindparam("pris"))
_TENIR = (
    update(_E)
    .where(*_TENU)
    .values(reprendre_le=func.clock_timestamp() + bindparam("bail", type_=Interval()))
    .returning(_E.decision_id)
)
_FINIR = (
    update(_E)
    .where(*_TENU)
    .values(
        **_TOUCHE,
        essais=_E.essais - bindparam("rendus"),
        statut=bindparam("nouveau"),
        code_ft=bindparam("code"),
        reprendre_le=func.clock_timestamp() + bindparam("dans", type_=Interval()),
    )
)
_REARMER = upsert(_E).on_conflict_do_update(
    index_elements=[_E.collectivite, _E.decision_id],
    set_={
        **_TOUCHE,
        "statut": StatutEnvoi.A_FAIRE.value,
        "reparation": True,
        "essais": 0,
        "code_ft": None,
        "reprendre_le": text("now()"),
    },
)
_DECIDEUR = tables.OrganismeReferent.__table__.alias("decideur")
_DOSSIER = (
    select(
        _O.id.label("orientation_id"),
        _O.statut,
        _D.id.label("decision_id"),
        _D.cree_le.label("decidee_le"),
        _D.type_parcours,
        _G.type.label("type_organisme"),
        _DECIDEUR.c.type.label("decideur"),
        _D.motif_refus,
        _D.date_decision,
        _D.date_effet,
        _P.date_naissance,
        _P.numero_france_travail,
        _P.nir_scelle,
    )
    .join(_P, (_P.collectivite == _O.collectivite) & (_P.id == _O.personne_id))
    .outerjoin(
        _D,
        and_(
            _D.collectivite == _O.collectivite,
            _D.id == _O.decision_id,
            _O.statut == StatutOrientation.OUVERTE.value,
        ),
    )
    .outerjoin(_G, (_G.collectivite == _D.collectivite) & (_G.id == _D.organisme_referent_id))
    .outerjoin(
        _DECIDEUR,
        (_DECIDEUR.c.collectivite == _D.collectivite)
        & (_DECIDEUR.c.id == _D.organisme_decideur_id),
    )
    .where(siens(_O))
)
_DE_LA_DECISION = _DOSSIER.where(_O.decision_id == bindparam("la_decision"))
_DE_L_ORIENTATION = _DOSSIER.where(_O.id == bindparam("orientation"))
_A_COMPARER = (
    _DOSSIER.outerjoin(_C, (_C.collectivite == _O.collectivite) & (_C.orientation_id == _O.id))
    .where(
        _O.statut != StatutOrientation.CLOTUREE.value,
        _P.fusionnee_avec_id.is_(None),
        ~_P.decedee,
        or_(_P.numero_france_travail.is_not(None), _P.nir_scelle.is_not(None)),
        or_(
            _C.id.is_(None),
            _C.compare_le < func.clock_timestamp() - bindparam("age", type_=Interval()),
        ),
    )
    .order_by(_C.compare_le.asc().nulls_first(), _O.id)
    .limit(bindparam("limite"))
)
_COMPARER = upsert(_C)
_COMPARES = (
    "decision_id",
    "type",
    "type_parcours",
    "type_organisme",
    "preconisation",
    "parcours_ft",
    "organisme_ft",
    "code_ft",
)
_ECRIRE_COMPARAISON = _COMPARER.on_conflict_do_update(
    index_elements=[_C.collectivite, _C.orientation_id],
    set_={
        **{nom: _COMPARER.excluded[nom] for nom in _COMPARES},
        "compare_le": _COMPARER.excluded.compare_le,
        "modifie_le": text("now()"),
        "version": _C.version + 1,
    },
).returning(_C.id, _C.version, _C.type)
_RESERVER = _COMPARER.on_conflict_do_update(
    index_elements=[_C.collectivite, _C.orientation_id],
    set_={"compare_le": _COMPARER.excluded.compare_le},
    where=_C.compare_le < func.clock_timestamp() - bindparam("age", type_=Interval()),
).returning(_C.id)
_DERNIER_TYPE = select(_C.type).where(siens(_C), _C.orientation_id == bindparam("orientation"))
_ECARTS = (
    select(*_C.__table__.columns, _E.statut.label("reparation"))
    .outerjoin(_E, (_E.collectivite == _C.collectivite) & (_E.decision_id == _C.decision_id))
    .where(siens(_C))
)
# Of an orientation closed since, what differed matters no more.
_OUVERTS = _ECARTS.join(
    _O, (_O.collectivite == _C.collectivite) & (_O.id == _C.orientation_id)
).where(_C.type.is_not(None), _O.statut != StatutOrientation.CLOTUREE.value)


async def store_reglage(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Add a setting: it rules from now on."""
    return (await tx.execute(insert(_R).returning(*_R.__table__.columns), values)).one()


async def read_reglage(tx: Transaction, reglage_id: UUID) -> Row[Any]:
    """Read one setting.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _REGLAGES.where(_R.id == bindparam("id"))
    row = (await tx.execute(statement, {"id": reglage_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_reglages(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of settings."""
    return await paginer(tx, _REGLAGES, _R, page)


async def reglage_en_vigueur(tx: Transaction) -> Row[Any] | None:
    """Read the setting that rules; none: all is closed."""
    return (await tx.execute(_DERNIER)).one_or_none()


async def inscrire_decisions(tx: Transaction, limite: int) -> int:
    """Put in the queue the decisions written since sending was opened; return how many.

    What an earlier opening left there is put out of it.
    """
    depuis = (await tx.execute(_OUVERT_DEPUIS)).scalar_one()
    if depuis is None:
        return 0
    await tx.execute(_DELAISSER, {"depuis": depuis})
    rows = (await tx.execute(_NOUVELLES, {"depuis": depuis, "limite": limite})).all()
    if rows:
        await tx.execute(
            _INSCRIRE,
            [
                {
                    "decision_id": row.decision_id,
                    "decidee_le": row.decidee_le,
                    "statut": StatutEnvoi.A_FAIRE.value,
                    "reprendre_le": row.decidee_le,
                }
                for row in rows
            ],
        )
    return len(rows)


async def prendre_envoi(tx: Transaction) -> Row[Any] | None:
    """Take the next decision to send, for the length of a lease."""
    return (await tx.execute(_PRENDRE, {"bail": BAIL})).one_or_none()


async def tenir_envoi(tx: Transaction, envoi: Row[Any]) -> bool:
    """Renew the lease of one taken; tell whether it was still ours."""
    values = {"la_decision": envoi.decision_id, "pris": envoi.version, "bail": BAIL}
    return (await tx.execute(_TENIR, values)).one_or_none() is not None


async def finir_envoi(
    tx: Transaction,
    envoi: Row[Any],
    statut: StatutEnvoi,
    *,
    code: str | None = None,
    dans: timedelta = timedelta(0),
    compte: bool = True,
) -> None:
    """Write what came of an attempt; still to be done, when to try again.

    Nothing is written when another has taken it since: it will tell.
    """
    values = {
        "la_decision": envoi.decision_id,
        "pris": envoi.version,
        "nouveau": statut.value,
        "code": code,
        "dans": dans,
        "rendus": 0 if compte else 1,
    }
    await tx.execute(_FINIR, values)


async def rearmer_envoi(tx: Transaction, row: Row[Any]) -> None:
    """Have a decision sent again, as a repair."""
    values = {
        "decision_id": row.decision_id,
        "decidee_le": row.decidee_le,
        "statut": StatutEnvoi.A_FAIRE.value,
        "reparation": True,
        "reprendre_le": row.decidee_le,
    }
    await tx.execute(_REARMER, values)


async def read_decision(tx: Transaction, decision_id: UUID) -> Row[Any] | None:
    """Read what is sent of a decision, and of whom."""
    return (await tx.execute(_DE_LA_DECISION, {"la_decision": decision_id})).one_or_none()


async def read_orientation(tx: Transaction, orientation_id: UUID) -> Row[Any]:
    """Read what is compared of an orientation, and of whom."""
    return (await tx.execute(_DE_L_ORIENTATION, {"orientation": orientation_id})).one()


async def a_comparer(tx: Transaction, *, age: timedelta, limite: int) -> Sequence[Row[Any]]:
    """Read the orientations compared longest ago, if they were so long ago, or never."""
    return (await tx.execute(_A_COMPARER, {"age": age, "limite": limite})).all()


async def store_comparaison(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Write how an orientation compares: one row each, the last comparison's."""
    return (await tx.execute(_ECRIRE_COMPARAISON, {"id": new_id(), **values})).one()


async def reserver_comparaison(
    tx: Transaction, orientation_id: UUID, *, compare_le: datetime, age: timedelta
) -> bool:
    """Take one to compare, unless another has; what was found before stays.

    Its next turn is written first: if this one gives nothing, it has passed all the same. Never
    compared, its version is 0.
    """
    values = {
        "id": new_id(),
        "orientation_id": orientation_id,
        "compare_le": compare_le,
        "version": 0,
        "age": age,
    }
    return (await tx.execute(_RESERVER, values)).one_or_none() is not None


async def dernier_type(tx: Transaction, orientation_id: UUID) -> str | None:
    """Read how an orientation differed when it was compared last."""
    found: str | None = (
        await tx.execute(_DERNIER_TYPE, {"orientation": orientation_id})
    ).scalar_one_or_none()
    return found


async def list_ecarts(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of what differs."""
    return await paginer(tx, _OUVERTS, _C, page)


async def read_ecart(tx: Transaction, ecart_id: UUID, *, tenir: bool = False) -> Row[Any]:
    """Read one, be it settled since; held to act on it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _ECARTS.where(_C.id == bindparam("id"))
    if tenir:
        statement = statement.with_for_update(of=_C)
    row = (await tx.execute(statement, {"id": ecart_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row
