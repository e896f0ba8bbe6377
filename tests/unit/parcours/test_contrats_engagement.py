"""Contrat d'engagement: hours, states, signatures, and the month that a réorientation interrupts.

Planted, each red here: the ceiling without its equality, the child of twelve admitted, the day of
the notification refused, a late interruption that revives the month, one that ended before the
notification, what was refused and that the organisme alone signs.
"""

import itertools
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.parcours.contrats_engagement import rules
from services.parcours.freins.rules import DonneeSanteInterdite
from shared.delais import Delai, Etat, Interruption, Unite
from shared.refus import Refus, TransitionInterdite, Validation
from shared.schemas.orientation.reorientations import (
    MomentReorientation,
    Reorientation,
    StatutReorientation,
)
from shared.schemas.orientation.vocabulaire import TypeParcours
from shared.schemas.parcours.contrats_engagement import (
    ContratEngagementCreation,
    IntensiteCreation,
    MotifHeures,
    NatureRevision,
    SignataireContrat,
    StatutContrat,
)

JOUR, UN_JOUR = date(2026, 6, 1), timedelta(days=1)
H = 60
DEMANDEE: Mapping[str, Any] = {"a_la_demande": True, "date_demande": JOUR}
PERSONNE, ORGANISME = SignataireContrat.PERSONNE, SignataireContrat.ORGANISME


def _intensite(minutes: int, motif: str | None = None, **champs: Any) -> IntensiteCreation:
    return IntensiteCreation.model_validate(
        {"duree_hebdomadaire_minutes": minutes, "motif": motif, **champs}
    )


def _demande(**champs: Any) -> ContratEngagementCreation:
    return ContratEngagementCreation.model_validate(
        {
            "engagements_organisme": {"referent_unique": "agent-7", "engagements": ["Accompagner"]},
            "engagements_personne": {"engagements": ["Participer"]},
            "plan_action": {
                "objectifs": [{"domaine": "social", "libelle": "Se déplacer"}],
                "actions": [
                    {
                        "type": "formation",
                        "libelle": "Code de la route",
                        "modalite": "collective",
                        "encadree": True,
                    }
                ],
                "intensite": {"duree_hebdomadaire_minutes": 900},
            },
            "droits_recours": "Voies et délais de recours.",
            "periodicite_actualisation_mois": 3,
            **champs,
        }
    )


DIAGNOSTIC: Mapping[str, Any] = {"diagnostic_id": uuid4()}
PARENT: Mapping[str, Any] = {**DEMANDEE, "age_enfant": 11}


@pytest.mark.parametrize(
    "intensite",
    [
        pytest.param(_intensite(15 * H), id="quinze heures, sans motif"),
        pytest.param(_intensite(35 * H), id="trente-cinq heures"),
        pytest.param(_intensite(15 * H, **DIAGNOSTIC), id="un diagnostic, sans motif"),
        pytest.param(
            _intensite(14 * H + 45, "situation_individuelle", **DIAGNOSTIC),
            id="un quart d'heure de moins, motivé",
        ),
        pytest.param(
            _intensite(10 * H, "situation_individuelle", **DIAGNOSTIC), id="dix heures, motivées"
        ),
        pytest.param(
            _intensite(15, "situation_individuelle", **DIAGNOSTIC), id="un quart d'heure, motivé"
        ),
        *(
            pytest.param(_intensite(0, motif, **DEMANDEE), id=f"zéro : {motif}")
            for motif in ("etat_de_sante", "handicap", "invalidite")
        ),
        *(
            pytest.param(
                _intensite(0, "parent_isole_sans_garde", **{**PARENT, "age_enfant": age}),
                id=f"zéro : enfant de {age} an(s)",
            )
            for age in (0, 1, 11)
        ),
    ],
)
def test_hours_admitted(intensite: IntensiteCreation) -> None:
    """Planted: the age 0 taken for no age, since 0 == False, red."""
    assert rules.erreurs_heures(intensite, JOUR) == []


@pytest.mark.parametrize(
    ("intensite", "erreurs"),
    [
        pytest.param(
            _intensite(14 * H + 30),
            [("motif", "requis"), ("diagnostic_id", "requis")],
            id="quatorze heures et demie, sans motif",
        ),
        pytest.param(
            _intensite(10 * H, "situation_individuelle"),
            [("diagnostic_id", "requis")],
            id="réduites, sans diagnostic",
        ),
        pytest.param(
            _intensite(10 * H, "handicap", **DIAGNOSTIC),
            [("motif", "hors-bornes")],
            id="réduites, motif de zéro",
        ),
        pytest.param(
            _intensite(0, "situation_individuelle", **DEMANDEE, **DIAGNOSTIC),
            [("motif", "hors-bornes")],
            id="zéro, situation individuelle",
        ),
        pytest.param(
            _intensite(0, **DEMANDEE), [("motif", "requis")], id="zéro, demandé mais sans motif"
        ),
        pytest.param(
            _intensite(0, "handicap", a_la_demande=False, date_demande=JOUR),
            [("a_la_demande", "requis")],
            id="zéro, que personne ne demande",
        ),
        pytest.param(
            _intensite(0, "handicap", a_la_demande=True),
            [("date_demande", "requis")],
            id="zéro, sans date",
        ),
        pytest.param(
            _intensite(0, "handicap", a_la_demande=True, date_demande=JOUR + UN_JOUR),
            [("date_demande", "date-incoherente")],
            id="zéro, demandé demain",
        ),
        pytest.param(
            _intensite(0, "parent_isole_sans_garde", **{**PARENT, "age_enfant": 12}),
            [("age_enfant", "hors-bornes")],
            id="enfant de douze ans",
        ),
        pytest.param(
            _intensite(0, "parent_isole_sans_garde", **DEMANDEE),
            [("age_enfant", "requis")],
            id="enfant sans âge",
        ),
        pytest.param(
            _intensite(0, "handicap", **PARENT),
            [("age_enfant", "champ-inconnu")],
            id="un âge pour rien",
        ),
        pytest.param(
            _intensite(0, "handicap", **{**PARENT, "age_enfant": 0}),
            [("age_enfant", "champ-inconnu")],
            id="un âge de moins d'un an pour rien",
        ),
        pytest.param(
            _intensite(35 * H + 15),
            [("duree_hebdomadaire_minutes", "hors-bornes")],
            id="un quart d'heure de trop",
        ),
        pytest.param(
            _intensite(15 * H, "handicap"),
            [("motif", "hors-bornes")],
            id="un motif pour rien ne se garde pas",
        ),
        pytest.param(
            _intensite(15 * H, date_reexamen=JOUR + UN_JOUR),
            [("date_reexamen", "champ-inconnu")],
            id="rien à revoir",
        ),
    ],
)
def test_hours_refused(intensite: IntensiteCreation, erreurs: list[tuple[str, str]]) -> None:
    found = rules.erreurs_heures(intensite, JOUR)

    assert [(one.pointeur.rsplit("/", 1)[1], one.code) for one in found] == erreurs


@pytest.mark.parametrize("minutes", [-15, 1, 14, 16, 899])
def test_hours_are_quarters(minutes: int) -> None:
    with pytest.raises(ValidationError):
        _intensite(minutes)


def test_no_reason_makes_other_hours_pass() -> None:
    """Over every quarter of a week and every reason: what passes is what the table says."""
    for minutes, motif in itertools.product(range(0, 40 * H, 15), (None, *MotifHeures)):
        for champs in ({}, DIAGNOSTIC, DEMANDEE, PARENT):
            intensite = _intensite(minutes, motif, **champs)
            expected = (
                motif is None and not champs.keys() & DEMANDEE.keys()
                if 900 <= minutes <= 2100
                else motif == "situation_individuelle" and champs == DIAGNOSTIC
                if 0 < minutes < 900
                else minutes == 0
                and (
                    champs == PARENT
                    if motif == "parent_isole_sans_garde"
                    else champs == DEMANDEE and motif in rules.A_ZERO
                )
            )
            assert (not rules.erreurs_heures(intensite, JOUR)) == expected, (minutes, motif, champs)


@pytest.mark.parametrize(
    ("type_parcours", "voulue", "date_reexamen"),
    [
        pytest.param(TypeParcours.PROFESSIONNEL, None, date(2026, 12, 1), id="six mois"),
        pytest.param(TypeParcours.SOCIAL, None, date(2027, 6, 1), id="douze, parcours social"),
        pytest.param(TypeParcours.PROFESSIONNEL, date(2026, 12, 1), date(2026, 12, 1), id="borne"),
        pytest.param(TypeParcours.PROFESSIONNEL, JOUR + UN_JOUR, JOUR + UN_JOUR, id="demain"),
    ],
)
def test_a_reason_is_reviewed(
    type_parcours: TypeParcours, voulue: date | None, date_reexamen: date
) -> None:
    intensite = _intensite(0, "handicap", **DEMANDEE, date_reexamen=voulue)

    assert rules.date_reexamen(intensite, type_parcours, JOUR) == date_reexamen
    assert rules.date_reexamen(_intensite(900), type_parcours, JOUR) is None


@pytest.mark.parametrize(
    ("type_parcours", "voulue"),
    [
        pytest.param(TypeParcours.PROFESSIONNEL, date(2026, 12, 2), id="six mois et un jour"),
        pytest.param(TypeParcours.SOCIAL, date(2027, 6, 2), id="douze mois et un jour"),
        pytest.param(TypeParcours.SOCIAL, JOUR, id="le jour même"),
    ],
)
def test_a_review_comes_in_time(type_parcours: TypeParcours, voulue: date) -> None:
    intensite = _intensite(0, "handicap", **DEMANDEE, date_reexamen=voulue)

    with pytest.raises(Validation):
        rules.date_reexamen(intensite, type_parcours, JOUR)


def test_a_collectivite_reviews_when_it_says() -> None:
    local = Delai(rules.REEXAMEN, 3, Unite.MOIS, None, "Règlement intérieur", confirme=False)
    intensite = _intensite(0, "handicap", **DEMANDEE)

    assert rules.date_reexamen(intensite, TypeParcours.PROFESSIONNEL, JOUR, [local]) == date(
        2026, 9, 1
    )


@pytest.mark.parametrize("motif", sorted(rules.A_ZERO))
def test_a_reason_for_no_hour_has_a_scope(motif: MotifHeures) -> None:
    rules.exige_motif(motif, {"parcours:ecrire", "parcours.sante:ecrire"})
    with pytest.raises(DonneeSanteInterdite):
        rules.exige_motif(motif, {"parcours:ecrire", "parcours.sante:lire"})


def test_a_reduction_needs_no_scope_of_health() -> None:
    rules.exige_motif(MotifHeures.SITUATION_INDIVIDUELLE, set())
    rules.exige_motif(None, set())


ORE = {"emploi": "Aide à domicile", "zone": "Redon"}


@pytest.mark.parametrize(
    ("champs", "type_parcours", "pointeur"),
    [
        pytest.param(
            {"offre_raisonnable_emploi": ORE},
            TypeParcours.SOCIAL,
            "/offre_raisonnable_emploi",
            id="offre raisonnable, parcours social",
        ),
        pytest.param(
            {"dispositif": "cej"},
            TypeParcours.PROFESSIONNEL,
            "/duree_accompagnement_mois",
            id="CEJ sans durée",
        ),
        pytest.param(
            {"duree_accompagnement_mois": 6},
            TypeParcours.PROFESSIONNEL,
            "/duree_accompagnement_mois",
            id="durée sans CEJ",
        ),
    ],
)
def test_refuses_a_version(
    champs: dict[str, Any], type_parcours: TypeParcours, pointeur: str
) -> None:
    with pytest.raises(Validation) as refused:
        rules.verifier_contenu(_demande(**champs), type_parcours, JOUR, diagnostic_connu=False)

    assert [one["pointeur"] for one in refused.value.members["erreurs"]] == [pointeur]


def test_accepts_a_version() -> None:
    rules.verifier_contenu(_demande(), TypeParcours.SOCIAL, JOUR, diagnostic_connu=False)
    rules.verifier_contenu(
        _demande(offre_raisonnable_emploi=ORE, dispositif="cej", duree_accompagnement_mois=12),
        TypeParcours.PROFESSIONNEL,
        JOUR,
        diagnostic_connu=False,
    )


@pytest.mark.parametrize("bloc", ["engagements_organisme", "engagements_personne", "plan_action"])
def test_each_block_is_required(bloc: str) -> None:
    whole = _demande().model_dump(mode="json", exclude_none=True)
    with pytest.raises(ValidationError):
        ContratEngagementCreation.model_validate({k: v for k, v in whole.items() if k != bloc})


# States

NOTIFIEE = date(2026, 3, 12)


def _etat(statut: StatutContrat = StatutContrat.A_SIGNER, **champs: Any) -> rules.EtatContrat:
    orientation_id = uuid4()
    return rules.EtatContrat(
        **{
            "statut": statut,
            "orientation_id": orientation_id,
            "orientation_revision_id": orientation_id,
            "date_notification": NOTIFIEE,
            "signatures": {},
            **champs,
        }
    )


@pytest.mark.parametrize(
    ("etat", "signataire", "attendu"),
    [
        pytest.param(
            _etat(),
            PERSONNE,
            (StatutContrat.EN_ATTENTE_SIGNATURE, None),
            id="la première attend la seconde",
        ),
        pytest.param(
            _etat(StatutContrat.EN_ATTENTE_SIGNATURE, signatures={ORGANISME: NOTIFIEE}),
            PERSONNE,
            (StatutContrat.SIGNE, JOUR),
            id="la seconde signe",
        ),
        pytest.param(
            _etat(StatutContrat.EN_ATTENTE_SIGNATURE, signatures={ORGANISME: JOUR + UN_JOUR}),
            PERSONNE,
            (StatutContrat.SIGNE, JOUR + UN_JOUR),
            id="du jour de la dernière des deux",
        ),
        pytest.param(
            _etat(StatutContrat.REFUSE, signatures={ORGANISME: NOTIFIEE}),
            PERSONNE,
            (StatutContrat.SIGNE, JOUR),
            id="refusé, puis signé",
        ),
        pytest.param(
            _etat(StatutContrat.REFUSE),
            PERSONNE,
            (StatutContrat.EN_ATTENTE_SIGNATURE, None),
            id="refusé, puis signé de la personne",
        ),
        pytest.param(
            _etat(StatutContrat.REFUSE, signatures={PERSONNE: NOTIFIEE}),
            ORGANISME,
            (StatutContrat.SIGNE, JOUR),
            id="refusé, signé de la personne, puis de l'organisme",
        ),
        pytest.param(
            _etat(StatutContrat.REFUSE),
            ORGANISME,
            (StatutContrat.REFUSE, None),
            id="refusé, puis signé de l'organisme seul",
        ),
    ],
)
def test_signs(
    etat: rules.EtatContrat, signataire: SignataireContrat, attendu: tuple[StatutContrat, date]
) -> None:
    assert rules.apres_signature(etat, signataire, JOUR, JOUR) == attendu


@pytest.mark.parametrize(
    ("etat", "le", "refus"),
    [
        pytest.param(_etat(), NOTIFIEE - UN_JOUR, Validation, id="avant la notification"),
        pytest.param(_etat(date_notification=None), JOUR, Validation, id="pas notifiée"),
        pytest.param(_etat(), JOUR + UN_JOUR, Validation, id="demain"),
        pytest.param(
            _etat(StatutContrat.EN_ATTENTE_SIGNATURE, signatures={PERSONNE: NOTIFIEE}),
            JOUR,
            rules.DejaSigne,
            id="deux fois la même partie",
        ),
        pytest.param(
            _etat(orientation_revision_id=uuid4()),
            JOUR,
            rules.VersionARefaire,
            id="une décision est venue",
        ),
        *(
            pytest.param(_etat(statut), JOUR, TransitionInterdite, id=str(statut))
            for statut in (StatutContrat.SIGNE, StatutContrat.SUSPENDU, StatutContrat.CLOTURE)
        ),
    ],
)
def test_refuses_to_sign(etat: rules.EtatContrat, le: date, refus: type[Refus]) -> None:
    with pytest.raises(refus):
        rules.apres_signature(etat, PERSONNE, le, JOUR)


def test_signs_on_the_day_of_the_notification() -> None:
    assert rules.apres_signature(_etat(), PERSONNE, NOTIFIEE, JOUR)


NOTIFICATION_FIN_JANVIER = date(2026, 1, 31)


@pytest.mark.parametrize(
    ("signature", "jour", "ou"),
    [
        pytest.param(None, date(2026, 2, 28), Etat.A_RISQUE, id="le dernier jour"),
        pytest.param(None, date(2026, 3, 1), Etat.EN_RETARD, id="le lendemain"),
        pytest.param(date(2026, 2, 28), JOUR, Etat.RESPECTEE, id="signé le dernier jour"),
        pytest.param(date(2026, 3, 1), JOUR, Etat.DEPASSEE, id="signé en retard"),
    ],
)
def test_the_month_ends_on_its_last_day(signature: date | None, jour: date, ou: Etat) -> None:
    assert rules.echeance_contrat(
        NOTIFICATION_FIN_JANVIER,
        jour,
        statut=StatutContrat.A_SIGNER,
        reoriente=False,
        signature=signature,
    ) == (date(2026, 2, 28), ou)


def test_no_month_runs_before_the_notification_nor_before_the_law() -> None:
    for depart in (None, date(2024, 12, 31)):
        found = rules.echeance_contrat(
            depart, JOUR, statut=StatutContrat.A_SIGNER, reoriente=False, signature=None
        )
        assert found == (None, None)


@pytest.mark.parametrize("statut", [StatutContrat.SUSPENDU, StatutContrat.CLOTURE])
def test_nothing_is_owed_of_who_is_no_longer_inscribed(statut: StatutContrat) -> None:
    """What was signed in time stays so."""
    signe = NOTIFICATION_FIN_JANVIER + UN_JOUR
    for signature, due in ((None, (None, None)), (signe, (date(2026, 2, 28), Etat.RESPECTEE))):
        found = rules.echeance_contrat(
            NOTIFICATION_FIN_JANVIER, JOUR, statut=statut, reoriente=False, signature=signature
        )
        assert found == due


@pytest.mark.parametrize(
    ("interruptions", "depart"),
    [
        pytest.param([], NOTIFIEE, id="rien ne l'interrompt"),
        pytest.param([Interruption(date(2026, 4, 1), None)], None, id="demande en attente"),
        pytest.param(
            [Interruption(date(2026, 4, 1), date(2026, 4, 20))],
            date(2026, 4, 20),
            id="demande refusée : un mois entier repart",
        ),
        pytest.param(
            [Interruption(date(2026, 4, 12), None)], None, id="le dernier jour l'interrompt encore"
        ),
        pytest.param(
            [Interruption(date(2026, 4, 13), None)], NOTIFIEE, id="trop tard : rien ne revit"
        ),
        pytest.param(
            [Interruption(date(2026, 3, 10), None)], None, id="demandée avant la notification"
        ),
        pytest.param(
            [Interruption(date(2026, 3, 2), date(2026, 3, 5))],
            NOTIFIEE,
            id="refusée avant la notification : le mois ne la précède pas",
        ),
        pytest.param(
            [Interruption(date(2026, 3, 2), NOTIFIEE)], NOTIFIEE, id="refusée le même jour"
        ),
        pytest.param(
            [Interruption(date(2026, 3, 2), NOTIFIEE + UN_JOUR)],
            NOTIFIEE + UN_JOUR,
            id="refusée le lendemain",
        ),
        pytest.param(
            [
                Interruption(date(2026, 4, 1), date(2026, 4, 20)),
                Interruption(date(2026, 5, 2), None),
            ],
            None,
            id="une seconde demande, dans le nouveau mois",
        ),
    ],
)
def test_a_reorientation_after_the_diagnostic_interrupts_the_month(
    interruptions: list[Interruption], depart: date | None
) -> None:
    assert rules.depart_contrat(NOTIFIEE, interruptions) == depart
    assert rules.depart_contrat(None, interruptions) is None


def test_what_is_signed_is_not_interrupted() -> None:
    demande = [Interruption(date(2026, 4, 1), None)]

    assert rules.depart_contrat(NOTIFIEE, demande, signature=date(2026, 4, 1)) == NOTIFIEE
    assert rules.depart_contrat(NOTIFIEE, demande, signature=date(2026, 4, 2)) is None


def _reorientation(
    statut: StatutReorientation, moment: MomentReorientation, *actes: tuple[str, str]
) -> Reorientation:
    return Reorientation.model_validate(
        {
            **dict.fromkeys(Reorientation.model_fields),
            **{
                nom: uuid4()
                for nom in (
                    "id",
                    "orientation_id",
                    "organisme_demandeur_id",
                    "organisme_propose_id",
                )
            },
            "version": 1,
            "cree_le": datetime(2026, 4, 1, tzinfo=UTC),
            "modifie_le": datetime(2026, 4, 1, tzinfo=UTC),
            "statut": statut,
            "demandeur": "organisme",
            "moment": moment,
            "motif": "diagnostic_global",
            "type_parcours_propose": "social",
            "date_demande": date(2026, 4, 1),
            "date_limite_reponse": date(2026, 4, 16),
            "etat_reponse": "attendue",
            "etat_avis": "non_requise",
            "actes": [
                {
                    "type": type_acte,
                    "sens": "refus",
                    "motif": None,
                    "date_acte": le,
                    "organisme_id": None,
                    "auteur": {"client_id": "cd-35"},
                    "cree_le": datetime(2026, 4, 1, tzinfo=UTC),
                }
                for type_acte, le in actes
            ],
            "contrat": {"effet": "delai_interrompu", "date_limite": None, "source": "D5411-8-2"},
        }
    )


@pytest.mark.parametrize(
    ("statut", "actes", "reprise"),
    [
        pytest.param(StatutReorientation.EN_ATTENTE, [("reponse", "2026-04-05")], None, id="pend"),
        pytest.param(
            StatutReorientation.REFUSEE,
            [("reponse", "2026-04-05"), ("decision", "2026-04-20")],
            date(2026, 4, 20),
            id="refusée",
        ),
        pytest.param(
            StatutReorientation.ANNULEE,
            [("annulation", "2026-04-08")],
            date(2026, 4, 8),
            id="retirée",
        ),
        pytest.param(
            StatutReorientation.ACCEPTEE,
            [("decision", "2026-04-20")],
            None,
            id="acceptée : c'est à la nouvelle décision",
        ),
    ],
)
def test_reads_what_a_request_interrupts(
    statut: StatutReorientation, actes: list[tuple[str, str]], reprise: date | None
) -> None:
    asked = _reorientation(statut, MomentReorientation.APRES_DIAGNOSTIC, *actes)

    assert rules.interruption(asked) == Interruption(date(2026, 4, 1), reprise)


def test_a_request_during_the_accompaniment_interrupts_nothing() -> None:
    asked = _reorientation(StatutReorientation.EN_ATTENTE, MomentReorientation.ACCOMPAGNEMENT)

    assert rules.interruption(asked) is None


@pytest.mark.parametrize("statut", StatutContrat)
@pytest.mark.parametrize("sorte", [NatureRevision.AVENANT, NatureRevision.ACTUALISATION])
def test_what_a_version_makes_of_a_contract(statut: StatutContrat, sorte: NatureRevision) -> None:
    if statut in (StatutContrat.SUSPENDU, StatutContrat.CLOTURE):
        with pytest.raises(TransitionInterdite):
            rules.apres_revision(statut, sorte)
        return
    stays = statut is StatutContrat.SIGNE and sorte is NatureRevision.ACTUALISATION
    expected = StatutContrat.SIGNE if stays else StatutContrat.A_SIGNER
    assert rules.apres_revision(statut, sorte) is expected


@pytest.mark.parametrize("statut", StatutContrat)
def test_what_may_be_refused_and_suspended(statut: StatutContrat) -> None:
    for act, possible in (
        (rules.apres_refus, StatutContrat.REFUSE),
        (rules.apres_suspension, StatutContrat.SUSPENDU),
    ):
        # A suspended contract may have been refused before: it takes that up, it is not refused.
        if possible in rules.TRANSITIONS[statut] and statut is not StatutContrat.SUSPENDU:
            assert act(statut, JOUR, JOUR) is possible
            with pytest.raises(Validation):
                act(statut, JOUR + UN_JOUR, JOUR)
        else:
            with pytest.raises(TransitionInterdite):
                act(statut, JOUR, JOUR)


@pytest.mark.parametrize("avant", [s for s in StatutContrat if s not in ("suspendu", "cloture")])
def test_a_suspended_contract_takes_up_what_it_was(avant: StatutContrat) -> None:
    suspendu = _etat(
        StatutContrat.SUSPENDU, date_suspension=date(2026, 4, 1), statut_precedent=avant
    )

    assert rules.apres_reprise(suspendu, date(2026, 4, 1), JOUR) is avant
    for le in (date(2026, 3, 31), JOUR + UN_JOUR):
        with pytest.raises(Validation):
            rules.apres_reprise(suspendu, le, JOUR)


def test_a_suspension_of_twelve_months_closes() -> None:
    suspendu = _etat(
        StatutContrat.SUSPENDU,
        date_suspension=date(2025, 6, 1),
        statut_precedent=StatutContrat.SIGNE,
    )

    assert rules.apres_cloture(suspendu, JOUR, JOUR) is StatutContrat.CLOTURE
    with pytest.raises(Validation):
        rules.apres_cloture(suspendu, JOUR - UN_JOUR, JOUR)
    for statut in StatutContrat:
        if statut is not StatutContrat.SUSPENDU:
            with pytest.raises(TransitionInterdite):
                rules.apres_cloture(_etat(statut), JOUR, JOUR)


@pytest.mark.parametrize("statut", [s for s in StatutContrat if s != "cloture"])
def test_a_decision_asks_to_sign_again(statut: StatutContrat) -> None:
    after = rules.apres_decision(statut)

    suspendu = statut is StatutContrat.SUSPENDU
    assert after is (StatutContrat.SUSPENDU if suspendu else StatutContrat.A_SIGNER)
