"""SQL of the timeline: what happened to a parcours, read from the rows where it is written."""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Date,
    Row,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from services.parcours import tables
from services.parcours.dispositifs.queries import connus
from services.parcours.referents.rules import ROLES_SANTE
from services.parcours.tables import Volet
from shared.schemas.parcours.aides_jeunes import StatutAide
from shared.schemas.parcours.chronologies import EvenementParcours
from shared.schemas.parcours.chronologies import TypeEvenement as Type
from shared.schemas.parcours.freins import StatutFrein
from shared.schemas.parcours.prescriptions import StatutPrescription
from shared.socle.db import Transaction, siens
from shared.socle.pages import PageDemandee

_T, _P, _D = tables.Parcours, tables.Periode, tables.Diagnostic
_V, _ACTE = tables.RevisionContrat, tables.ActeContrat
_R, _H, _A, _I = tables.Referent, tables.Passation, tables.ReponsePassation, tables.Intervenant
_S, _SA = tables.Suspension, tables.ActeSuspension
_O, _M = tables.Reouverture, tables.MouvementDroit
_U, _RDV = tables.Activite, tables.ActeRendezVous
_E, _EA, _DI, _DA = tables.Emploi, tables.ActeEmploi, tables.Dispositif, tables.ActeDispositif
_AJ, _MR = tables.AideJeune, tables.MiseEnRelation
_PARCOURS, _FUSEAU = bindparam("p_parcours_id", type_=Uuid), bindparam("p_fuseau", type_=Text)


async def list_evenements(
    tx: Transaction,
    page: PageDemandee,
    parcours_id: UUID,
    fuseau: str,
    *,
    sante: bool,
    au: date | None,
    jusqu_a: datetime | None,
) -> Sequence[Row[Any]]:
    """Read a page of what had happened by a day, as known before an instant."""
    values: dict[str, Any] = {
        "p_parcours_id": parcours_id,
        "p_fuseau": fuseau,
        "p_limite": page.limite + 1,
    }
    if au is not None:
        values["p_au"] = au
    if jusqu_a is not None:
        values["p_jusqu_a"] = jusqu_a
    if page.apres is not None:
        jour, dernier = page.apres
        values |= {"p_apres": date.fromisoformat(jour), "p_apres_id": UUID(dernier)}
    descend = page.tri.startswith("-")
    statement = _evenements(sante=sante, descend=descend, donnees=frozenset(values))
    return (await tx.execute(statement, values)).all()


@cache
def _evenements(*, sante: bool, descend: bool, donnees: frozenset[str]) -> Select[Any]:
    """Say what is asked, by which values are given; each is said once, for it is long to say.

    Each kind of fact is cut to the page before the kinds are put together.
    """
    tranches = []
    for faits in _faits(sante=sante):
        kind = faits.subquery()
        connus = select(kind).where(
            kind.c.date_evenement <= bindparam("p_au", type_=Date) if "p_au" in donnees else true(),
            kind.c.connu_le < bindparam("p_jusqu_a") if "p_jusqu_a" in donnees else true(),
        )
        tranche = _trancher(connus, kind.c, descend=descend, suite="p_apres" in donnees)
        tranches.append(select(tranche.subquery()))
    ensemble = union_all(*tranches).subquery()
    return _trancher(select(ensemble), ensemble.c, descend=descend, suite="p_apres" in donnees)


def _trancher(statement: Select[Any], table: Any, *, descend: bool, suite: bool) -> Select[Any]:
    """What `shared.socle.pages.trancher` says, of values that are still to come."""
    cle = (table.date_evenement, table.id)
    if suite:
        ici = tuple_(*cle)
        dernier = tuple_(bindparam("p_apres", type_=Date), bindparam("p_apres_id", type_=Uuid))
        statement = statement.where(ici < dernier if descend else ici > dernier)
    order = [une.desc() if descend else une.asc() for une in cle]
    return statement.order_by(*order).limit(bindparam("p_limite", type_=BigInteger))


def render(row: Row[Any]) -> EvenementParcours:
    """Make the contract of a row."""
    return EvenementParcours.model_validate(row, from_attributes=True)


def _faits(*, sante: bool) -> list[Select[Any]]:
    """Every kind of fact, each as one list of the same columns."""
    parcours = _T.id == _PARCOURS
    # An end older than `cloture_le` is known since the row last changed.
    clos_le = func.coalesce(_T.cloture_le, _T.modifie_le)
    periode = _P.parcours_id == _PARCOURS
    referent = _R.parcours_id == _PARCOURS
    passation = _H.parcours_id == _PARCOURS
    diagnostic = _D.parcours_id == _PARCOURS
    intervenant = and_(
        _I.parcours_id == _PARCOURS,
        true() if sante else _I.role.not_in([role.value for role in ROLES_SANTE]),
    )
    faits = [
        _debut(Type.PARCOURS_OUVERT, "parcours", _T, _T.date_ouverture).where(parcours),
        _sortie(_T.id, _T.nombre_reouvertures, _T, _T.date_cloture, clos_le).where(parcours),
        # A period has no page of its own: it is read in its parcours.
        _debut(Type.PERIODE_OUVERTE, "parcours", _P, _P.date_debut, _P.parcours_id).where(periode),
        _debut(Type.REFERENT_DESIGNE, "referents", _R, _R.date_debut).where(referent),
        _fin(Type.REFERENT_PARTI, "referents", _R, _R.date_fin, _R.fin_le).where(referent),
        _debut(Type.PASSATION_PROPOSEE, "passations", _H, _H.date_proposition).where(passation),
        _debut(Type.PASSATION_REPONSE, "passations", _A, _A.date_reponse, _A.passation_id)
        .join(_H, (_H.collectivite == _A.collectivite) & (_H.id == _A.passation_id))
        .where(passation),
        _debut(Type.INTERVENANT_ARRIVE, "intervenants", _I, _I.date_debut).where(intervenant),
        _fin(Type.INTERVENANT_PARTI, "intervenants", _I, _I.date_fin, _I.fin_le).where(intervenant),
        _debut(Type.DIAGNOSTIC_SIGNE, "diagnostics", _D, _D.date_diagnostic).where(diagnostic),
        *_des_contrats(),
        *_des_activites(),
        *_des_suspensions(),
        *_de_l_emploi(sante=sante),
        *_des_retours(),
    ]
    for volet in tables.VOLETS[sante]:
        faits += _du_volet(volet)
    return faits


def _des_contrats() -> list[Select[Any]]:
    """The versions and acts of contracts, under the decisions of this parcours.

    A contract outlives a parcours: one signed before an exit is that of the return too, and the
    undoing of a merge may leave the two parcours to different persons.
    """
    ecrite = _jour(_V.cree_le)
    version = case(
        (_V.rang == 1, literal(Type.CONTRAT_ETABLI.value, Text)),
        else_=literal(Type.CONTRAT_REVISE.value, Text),
    )
    acte = literal("contrat_", Text) + _ACTE.type
    return [
        _debut(type_, "contrats-engagement", table, jour, table.contrat_id)
        .join(
            _P,
            (_P.collectivite == table.collectivite) & (_P.orientation_id == table.orientation_id),
        )
        .where(_P.parcours_id == _PARCOURS)
        for type_, table, jour in ((version, _V, ecrite), (acte, _ACTE, _ACTE.date_acte))
    ]


def _des_activites() -> list[Select[Any]]:
    """Hours are not among them: they are counted by the week, not told one by one."""
    activite = _U.parcours_id == _PARCOURS
    acte = literal("rendez_vous_", Text) + _RDV.statut
    return [
        _debut(Type.ACTIVITE_COMMENCEE, "activites", _U, _U.date_debut).where(activite),
        _fin(Type.ACTIVITE_ARRETEE, "activites", _U, _U.date_arret, _U.arret_le).where(activite),
        _debut(acte, "rendez-vous", _RDV, _RDV.date_acte, _RDV.rendez_vous_id).where(
            _RDV.parcours_id == _PARCOURS
        ),
    ]


def _des_suspensions() -> list[Select[Any]]:
    acte = literal("suspension_", Text) + _SA.type
    return [
        _debut(acte, "suspensions", _SA, _SA.date_acte, _SA.suspension_id)
        .join(_S, (_S.collectivite == _SA.collectivite) & (_S.id == _SA.suspension_id))
        .where(_S.parcours_id == _PARCOURS)
    ]


def _de_l_emploi(*, sante: bool) -> list[Select[Any]]:
    """Jobs and dispositifs by their acts, aids, and offers for which the person was put forward."""
    return [
        _debut(literal("emploi_", Text) + _EA.type, "emplois", _EA, _jour_acte(_EA), _E.id)
        .join(_E, (_E.collectivite == _EA.collectivite) & (_E.id == _EA.emploi_id))
        .where(_E.parcours_id == _PARCOURS),
        _debut(
            literal("dispositif_", Text) + _DA.type,
            "dispositifs",
            _DA,
            _jour_acte(_DA),
            _DI.id,
        )
        .join(_DI, (_DI.collectivite == _DA.collectivite) & (_DI.id == _DA.dispositif_id))
        .where(_DI.parcours_id == _PARCOURS, connus(sante=sante)),
        _debut(Type.AIDE_DEMANDEE, "aides-jeunes", _AJ, _AJ.date_demande).where(
            _AJ.parcours_id == _PARCOURS
        ),
        *(
            _fin(type_, "aides-jeunes", _AJ, jour, connu_le).where(
                _AJ.parcours_id == _PARCOURS, admis
            )
            for type_, jour, connu_le, admis in (
                (Type.AIDE_VERSEE, _AJ.date_versement, _AJ.versement_le, true()),
                *(
                    (type_, jour, _AJ.resolue_le, _AJ.statut == statut.value)
                    for type_, jour, statut in (
                        (Type.AIDE_ATTRIBUEE, _AJ.date_commission, StatutAide.ATTRIBUEE),
                        (Type.AIDE_REFUSEE, _AJ.date_commission, StatutAide.REFUSEE),
                        (Type.AIDE_ANNULEE, _AJ.date_annulation, StatutAide.ANNULEE),
                    )
                ),
            )
        ),
        _debut(
            Type.MISE_EN_RELATION_PROPOSEE, "mises-en-relation", _MR, _MR.date_proposition
        ).where(_MR.parcours_id == _PARCOURS),
        _fin(
            Type.MISE_EN_RELATION_RESOLUE,
            "mises-en-relation",
            _MR,
            _MR.date_resultat,
            _MR.modifie_le,
        ).where(_MR.parcours_id == _PARCOURS),
    ]


def _jour_acte(acte: Any) -> Any:
    """The day of an act; a prolongation bears the last day that it gives, and is of its writing."""
    return case((acte.type == "prolongation", _jour(acte.cree_le)), else_=acte.date_acte)


def _des_retours() -> list[Select[Any]]:
    """The returns, the exits that they followed, and what the flux told of the right."""
    retour = _O.parcours_id == _PARCOURS
    mouvement = literal("mouvement_", Text) + _M.type
    return [
        _debut(Type.PARCOURS_ROUVERT, "parcours", _O, _O.date_reouverture, _O.parcours_id).where(
            retour
        ),
        _sortie(_O.parcours_id, _O.rang - 1, _O, _O.date_sortie, _O.sortie_le).where(retour),
        _debut(mouvement, "parcours", _M, _M.date_reference, _M.parcours_id).where(
            _M.parcours_id == _PARCOURS
        ),
    ]


def _sortie(parcours: Any, avant: Any, table: Any, jour: Any, connu_le: Any) -> Select[Any]:
    """An exit: it bears the same id once the person has come back.

    Args:
        avant: how many returns came before it.
    """
    cle = literal(f"{Type.PARCOURS_CLOS}:", Text) + cast(parcours, Text)
    rang = case((avant == 0, literal("", Text)), else_=literal(":", Text) + cast(avant, Text))
    fait_id = cast(func.md5(cle + rang), Uuid)
    return _fait(Type.PARCOURS_CLOS, "parcours", table, jour, connu_le, fait_id, parcours).where(
        jour.is_not(None)
    )


def _du_volet(volet: Volet) -> list[Select[Any]]:
    frein, observation, prescription = volet.frein, volet.observation, volet.prescription
    du_frein = frein.parcours_id == _PARCOURS
    prescrite = prescription.parcours_id == _PARCOURS
    # An end older than `fin_le` is known since the row last changed.
    fin_le = func.coalesce(frein.fin_le, frein.modifie_le)
    reservee = _jour(prescription.cree_le)
    resolue = _jour(prescription.modifie_le)
    # A confirmation older than `confirmee_le` is known since the row last changed.
    confirmee_le = func.coalesce(prescription.confirmee_le, prescription.modifie_le)
    etat = tables.ETATS_OBJECTIF[volet.sante]
    return [
        _debut(Type.FREIN_OBSERVE, "freins", observation, observation.date_observation, frein.id)
        .join(
            frein,
            (frein.collectivite == observation.collectivite) & (frein.id == observation.frein_id),
        )
        .where(du_frein),
        *(
            _fin(type_, "freins", frein, frein.date_fin, fin_le).where(
                du_frein, frein.statut == statut.value
            )
            for type_, statut in (
                (Type.FREIN_LEVE, StatutFrein.LEVE),
                (Type.FREIN_ABANDONNE, StatutFrein.ABANDONNE),
            )
        ),
        _debut(Type.PRESCRIPTION_RESERVEE, "prescriptions", prescription, reservee).where(
            prescrite
        ),
        *(
            _fin(type_, "prescriptions", prescription, resolue, prescription.modifie_le).where(
                prescrite, prescription.statut == statut.value
            )
            for type_, statut in (
                (Type.PRESCRIPTION_ANNULEE, StatutPrescription.ANNULEE),
                (Type.PRESCRIPTION_REFUSEE, StatutPrescription.REFUSEE),
            )
        ),
        # What came after does not undo them.
        *(
            _fin(type_, "prescriptions", prescription, jour, connu_le).where(prescrite, arrivee)
            for type_, jour, connu_le, arrivee in (
                (
                    Type.PRESCRIPTION_ACCEPTEE,
                    _jour(prescription.acceptee_le),
                    prescription.acceptee_le,
                    true(),
                ),
                (
                    Type.PRESCRIPTION_CONFIRMEE,
                    _jour(confirmee_le),
                    confirmee_le,
                    prescription.engagement_id.is_not(None),
                ),
                *(
                    (
                        type_,
                        prescription.date_fin,
                        prescription.modifie_le,
                        prescription.statut == statut.value,
                    )
                    for type_, statut in (
                        (Type.PRESCRIPTION_TERMINEE, StatutPrescription.TERMINEE),
                        (Type.PRESCRIPTION_ABANDONNEE, StatutPrescription.ABANDONNEE),
                    )
                ),
            )
        ),
        _debut(
            literal("objectif_", Text) + etat.statut,
            "objectifs",
            etat,
            etat.date_etat,
            etat.objectif_id,
        ).where(etat.parcours_id == _PARCOURS),
    ]


def _debut(type_: Any, ressource: str, table: Any, jour: Any, cible: Any = None) -> Select[Any]:
    """What a row is the beginning of: it bears the row's id."""
    return _fait(type_, ressource, table, jour, table.cree_le, table.id, cible)


def _fin(type_: Type, ressource: str, table: Any, jour: Any, connu_le: Any) -> Select[Any]:
    """What ended a row: a page needs an id for it too."""
    fin_id = cast(func.md5(literal(f"{type_}:", Text) + cast(table.id, Text)), Uuid)
    return _fait(type_, ressource, table, jour, connu_le, fin_id, None).where(jour.is_not(None))


def _fait(
    type_: Any, ressource: str, table: Any, jour: Any, connu_le: Any, fait_id: Any, cible: Any
) -> Select[Any]:
    return select(
        fait_id.label("id"),
        (literal(type_.value, Text) if isinstance(type_, Type) else type_).label("type"),
        jour.label("date_evenement"),
        literal(ressource, Text).label("ressource"),
        (table.id if cible is None else cible).label("ressource_id"),
        connu_le.label("connu_le"),
    ).where(siens(table))


def _jour(instant: Any) -> Any:
    """The civil day of an instant, where the collectivité is."""
    return cast(func.timezone(_FUSEAU, instant), Date)
