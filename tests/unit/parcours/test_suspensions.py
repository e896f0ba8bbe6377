"""The suspension-remobilisation: what the table admits, when, and by whom. Nothing is proposed."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.parcours.suspensions import rules
from services.parcours.suspensions.echanges import Acte, Sanction, echanges
from services.parcours.suspensions.rules import (
    HorsDroitsDevoirs,
    ObservationsEnCours,
    Precedente,
    Procedure,
    SanctionEnCours,
)
from shared.delais import Delai, Unite
from shared.referentiels import charger, codes
from shared.refus import Refus, TransitionInterdite, Validation
from shared.schemas.parcours.suspensions import (
    AnnulationSuspensionCreation,
    AvisEpSuspensionCreation,
    DecisionSuspensionCreation,
    FoyerSuspension,
    InformationSuspensionCreation,
    LeveeSuspensionCreation,
    MesureSuspension,
    MotifLevee,
    NotificationSuspensionCreation,
    ObservationsSuspensionCreation,
    RangManquement,
    StatutSuspension,
    SuspensionCreation,
    SuspensionDetaillee,
    TermeSuspensionCreation,
    TypeActeSuspension,
)

ORGANISME = uuid4()
FAITS, INFORMATION = date(2026, 4, 1), date(2026, 4, 10)
# The tenth day is still the person's.
DERNIER_JOUR, LENDEMAIN = date(2026, 4, 20), date(2026, 4, 21)
NOTIFICATION, DEBUT, TERME = date(2026, 5, 2), date(2026, 5, 10), date(2026, 7, 10)
SEUL, COUPLE = (
    FoyerSuspension(personnes=1, majoration=False),
    FoyerSuspension(personnes=2, majoration=False),
)
CONTRADICTOIRE = Procedure(
    id=uuid4(),
    statut=StatutSuspension.CONTRADICTOIRE,
    nature="N61",
    date_faits=FAITS,
    date_signalement=FAITS,
    date_proposition_ft=None,
    date_saisie=None,
    date_information=INFORMATION,
    date_limite_observations=DERNIER_JOUR,
    date_observations=None,
    date_avis_ep=None,
    date_limite_decision=date(2026, 5, 5),
    date_decision=None,
    mesure=None,
    rang=None,
    duree_mois=None,
    date_notification=None,
    date_debut=None,
    date_fin=None,
    suspension_precedente_id=None,
)
SIGNALE = replace(
    CONTRADICTOIRE,
    statut=StatutSuspension.SIGNALE,
    date_information=None,
    date_limite_observations=None,
)
AVIS = replace(CONTRADICTOIRE, statut=StatutSuspension.AVIS_EP, date_avis_ep=date(2026, 4, 15))
DECIDE = replace(
    CONTRADICTOIRE,
    statut=StatutSuspension.DECIDE,
    date_decision=LENDEMAIN,
    mesure=MesureSuspension.SUSPENSION,
    rang=RangManquement.PREMIER,
    duree_mois=2,
)
EN_COURS = replace(
    DECIDE,
    statut=StatutSuspension.EN_COURS,
    date_notification=NOTIFICATION,
    date_debut=DEBUT,
    date_fin=TERME,
)
PREMIERE = Precedente(
    id=uuid4(),
    rang=RangManquement.PREMIER,
    date_notification=date(2025, 9, 1),
    statut=StatutSuspension.TERME,
)


def decision(**champs: Any) -> DecisionSuspensionCreation:
    return DecisionSuspensionCreation.model_validate(
        {
            "organisme_id": ORGANISME,
            "mesure": "suspension",
            "part_pourcent": 30,
            "duree_mois": 1,
            "foyer": SEUL,
            "motivation": "Rien n'a été fait.",
            "voies_recours": "Recours préalable dans les deux mois.",
            **champs,
        }
    )


def decider(
    demande: DecisionSuspensionCreation,
    procedure: Procedure = CONTRADICTOIRE,
    jour: date = LENDEMAIN,
    **rest: Any,
) -> rules.Decidee:
    return rules.apres_decision(
        procedure,
        demande,
        jour,
        **{
            "precedentes": (),
            "en_cours": None,
            "reorientation": None,
            "droits_devoirs": True,
            **rest,
        },
    )


def champs_refuses(refus: Validation) -> list[tuple[str, str]]:
    return [(one["pointeur"], one["code"]) for one in refus.members["erreurs"]]


# The table, as data: every row that applies here, both sides of each bound.

DU_RSA = [ligne for ligne in charger("bareme-sanctions") if ligne["natures_ft"]]


def _cas() -> list[Any]:
    """Read from the project's list: a row that changes there changes what is tested here."""
    found = []
    for ligne in DU_RSA:
        for nature in ligne["natures_ft"].split("|"):
            for rang in ligne["rangs"].split("|"):
                for mesure in ligne["mesures"].split("|"):
                    part = int(ligne["part_min_pct"]), int(ligne["part_max_pct"])
                    duree = int(ligne["duree_min_mois"]), int(ligne["duree_max_mois"])
                    nom = f"{ligne['code']}-{nature}-{rang}-{mesure}"
                    found += [
                        pytest.param(nature, rang, mesure, part[0], duree[0], [], id=f"{nom}-bas"),
                        pytest.param(nature, rang, mesure, part[1], duree[1], [], id=f"{nom}-haut"),
                        *(
                            pytest.param(
                                nature,
                                rang,
                                mesure,
                                *values,
                                [(champ, "hors-bornes")],
                                id=f"{nom}-{cote}",
                            )
                            for cote, champ, values in (
                                ("part trop petite", "/part_pourcent", (part[0] - 1, duree[0])),
                                ("durée trop courte", "/duree_mois", (part[0], duree[0] - 1)),
                                ("durée trop longue", "/duree_mois", (part[1], duree[1] + 1)),
                            )
                            # Below one month or above 100 % no body is read.
                            if values[1] > 0
                        ),
                    ]
    return found


@pytest.mark.parametrize(("nature", "rang", "mesure", "part", "duree", "erreurs"), _cas())
def test_the_table_bounds_share_and_duration(
    nature: str, rang: str, mesure: str, part: int, duree: int, erreurs: list[tuple[str, str]]
) -> None:
    """Planted: the floor of each row read as one less, red; the longest duration, red."""
    precedente = replace(PREMIERE, persiste=rang == "persistance")
    procedure = replace(
        AVIS,
        nature=nature,
        suspension_precedente_id=precedente.id if rang == "persistance" else None,
    )
    precedentes = [] if rang == "premier" else [precedente]
    demande = decision(mesure=mesure, part_pourcent=part, duree_mois=duree)

    if erreurs:
        with pytest.raises(Validation) as refused:
            decider(demande, procedure, precedentes=precedentes)
        assert champs_refuses(refused.value) == erreurs
    else:
        assert decider(demande, procedure, precedentes=precedentes).rang == rang


def test_every_nature_of_france_travail_has_its_rows() -> None:
    natures = codes("codes-sanctions-ft", champ="natureManquement")
    assert {nature for ligne in DU_RSA for nature in ligne["natures_ft"].split("|")} == natures
    for nature in natures:
        for rang in RangManquement:
            assert rules.bareme(nature, rang, FAITS) is not None


@pytest.mark.parametrize(
    ("foyer", "part", "admis"),
    [
        pytest.param(SEUL, 100, True, id="seule : cent"),
        pytest.param(COUPLE, 50, True, id="foyer de deux : cinquante"),
        pytest.param(COUPLE, 51, False, id="foyer de deux : cinquante et un"),
        pytest.param(COUPLE, 60, False, id="foyer de deux : soixante"),
        pytest.param(COUPLE, 30, True, id="foyer de deux : trente"),
        pytest.param(COUPLE, 29, False, id="foyer de deux : vingt-neuf"),
        pytest.param(
            FoyerSuspension(personnes=1, majoration=True), 50, True, id="majoration : cinquante"
        ),
        pytest.param(
            FoyerSuspension(personnes=1, majoration=True), 51, False, id="majoration : 51"
        ),
    ],
)
def test_the_household_caps_the_share(foyer: FoyerSuspension, part: int, admis: bool) -> None:
    """Planted: the majoration left out of the cap, red."""
    demande = decision(foyer=foyer, part_pourcent=part)
    if admis:
        assert decider(demande).bareme == "rsa_obligations_1"
    else:
        with pytest.raises(Validation) as refused:
            decider(demande)
        assert champs_refuses(refused.value) == [("/part_pourcent", "hors-bornes")]


@pytest.mark.parametrize(
    ("champs", "erreurs"),
    [
        pytest.param({"part_pourcent": None}, [("/part_pourcent", "requis")], id="part absente"),
        pytest.param({"duree_mois": None}, [("/duree_mois", "requis")], id="durée absente"),
        pytest.param({"foyer": None}, [("/foyer", "requis")], id="foyer non dit"),
        pytest.param({"voies_recours": None}, [("/voies_recours", "requis")], id="sans recours"),
        pytest.param(
            {"motif_sans_suite": "autre"},
            [("/motif_sans_suite", "champ-inconnu")],
            id="motif sans suite d'une sanction",
        ),
        pytest.param(
            {"mesure": "suppression"},
            [("/mesure", "hors-bornes")],
            id="suppression au premier rang",
        ),
        pytest.param(
            {"mesure": "sans_suite"},
            [
                ("/motif_sans_suite", "requis"),
                ("/part_pourcent", "champ-inconnu"),
                ("/duree_mois", "champ-inconnu"),
                ("/foyer", "champ-inconnu"),
            ],
            id="sans suite comme une sanction",
        ),
        pytest.param(
            {"date_decision": LENDEMAIN + timedelta(days=1)},
            [("/date_decision", "date-incoherente")],
            id="à venir",
        ),
        pytest.param(
            {"date_decision": INFORMATION - timedelta(days=1)},
            [("/date_decision", "date-incoherente")],
            id="avant l'information",
        ),
    ],
)
def test_refuses_a_decision(champs: dict[str, Any], erreurs: list[tuple[str, str]]) -> None:
    with pytest.raises(Validation) as refused:
        decider(
            decision(**champs), AVIS if champs.get("mesure") == "suppression" else CONTRADICTOIRE
        )
    assert champs_refuses(refused.value) == erreurs


def test_a_legitimate_reason_is_without_consequence() -> None:
    demande = decision(
        mesure="sans_suite",
        part_pourcent=None,
        duree_mois=None,
        foyer=None,
        motif_sans_suite="motif_legitime",
    )
    assert decider(demande) == rules.Decidee(rang=None, bareme=None)
    # She left droits et devoirs meanwhile: the procedure may still end.
    assert decider(demande, droits_devoirs=False).rang is None
    with pytest.raises(HorsDroitsDevoirs):
        decider(decision(), droits_devoirs=False)


def test_no_suppression_without_the_avis() -> None:
    """Planted: the measures that an avis precedes read as none, red."""
    demande = decision(mesure="suppression")
    with pytest.raises(Validation) as refused:
        decider(demande, precedentes=[PREMIERE])
    assert champs_refuses(refused.value) == [("/mesure", "hors-bornes")]
    assert decider(demande, AVIS, precedentes=[PREMIERE]).rang is RangManquement.REITERATION
    # Optional before a suspension.
    assert decider(decision(), precedentes=[PREMIERE]).bareme == "rsa_obligations_2"


@pytest.mark.parametrize("avis", [False, True], ids=["sans avis", "avec avis"])
def test_nobody_decides_while_the_person_may_answer(avis: bool) -> None:
    """The last day is hers. Planted: `<` for `<=`, red."""
    procedure = AVIS if avis else CONTRADICTOIRE
    with pytest.raises(ObservationsEnCours):
        decider(decision(), procedure, DERNIER_JOUR)
    # Dated of that day, the day after, it is the same.
    with pytest.raises(ObservationsEnCours):
        decider(decision(date_decision=DERNIER_JOUR), procedure, LENDEMAIN)
    assert decider(decision(), procedure, LENDEMAIN)
    recues = replace(procedure, date_observations=date(2026, 4, 16))
    assert decider(decision(), recues, date(2026, 4, 16))
    with pytest.raises(Validation):
        decider(decision(date_decision=date(2026, 4, 15)), recues, LENDEMAIN)


# The rank.


@pytest.mark.parametrize(
    ("date_faits", "rang"),
    [
        pytest.param(date(2025, 9, 1), "premier", id="le jour de la notification"),
        pytest.param(date(2025, 9, 2), "reiteration", id="le lendemain"),
        pytest.param(date(2027, 8, 1), "reiteration", id="vingt-trois mois après"),
        pytest.param(date(2027, 9, 1), "reiteration", id="dernier jour des vingt-quatre mois"),
        pytest.param(date(2027, 9, 2), "premier", id="un jour de trop"),
        pytest.param(date(2027, 10, 1), "premier", id="vingt-cinq mois après"),
    ],
)
def test_a_breach_repeats_within_twenty_four_months(date_faits: date, rang: str) -> None:
    """Planted: the day of the notification counted, then the last day not, red."""
    assert rules.rang(date_faits, [PREMIERE], reorientation=None, persistance_de=None) == rang


def test_the_window_counts_from_the_first_only() -> None:
    seconde = replace(
        PREMIERE, id=uuid4(), rang=RangManquement.REITERATION, date_notification=date(2027, 6, 1)
    )
    faits = date(2027, 10, 1)
    assert (
        rules.rang(faits, [PREMIERE, seconde], reorientation=None, persistance_de=None)
        is RangManquement.PREMIER
    )


def test_the_collectivite_may_set_the_window_that_was_not_read() -> None:
    local = Delai("reiteration_rsa", 12, Unite.MOIS, None, "Règlement", confirme=False)
    args: dict[str, Any] = {"reorientation": None, "persistance_de": None}
    assert rules.rang(date(2026, 9, 1), [PREMIERE], locaux=[local], **args) == "reiteration"
    assert rules.rang(date(2026, 9, 2), [PREMIERE], locaux=[local], **args) == "premier"


@pytest.mark.parametrize(
    ("reorientation", "rang"),
    [
        pytest.param(date(2025, 9, 1), "reiteration", id="le jour même : elle compte"),
        pytest.param(date(2025, 9, 2), "premier", id="le lendemain : elle ne compte plus"),
    ],
)
def test_a_reorientation_resets_the_count(reorientation: date, rang: str) -> None:
    """Planted: the réorientation not read, red."""
    found = rules.rang(FAITS, [PREMIERE], reorientation=reorientation, persistance_de=None)
    assert found == rang


def test_persistence_is_seen_at_the_end_of_the_measure() -> None:
    tardive = date(2028, 1, 1)

    def rang(precedente: Precedente, de: UUID | None, **rest: Any) -> RangManquement:
        return rules.rang(
            tardive, [precedente], **{"reorientation": None, "persistance_de": de, **rest}
        )

    persistante = replace(PREMIERE, persiste=True)
    assert rang(persistante, PREMIERE.id) is RangManquement.PERSISTANCE
    assert rang(PREMIERE, PREMIERE.id) is RangManquement.PREMIER
    assert rang(persistante, None) is RangManquement.PREMIER
    assert rang(persistante, PREMIERE.id, reorientation=date(2026, 1, 1)) is RangManquement.PREMIER


def test_one_first_sanction_at_a_time() -> None:
    """Planted: the running one not looked at, red."""
    en_cours = uuid4()
    with pytest.raises(SanctionEnCours) as refused:
        decider(decision(), en_cours=en_cours)
    assert refused.value.members["suspension_en_cours_id"] == str(en_cours)
    # A repeated breach is of another rank.
    assert decider(decision(), en_cours=en_cours, precedentes=[PREMIERE]).rang == "reiteration"


# The acts before and after.


def signalement(**champs: Any) -> SuspensionCreation:
    return SuspensionCreation.model_validate(
        {
            "organisme_id": ORGANISME,
            "nature_manquement": "N61",
            "date_faits": "2026-04-01",
            "faits": "Les démarches convenues n'ont pas été faites.",
            **champs,
        }
    )


def signaler(demande: SuspensionCreation, **rest: Any) -> None:
    rules.verifier_signalement(
        demande,
        date(2026, 4, 2),
        **{"contrat_signe": True, "precedentes": (), "droits_devoirs": True, **rest},
    )


@pytest.mark.parametrize(
    ("champs", "erreur"),
    [
        pytest.param(
            {"nature_manquement": "N99"},
            ("/nature_manquement", "code-referentiel-inconnu"),
            id="nature inconnue",
        ),
        pytest.param(
            {"date_faits": "2026-04-03"}, ("/date_faits", "date-incoherente"), id="faits à venir"
        ),
        pytest.param(
            {"date_faits": "2025-05-31"}, ("/date_faits", "date-incoherente"), id="avant le décret"
        ),
        pytest.param(
            {"date_proposition_ft": "2026-04-03"},
            ("/date_proposition_ft", "date-incoherente"),
            id="proposition à venir",
        ),
        pytest.param(
            {"suspension_precedente_id": str(uuid4())},
            ("/suspension_precedente_id", "hors-bornes"),
            id="persistance d'aucune mesure",
        ),
    ],
)
def test_refuses_a_report(champs: dict[str, str], erreur: tuple[str, str]) -> None:
    with pytest.raises(Validation) as refused:
        signaler(signalement(**champs))
    assert champs_refuses(refused.value) == [erreur]


def test_the_ground_is_the_contract() -> None:
    """N63: none was drawn up. For the others both have signed one."""
    signaler(signalement())
    signaler(signalement(date_faits="2025-06-01"))
    signaler(signalement(nature_manquement="N63"), contrat_signe=False)
    for nature in ("N61", "N64", "N65"):
        with pytest.raises(Validation) as refused:
            signaler(signalement(nature_manquement=nature), contrat_signe=False)
        assert champs_refuses(refused.value) == [("/nature_manquement", "hors-bornes")]


def test_who_is_out_of_droits_et_devoirs_is_out_of_this() -> None:
    with pytest.raises(HorsDroitsDevoirs):
        signaler(signalement(), droits_devoirs=False)


def informer(procedure: Procedure = SIGNALE, **rest: Any) -> tuple[date, date]:
    demande = InformationSuspensionCreation(
        organisme_id=ORGANISME, mode="lettre_recommandee", date_information=INFORMATION
    )
    return rules.apres_information(procedure, demande, INFORMATION, **rest)


def test_the_information_starts_the_observations() -> None:
    assert informer() == (DERNIER_JOUR, date(2026, 5, 5))
    local = Delai("observations_pcd", 20, Unite.JOURS, None, "Règlement", confirme=False)
    assert informer(locaux=[local]) == (date(2026, 4, 30), date(2026, 5, 15))
    with pytest.raises(TransitionInterdite):
        informer(CONTRADICTOIRE)


def test_a_proposal_of_france_travail_waits_for_the_choice() -> None:
    proposee = replace(SIGNALE, date_proposition_ft=FAITS)
    with pytest.raises(TransitionInterdite):
        informer(proposee)
    rules.verifier_saisie(proposee, FAITS, FAITS)
    # Late it is recorded: the deadline says so.
    rules.verifier_saisie(proposee, date(2026, 5, 30), date(2026, 5, 30))
    assert informer(replace(proposee, date_saisie=FAITS))
    for autre in (SIGNALE, replace(proposee, date_saisie=FAITS)):
        with pytest.raises(TransitionInterdite):
            rules.verifier_saisie(autre, FAITS, FAITS)
    limite = rules.date_limite_saisie(signalement(date_proposition_ft="2026-04-01"))
    assert limite == date(2026, 4, 16)
    # The alert is on the tenth day.
    assert limite - timedelta(days=rules.ALERTE_SAISIE_JOURS) == date(2026, 4, 11)


def test_a_hearing_dates_the_decision_anew() -> None:
    def observer(forme: str) -> date | None:
        demande = ObservationsSuspensionCreation(
            organisme_id=ORGANISME,
            forme=forme,
            assistance="personne_de_son_choix",
            date_observations=date(2026, 4, 24),
        )
        return rules.apres_observations(CONTRADICTOIRE, demande, date(2026, 4, 24))

    def aviser(audition: str) -> date | None:
        demande = AvisEpSuspensionCreation(
            organisme_id=ORGANISME,
            sens="favorable",
            audition=audition,
            date_avis=date(2026, 4, 24),
        )
        return rules.apres_avis(CONTRADICTOIRE, demande, date(2026, 4, 24))

    assert (observer("ecrites"), observer("orales")) == (None, date(2026, 5, 9))
    assert (aviser("invitee"), aviser("entendue")) == (None, date(2026, 5, 9))


def test_a_hearing_told_late_moves_no_later_deadline() -> None:
    """Heard on the 24th and on the 15th, told in that order: the later day stays.

    Planted: the last one told taken, red.
    """
    tenue = replace(CONTRADICTOIRE, date_limite_decision=date(2026, 5, 9))
    jours = {"date_observations": date(2026, 4, 15)}
    orales = ObservationsSuspensionCreation(
        organisme_id=ORGANISME, forme="orales", assistance="seule", **jours
    )
    assert rules.apres_observations(tenue, orales, LENDEMAIN) == date(2026, 5, 9)
    entendue = AvisEpSuspensionCreation(
        organisme_id=ORGANISME, sens="reserve", audition="entendue", date_avis=date(2026, 4, 15)
    )
    assert rules.apres_avis(tenue, entendue, LENDEMAIN) == date(2026, 5, 9)


@pytest.mark.parametrize(
    ("date_notification", "date_debut", "erreurs"),
    [
        pytest.param(LENDEMAIN, LENDEMAIN, [], id="le jour même"),
        pytest.param(NOTIFICATION, DEBUT, [], id="plus tard"),
        pytest.param(
            DERNIER_JOUR,
            DEBUT,
            [("/date_notification", "date-incoherente")],
            id="avant la décision",
        ),
        pytest.param(
            NOTIFICATION,
            LENDEMAIN,
            [("/date_debut", "date-incoherente")],
            id="commencée avant",
        ),
    ],
)
def test_the_term_counts_from_the_first_day(
    date_notification: date, date_debut: date, erreurs: list[tuple[str, str]]
) -> None:
    demande = NotificationSuspensionCreation(
        organisme_id=ORGANISME,
        mode="lettre_recommandee",
        date_notification=date_notification,
        date_debut=date_debut,
    )
    if erreurs:
        with pytest.raises(Validation) as refused:
            rules.apres_notification(DECIDE, demande, NOTIFICATION)
        assert champs_refuses(refused.value) == erreurs
    else:
        fin = rules.apres_notification(DECIDE, demande, NOTIFICATION)
        assert fin == date(date_debut.year, date_debut.month + 2, date_debut.day)


def lever(
    jour: date, procedure: Procedure = EN_COURS, motif: str = "obligations_respectees"
) -> date:
    demande = LeveeSuspensionCreation(organisme_id=ORGANISME, motif=motif, date_levee=jour)
    return rules.apres_levee(procedure, demande, TERME)


def test_a_lifting_ends_the_measure_on_that_day() -> None:
    """Planted: the term kept, red."""
    assert lever(date(2026, 6, 3)) == date(2026, 6, 3)
    assert lever(TERME - timedelta(days=1)) == TERME - timedelta(days=1)
    # Complied before it began: nothing of it is left.
    assert lever(NOTIFICATION) == DEBUT
    for jour in (TERME, NOTIFICATION - timedelta(days=1)):
        with pytest.raises(Validation):
            lever(jour)


@pytest.mark.parametrize(
    ("jour", "admis"),
    [
        pytest.param(NOTIFICATION - timedelta(days=1), False, id="avant la notification"),
        pytest.param(NOTIFICATION, True, id="le jour de la notification"),
        pytest.param(TERME - timedelta(days=1), True, id="la veille du terme"),
        pytest.param(TERME, False, id="le terme"),
    ],
)
def test_a_remobilisation_is_of_a_day_of_the_measure(jour: date, admis: bool) -> None:
    """Planted: the term not looked at, red."""

    def signaler_remobilisation() -> None:
        rules.verifier_remobilisation(EN_COURS, MotifLevee.OBLIGATIONS_RESPECTEES, jour, TERME)

    if admis:
        signaler_remobilisation()
    else:
        with pytest.raises(Validation) as refused:
            signaler_remobilisation()
        assert champs_refuses(refused.value) == [("/date_remobilisation", "date-incoherente")]


@pytest.mark.parametrize("nature", ["N61", "N63", "N64", "N65"])
@pytest.mark.parametrize("motif", list(MotifLevee))
def test_the_ground_of_a_lifting_is_that_of_the_breach(nature: str, motif: MotifLevee) -> None:
    """R262-68 for a contract refused, R262-68-1 for obligations."""
    procedure = replace(EN_COURS, nature=nature)
    admis = (nature in ("N63", "N64")) == (motif is MotifLevee.CONTRAT_ELABORE_OU_ACTUALISE)
    if admis:
        assert lever(date(2026, 6, 3), procedure, motif)
    else:
        with pytest.raises(Validation) as refused:
            lever(date(2026, 6, 3), procedure, motif)
        assert champs_refuses(refused.value) == [("/motif", "hors-bornes")]


def test_a_suppression_is_not_lifted() -> None:
    suppression = replace(EN_COURS, mesure=MesureSuspension.SUPPRESSION)
    with pytest.raises(TransitionInterdite):
        lever(date(2026, 6, 3), suppression)


def test_the_term_is_not_told_before_it_comes() -> None:
    def finir(jour: date) -> None:
        demande = TermeSuspensionCreation(
            organisme_id=ORGANISME, constat="persiste", date_terme=jour
        )
        rules.verifier_terme(EN_COURS, demande, jour)

    finir(TERME)
    with pytest.raises(Validation):
        finir(TERME - timedelta(days=1))


SANS_SUITE = replace(DECIDE, mesure=MesureSuspension.SANS_SUITE, rang=None, duree_mois=None)
_ACTES: dict[str, Any] = {
    "saisie": lambda one: rules.verifier_saisie(
        replace(one, date_proposition_ft=FAITS), INFORMATION, TERME
    ),
    "information": informer,
    "observations": lambda one: rules.apres_observations(
        one,
        ObservationsSuspensionCreation(
            organisme_id=ORGANISME,
            forme="ecrites",
            assistance="seule",
            date_observations=DERNIER_JOUR,
        ),
        TERME,
    ),
    "avis": lambda one: rules.apres_avis(
        one,
        AvisEpSuspensionCreation(
            organisme_id=ORGANISME, sens="reserve", audition="invitee", date_avis=DERNIER_JOUR
        ),
        TERME,
    ),
    "decision": lambda one: decider(decision(), one, TERME),
    "notification": lambda one: rules.apres_notification(
        one,
        NotificationSuspensionCreation(
            organisme_id=ORGANISME,
            mode="espace_numerique",
            date_notification=NOTIFICATION,
            date_debut=DEBUT,
        ),
        TERME,
    ),
    "transmission": lambda one: rules.verifier_transmission(one, NOTIFICATION, TERME),
    "remobilisation": lambda one: rules.verifier_remobilisation(
        one, MotifLevee.OBLIGATIONS_RESPECTEES, DEBUT, TERME
    ),
    "levee": lambda one: lever(date(2026, 6, 3), one),
    "terme": lambda one: rules.verifier_terme(
        one,
        TermeSuspensionCreation(organisme_id=ORGANISME, constat="cesse", date_terme=TERME),
        TERME,
    ),
    "annulation": lambda one: rules.verifier_annulation(one, TERME, TERME),
}
_ETATS = {
    "signale": (SIGNALE, {"saisie", "information"}),
    "contradictoire": (CONTRADICTOIRE, {"observations", "avis", "decision"}),
    "avis_ep": (AVIS, {"observations", "decision"}),
    "decide": (DECIDE, {"notification", "annulation"}),
    "sans_suite": (SANS_SUITE, set()),
    "en_cours": (
        EN_COURS,
        {"transmission", "remobilisation", "levee", "terme", "annulation"},
    ),
    "leve": (replace(EN_COURS, statut=StatutSuspension.LEVE), {"transmission", "annulation"}),
    "terme": (replace(EN_COURS, statut=StatutSuspension.TERME), {"transmission", "annulation"}),
    "annule": (replace(EN_COURS, statut=StatutSuspension.ANNULE), set()),
    "dessaisi": (replace(SIGNALE, statut=StatutSuspension.DESSAISI), set()),
}


@pytest.mark.parametrize("acte", _ACTES)
@pytest.mark.parametrize("etat", _ETATS)
def test_every_state_admits_its_acts_and_no_other(etat: str, acte: str) -> None:
    procedure, admis = _ETATS[etat]
    if acte in admis:
        _ACTES[acte](procedure)
    else:
        with pytest.raises(TransitionInterdite):
            _ACTES[acte](procedure)


def test_no_answer_has_a_field_for_a_value_that_nobody_decided() -> None:
    """The words of the wire: a share and a duration are there once, decided."""
    noms = set(SuspensionDetaillee.model_fields)
    valeurs = {nom for nom in noms if "part" in nom or "duree" in nom or "montant" in nom}
    assert valeurs - {"parcours_id"} == {"part_pourcent", "duree_mois"}
    assert not {nom for nom in noms if "propos" in nom} - {"date_proposition_ft"}


def test_a_refusal_tells_no_bound() -> None:
    with pytest.raises(Refus) as refused:
        decider(decision(part_pourcent=29, duree_mois=3))
    for erreur in refused.value.members["erreurs"]:
        assert not any(char.isdigit() for char in erreur["message"])


# What France Travail would be told.


def actes(*faits: tuple[str, str | None]) -> list[Acte]:
    return [Acte(uuid4(), TypeActeSuspension(type_), TERME, nature) for type_, nature in faits]


PROPOSEE = Sanction(
    proposee=True,
    nature="N65",
    mesure=MesureSuspension.SUSPENSION,
    rang=RangManquement.REITERATION,
    part_pourcent=40,
    duree_mois=3,
)


def test_a_proposal_gets_the_events_of_france_travail() -> None:
    found = echanges(
        PROPOSEE,
        actes(
            ("signalement", "N65"),
            ("saisie", "instruire"),
            ("decision", "suspension"),
            ("notification", "lettre_recommandee"),
            ("levee", "obligations_respectees"),
            ("annulation", "mediation"),
        ),
    )

    assert [(one.type_evenement, one.activite) for one in found] == [
        ("SAISIE_SANCTION", "ACT366"),
        ("VALID_SANCTION", "ACT367"),
        ("VALID_LEVEE_SUSP", "ACT369"),
        ("ANNULATION_SANCTION", None),
    ]
    assert {one.nom: one.valeur for one in found[1].champs} == {
        "identifiantConsequenceSanction": None,
        "dateEvenement": str(TERME),
        "typeConsequenceSanctionValide": "SUSP_RSA",
        "modaliteDecisionValidee": "P",
        "montantValide": "40",
        "dureeValidee": "3",
    }
    assert {one.nom: one.valeur for one in found[3].champs}["motifEvenement"] == "AUTRE"
    known = codes("codes-sanctions-ft", champ="typeEvenement")
    assert {one.type_evenement for one in found} <= known


def test_without_a_proposal_a_partner_tells_its_decision() -> None:
    (found,) = echanges(
        replace(PROPOSEE, proposee=False, mesure=MesureSuspension.SUPPRESSION),
        actes(("decision", "suppression"), ("notification", "remise_en_main_propre")),
    )
    assert (found.operation, found.type_evenement) == ("decisionSanctionRSAPartenaire", None)
    assert {one.nom: one.valeur for one in found.champs} == {
        "dateNotificationDecisionSanction": str(TERME),
        "natureManquement": "N65",
        "rangManquement": "R2",
        "typeSanctionValide": "SUPPR_RSA",
        "modaliteDecisionValidee": "P",
        "montantValide": "40",
        "dureeValidee": "3",
    }


@pytest.mark.parametrize(
    ("proposee", "faits", "types"),
    [
        pytest.param(True, [("saisie", "laisser")], ["REFUS_SAISIE_SANCTION"], id="non instruite"),
        pytest.param(True, [("decision", "sans_suite")], ["REFUS_SANCTION"], id="refusée"),
        pytest.param(False, [("decision", "sans_suite")], [], id="sans suite, d'un partenaire"),
        pytest.param(False, [("annulation", "recours")], [], id="annulée sans avoir été dite"),
        pytest.param(
            True,
            [("saisie", "instruire"), ("decision", "suspension"), ("annulation", "erreur")],
            ["SAISIE_SANCTION"],
            id="annulée avant d'être notifiée",
        ),
    ],
)
def test_what_is_told_and_what_is_not(
    proposee: bool, faits: list[tuple[str, str]], types: list[str]
) -> None:
    """Planted: an annulment told after any other exchange, red."""
    found = echanges(replace(PROPOSEE, proposee=proposee), actes(*faits))
    assert [one.type_evenement for one in found] == types


def test_an_annulment_names_one_ground() -> None:
    with pytest.raises(ValueError, match="motif"):
        AnnulationSuspensionCreation.model_validate(
            {"organisme_id": str(ORGANISME), "motif": "clemence", "date_annulation": "2026-07-10"}
        )
