"""SQL of the contracts, their versions and acts, and of what starts and interrupts their month."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, exists, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from services.parcours import tables
from services.parcours.contrats_engagement.rules import (
    TRANSITIONS,
    ContratNonClos,
    Essentiel,
    EtatContrat,
    apres_decision,
    depart_contrat,
    echeance_contrat,
)
from shared.delais import Delai, Interruption, Unite
from shared.refus import Introuvable
from shared.schemas.collectivite import DelaiLocal
from shared.schemas.parcours.contrats_engagement import (
    ActeContrat,
    ContratEngagement,
    ContratEngagementCreation,
    ContratEngagementDetaille,
    MotifHeuresContrat,
    RevisionContrat,
    SignataireContrat,
    StatutContrat,
    TypeActeContrat,
)
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.ids import new_id
from shared.socle.pages import PageDemandee, paginer, parmi
from shared.socle.tables import Collectivite

_C, _P, _T = tables.ContratEngagement, tables.Periode, tables.Parcours
_R, _A, _M = tables.RevisionContrat, tables.ActeContrat, tables.MotifHeuresSante
_I, _D = tables.Interruption, tables.Diagnostic
_CONTENU, _MOTIF = "revision_contrat.contenu", "acte_contrat.motif"
NON_CLOS = _C.statut != StatutContrat.CLOTURE.value

_AUTRE = aliased(_P)
_SELECT = (
    select(
        *_C.__table__.columns,
        _P.date_notification,
        _P.date_depart_contrat,
        _T.statut.label("statut_parcours"),
        _T.type_parcours,
        _T.organisme_referent_id,
        _T.date_sortie_droits_devoirs,
        exists()
        .where(_AUTRE.collectivite == _C.collectivite, _AUTRE.parcours_id == _C.parcours_id)
        .where(_AUTRE.orientation_id != _C.orientation_id)
        .label("reoriente"),
    )
    .join(_T, (_T.collectivite == _C.collectivite) & (_T.id == _C.parcours_id))
    .outerjoin(_P, (_P.collectivite == _C.collectivite) & (_P.orientation_id == _C.orientation_id))
    .where(siens(_C))
)
_BY_ID = _SELECT.where(_C.id == bindparam("p_id"))
# Its parcours too, so that none is closed or turned between the reading and the writing.
_LOCK = _BY_ID.with_for_update(of=[_T, _C])
_PARCOURS = (
    select(_T.id.label("parcours_id"), _T.personne_id, _T.statut, _T.orientation_id)
    .add_columns(_T.type_parcours, _T.organisme_referent_id)
    .where(siens(_T), _T.id == bindparam("p_id"))
    .with_for_update(read=True)
)
_INSERT = (
    insert(_C)
    .on_conflict_do_nothing(
        index_elements=["collectivite", "personne_id"], index_where=text("statut <> 'cloture'")
    )
    .returning(_C.id)
)
_NON_CLOS = select(_C.id, _C.statut).where(
    siens(_C), _C.personne_id == bindparam("p_personne_id"), NON_CLOS
)
_UPDATE = (
    update(_C)
    .where(siens(_C), _C.id == bindparam("p_id"))
    .values(version=_C.version + 1, modifie_le=func.now())
)
_REVISIONS = select(*_R.__table__.columns).where(
    siens(_R), _R.contrat_id == bindparam("p_contrat_id")
)
_REVISION = _REVISIONS.where(_R.rang == bindparam("p_rang"))
_ACTES = select(*_A.__table__.columns).where(siens(_A), _A.contrat_id == bindparam("p_contrat_id"))
# A signature is of one version, under one decision; the person's refusal undoes those before.
_REFUS = aliased(_A)
_SIGNATURES = select(_A.signataire, _A.date_acte).where(
    siens(_A),
    _A.contrat_id == bindparam("p_contrat_id"),
    _A.type == TypeActeContrat.SIGNATURE.value,
    _A.revision == bindparam("p_rang"),
    _A.orientation_id == bindparam("p_orientation_id"),
    ~exists()
    .where(_REFUS.collectivite == _A.collectivite, _REFUS.contrat_id == _A.contrat_id)
    .where(_REFUS.type == TypeActeContrat.REFUS.value, _REFUS.revision == _A.revision)
    # Who acts has read the version that the act before left: rows are in the order of the acts.
    .where(tuple_(_REFUS.cree_le, _REFUS.id) > tuple_(_A.cree_le, _A.id)),
)
_DIAGNOSTIC = select(_D.id).where(
    siens(_D), _D.id == bindparam("p_id"), _D.parcours_id == bindparam("p_parcours_id")
)
_DELAIS = select(Collectivite.delais).where(siens(Collectivite))
_MOTIFS = select(*_M.__table__.columns).where(siens(_M), _M.contrat_id == bindparam("p_contrat_id"))


async def lock_parcours(tx: Transaction, parcours_id: UUID) -> Row[Any]:
    """Read a parcours, and hold it as it is.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_PARCOURS, {"p_id": parcours_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def read_contrat(tx: Transaction, contrat_id: UUID) -> Row[Any]:
    """Read one contract, and what dates it.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"p_id": contrat_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_contrat(tx: Transaction, contrat_id: UUID) -> Row[Any]:
    """Read one contract, and hold it and its parcours until the transaction ends.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_LOCK, {"p_id": contrat_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def list_contrats(
    tx: Transaction,
    page: PageDemandee,
    *,
    statuts: Sequence[StatutContrat],
    parcours: Sequence[UUID],
    personnes: Sequence[UUID],
) -> Sequence[Row[Any]]:
    """Read a page of contracts."""
    statement = _SELECT.where(
        parmi(_C.statut, statuts), parmi(_C.parcours_id, parcours), parmi(_C.personne_id, personnes)
    )
    return await paginer(tx, statement, _C, page)


async def store_contrat(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Insert a contract; a person has one that is not closed, whoever comes first.

    Raises:
        ContratNonClos: there is one, and the refusal says which.
    """
    if (await tx.execute(_INSERT, values)).one_or_none() is not None:
        return
    keys = {"p_personne_id": values["personne_id"]}
    # It may have been closed since the insertion met it: the caller may then try again.
    known = (await tx.execute(_NON_CLOS, keys)).one_or_none()
    statut = StatutContrat(known.statut) if known else StatutContrat.A_SIGNER
    raise ContratNonClos(
        statut_actuel=statut,
        transitions_possibles=list(TRANSITIONS[statut]),
        contrat_id=str(known.id) if known else None,
    )


async def update_contrat(tx: Transaction, contrat_id: UUID, **values: Any) -> None:
    """Write what changes of a locked contract."""
    await tx.execute(_UPDATE.values(**values), {"p_id": contrat_id})


async def store_revision(
    tx: Transaction,
    coffre: Coffre,
    contrat_id: UUID,
    demande: ContratEngagementCreation,
    values: Mapping[str, Any],
) -> None:
    """Add a version to a contract, and apart the reason that sets no hour."""
    intensite = demande.plan_action.intensite
    contenu = {
        **demande.model_dump(
            mode="json", include={"droits_recours", "offre_raisonnable_emploi", "motif"}
        ),
        "engagements_organisme": demande.engagements_organisme.engagements,
        "engagements_personne": demande.engagements_personne.engagements,
        **demande.plan_action.model_dump(mode="json", include={"objectifs", "actions"}),
    }
    await tx.add(
        _R,
        {
            "id": new_id(),
            "contrat_id": contrat_id,
            "referent": demande.engagements_organisme.referent_unique,
            "dispositif": demande.dispositif.value,
            "contenu": coffre.sceller(json.dumps(contenu).encode(), _CONTENU),
            "duree_hebdomadaire_minutes": intensite.duree_hebdomadaire_minutes,
            "diagnostic_id": intensite.diagnostic_id,
            "periodicite_actualisation_mois": demande.periodicite_actualisation_mois,
            "duree_accompagnement_mois": demande.duree_accompagnement_mois,
            "client_id": tx.acces.auteur,
            **values,
        },
    )
    if intensite.motif is not None and intensite.duree_hebdomadaire_minutes == 0:
        await tx.add(
            _M,
            {
                "id": new_id(),
                "contrat_id": contrat_id,
                "revision": values["rang"],
                "motif": intensite.motif.value,
                "date_demande": intensite.date_demande,
                "age_enfant": intensite.age_enfant,
            },
        )


async def store_acte(
    tx: Transaction,
    coffre: Coffre,
    contrat: Row[Any],
    type_acte: TypeActeContrat,
    date_acte: date,
    *,
    signataire: SignataireContrat | None = None,
    motif: str | None = None,
) -> None:
    """Add an act to a contract."""
    await tx.add(
        _A,
        {
            "id": new_id(),
            "contrat_id": contrat.id,
            "revision": contrat.revision,
            "orientation_id": contrat.orientation_id,
            "type": type_acte.value,
            "signataire": signataire,
            "date_acte": date_acte,
            "motif": coffre.sceller(motif.encode(), _MOTIF) if motif else None,
            "client_id": tx.acces.auteur,
        },
    )


async def read_revision(tx: Transaction, contrat: Row[Any]) -> Row[Any]:
    """Read the current version of a contract."""
    keys = {"p_contrat_id": contrat.id, "p_rang": contrat.revision}
    return (await tx.execute(_REVISION, keys)).one()


async def read_signatures(tx: Transaction, contrat: Row[Any]) -> Mapping[SignataireContrat, date]:
    """Tell who signed the current version, under the current decision and since any refusal."""
    keys = {
        "p_contrat_id": contrat.id,
        "p_rang": contrat.revision,
        "p_orientation_id": contrat.orientation_id,
    }
    rows = await tx.execute(_SIGNATURES, keys)
    return {SignataireContrat(row.signataire): row.date_acte for row in rows}


async def is_diagnostic_of(tx: Transaction, diagnostic_id: UUID, parcours_id: UUID) -> bool:
    """Tell whether a diagnostic is of a parcours."""
    keys = {"p_id": diagnostic_id, "p_parcours_id": parcours_id}
    return (await tx.execute(_DIAGNOSTIC, keys)).one_or_none() is not None


async def list_revisions(
    tx: Transaction, page: PageDemandee, contrat_id: UUID
) -> Sequence[Row[Any]]:
    """Read a page of the versions of a contract."""
    return await paginer(tx, _REVISIONS, _R, page, {"p_contrat_id": contrat_id})


async def list_actes(tx: Transaction, page: PageDemandee, contrat_id: UUID) -> Sequence[Row[Any]]:
    """Read a page of what happened to a contract."""
    return await paginer(tx, _ACTES, _A, page, {"p_contrat_id": contrat_id})


async def read_delais_locaux(tx: Transaction) -> Sequence[Delai]:
    """Read the delays that the collectivité gave itself, for all its territory."""
    found = [DelaiLocal.model_validate(one) for one in (await tx.execute(_DELAIS)).scalar_one()]
    return [
        Delai(un.code, un.duree, Unite(un.unite.value), un.depuis, un.source, confirme=False)
        for un in found
        if not un.communes and un.territoire is None
    ]


async def list_motifs(tx: Transaction, page: PageDemandee, contrat_id: UUID) -> Sequence[Row[Any]]:
    """Read a page of the reasons for which versions of a contract set no hour."""
    return await paginer(tx, _MOTIFS, _M, page, {"p_contrat_id": contrat_id})


# What the feed of orientation brings.

_CONTRATS_DE = (
    select(_C.id, _C.personne_id, _C.statut, _C.statut_precedent, _C.revision, _C.version)
    .where(siens(_C), _C.personne_id.in_(bindparam("p_personnes", expanding=True)), NON_CLOS)
    .order_by(_C.id)
    .with_for_update()
)
_RATTACHER = _UPDATE.values(
    parcours_id=bindparam("p_parcours_id"),
    orientation_id=bindparam("p_orientation_id"),
    statut=bindparam("p_statut"),
    statut_precedent=bindparam("p_statut_precedent"),
    date_premiere_signature=None,
    date_signature=None,
    date_ore=None,
)
_INTERROMPRE = insert(_I)
_INTERROMPRE = _INTERROMPRE.on_conflict_do_update(
    index_elements=["collectivite", "id"],
    set_={
        "date_demande": _INTERROMPRE.excluded.date_demande,
        "date_reprise": _INTERROMPRE.excluded.date_reprise,
    },
)
_LOCK_PERIODES = (
    select(_P.id)
    .where(siens(_P), _P.orientation_id.in_(bindparam("p_orientations", expanding=True)))
    .order_by(_P.id)
    .with_for_update()
)
_PERIODES = (
    select(_P.id, _P.orientation_id, _P.date_notification, _C.date_premiere_signature)
    .outerjoin(
        _C,
        (_C.collectivite == _P.collectivite)
        & (_C.parcours_id == _P.parcours_id)
        & (_C.orientation_id == _P.orientation_id)
        & NON_CLOS,
    )
    .where(siens(_P), _P.orientation_id.in_(bindparam("p_orientations", expanding=True)))
)
_INTERRUPTIONS = select(_I.orientation_id, _I.date_demande, _I.date_reprise).where(
    siens(_I), _I.orientation_id.in_(bindparam("p_orientations", expanding=True))
)
_DATER = (
    update(_P)
    .where(siens(_P), _P.id == bindparam("p_id"))
    .values(
        date_notification=bindparam("p_notification"), date_depart_contrat=bindparam("p_depart")
    )
)


async def bind_contrats(
    tx: Transaction, decisions: Mapping[UUID, tuple[UUID, UUID, date]]
) -> Sequence[tuple[UUID, int]]:
    """Put the contracts of these persons under their new decision, to be signed again.

    Args:
        decisions: by person: the parcours, the orientation, and the day when it takes effect.

    Returns:
        The contracts, each with its new version.
    """
    if not decisions:
        return []
    rows = (await tx.execute(_CONTRATS_DE, {"p_personnes": list(decisions)})).all()
    changes, actes = [], []
    for row in rows:
        parcours_id, orientation_id, date_effet = decisions[row.personne_id]
        suspendu = row.statut == StatutContrat.SUSPENDU
        changes.append(
            {
                "p_id": row.id,
                "p_parcours_id": parcours_id,
                "p_orientation_id": orientation_id,
                "p_statut": apres_decision(StatutContrat(row.statut)).value,
                "p_statut_precedent": StatutContrat.A_SIGNER.value if suspendu else None,
            }
        )
        actes.append(
            {
                "id": new_id(),
                "contrat_id": row.id,
                "revision": row.revision,
                "orientation_id": orientation_id,
                "type": TypeActeContrat.NOUVELLE_DECISION.value,
                "date_acte": date_effet,
                "client_id": tx.acces.auteur,
            }
        )
    if changes:
        await tx.execute(_RATTACHER, changes)
        await tx.add(_A, actes)
    return [(row.id, row.version + 1) for row in rows]


async def date_periodes(
    tx: Transaction,
    notifications: Mapping[UUID, date],
    interruptions: Mapping[UUID, tuple[UUID, Interruption]],
) -> None:
    """Write what starts and interrupts the month of a contract, and the day it runs from.

    Args:
        notifications: date certaine, by orientation.
        interruptions: by request, with its orientation.
    """
    if interruptions:
        await tx.execute(
            _INTERROMPRE,
            [
                {
                    "id": reorientation_id,
                    "orientation_id": orientation_id,
                    "date_demande": one.jour,
                    "date_reprise": one.reprise,
                }
                for reorientation_id, (orientation_id, one) in interruptions.items()
            ],
        )
    concerned = {*notifications, *(orientation_id for orientation_id, _ in interruptions.values())}
    if concerned:
        await _dater(tx, concerned, notifications)


async def redate_periode(tx: Transaction, orientation_id: UUID) -> None:
    """Write again the day from which a month ran, once the signatures that close it are known.

    What was asked from that day on interrupts nothing any more, though it was told before.
    """
    await _dater(tx, {orientation_id}, {})


async def _dater(
    tx: Transaction, orientations: Collection[UUID], notifications: Mapping[UUID, date]
) -> None:
    keys = {"p_orientations": list(orientations)}
    # A signature and a fact of the feed at once: the second to come must read what the first
    # wrote, so it reads once it holds the periods.
    await tx.execute(_LOCK_PERIODES, keys)
    periodes = (await tx.execute(_PERIODES, keys)).all()
    known: dict[UUID, list[Interruption]] = {}
    for row in await tx.execute(_INTERRUPTIONS, keys):
        known.setdefault(row.orientation_id, []).append(
            Interruption(row.date_demande, row.date_reprise)
        )
    changes = []
    for periode in periodes:
        notification = notifications.get(periode.orientation_id, periode.date_notification)
        changes.append(
            {
                "p_id": periode.id,
                "p_notification": notification,
                "p_depart": depart_contrat(
                    notification,
                    known.get(periode.orientation_id, ()),
                    signature=periode.date_premiere_signature,
                ),
            }
        )
    if changes:
        await tx.execute(_DATER, changes)


def etat(
    row: Row[Any], signatures: Mapping[SignataireContrat, date], orientation_revision_id: UUID
) -> EtatContrat:
    """What the rules need to know of a contract."""
    return EtatContrat(
        statut=StatutContrat(row.statut),
        orientation_id=row.orientation_id,
        orientation_revision_id=orientation_revision_id,
        date_notification=row.date_notification,
        signatures=signatures,
        date_suspension=row.date_suspension,
        statut_precedent=StatutContrat(row.statut_precedent) if row.statut_precedent else None,
    )


def essentiel(revision: Row[Any], coffre: Coffre) -> Essentiel:
    """What of a stored version cannot change without being signed again."""
    contenu = _open(coffre, revision)
    return Essentiel(
        orientation_id=revision.orientation_id,
        organisme_referent_id=revision.organisme_referent_id,
        dispositif=revision.dispositif,
        duree_hebdomadaire_minutes=revision.duree_hebdomadaire_minutes,
        engagements=(
            tuple(contenu["engagements_organisme"]),
            tuple(contenu["engagements_personne"]),
        ),
        offre_raisonnable_emploi=contenu["offre_raisonnable_emploi"],
    )


def essentiel_demande(contrat: Row[Any], demande: ContratEngagementCreation) -> Essentiel:
    """The same of a version that is asked, under the current decision."""
    ore = demande.offre_raisonnable_emploi
    return Essentiel(
        orientation_id=contrat.orientation_id,
        organisme_referent_id=contrat.organisme_referent_id,
        dispositif=demande.dispositif,
        duree_hebdomadaire_minutes=demande.plan_action.intensite.duree_hebdomadaire_minutes,
        engagements=(
            tuple(demande.engagements_organisme.engagements),
            tuple(demande.engagements_personne.engagements),
        ),
        offre_raisonnable_emploi=ore.model_dump(mode="json") if ore else None,
    )


def render(row: Row[Any], jour: date) -> ContratEngagement:
    """Make the contract of a row, as of a day."""
    return ContratEngagement.model_validate({**row._mapping, **_echeance(row, jour)})


def render_detaille(
    row: Row[Any], revision: Row[Any], coffre: Coffre, jour: date
) -> ContratEngagementDetaille:
    """Make the contract of a row and its current version."""
    return ContratEngagementDetaille.model_validate(
        {
            **row._mapping,
            **_echeance(row, jour),
            "version_courante": render_revision(revision, coffre),
        }
    )


def render_revision(row: Row[Any], coffre: Coffre) -> RevisionContrat:
    """Make the contract of a version: why it sets no hour is not among its columns."""
    contenu = _open(coffre, row)
    return RevisionContrat.model_validate(
        {
            **row._mapping,
            "motif": contenu.get("motif"),
            "engagements_organisme": {
                "referent_unique": {
                    "reference": row.referent,
                    "organisme_referent_id": row.organisme_referent_id,
                },
                "engagements": contenu["engagements_organisme"],
            },
            "engagements_personne": {"engagements": contenu["engagements_personne"]},
            "plan_action": {
                "objectifs": contenu["objectifs"],
                "actions": contenu["actions"],
                "intensite": dict(row._mapping),
            },
            "droits_recours": contenu["droits_recours"],
            "offre_raisonnable_emploi": contenu["offre_raisonnable_emploi"],
            "auteur": {"client_id": row.client_id},
        }
    )


def render_acte(row: Row[Any], coffre: Coffre) -> ActeContrat:
    """Make the contract of an act."""
    motif = coffre.ouvrir(row.motif, _MOTIF).decode() if row.motif else None
    return ActeContrat.model_validate(
        {**row._mapping, "motif": motif, "auteur": {"client_id": row.client_id}}
    )


def render_motif(row: Row[Any]) -> MotifHeuresContrat:
    """Make the contract of a reason of health."""
    return MotifHeuresContrat.model_validate(row, from_attributes=True)


def _echeance(row: Row[Any], jour: date) -> dict[str, Any]:
    limite, ou = echeance_contrat(
        row.date_depart_contrat,
        jour,
        statut=StatutContrat(row.statut),
        reoriente=row.reoriente,
        signature=row.date_premiere_signature,
        dispense=row.date_sortie_droits_devoirs is not None,
    )
    return {"date_limite": limite, "etat_echeance": ou}


def _open(coffre: Coffre, revision: Row[Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(coffre.ouvrir(revision.contenu, _CONTENU))
    return found
