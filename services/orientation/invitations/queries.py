"""SQL of the invitations: the switch, what is to be sent, of whom, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, bindparam, case, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.orientation import tables
from services.orientation.invitations.rules import Suite
from shared.refus import Introuvable
from shared.schemas.commun import Operation
from shared.schemas.orientation.invitations import Invitation, StatutInvitation
from shared.schemas.orientation.vocabulaire import StatutOrientation
from shared.socle.db import Transaction, siens
from shared.socle.evenements import Fait, publier
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, par_tranches

# Longer than a call with its sign-in, twice.
BAIL = timedelta(minutes=5)
_R, _I = tables.ReglageInvitations, tables.InvitationRdvInsertion
_D, _O, _P = tables.Decision, tables.Orientation, tables.Personne
_G, _F = tables.OrganismeReferent, tables.Dossier
# A decision is seen when it commits, later than it was written: no request lasts that long.
_RECUL = text("interval '10 minutes'")
_A_FAIRE_STATUT = StatutInvitation.A_FAIRE.value

_REGLAGES = select(*_R.__table__.columns).where(siens(_R))
_DERNIER = _REGLAGES.order_by(_R.cree_le.desc(), _R.id.desc()).limit(1)
_OUVERT_DEPUIS = text(
    "SELECT min(cree_le) FROM reglage_invitations WHERE collectivite = :collectivite"
    " AND envoi AND cree_le > coalesce((SELECT max(cree_le) FROM reglage_invitations"
    " WHERE collectivite = :collectivite AND NOT envoi), '-infinity')"
)
_VUE_JUSQU_A = select(func.max(_I.decidee_le)).where(siens(_I)).scalar_subquery()
_NOUVELLES = (
    select(_D.id.label("decision_id"), _D.cree_le.label("decidee_le"))
    .where(
        siens(_D),
        _D.cree_le >= bindparam("depuis"),
        or_(_VUE_JUSQU_A.is_(None), _D.cree_le >= _VUE_JUSQU_A - _RECUL),
        ~select(_I.id).where(siens(_I), _I.decision_id == _D.id).exists(),
    )
    .order_by(_D.cree_le, _D.id)
    .limit(bindparam("limite"))
)
_INSCRIRE = upsert(_I).on_conflict_do_nothing().returning(_I.id, _I.version)
_TOUCHE = {"version": _I.version + 1, "modifie_le": text("now()")}
# Left there when it was closed: opened again, it invites for what comes after.
_DELAISSER = (
    update(_I)
    .where(
        siens(_I),
        _I.statut == _A_FAIRE_STATUT,
        _I.decidee_le < bindparam("depuis"),
        _I.reprendre_le <= func.now(),  # not while it may be leaving
    )
    .values(
        **_TOUCHE,
        statut=case(
            (_I.incertaine_le.is_(None), StatutInvitation.DEPASSEE.value),
            else_=StatutInvitation.INCERTAINE.value,
        ),
    )
    .returning(_I.id, _I.version)
)
_A_FAIRE = (
    select(_I.id)
    # Of the same instant as those that are left: one is either sent or left.
    .where(siens(_I), _I.statut == _A_FAIRE_STATUT, _I.reprendre_le <= func.now())
    .order_by(_I.reprendre_le)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
# Held by whoever counts what was tried this minute, and takes one more: they admit so many.
_SEUL = text(
    "SELECT pg_advisory_xact_lock(hashtextextended("
    "concat_ws('|', 'invitations', cast(:collectivite AS text)), 0))"
)
_DE_LA_MINUTE = (
    select(func.count())
    .select_from(_I)
    .where(siens(_I), _I.tentee_le > func.clock_timestamp() - text("interval '1 minute'"))
)
# Written before the call: killed after it, the next one knows that it may have been done. What may
# have been done keeps its category: of another, they would not see that they did it already.
_PRENDRE = (
    update(_I)
    .where(siens(_I), _I.id == _A_FAIRE)
    .values(
        **_TOUCHE,
        essais=_I.essais + 1,
        categorie=func.coalesce(_I.categorie, bindparam("la_categorie")),
        tentee_le=func.clock_timestamp(),
        incertaine_le=func.coalesce(_I.incertaine_le, text("now()")),
        reprendre_le=func.clock_timestamp() + bindparam("bail", type_=Interval()),
    )
    .returning(*_I.__table__.columns, (_I.incertaine_le < text("now()")).label("avant_incertaine"))
)
# The attempt is the proof of the lease: whoever takes it after begins another. What they tell
# before they answer makes it sent, and only their answer says more.
_FINIR = (
    update(_I)
    .where(
        siens(_I),
        _I.id == bindparam("l_invitation"),
        _I.essais == bindparam("l_essai"),
        _I.statut.in_(bindparam("remplaces", expanding=True)),
    )
    .values(
        **_TOUCHE,
        statut=bindparam("nouveau"),
        code=bindparam("le_code"),
        formats=bindparam("les_formats", type_=_I.formats.type),
        reprendre_le=func.clock_timestamp() + bindparam("dans", type_=Interval()),
    )
    .returning(_I.id, _I.version)
)
_DOSSIER = (
    select(
        _O.id.label("orientation_id"),
        _G.reference.label("organisme"),
        _P.id.label("personne_id"),
        _P.nom,
        _P.nom_naissance,
        _P.prenoms,
        _P.date_naissance,
        _P.numero_france_travail,
        _P.nir_scelle,
        _P.role,
        _F.matricule,
    )
    .select_from(_D)
    .join(_O, (_O.collectivite == _D.collectivite) & (_O.decision_id == _D.id))
    .join(_P, (_P.collectivite == _O.collectivite) & (_P.id == _O.personne_id))
    .outerjoin(_G, (_G.collectivite == _D.collectivite) & (_G.id == _D.organisme_referent_id))
    .outerjoin(_F, (_F.collectivite == _P.collectivite) & (_F.id == _P.dossier_id))
    .where(
        siens(_D),
        _D.id == bindparam("la_decision"),
        _O.statut == StatutOrientation.OUVERTE.value,
        ~_P.decedee,
    )
)
_CONFIRMER = text(
    "UPDATE invitation_rdv_insertion i SET statut = 'envoyee', code = NULL,"
    " formats = CASE WHEN cast(:format AS text) IS NULL"
    " OR i.formats @> to_jsonb(cast(:format AS text)) THEN i.formats"
    " ELSE i.formats || to_jsonb(cast(:format AS text)) END,"
    " version = i.version + 1, modifie_le = now() FROM decision d"
    " JOIN orientation o ON o.collectivite = d.collectivite"
    " AND o.id = d.orientation_id WHERE i.collectivite = :collectivite"
    " AND d.collectivite = i.collectivite AND d.id = i.decision_id"
    " AND o.personne_id = (SELECT personne_id FROM usager_rdv_insertion u"
    " WHERE u.collectivite = :collectivite AND u.usager = :l_usager)"
    # A message each: the second is told of one that is sent already.
    " AND (i.statut IN ('a_faire', 'incertaine') OR i.statut = 'envoyee'"
    " AND NOT i.formats @> to_jsonb(cast(:format AS text)))"
    " AND i.incertaine_le IS NOT NULL"
    " AND (cast(:categorie AS text) IS NULL OR i.categorie IS NULL OR i.categorie = :categorie)"
    # Their dates are to the second.
    " AND date_trunc('second', i.incertaine_le) <= :emise_le RETURNING i.id, i.version"
)
_LISTE = select(*_I.__table__.columns).where(siens(_I))


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
    """Read the setting that rules; none: nobody is invited."""
    return (await tx.execute(_DERNIER)).one_or_none()


async def inscrire_decisions(tx: Transaction, limite: int) -> None:
    """Put in the queue the decisions written since it was opened, each once."""
    depuis = (await tx.execute(_OUVERT_DEPUIS)).scalar_one()
    if depuis is not None:
        await inscrire_depuis(tx, depuis, limite)


async def inscrire_depuis(tx: Transaction, depuis: datetime, limite: int) -> None:
    """Put in the queue the decisions written since an instant; leave those before it."""
    laissees = (await tx.execute(_DELAISSER, {"depuis": depuis})).all()
    await publier(tx, *(_fait("modifiee", row) for row in laissees))
    rows = (await tx.execute(_NOUVELLES, {"depuis": depuis, "limite": limite})).all()
    for row in rows:
        values = {
            "id": new_id(),
            "decision_id": row.decision_id,
            "decidee_le": row.decidee_le,
            "statut": _A_FAIRE_STATUT,
            "formats": [],
            "reprendre_le": row.decidee_le,
        }
        found = (await tx.execute(_INSCRIRE, values)).one_or_none()
        if found is not None:
            await publier(tx, _fait("prevue", found, Operation.CREATION))


async def prendre(tx: Transaction, categorie: str, *, par_minute: int) -> Row[Any] | None:
    """Take the next invitation to send, for the length of a lease; none past so many a minute.

    Args:
        categorie: the category in force, unless it may have left for another.
        par_minute: attempts, of all workers together.
    """
    await tx.execute(_SEUL)
    if (await tx.execute(_DE_LA_MINUTE)).scalar_one() >= par_minute:
        return None
    return (await tx.execute(_PRENDRE, {"bail": BAIL, "la_categorie": categorie})).one_or_none()


async def finir(tx: Transaction, prise: Row[Any], suite: Suite, *, appelee: bool) -> None:
    """Write what came of an attempt; nothing, when another has begun since, or they told more.

    Args:
        appelee: they were called, which counts in what they admit a minute.
    """
    statement = _FINIR if suite.incertaine else _FINIR.values(incertaine_le=None)
    remplaces = [_A_FAIRE_STATUT]
    if suite.statut is StatutInvitation.ENVOYEE:
        remplaces += [StatutInvitation.INCERTAINE.value, StatutInvitation.ENVOYEE.value]
    elif not suite.incertaine:
        statement = statement.values(categorie=None)
    if not appelee:
        statement = statement.values(tentee_le=None)
    row = (
        await tx.execute(
            statement,
            {
                "l_invitation": prise.id,
                "l_essai": prise.essais,
                "remplaces": remplaces,
                "nouveau": suite.statut.value,
                "le_code": suite.code,
                "les_formats": list(suite.formats),
                "dans": suite.dans,
            },
        )
    ).one_or_none()
    if row is not None:
        await publier(tx, _fait("modifiee", row))


async def read_invite(tx: Transaction, decision_id: UUID) -> Row[Any] | None:
    """Read who is to be invited, while the decision is in force."""
    return (await tx.execute(_DOSSIER, {"la_decision": decision_id})).one_or_none()


async def confirmer(
    tx: Transaction,
    usager: str,
    emise_le: datetime,
    *,
    categorie: str | None,
    format_: str | None,
) -> None:
    """Say sent what may have been, once they tell that somebody was invited after it left.

    Args:
        categorie: for what; None when they do not say: it may be ours.
        format_: by which message, when they say it.
    """
    values = {
        "l_usager": usager,
        "emise_le": emise_le,
        "categorie": categorie,
        "format": format_,
    }
    rows = (await tx.execute(_CONFIRMER, values)).all()
    await publier(tx, *(_fait("modifiee", row) for row in rows))


async def list_invitations(
    tx: Transaction, page: PageDemandee, statuts: Sequence[StatutInvitation]
) -> Sequence[Row[Any]]:
    """Read a page of invitations, of some states or of all."""
    ensemble = par_tranches(_LISTE, _I.statut, statuts, _I, page).subquery()
    return await paginer(tx, _de_qui(ensemble.c, select(ensemble)), ensemble.c, page)


async def read_invitation(tx: Transaction, invitation_id: UUID) -> Row[Any]:
    """Read one.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    statement = _de_qui(_I, select(*_I.__table__.columns)).where(
        siens(_I), _I.id == bindparam("id")
    )
    row = (await tx.execute(statement, {"id": invitation_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


def render(row: Row[Any]) -> Invitation:
    """Make the contract of a row."""
    return Invitation.model_validate(row, from_attributes=True)


def _de_qui(invitation: Any, statement: Any) -> Any:
    return (
        statement.add_columns(_D.orientation_id, _O.personne_id)
        .join(_D, (_D.collectivite == invitation.collectivite) & (_D.id == invitation.decision_id))
        .join(_O, (_O.collectivite == _D.collectivite) & (_O.id == _D.orientation_id))
    )


def _fait(nom: str, row: Row[Any], operation: Operation = Operation.MODIFICATION) -> Fait:
    return Fait(f"orientation.invitation.{nom}", "invitations", row.id, row.version, operation)
