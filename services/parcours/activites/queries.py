"""SQL of the activities, of what is said to be done of them, and of the local landmarks."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, case, exists, func, insert, or_, select, true, update

from services.parcours import tables
from services.parcours.activites.rules import (
    ActeConnu,
    Declaration,
    EtatActivite,
    Fermeture,
    Prevue,
    Semaine,
    Suivi,
    code_semaine,
)
from shared.refus import Introuvable
from shared.schemas.parcours.activites import (
    Activite,
    DeclarationHeures,
    RepartitionHeures,
    RepereHeures,
    SemaineActivite,
)
from shared.schemas.parcours.contrats_engagement import (
    ModaliteActivite,
    SignataireContrat,
    TypeActeContrat,
)
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi

_A, _D, _H = tables.Activite, tables.DeclarationHeures, tables.RepereHeures
_T, _P, _O = tables.Parcours, tables.Periode, tables.Reouverture
_C, _R, _ACTE = tables.ContratEngagement, tables.RevisionContrat, tables.ActeContrat
_LIBELLE = "activite.libelle"

_SELECT = select(*_A.__table__.columns).where(siens(_A))
_BY_ID = _SELECT.where(_A.id == bindparam("p_id"))
# Its parcours too, so that none is closed between the reading and the writing.
_LOCK = (
    select(*_A.__table__.columns, _T.statut.label("statut_parcours"))
    .join(_T, (_T.collectivite == _A.collectivite) & (_T.id == _A.parcours_id))
    .where(siens(_A), _A.id == bindparam("p_id"))
    .with_for_update(of=[_T, _A])
)
_INSERT = insert(_A).returning(*_A.__table__.columns)
_TOUCH = (
    update(_A)
    .where(siens(_A), _A.id == bindparam("p_id"))
    .values(version=_A.version + 1, modifie_le=func.now())
    .returning(*_A.__table__.columns)
)
_ARRETER = _TOUCH.values(date_arret=bindparam("p_date_arret"), arret_le=func.now())
_DECLARATIONS = select(*_D.__table__.columns).where(
    siens(_D), _D.activite_id == bindparam("p_activite_id")
)
_ENTIERE = select(
    exists().where(
        siens(_D),
        _D.activite_id == bindparam("p_activite_id"),
        _D.date_lundi == bindparam("p_lundi"),
        _D.date_activite.is_(None),
    )
)
_REPERES = select(*_H.__table__.columns).where(siens(_H))
_REPERE = _REPERES.where(_H.id == bindparam("p_id"))
_INSERT_REPERE = insert(_H).returning(*_H.__table__.columns)


async def store_activite(tx: Transaction, coffre: Coffre, values: Mapping[str, Any]) -> Row[Any]:
    """Insert an activity."""
    libelle = coffre.sceller(values["libelle"].encode(), _LIBELLE)
    return (await tx.execute(_INSERT, {**values, "id": new_id(), "libelle": libelle})).one()


async def read_activite(tx: Transaction, activite_id: UUID) -> Row[Any]:
    """Read one activity.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": activite_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_activite(tx: Transaction, activite_id: UUID) -> Row[Any]:
    """Read one activity and where its parcours stands, and hold both until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"p_id": activite_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_activites(
    tx: Transaction, page: PageDemandee, parcours: Sequence[UUID]
) -> Sequence[Row[Any]]:
    """Read a page of activities, of some parcours or of all."""
    return await paginer(tx, _SELECT.where(parmi(_A.parcours_id, parcours)), _A, page)


async def end_activite(tx: Transaction, activite_id: UUID, date_arret: date) -> Row[Any]:
    """Say on which day a locked activity ceased."""
    return (await tx.execute(_ARRETER, {"p_id": activite_id, "p_date_arret": date_arret})).one()


async def is_semaine_entiere(tx: Transaction, activite_id: UUID, lundi: date) -> bool:
    """Tell whether a week of a locked activity was said whole."""
    keys = {"p_activite_id": activite_id, "p_lundi": lundi}
    found: bool = (await tx.execute(_ENTIERE, keys)).scalar_one()
    return found


async def store_declaration(
    tx: Transaction, activite: Row[Any], values: Mapping[str, Any]
) -> Row[Any]:
    """Add what is said of a locked activity, which takes its next version."""
    await tx.add(
        _D,
        {
            "id": new_id(),
            "activite_id": activite.id,
            "parcours_id": activite.parcours_id,
            "client_id": tx.acces.auteur,
            **values,
        },
    )
    return (await tx.execute(_TOUCH, {"p_id": activite.id})).one()


async def list_declarations(
    tx: Transaction, page: PageDemandee, activite_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of what was said of an activity."""
    return await paginer(tx, _DECLARATIONS, _D, page, {"p_activite_id": activite_id})


async def store_repere(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a local landmark."""
    values = {**values, "id": new_id(), "client_id": tx.acces.auteur}
    return (await tx.execute(_INSERT_REPERE, values)).one()


async def read_repere(tx: Transaction, repere_id: UUID) -> Row[Any]:
    """Read one local landmark.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_REPERE, {"p_id": repere_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_reperes(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of local landmarks."""
    return await paginer(tx, _REPERES, _H, page)


async def read_repere_du(tx: Transaction, jour: date, jusqu_a: datetime | None) -> Row[Any] | None:
    """Read the landmark in force on a day, as known before an instant; the last word on a day."""
    statement = _REPERES.where(_H.date_debut <= jour, _avant(_H, jusqu_a))
    order = (_H.date_debut.desc(), _H.cree_le.desc(), _H.id.desc())
    return (await tx.execute(statement.order_by(*order).limit(1))).one_or_none()


async def read_suivi(
    tx: Transaction, parcours: Row[Any], premier_lundi: date, jusqu_a: datetime | None
) -> Suivi:
    """Read all that was known, before an instant, of the weeks of a parcours from one on."""
    actes = (
        select(
            _ACTE.contrat_id,
            _ACTE.type,
            _ACTE.revision,
            _ACTE.orientation_id,
            _ACTE.signataire,
            _ACTE.date_acte,
            _R.duree_hebdomadaire_minutes,
        )
        # A contract outlives a parcours: it is the person's, under the decisions of this one.
        .join(_C, (_C.collectivite == _ACTE.collectivite) & (_C.id == _ACTE.contrat_id))
        .join(
            _R,
            (_R.collectivite == _ACTE.collectivite)
            & (_R.contrat_id == _ACTE.contrat_id)
            & (_R.rang == _ACTE.revision),
        )
        .join(
            _P,
            (_P.collectivite == _ACTE.collectivite) & (_P.orientation_id == _ACTE.orientation_id),
        )
        .where(siens(_ACTE), _C.personne_id == parcours.personne_id)
        .where(_P.parcours_id == parcours.id, _avant(_ACTE, jusqu_a))
        # Who acts has read the version that the act before left: rows are in the order of the acts.
        .order_by(_ACTE.cree_le, _ACTE.id)
    )
    prevues = select(
        _A.modalite,
        _A.duree_hebdomadaire_minutes,
        _A.date_debut,
        _A.date_fin,
        _su(_A.date_arret, _A.arret_le, jusqu_a).label("date_arret"),
    ).where(
        siens(_A),
        _A.parcours_id == parcours.id,
        or_(_A.date_fin.is_(None), _A.date_fin >= premier_lundi),
        _avant(_A, jusqu_a),
    )
    declarations = (
        select(_D.activite_id, _A.modalite, _D.date_lundi, _D.date_activite, _D.duree_minutes)
        .join(_A, (_A.collectivite == _D.collectivite) & (_A.id == _D.activite_id))
        .where(siens(_D), _D.parcours_id == parcours.id, _D.date_lundi >= premier_lundi)
        .where(_avant(_D, jusqu_a))
        .order_by(_D.cree_le, _D.id)
    )
    # A return takes the exit from the parcours, and keeps it with when it was known.
    retours = select(
        _O.date_sortie,
        _su(_O.date_reouverture, _O.cree_le, jusqu_a).label("date_retour"),
    ).where(
        siens(_O),
        _O.parcours_id == parcours.id,
        true() if jusqu_a is None else _O.sortie_le < jusqu_a,
    )
    fermetures = [Fermeture(row.date_sortie, row.date_retour) for row in await tx.execute(retours)]
    # An end older than `cloture_le` is known since the row last changed.
    clos_le = parcours.cloture_le or parcours.modifie_le
    if parcours.date_cloture is not None and (jusqu_a is None or clos_le < jusqu_a):
        fermetures.append(Fermeture(parcours.date_cloture))
    return Suivi(
        actes=[
            ActeConnu(
                contrat_id=row.contrat_id,
                type=TypeActeContrat(row.type),
                revision=row.revision,
                orientation_id=row.orientation_id,
                signataire=SignataireContrat(row.signataire) if row.signataire else None,
                date_acte=row.date_acte,
                duree_hebdomadaire_minutes=row.duree_hebdomadaire_minutes,
            )
            for row in await tx.execute(actes)
        ],
        prevues=[
            Prevue(
                ModaliteActivite(row.modalite),
                row.duree_hebdomadaire_minutes,
                EtatActivite(row.date_debut, row.date_fin, row.date_arret),
            )
            for row in await tx.execute(prevues)
        ],
        declarations=[
            Declaration(
                activite_id=row.activite_id,
                modalite=ModaliteActivite(row.modalite),
                lundi=row.date_lundi,
                date_activite=row.date_activite,
                duree_minutes=row.duree_minutes,
            )
            for row in await tx.execute(declarations)
        ],
        fermetures=fermetures,
    )


def etat(row: Row[Any]) -> EtatActivite:
    """What the rules need to know of a row."""
    return EtatActivite(row.date_debut, row.date_fin, row.date_arret)


def render(row: Row[Any], coffre: Coffre) -> Activite:
    """Make the contract of a row."""
    libelle = coffre.ouvrir(row.libelle, _LIBELLE).decode()
    return Activite.model_validate({**row._mapping, "libelle": libelle})


def render_declaration(row: Row[Any]) -> DeclarationHeures:
    """Make the contract of what was said."""
    return DeclarationHeures.model_validate(
        {
            **row._mapping,
            "semaine": code_semaine(row.date_lundi),
            "auteur": {"client_id": row.client_id},
        }
    )


def render_repere(row: Row[Any]) -> RepereHeures:
    """Make the contract of a local landmark."""
    return RepereHeures.model_validate({**row._mapping, "auteur": {"client_id": row.client_id}})


def render_semaine(une: Semaine, jour: date) -> SemaineActivite:
    """Make the contract of a week, as of a day."""
    dimanche = une.lundi + timedelta(days=6)
    return SemaineActivite(
        semaine=code_semaine(une.lundi),
        date_debut=une.lundi,
        date_fin=dimanche,
        complete=dimanche < jour,
        objectif_minutes=une.objectif_minutes,
        prevu=_render_repartition(une.prevu),
        realise=_render_repartition(une.realise),
    )


def _render_repartition(minutes: Mapping[ModaliteActivite, int]) -> RepartitionHeures:
    return RepartitionHeures(
        individuelle_minutes=minutes[ModaliteActivite.INDIVIDUELLE],
        collective_minutes=minutes[ModaliteActivite.COLLECTIVE],
        total_minutes=sum(minutes.values()),
    )


def _avant(table: Any, jusqu_a: datetime | None) -> Any:
    return true() if jusqu_a is None else table.cree_le < jusqu_a


def _su(valeur: Any, su_le: Any, jusqu_a: datetime | None) -> Any:
    """What was known before an instant of what another one than the rest of its row wrote."""
    return valeur if jusqu_a is None else case((su_le < jusqu_a, valeur))
