"""SQL of the invitations: the switch, what is to be sent, of whom, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Interval, Row, bindparam, func, insert, or_, select, text, update
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
    .where(siens(_I), _I.statut == _A_FAIRE_STATUT, _I.decidee_le < bindparam("depuis"))
    .values(**_TOUCHE, statut=StatutInvitation.DEPASSEE.value)
    .returning(_I.id, _I.version)
)
_A_FAIRE = (
    select(_I.id)
    .where(siens(_I), _I.statut == _A_FAIRE_STATUT, _I.reprendre_le <= func.clock_timestamp())
    .order_by(_I.reprendre_le)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
# Written before the call: killed after it, the next one knows that it may have been done.
_PRENDRE = (
    update(_I)
    .where(siens(_I), _I.id == _A_FAIRE)
    .values(
        **_TOUCHE,
        essais=_I.essais + 1,
        incertaine_le=func.coalesce(_I.incertaine_le, text("now()")),
        reprendre_le=func.clock_timestamp() + bindparam("bail", type_=Interval()),
    )
    .returning(*_I.__table__.columns, (_I.incertaine_le < text("now()")).label("avant_incertaine"))
)
# The version that taking it gave is the proof of the lease: whoever takes it after gives another.
_FINIR = (
    update(_I)
    .where(siens(_I), _I.id == bindparam("l_invitation"), _I.version == bindparam("prise"))
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
    "UPDATE invitation_rdv_insertion i SET statut = 'envoyee', version = i.version + 1,"
    " modifie_le = now() FROM decision d JOIN orientation o ON o.collectivite = d.collectivite"
    " AND o.id = d.orientation_id WHERE i.collectivite = :collectivite"
    " AND d.collectivite = i.collectivite AND d.id = i.decision_id"
    " AND o.personne_id = (SELECT personne_id FROM usager_rdv_insertion u"
    " WHERE u.collectivite = :collectivite AND u.usager = :l_usager)"
    " AND i.statut IN ('a_faire', 'incertaine') AND i.incertaine_le IS NOT NULL"
    " AND i.incertaine_le <= :emise_le RETURNING i.id, i.version"
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


async def inscrire_depuis(tx: Transaction, depuis: datetime | None, limite: int) -> None:
    """Put in the queue the decisions written since an instant, or ever; leave those before it."""
    depuis = depuis or datetime.min.replace(tzinfo=UTC)
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


async def prendre(tx: Transaction) -> Row[Any] | None:
    """Take the next invitation to send, for the length of a lease."""
    return (await tx.execute(_PRENDRE, {"bail": BAIL})).one_or_none()


async def finir(tx: Transaction, prise: Row[Any], suite: Suite) -> None:
    """Write what came of an attempt; nothing, when another has taken it since."""
    statement = _FINIR if suite.incertaine else _FINIR.values(incertaine_le=None)
    row = (
        await tx.execute(
            statement,
            {
                "l_invitation": prise.id,
                "prise": prise.version,
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


async def confirmer(tx: Transaction, usager: str, emise_le: Any) -> None:
    """Say sent what may have been, once they tell that somebody was invited after it left."""
    rows = (await tx.execute(_CONFIRMER, {"l_usager": usager, "emise_le": emise_le})).all()
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
