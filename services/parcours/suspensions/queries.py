"""SQL of the procedures and their acts. No table of activities, hours or rendez-vous is read."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.suspensions.echanges import Acte, Sanction, echanges
from services.parcours.suspensions.rules import (
    DECISION,
    OBSERVATIONS,
    REITERATION,
    SAISIE,
    SANCTIONS,
    Precedente,
    Procedure,
    delais_appliques,
)
from shared.delais import Delai
from shared.refus import Introuvable
from shared.schemas.parcours.contrats_engagement import SignataireContrat, TypeActeContrat
from shared.schemas.parcours.sorties import OrigineReouverture
from shared.schemas.parcours.suspensions import (
    ActeSuspension,
    ConstatTerme,
    EchangesFranceTravail,
    FoyerSuspension,
    MesureSuspension,
    ParametreApplique,
    RangManquement,
    StatutSuspension,
    Suspension,
    SuspensionDetaillee,
    TypeActeSuspension,
)
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi

_S, _A = tables.Suspension, tables.ActeSuspension
_T, _P, _C = tables.Parcours, tables.Periode, tables.ContratEngagement
_TEXTE, _COMPLEMENT = "acte_suspension.texte", "acte_suspension.complement"

_SELECT = (
    select(
        *_S.__table__.columns,
        _T.personne_id,
        _T.statut.label("statut_parcours"),
        _T.organisme_referent_id,
    )
    .join(_T, (_T.collectivite == _S.collectivite) & (_T.id == _S.parcours_id))
    .where(siens(_S))
)
_BY_ID = _SELECT.where(_S.id == bindparam("p_id"))
# Its parcours too: a person has one that is open, so two decisions of hers queue there.
_LOCK = _BY_ID.with_for_update(of=[_T, _S])
_PARCOURS = (
    select(_T.id, _T.personne_id, _T.statut, _T.orientation_id, _T.organisme_referent_id)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .with_for_update()
)
_UPDATE = (
    update(_S)
    .where(siens(_S), _S.id == bindparam("p_id"))
    .values(version=_S.version + 1, modifie_le=func.now())
)
_ACTES = select(*_A.__table__.columns).where(siens(_A), _A.suspension_id == bindparam("p_id"))
_ORDRE = _ACTES.order_by(_A.cree_le, _A.id).limit(200)
_SANCTIONS = [one.value for one in SANCTIONS]
_DE_LA_PERSONNE = (
    select(_S.id, _S.statut)
    .join(_T, (_T.collectivite == _S.collectivite) & (_T.id == _S.parcours_id))
    .where(siens(_S), _T.personne_id == bindparam("p_personne_id"))
    .where(_S.mesure.in_(_SANCTIONS), _S.statut != StatutSuspension.ANNULE.value)
)
_PRECEDENTES = _DE_LA_PERSONNE.add_columns(
    _S.rang,
    _S.date_notification,
    exists()
    .where(_A.collectivite == _S.collectivite, _A.suspension_id == _S.id)
    .where(_A.type == TypeActeSuspension.TERME.value, _A.nature == ConstatTerme.PERSISTE.value)
    .label("persiste"),
).where(_S.date_notification.is_not(None))
_EN_COURS = (
    _DE_LA_PERSONNE.where(
        or_(
            _S.statut == StatutSuspension.DECIDE.value,
            (_S.statut == StatutSuspension.EN_COURS.value) & (_S.date_fin > bindparam("p_jour")),
        )
    )
    .order_by(_S.id)
    .limit(1)
)
# A period that takes over from another one, without a gap. A return is no réorientation, even one
# whose decision took effect by the day of the exit.
_AVANT, _R = aliased(_P), tables.Reouverture
_REORIENTATION = (
    select(func.max(_P.date_debut))
    .join(_T, (_T.collectivite == _P.collectivite) & (_T.id == _P.parcours_id))
    .where(siens(_P), _T.personne_id == bindparam("p_personne_id"))
    .where(_P.date_debut <= bindparam("p_jour"))
    .where(
        exists().where(
            _AVANT.collectivite == _P.collectivite,
            _AVANT.parcours_id == _P.parcours_id,
            _AVANT.date_fin == _P.date_debut,
            _AVANT.id != _P.id,
        ),
        ~exists().where(
            _R.collectivite == _P.collectivite,
            _R.parcours_id == _P.parcours_id,
            _R.orientation_id == _P.orientation_id,
            _R.origine == OrigineReouverture.DECISION.value,
        ),
    )
)
_PERSONNE, _ORGANISME, _REFUS = (aliased(tables.ActeContrat) for _ in range(3))


def _meme_version(acte: Any, autre: Any) -> Any:
    return (
        (acte.collectivite == autre.collectivite)
        & (acte.contrat_id == autre.contrat_id)
        & (acte.revision == autre.revision)
        & (acte.orientation_id == autre.orientation_id)
    )


# Both signed one version under one decision, no refusal undoing either. Its acts remember it: a
# new decision clears the dates of the contract.
_CONTRAT_SIGNE = (
    select(_C.id)
    .join(_PERSONNE, (_PERSONNE.collectivite == _C.collectivite) & (_PERSONNE.contrat_id == _C.id))
    .join(_ORGANISME, _meme_version(_ORGANISME, _PERSONNE))
    .where(siens(_C), _C.personne_id == bindparam("p_personne_id"))
    .where(
        _PERSONNE.type == TypeActeContrat.SIGNATURE.value,
        _PERSONNE.signataire == SignataireContrat.PERSONNE.value,
        _ORGANISME.type == TypeActeContrat.SIGNATURE.value,
        _ORGANISME.signataire == SignataireContrat.ORGANISME.value,
        ~exists()
        .where(_meme_version(_REFUS, _PERSONNE), _REFUS.type == TypeActeContrat.REFUS.value)
        .where(
            or_(
                *(
                    tuple_(_REFUS.cree_le, _REFUS.id) > tuple_(acte.cree_le, acte.id)
                    for acte in (_PERSONNE, _ORGANISME)
                )
            )
        ),
    )
    .limit(1)
)


async def lock_parcours(tx: Transaction, parcours_id: UUID) -> Row[Any]:
    """Read a parcours, and hold it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return _one((await tx.execute(_PARCOURS, {"p_id": parcours_id})).one_or_none())


async def read_suspension(tx: Transaction, suspension_id: UUID) -> Row[Any]:
    """Read one procedure, and whose it is.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return _one((await tx.execute(_BY_ID, {"p_id": suspension_id})).one_or_none())


async def lock_suspension(tx: Transaction, suspension_id: UUID) -> Row[Any]:
    """Read one procedure, and hold it and its parcours until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    return _one((await tx.execute(_LOCK, {"p_id": suspension_id})).one_or_none())


async def list_suspensions(
    tx: Transaction,
    page: PageDemandee,
    *,
    statuts: Sequence[StatutSuspension],
    parcours: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page of procedures."""
    statement = _SELECT.where(parmi(_S.statut, statuts), parmi(_S.parcours_id, parcours))
    return await paginer(tx, statement, _S, page)


async def list_actes(
    tx: Transaction, page: PageDemandee, suspension_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the acts of a procedure."""
    return await paginer(tx, _ACTES, _A, page, {"p_id": suspension_id})


async def read_precedentes(tx: Transaction, personne_id: UUID) -> list[Precedente]:
    """Read the sanctions of a person that were notified and stand, in all her parcours."""
    return [
        Precedente(
            id=row.id,
            rang=RangManquement(row.rang),
            date_notification=row.date_notification,
            statut=StatutSuspension(row.statut),
            persiste=row.persiste,
        )
        for row in await tx.execute(_PRECEDENTES, {"p_personne_id": personne_id})
    ]


async def read_en_cours(tx: Transaction, personne_id: UUID, jour: date) -> UUID | None:
    """Read which sanction of a person is decided, or running on a day."""
    keys = {"p_personne_id": personne_id, "p_jour": jour}
    row = (await tx.execute(_EN_COURS, keys)).one_or_none()
    return row.id if row is not None else None


async def read_reorientation(tx: Transaction, personne_id: UUID, jour: date) -> date | None:
    """Read the first day of the last réorientation of a person that has taken effect."""
    keys = {"p_personne_id": personne_id, "p_jour": jour}
    found: date | None = (await tx.execute(_REORIENTATION, keys)).scalar_one()
    return found


async def has_signed(tx: Transaction, personne_id: UUID) -> bool:
    """Tell whether both parties have ever signed a contract of a person."""
    found = await tx.execute(_CONTRAT_SIGNE, {"p_personne_id": personne_id})
    return found.one_or_none() is not None


async def store_suspension(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a procedure."""
    await tx.add(_S, values)


async def update_suspension(
    tx: Transaction, suspension_id: UUID, values: Mapping[str, Any]
) -> None:
    """Write what changes of a locked procedure."""
    await tx.execute(_UPDATE.values(**values), {"p_id": suspension_id})


async def store_acte(
    tx: Transaction,
    coffre: Coffre,
    suspension_id: UUID,
    type_acte: TypeActeSuspension,
    values: Mapping[str, Any],
    *,
    texte: str | None = None,
    complement: str | None = None,
) -> None:
    """Add an act to a procedure; its texts are sealed."""
    await tx.add(
        _A,
        {
            "id": new_id(),
            "suspension_id": suspension_id,
            "type": type_acte.value,
            "nature": None,
            "precision": None,
            **values,
            "texte": coffre.sceller(texte.encode(), _TEXTE) if texte else None,
            "complement": coffre.sceller(complement.encode(), _COMPLEMENT) if complement else None,
            "client_id": tx.acces.auteur,
        },
    )


async def read_echanges(tx: Transaction, suspension_id: UUID) -> EchangesFranceTravail:
    """Read what a procedure would tell France Travail.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = await read_suspension(tx, suspension_id)
    actes = [
        Acte(one.id, TypeActeSuspension(one.type), one.date_acte, one.nature)
        for one in await tx.execute(_ORDRE, {"p_id": suspension_id})
    ]
    sanction = Sanction(
        proposee=row.date_proposition_ft is not None,
        nature=row.nature_manquement,
        mesure=MesureSuspension(row.mesure) if row.mesure else None,
        rang=RangManquement(row.rang) if row.rang else None,
        part_pourcent=row.part_pourcent,
        duree_mois=row.duree_mois,
    )
    return EchangesFranceTravail(suspension_id=suspension_id, echanges=echanges(sanction, actes))


def procedure(row: Row[Any]) -> Procedure:
    """What the rules need to know of a procedure."""
    return Procedure(
        id=row.id,
        statut=StatutSuspension(row.statut),
        nature=row.nature_manquement,
        date_faits=row.date_faits,
        date_signalement=row.date_signalement,
        date_proposition_ft=row.date_proposition_ft,
        date_saisie=row.date_saisie,
        date_information=row.date_information,
        date_limite_observations=row.date_limite_observations,
        date_observations=row.date_observations,
        date_avis_ep=row.date_avis_ep,
        date_limite_decision=row.date_limite_decision,
        date_decision=row.date_decision,
        mesure=MesureSuspension(row.mesure) if row.mesure else None,
        rang=RangManquement(row.rang) if row.rang else None,
        duree_mois=row.duree_mois,
        date_notification=row.date_notification,
        date_debut=row.date_debut,
        date_fin=row.date_fin,
        suspension_precedente_id=row.suspension_precedente_id,
    )


def render(row: Row[Any]) -> Suspension:
    """Make the contract of a row."""
    return Suspension.model_validate({**row._mapping, "foyer": _foyer(row)})


def render_detaillee(row: Row[Any], jour: date, locaux: Sequence[Delai]) -> SuspensionDetaillee:
    """Make the contract of a row, with the delays that are applied to it."""
    departs = {
        SAISIE: row.date_proposition_ft,
        OBSERVATIONS: row.date_information,
        DECISION: row.date_limite_observations,
        REITERATION: row.date_notification,
    }
    parametres = [
        ParametreApplique(
            code=one.code,
            duree=one.duree,
            unite=one.unite,
            confirme=one.confirme,
            source=one.source,
        )
        for one in delais_appliques(departs, jour, locaux)
    ]
    return SuspensionDetaillee.model_validate(
        {**row._mapping, "foyer": _foyer(row), "parametres": parametres}
    )


def render_acte(row: Row[Any], coffre: Coffre) -> ActeSuspension:
    """Make the contract of an act."""
    texte = coffre.ouvrir(row.texte, _TEXTE).decode() if row.texte else None
    complement = coffre.ouvrir(row.complement, _COMPLEMENT).decode() if row.complement else None
    return ActeSuspension.model_validate(
        {
            **row._mapping,
            "texte": texte,
            "complement": complement,
            "auteur": {"client_id": row.client_id},
        }
    )


def _foyer(row: Row[Any]) -> FoyerSuspension | None:
    if row.foyer_personnes is None:
        return None
    return FoyerSuspension(personnes=row.foyer_personnes, majoration=row.foyer_majoration)


def _one(row: Row[Any] | None) -> Row[Any]:
    if row is None:
        raise Introuvable
    return row
