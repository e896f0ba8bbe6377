"""Réorientation and review of the parcours social: the rules, by tables."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.orientation.criteres.rules import Critere
from services.orientation.echeances.rules import REEXAMENS
from services.orientation.organismes.rules import AutreOrganisme, exige_parole
from services.orientation.orientations.competence import decideurs_competents
from services.orientation.orientations.referent import Situation
from services.orientation.reexamens import rules as reexamens
from services.orientation.reorientations import rules
from services.orientation.reorientations.rules import (
    AVIS_EP,
    MOTIFS,
    REPONSE,
    Decision,
    Demande,
    EnVigueur,
)
from shared.delais import Delai, Unite
from shared.refus import Refus, TransitionInterdite, Validation
from shared.schemas.orientation.reorientations import (
    DemandeurReorientation,
    EffetContrat,
    EtatAttente,
    MomentReorientation,
    StatutReorientation,
)
from shared.schemas.orientation.vocabulaire import (
    EtatDecision,
    StatutOrientation,
    TypeOrganisme,
    TypeParcours,
)

ICI, AILLEURS = UUID(int=1), UUID(int=2)
EFFET, DEMANDE, JOUR = date(2026, 3, 9), date(2026, 3, 20), date(2026, 6, 1)
ORGANISME, PERSONNE = DemandeurReorientation
APRES_DIAGNOSTIC, ACCOMPAGNEMENT = MomentReorientation
SOCIAL, PRO = TypeParcours.SOCIAL, TypeParcours.PROFESSIONNEL
UN = timedelta(days=1)

DEPOSEE = Demande(
    demandeur=ORGANISME,
    moment=APRES_DIAGNOSTIC,
    motif="diagnostic_autre_organisme",
    commentaire=None,
    type_parcours=PRO,
    organisme_id=AILLEURS,
    date_demande=DEMANDE,
)
EN_VIGUEUR = EnVigueur(StatutOrientation.OUVERTE, SOCIAL, ICI, EFFET)


def pointeurs(refus: Refus) -> list[tuple[str, str]]:
    """What a refused body had wrong."""
    return [(un["pointeur"], un["code"]) for un in refus.members["erreurs"]]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="telle quelle"),
        pytest.param({"date_demande": EFFET}, id="le jour de l'effet"),
        pytest.param({"date_demande": JOUR}, id="aujourd'hui"),
        pytest.param({"organisme_id": ICI}, id="même organisme, autre parcours"),
        pytest.param({"type_parcours": SOCIAL}, id="même parcours, autre organisme"),
        pytest.param(
            {"motif": "demande_personne", "demandeur": PERSONNE, "moment": ACCOMPAGNEMENT},
            id="à la demande de la personne",
        ),
        pytest.param({"motif": "autre", "commentaire": "Deux lieux trop loin"}, id="autre"),
        pytest.param(
            {"motif": "relecture_6_12_mois", "moment": ACCOMPAGNEMENT, "demandeur": PERSONNE},
            id="à la relecture",
        ),
    ],
)
def test_a_request_may_be_made(changes: dict[str, Any]) -> None:
    rules.verifier_demande(replace(DEPOSEE, **changes), EN_VIGUEUR, JOUR)


@pytest.mark.parametrize(
    ("changes", "attendues"),
    [
        pytest.param(
            {"motif": "mutation"}, [("/motif", "code-referentiel-inconnu")], id="motif inconnu"
        ),
        pytest.param(
            {"motif": "demande_personne"}, [("/demandeur", "hors-bornes")], id="motif d'un autre"
        ),
        pytest.param(
            {"moment": ACCOMPAGNEMENT}, [("/moment", "hors-bornes")], id="motif d'un autre moment"
        ),
        pytest.param(
            {"motif": "autre", "commentaire": " "}, [("/commentaire", "requis")], id="autre, muet"
        ),
        pytest.param(
            {"type_parcours": SOCIAL, "organisme_id": ICI},
            [("/organisme_propose_id", "hors-bornes")],
            id="rien ne changerait",
        ),
        pytest.param(
            {"date_demande": JOUR + UN}, [("/date_demande", "date-incoherente")], id="demain"
        ),
        pytest.param(
            {"date_demande": EFFET - UN},
            [("/date_demande", "date-incoherente")],
            id="la veille de l'effet",
        ),
    ],
)
def test_a_request_is_refused(changes: dict[str, Any], attendues: list[tuple[str, str]]) -> None:
    with pytest.raises(Validation) as refused:
        rules.verifier_demande(replace(DEPOSEE, **changes), EN_VIGUEUR, JOUR)

    assert pointeurs(refused.value) == attendues


@pytest.mark.parametrize("statut", [s for s in StatutOrientation if s != "ouverte"])
def test_only_an_orientation_in_force_is_asked_of(statut: StatutOrientation) -> None:
    with pytest.raises(TransitionInterdite):
        rules.verifier_demande(DEPOSEE, replace(EN_VIGUEUR, statut=statut), JOUR)


def test_motifs_are_those_that_an_organisme_may_state() -> None:
    """Neither a transfer to another département nor the refusal of a préconisation is asked."""
    assert set(MOTIFS) == {
        "diagnostic_autre_organisme",
        "accompagnement_autre_organisme",
        "demande_personne",
        "relecture_6_12_mois",
        "demenagement_interne",
        "orientation_initiale_inappropriee",
        "autre",
    }


@pytest.mark.parametrize("statut", StatutReorientation)
def test_an_ended_request_takes_no_act(statut: StatutReorientation) -> None:
    if statut is StatutReorientation.EN_ATTENTE:
        rules.exige_en_attente(statut)
        return
    with pytest.raises(TransitionInterdite) as refused:
        rules.exige_en_attente(statut)
    assert refused.value.members == {"statut_actuel": statut, "transitions_possibles": []}


def test_only_who_speaks_for_the_organisme_acts_for_it() -> None:
    exige_parole("si-essai", ICI, ["si-essai"])
    with pytest.raises(AutreOrganisme) as refused:
        exige_parole("si-essai", ICI, ["ft-essai"])
    assert refused.value.members == {"organisme_attendu_id": ICI}


LOCAL = Delai(REPONSE, 8, Unite.JOURS, date(2026, 4, 1), "Règlement", confirme=False)


@pytest.mark.parametrize(
    ("code", "demande", "limite"),
    [
        pytest.param(REPONSE, date(2026, 3, 20), date(2026, 4, 4), id="quinze jours"),
        pytest.param(REPONSE, date(2026, 4, 1), date(2026, 4, 9), id="délai local, premier jour"),
        pytest.param(REPONSE, date(2026, 3, 31), date(2026, 4, 15), id="la veille, le nôtre"),
        pytest.param(AVIS_EP, date(2026, 1, 31), date(2026, 2, 28), id="un mois, fin de février"),
        pytest.param(AVIS_EP, date(2028, 1, 31), date(2028, 2, 29), id="un mois, bissextile"),
    ],
)
def test_waits_end(code: str, demande: date, limite: date) -> None:
    assert rules.date_limite(code, demande, [LOCAL]) == limite


LIMITE = date(2026, 4, 4)


@pytest.mark.parametrize(
    ("statut", "limite", "faite", "jour", "etat"),
    [
        pytest.param("en_attente", LIMITE, False, LIMITE, "attendue", id="dernier jour"),
        pytest.param("en_attente", LIMITE, False, LIMITE + UN, "silence", id="le lendemain"),
        pytest.param("en_attente", LIMITE, True, LIMITE + UN, "recue", id="reçue en retard"),
        pytest.param("en_attente", None, False, LIMITE, "non_requise", id="non demandée"),
        pytest.param("refusee", LIMITE, False, LIMITE, "sans_objet", id="décidée avant"),
        pytest.param("acceptee", LIMITE, False, LIMITE + UN, "silence", id="décidée sans elle"),
    ],
)
def test_silence_is_told(
    statut: str, limite: date | None, faite: bool, jour: date, etat: str
) -> None:
    found = rules.attente(StatutReorientation(statut), limite, faite=faite, jour=jour)

    assert found is EtatAttente(etat)


@pytest.mark.parametrize(
    ("date_avis", "admis"),
    [
        pytest.param(DEMANDE, True, id="le jour de la demande"),
        pytest.param(JOUR, True, id="aujourd'hui"),
        pytest.param(DEMANDE - UN, False, id="avant la demande"),
        pytest.param(JOUR + UN, False, id="demain"),
    ],
)
def test_an_avis_comes_in_its_time(date_avis: date, admis: bool) -> None:
    if admis:
        rules.verifier_avis(date_avis, date_demande=DEMANDE, jour=JOUR)
        return
    with pytest.raises(Validation) as refused:
        rules.verifier_avis(date_avis, date_demande=DEMANDE, jour=JOUR)
    assert [erreur["pointeur"] for erreur in refused.value.members["erreurs"]] == ["/date_avis"]


def test_an_answer_comes_once() -> None:
    rules.exige_premier(deja=False)
    with pytest.raises(TransitionInterdite):
        rules.exige_premier(deja=True)


ACCEPTEE, REFUSEE = EtatDecision
LE = date(2026, 4, 10)
FAITS: dict[str, Any] = {
    "date_demande": DEMANDE,
    "effet_precedent": EFFET,
    "date_avis": None,
    "date_limite_avis": None,
    "jour": JOUR,
}


@pytest.mark.parametrize(
    ("decision", "changes", "effet"),
    [
        pytest.param(Decision(ACCEPTEE, LE), {}, LE, id="effet du jour même"),
        pytest.param(Decision(ACCEPTEE, LE, LE + UN), {}, LE + UN, id="effet dit"),
        pytest.param(Decision(ACCEPTEE, DEMANDE), {}, DEMANDE, id="le jour de la demande"),
        pytest.param(
            Decision(ACCEPTEE, LE),
            {"effet_precedent": LE},
            LE + UN,
            id="l'orientation en vigueur a un jour au moins",
        ),
        pytest.param(
            Decision(ACCEPTEE, LE, LE + timedelta(days=366)),
            {},
            LE + timedelta(days=366),
            id="effet un an après",
        ),
        pytest.param(Decision(REFUSEE, LE, motif="Sans raison"), {}, None, id="refus motivé"),
        pytest.param(
            Decision(ACCEPTEE, LE),
            {"date_avis": LE, "date_limite_avis": LE + UN},
            LE,
            id="avis rendu le jour même",
        ),
        pytest.param(
            Decision(ACCEPTEE, LE), {"date_limite_avis": LE - UN}, LE, id="silence de l'équipe"
        ),
    ],
)
def test_a_decision_takes_effect(
    decision: Decision, changes: dict[str, Any], effet: date | None
) -> None:
    assert rules.verifier_decision(decision, **FAITS | changes) == effet


@pytest.mark.parametrize(
    ("decision", "changes", "attendues"),
    [
        pytest.param(
            Decision(ACCEPTEE, JOUR + UN), {}, [("/date_decision", "date-incoherente")], id="demain"
        ),
        pytest.param(
            Decision(ACCEPTEE, DEMANDE - UN),
            {},
            [("/date_decision", "date-incoherente")],
            id="avant la demande",
        ),
        pytest.param(
            Decision(ACCEPTEE, LE, LE - UN),
            {},
            [("/date_effet", "date-incoherente")],
            id="rétroactif",
        ),
        pytest.param(
            Decision(ACCEPTEE, LE, LE),
            {"effet_precedent": LE},
            [("/date_effet", "date-incoherente")],
            id="chevauche l'orientation en vigueur",
        ),
        pytest.param(
            Decision(ACCEPTEE, LE, LE + timedelta(days=367)),
            {},
            [("/date_effet", "date-incoherente")],
            id="plus d'un an après",
        ),
        pytest.param(Decision(REFUSEE, LE), {}, [("/motif", "requis")], id="refus muet"),
        pytest.param(
            Decision(REFUSEE, LE, LE, "Non"),
            {},
            [("/date_effet", "champ-inconnu")],
            id="refus daté",
        ),
    ],
)
def test_a_decision_is_not_acceptable(
    decision: Decision, changes: dict[str, Any], attendues: list[tuple[str, str]]
) -> None:
    with pytest.raises(Validation) as refused:
        rules.verifier_decision(decision, **FAITS | changes)

    assert pointeurs(refused.value) == attendues


@pytest.mark.parametrize(
    ("date_avis", "limite"),
    [
        pytest.param(None, LE, id="dernier jour du mois"),
        pytest.param(LE + UN, LE, id="avis postérieur à la décision"),
    ],
)
def test_nothing_is_decided_before_the_avis(date_avis: date | None, limite: date) -> None:
    """A refusal no more than an acceptance."""
    for decision in (Decision(ACCEPTEE, LE), Decision(REFUSEE, LE, motif="Non")):
        with pytest.raises(rules.AvisAttendu) as refused:
            rules.verifier_decision(
                decision, **FAITS | {"date_avis": date_avis, "date_limite_avis": limite}
            )
        assert refused.value.members["date_limite_avis"] == limite


def test_the_six_weeks_give_france_travail_nothing_here() -> None:
    """Past them C3 would decide; a réorientation has no such clock."""
    found = decideurs_competents(Situation(brsa=True, age=40), JOUR, date_echeance=None)

    assert found == {TypeOrganisme.CONSEIL_DEPARTEMENTAL: "C1"}


NOTIFIEE = date(2026, 3, 12)


@pytest.mark.parametrize(
    ("moment", "demande", "precedente", "fin", "nouvelle", "limite"),
    [
        pytest.param(APRES_DIAGNOSTIC, DEMANDE, NOTIFIEE, None, None, None, id="rien ne court"),
        pytest.param(
            APRES_DIAGNOSTIC,
            DEMANDE,
            NOTIFIEE,
            None,
            date(2026, 4, 30),
            date(2026, 5, 30),
            id="un mois entier de la nouvelle notification",
        ),
        pytest.param(
            APRES_DIAGNOSTIC,
            date(2026, 4, 12),
            NOTIFIEE,
            None,
            date(2026, 4, 30),
            date(2026, 5, 30),
            id="demandée le dernier jour du mois",
        ),
        pytest.param(
            APRES_DIAGNOSTIC,
            date(2026, 4, 13),
            NOTIFIEE,
            None,
            date(2026, 4, 30),
            date(2026, 4, 12),
            id="un mois échu ne revit pas",
        ),
        pytest.param(
            APRES_DIAGNOSTIC,
            DEMANDE,
            NOTIFIEE,
            date(2026, 4, 10),
            None,
            date(2026, 5, 10),
            id="refusée ou retirée, il repart ce jour-là",
        ),
        pytest.param(
            APRES_DIAGNOSTIC, DEMANDE, None, None, None, None, id="jamais notifiée, en attente"
        ),
        pytest.param(
            APRES_DIAGNOSTIC,
            DEMANDE,
            None,
            None,
            date(2026, 1, 31),
            date(2026, 2, 28),
            id="jamais notifiée, puis la nouvelle",
        ),
        pytest.param(
            APRES_DIAGNOSTIC,
            DEMANDE,
            DEMANDE + UN,
            None,
            None,
            None,
            id="notifiée après la demande : ne court pas",
        ),
        pytest.param(
            APRES_DIAGNOSTIC,
            DEMANDE,
            date(2026, 5, 31),
            DEMANDE + UN,
            None,
            date(2026, 6, 30),
            id="refusée avant la notification : le mois ne la précède pas",
        ),
        pytest.param(
            ACCOMPAGNEMENT, DEMANDE, NOTIFIEE, None, None, None, id="en cours : rien avant décision"
        ),
        pytest.param(
            ACCOMPAGNEMENT,
            DEMANDE,
            NOTIFIEE,
            None,
            date(2026, 4, 30),
            date(2026, 5, 30),
            id="en cours : un nouveau contrat en un mois",
        ),
        pytest.param(
            ACCOMPAGNEMENT, DEMANDE, NOTIFIEE, LE, None, None, id="en cours, refusée : rien"
        ),
    ],
)
def test_what_the_contract_owes(
    moment: MomentReorientation,
    demande: date,
    precedente: date | None,
    fin: date | None,
    nouvelle: date | None,
    limite: date | None,
) -> None:
    found = rules.contrat(
        moment,
        demande,
        date_fin=fin,
        notification_precedente=precedente,
        notification_nouvelle=nouvelle,
    )

    assert found.date_limite == limite
    effet, article = (
        (EffetContrat.DELAI_INTERROMPU, "D5411-8-2")
        if moment is APRES_DIAGNOSTIC
        else (EffetContrat.NOUVEAU_CONTRAT, "D5411-14-2")
    )
    assert found.effet is effet
    assert article in found.source


@pytest.mark.parametrize(
    ("criteres", "durables"),
    [
        pytest.param({}, False, id="rien de dit"),
        pytest.param({"contrainte_sante": "AUCUNE"}, False, id="santé, aucune"),
        pytest.param(
            {"contrainte_sante": "IMPACT_FAIBLE_RECHERCHE_EMPLOI"}, False, id="santé, faible"
        ),
        pytest.param({"contrainte_sante": "IMPACT_FORT_RECHERCHE_EMPLOI"}, True, id="santé, forte"),
        pytest.param({"boe": "true"}, True, id="handicap"),
        pytest.param({"boe": "false"}, False, id="sans handicap"),
        pytest.param({"contrainte_logement": "SANS_LOGEMENT"}, True, id="sans logement"),
        pytest.param({"contrainte_familiale": "AIDANT_FAMILIAL"}, True, id="proche aidant"),
        pytest.param(
            {"contrainte_familiale": "ENFANT_SANS_SOLUTION_GARDE"}, True, id="garde d'enfant"
        ),
        pytest.param(
            {"contrainte_mobilite": "AUCUN_MOYEN_DE_TRANSPORT"}, False, id="mobilité, hors du texte"
        ),
        pytest.param(
            {"contrainte_financiere": "IMPACT_FORT_RECHERCHE_EMPLOI"}, False, id="hors du texte"
        ),
    ],
)
def test_which_difficulties_give_twelve_months(criteres: dict[str, str], durables: bool) -> None:
    found = [Critere(champ, valeur) for champ, valeur in criteres.items()]

    assert reexamens.difficultes_durables(found) is durables


def test_the_review_is_due_in_six_months_or_twelve_and_says_no_cause() -> None:
    (reexamen,) = REEXAMENS

    assert reexamen.delai is not None
    assert reexamen.durable is not None
    depart = date(2026, 8, 31)
    assert reexamen.delai.echeance(depart) == date(2027, 2, 28)
    assert reexamen.durable.echeance(depart) == date(2027, 8, 31)
    assert reexamen.delai.source == reexamen.durable.source
    assert (reexamen.depuis, reexamen.confirme) == (date(2025, 1, 1), False)


def test_only_a_parcours_social_in_force_is_reviewed() -> None:
    reexamens.exige_social(StatutOrientation.OUVERTE, SOCIAL)
    for statut, type_parcours in (
        (StatutOrientation.OUVERTE, PRO),
        (StatutOrientation.CLOTUREE, SOCIAL),
        (StatutOrientation.BROUILLON, None),
    ):
        with pytest.raises(reexamens.SansReexamen):
            reexamens.exige_social(statut, type_parcours)


CD = reexamens.Partie(ICI, TypeOrganisme.CONSEIL_DEPARTEMENTAL, ["si-essai"])
FT = reexamens.Partie(AILLEURS, TypeOrganisme.FRANCE_TRAVAIL, ["ft-essai"])


def test_a_review_is_joint_and_told_by_one_of_the_two() -> None:
    for auteur in ("si-essai", "ft-essai"):
        reexamens.verifier_conjoint(auteur, CD, FT)
    with pytest.raises(reexamens.AutreAuteur) as stranger:
        reexamens.verifier_conjoint("autre", CD, FT)
    assert stranger.value.members == {"organismes_attendus": [ICI, AILLEURS]}
    with pytest.raises(Validation) as refused:
        reexamens.verifier_conjoint("si-essai", CD, CD)
    assert pointeurs(refused.value) == [("/france_travail_id", "hors-bornes")]


@pytest.mark.parametrize(
    ("le", "admis"),
    [
        pytest.param(EFFET, True, id="le jour du départ"),
        pytest.param(JOUR, True, id="aujourd'hui"),
        pytest.param(EFFET - UN, False, id="avant"),
        pytest.param(JOUR + UN, False, id="demain"),
    ],
)
def test_a_review_is_dated(le: date, admis: bool) -> None:
    if admis:
        reexamens.verifier_date(le, EFFET, JOUR)
        return
    with pytest.raises(Validation):
        reexamens.verifier_date(le, EFFET, JOUR)
