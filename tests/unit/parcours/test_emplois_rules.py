"""The bounds of the law on jobs and mises en situation, on both sides of each."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.parcours.emplois.rules import (
    Occupation,
    PassIae,
    apres_acte,
    dernier_jour,
    duree,
    fautes_pmsmp,
    montrer,
    prolongee,
    verifier_bornes,
    verifier_forme,
)
from shared.delais import Delai, Unite
from shared.refus import TransitionInterdite, Validation
from shared.schemas.parcours.emplois import (
    ActeEmploiCreation,
    Derogation,
    EmploiCreation,
    MotifFinEmploi,
    ObjetPmsmp,
    StatutEmploi,
    StructureIae,
    TypeActeEmploi,
    TypeEmploi,
)

ICI, LA = (UUID(int=n) for n in (1, 2))
DEBUT = date(2026, 3, 3)
MOIS = Delai("mois", 1, Unite.MOIS, None, "essai", True)


def pmsmp(debut: date, jours: int, rang: int = 0, **champs: object) -> Occupation:
    """A convention of so many days."""
    values: dict[str, object] = {
        "id": UUID(int=100 + rang) if rang else None,
        "type": TypeEmploi.PMSMP,
        "statut": StatutEmploi.OUVERT,
        "employeur_id": ICI,
        "debut": debut,
        "fin": debut + timedelta(days=jours - 1),
        "objet": ObjetPmsmp.DECOUVRIR,
        **champs,
    }
    return Occupation(**values)  # type: ignore[arg-type]


def emploi(type_: TypeEmploi, debut: date, fin: date | None, **champs: object) -> Occupation:
    """Another job."""
    values: dict[str, object] = {
        "id": None,
        "type": type_,
        "statut": StatutEmploi.OUVERT,
        "employeur_id": ICI,
        "debut": debut,
        "fin": fin,
        **champs,
    }
    return Occupation(**values)  # type: ignore[arg-type]


def fautes(nouvelle: Occupation, *autres: Occupation, **contexte: object) -> list[tuple[str, str]]:
    """The fields refused and their codes; none: it is admitted."""
    try:
        verifier_bornes(nouvelle, autres, **contexte)  # type: ignore[arg-type]
    except Validation as refus:
        return [(un["pointeur"], un["code"]) for un in refus.members["erreurs"]]
    return []


@pytest.mark.parametrize(
    ("debut", "dernier"),
    [
        pytest.param(date(2026, 3, 3), date(2026, 4, 2), id="du 3 au 2"),
        pytest.param(date(2026, 3, 1), date(2026, 3, 31), id="un mois civil"),
        pytest.param(date(2026, 1, 31), date(2026, 2, 28), id="pas de 31 février"),
        pytest.param(date(2024, 1, 31), date(2024, 2, 29), id="année bissextile"),
        pytest.param(date(2026, 2, 28), date(2026, 3, 27), id="fin de février"),
    ],
)
def test_a_month_from_date_to_date(debut: date, dernier: date) -> None:
    assert dernier_jour(debut, MOIS) == dernier


@pytest.mark.parametrize(
    ("nouvelle", "autres", "attendu"),
    [
        pytest.param(pmsmp(DEBUT, 31), [], [], id="un mois"),
        pytest.param(pmsmp(DEBUT, 32), [], ["/date_fin"], id="un mois et un jour"),
        pytest.param(
            pmsmp(date(2026, 9, 1), 10),
            [pmsmp(DEBUT, 10, 1), pmsmp(date(2026, 5, 1), 10, 2)],
            ["/date_debut"],
            id="troisième en douze mois",
        ),
        pytest.param(
            pmsmp(date(2027, 3, 3), 10),
            [pmsmp(DEBUT, 10, 1), pmsmp(date(2026, 5, 1), 10, 2)],
            [],
            id="troisième, douze mois après la première",
        ),
        pytest.param(
            pmsmp(date(2027, 3, 2), 10),
            [pmsmp(DEBUT, 10, 1), pmsmp(date(2026, 5, 1), 10, 2)],
            ["/date_debut"],
            id="troisième, la veille des douze mois",
        ),
        pytest.param(
            pmsmp(date(2026, 9, 1), 10),
            [pmsmp(DEBUT, 10, 1, employeur_id=LA), pmsmp(date(2026, 5, 1), 10, 2)],
            [],
            id="deux ici, une ailleurs",
        ),
        pytest.param(
            pmsmp(date(2026, 9, 1), 10),
            [
                pmsmp(DEBUT, 10, 1, statut=StatutEmploi.ANNULE),
                pmsmp(date(2026, 5, 1), 10, 2),
            ],
            [],
            id="l'annulée ne compte pas",
        ),
        pytest.param(
            pmsmp(date(2026, 7, 1), 29), [pmsmp(DEBUT, 31, 1)], [], id="soixante jours en tout"
        ),
        pytest.param(
            pmsmp(date(2026, 7, 1), 30),
            [pmsmp(DEBUT, 31, 1)],
            ["/date_debut"],
            id="soixante et un jours en tout",
        ),
        pytest.param(
            pmsmp(date(2026, 3, 10), 5),
            [pmsmp(DEBUT, 8, 1)],
            ["/date_debut"],
            id="deux à la fois dans une structure",
        ),
        pytest.param(
            pmsmp(date(2026, 3, 10), 5),
            [pmsmp(DEBUT, 8, 1, employeur_id=LA)],
            [],
            id="deux à la fois, deux structures",
        ),
    ],
)
def test_bounds_of_a_pmsmp(
    nouvelle: Occupation, autres: list[Occupation], attendu: list[str]
) -> None:
    """Planted: a third convention, a sixty-first day, a day past the month admitted, each red."""
    assert [champ for champ, _ in fautes(nouvelle, *autres)] == attendu


@pytest.mark.parametrize(
    ("autres", "champs", "admis"),
    [
        pytest.param([pmsmp(DEBUT, 31, 1)], {}, True, id="une fois"),
        pytest.param([pmsmp(DEBUT, 31, 1)], {"objet": ObjetPmsmp.INITIER}, False, id="autre objet"),
        pytest.param([pmsmp(DEBUT, 31, 1, employeur_id=LA)], {}, False, id="autre structure"),
        pytest.param([], {}, False, id="d'une autre personne"),
        pytest.param(
            [
                pmsmp(DEBUT, 10, 1, employeur_id=ICI),
                pmsmp(date(2026, 4, 20), 5, 2, renouvelle_id=UUID(int=101)),
            ],
            {"debut": date(2027, 5, 1), "fin": date(2027, 5, 5)},
            False,
            id="deux fois",
        ),
        pytest.param(
            [pmsmp(DEBUT, 10, 1, renouvelle_id=UUID(int=199))], {}, False, id="un renouvellement"
        ),
    ],
)
def test_a_pmsmp_is_renewed_once_for_the_same_goals(
    autres: list[Occupation], champs: dict[str, object], admis: bool
) -> None:
    nouvelle = replace(pmsmp(date(2026, 5, 4), 20, renouvelle_id=UUID(int=101)), **champs)  # type: ignore[arg-type]

    found = [champ for champ, _ in fautes(nouvelle, *autres)]
    assert ("/pmsmp/renouvelle_id" not in found) is admis


def naif(conventions: list[tuple[int, int]], origine: date) -> bool:
    """Whether any twelve months hold three conventions, or sixty-one days: day by day, by hand."""
    for decalage in range(-370, 1_200):
        premier = origine + timedelta(days=decalage)
        meme_jour = premier.day if (premier.month, premier.day) != (2, 29) else 28
        fin = premier.replace(year=premier.year + 1, day=meme_jour)
        if (premier.month, premier.day) != (2, 29):
            fin -= timedelta(days=1)
        dedans = 0
        jours = 0
        for debut, longueur in conventions:
            if premier <= origine + timedelta(days=debut) <= fin:
                dedans += 1
                jours += sum(1 for _ in range(longueur))
        if dedans > 2 or jours > 60:
            return True
    return False


@given(
    conventions=st.lists(
        st.tuples(st.integers(0, 800), st.integers(1, 31)), min_size=1, max_size=6
    ),
    origine=st.dates(date(2023, 1, 1), date(2025, 1, 1)),
)
@settings(max_examples=60, deadline=None)
def test_the_caps_of_a_pmsmp_are_those_of_a_naive_count(
    conventions: list[tuple[int, int]], origine: date
) -> None:
    """Planted: windows that begin with the last convention only, red."""
    found = list(
        fautes_pmsmp(
            [
                pmsmp(origine + timedelta(days=debut), longueur, rang)
                for rang, (debut, longueur) in enumerate(conventions, start=1)
            ]
        )
    )
    assert bool(found) is naif(conventions, origine)


def aci(debut: date, fin: date, **champs: object) -> Occupation:
    return emploi(TypeEmploi.IAE, debut, fin, structure=StructureIae.ACI, **champs)


@pytest.mark.parametrize(
    ("nouvelle", "autres", "attendu"),
    [
        pytest.param(aci(DEBUT, date(2026, 7, 2)), [], [], id="quatre mois"),
        pytest.param(aci(DEBUT, date(2026, 7, 1)), [], ["/date_fin"], id="quatre mois moins un"),
        pytest.param(
            aci(DEBUT, date(2026, 7, 1), derogation=Derogation.FORMATION_EN_COURS),
            [],
            [],
            id="plus court, par dérogation",
        ),
        pytest.param(aci(DEBUT, date(2028, 3, 2)), [], [], id="vingt-quatre mois"),
        pytest.param(
            aci(DEBUT, date(2028, 3, 3)), [], ["/date_fin"], id="vingt-quatre mois et un jour"
        ),
        pytest.param(
            aci(DEBUT, date(2028, 3, 3), derogation=Derogation.SITUATION_PARTICULIERE),
            [],
            [],
            id="au-delà, par dérogation",
        ),
        pytest.param(
            aci(date(2027, 3, 3), date(2028, 3, 3)),
            [aci(DEBUT, date(2027, 3, 2), id=UUID(int=9))],
            ["/date_fin"],
            id="en tout, un jour de trop",
        ),
        pytest.param(
            aci(date(2027, 3, 3), date(2028, 3, 3)),
            [aci(DEBUT, date(2027, 3, 2), id=UUID(int=9), employeur_id=LA)],
            [],
            id="chez un autre",
        ),
    ],
)
def test_bounds_of_a_cddi(
    nouvelle: Occupation, autres: list[Occupation], attendu: list[str]
) -> None:
    """Planted: twenty-five months for twenty-four, and contracts not added up, each red."""
    found = fautes(nouvelle, *autres, structures=[StructureIae.ACI])
    assert [champ for champ, _ in found] == attendu


@pytest.mark.parametrize(
    ("jour", "couvre"),
    [
        pytest.param(date(2026, 1, 1), True, id="premier jour"),
        pytest.param(date(2025, 12, 31), False, id="la veille"),
        pytest.param(date(2027, 12, 31), True, id="dernier jour"),
        pytest.param(date(2028, 1, 1), False, id="le lendemain"),
        pytest.param(date(2026, 6, 1), False, id="suspendu"),
        pytest.param(date(2026, 7, 1), True, id="repris"),
    ],
)
def test_an_iae_contract_begins_under_a_pass(jour: date, couvre: bool) -> None:
    pass_iae = PassIae(
        date(2026, 1, 1), date(2027, 12, 31), [(date(2026, 6, 1), date(2026, 6, 30))]
    )
    nouvelle = emploi(TypeEmploi.IAE, jour, None, structure=StructureIae.AI)

    found = fautes(nouvelle, pass_iae=pass_iae, structures=[StructureIae.AI])
    assert (found == []) is couvre


def test_an_employer_that_is_no_such_structure_is_refused() -> None:
    nouvelle = emploi(TypeEmploi.IAE, DEBUT, None, structure=StructureIae.AI)

    assert fautes(nouvelle, structures=[StructureIae.EI]) == [("/iae/structure", "hors-bornes")]


def aide(debut: date, fin_aide: date, minutes: int = 1_200, **champs: object) -> Occupation:
    values: dict[str, object] = {"fin_aide": fin_aide, "minutes": minutes, **champs}
    fin = values.pop("fin", fin_aide)
    return emploi(TypeEmploi.CONTRAT_AIDE, debut, fin, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("nouvelle", "autres", "attendu"),
    [
        pytest.param(aide(DEBUT, date(2028, 3, 2)), [], [], id="vingt-quatre mois, vingt heures"),
        pytest.param(
            aide(DEBUT, date(2028, 3, 3)), [], ["/date_fin"], id="vingt-quatre mois et un jour"
        ),
        pytest.param(
            aide(DEBUT, date(2027, 3, 2), 1_185),
            [],
            ["/duree_hebdomadaire_minutes"],
            id="dix-neuf heures trois quarts",
        ),
        pytest.param(
            aide(DEBUT, date(2027, 3, 2), 600, derogation=Derogation.SITUATION_PARTICULIERE),
            [],
            [],
            id="moins, par exception",
        ),
        pytest.param(
            aide(date(2027, 1, 1), date(2028, 12, 31)),
            # Broken off: its aid ended with it.
            [aide(DEBUT, date(2027, 3, 2), id=UUID(int=9), fin=date(2026, 3, 3))],
            ["/date_fin"],
            id="ajoutée à un contrat rompu, d'un jour",
        ),
        pytest.param(
            aide(date(2026, 6, 1), date(2027, 5, 31), employeur_id=LA),
            [aide(DEBUT, date(2026, 6, 1), id=UUID(int=9))],
            ["/date_debut"],
            id="deux à la fois",
        ),
        pytest.param(
            aide(date(2026, 6, 2), date(2027, 5, 31), employeur_id=LA),
            [aide(DEBUT, date(2026, 6, 1), id=UUID(int=9))],
            [],
            id="l'un après l'autre",
        ),
        pytest.param(
            emploi(TypeEmploi.CDD, DEBUT, date(2027, 1, 1), employeur_id=LA),
            [aide(DEBUT, date(2026, 6, 1), id=UUID(int=9))],
            [],
            id="avec un CDD : admis",
        ),
    ],
)
def test_bounds_of_an_aided_contract(
    nouvelle: Occupation, autres: list[Occupation], attendu: list[str]
) -> None:
    assert [champ for champ, _ in fautes(nouvelle, *autres)] == attendu


ADMISE = Derogation.SITUATION_PARTICULIERE


@pytest.mark.parametrize(
    ("etat", "jour", "derogation", "attendu"),
    [
        pytest.param(
            aci(DEBUT, date(2026, 4, 2), derogation=ADMISE),
            date(2026, 5, 2),
            None,
            [],
            id="trop court au début, admis alors",
        ),
        pytest.param(
            aci(DEBUT, date(2026, 4, 2), derogation=ADMISE),
            date(2028, 3, 2),
            None,
            [],
            id="jusqu'à vingt-quatre mois",
        ),
        pytest.param(
            aci(DEBUT, date(2026, 4, 2), derogation=ADMISE),
            date(2028, 3, 3),
            None,
            ["/date_fin"],
            id="au-delà, sans autre dérogation",
        ),
        pytest.param(
            aci(DEBUT, date(2026, 7, 2)),
            date(2028, 3, 3),
            ADMISE,
            [],
            id="au-delà, par la sienne",
        ),
        pytest.param(
            aide(DEBUT, date(2027, 3, 2), 600, derogation=ADMISE),
            date(2028, 3, 3),
            None,
            ["/date_fin"],
            id="aide au-delà",
        ),
        pytest.param(
            aide(DEBUT, date(2028, 4, 2), derogation=ADMISE, fin=date(2028, 6, 2)),
            date(2028, 9, 2),
            None,
            [],
            id="aide au-delà, admise alors, et qui ne bouge pas",
        ),
        pytest.param(
            emploi(
                TypeEmploi.APPRENTISSAGE,
                DEBUT,
                date(2027, 3, 2),
                age_entree=40,
                derogation=Derogation.EXPERIMENTATION,
            ),
            date(2027, 9, 2),
            None,
            [],
            id="apprenti admis à quarante ans",
        ),
    ],
)
def test_a_derogation_is_of_its_prolongation(
    etat: Occupation, jour: date, derogation: Derogation | None, attendu: list[str]
) -> None:
    """Planted: the one of the beginning kept, red; what bounds a beginning checked again, red."""
    etat = replace(etat, id=UUID(int=9))
    demande = ActeEmploiCreation(
        type=TypeActeEmploi.PROLONGATION, date_acte=jour, derogation=derogation
    )

    found = fautes(prolongee(etat, demande), etat, structures=[StructureIae.ACI])
    assert [champ for champ, _ in found] == attendu


@pytest.mark.parametrize(
    ("age", "jour", "derogation", "admis"),
    [
        pytest.param(29, DEBUT, None, True, id="vingt-neuf ans"),
        pytest.param(30, DEBUT, None, False, id="trente ans"),
        pytest.param(30, DEBUT, Derogation.EXPERIMENTATION, True, id="par expérimentation"),
        pytest.param(26, date(2017, 9, 1), None, False, id="vingt-six ans en 2017"),
        pytest.param(26, date(2017, 9, 1), Derogation.EXPERIMENTATION, True, id="Loire-Atlantique"),
        pytest.param(26, date(2019, 1, 1), None, True, id="au premier jour de la réforme"),
    ],
)
def test_ages_of_an_apprentice(
    age: int, jour: date, derogation: Derogation | None, admis: bool
) -> None:
    nouvelle = emploi(TypeEmploi.APPRENTISSAGE, jour, None, age_entree=age, derogation=derogation)

    assert (fautes(nouvelle) == []) is admis


def test_a_bound_whose_text_was_not_read_says_so() -> None:
    nouvelle = emploi(TypeEmploi.APPRENTISSAGE, DEBUT, None, age_entree=30)
    with pytest.raises(Validation) as refus:
        verifier_bornes(nouvelle, [])
    (erreur,) = refus.value.members["erreurs"]
    assert erreur["message"].endswith("(L6222-1, non confirme)")
    assert not duree("cddi_derogation", DEBUT).confirme


CORPS = {
    "employeur_id": str(ICI),
    "date_debut": "2026-03-03",
    "date_fin": "2026-03-31",
}
PMSMP = {"objet": "decouvrir", "prescripteur": "conseil_departemental"}
AIDE = {"dispositif": "pec", "decideur": "etat", "date_fin_aide": "2026-03-31"}


@pytest.mark.parametrize(
    ("corps", "attendu"),
    [
        pytest.param({"type": "pmsmp", "pmsmp": PMSMP}, [], id="PMSMP"),
        pytest.param({"type": "pmsmp"}, [("/pmsmp", "requis")], id="PMSMP sans détail"),
        pytest.param(
            {"type": "cdd", "pmsmp": PMSMP}, [("/pmsmp", "champ-inconnu")], id="CDD, détail PMSMP"
        ),
        pytest.param({"type": "cdi"}, [("/date_fin", "champ-inconnu")], id="CDI avec un terme"),
        pytest.param({"type": "cdd", "date_fin": None}, [("/date_fin", "requis")], id="CDD sans"),
        pytest.param(
            {"type": "cdd", "employeur_id": None},
            [("/employeur_id", "requis")],
            id="sans employeur",
        ),
        pytest.param(
            {"type": "creation_activite", "date_fin": None},
            [("/employeur_id", "champ-inconnu")],
            id="création, employeur",
        ),
        pytest.param(
            {"type": "cdd", "date_fin": "2026-03-02"},
            [("/date_fin", "date-incoherente")],
            id="fin avant début",
        ),
        pytest.param(
            {
                "type": "contrat_aide",
                "contrat_aide": AIDE,
                "date_fin": None,
                "duree_hebdomadaire_minutes": 1_200,
            },
            [],
            id="contrat aidé sans terme",
        ),
        pytest.param(
            {"type": "contrat_aide", "contrat_aide": AIDE},
            [("/duree_hebdomadaire_minutes", "requis")],
            id="contrat aidé sans durée",
        ),
        pytest.param(
            {
                "type": "contrat_aide",
                "contrat_aide": AIDE | {"date_fin_aide": "2026-04-01"},
                "duree_hebdomadaire_minutes": 1_200,
            },
            [("/contrat_aide/date_fin_aide", "date-incoherente")],
            id="aide après le contrat",
        ),
    ],
)
def test_a_body_is_that_of_its_type(
    corps: dict[str, object], attendu: list[tuple[str, str]]
) -> None:
    demande = EmploiCreation.model_validate(CORPS | corps)
    found: list[tuple[str, str]] = []
    try:
        verifier_forme(demande)
    except Validation as refus:
        found = [(un["pointeur"], un["code"]) for un in refus.members["erreurs"]]
    assert found == attendu


FIN = date(2026, 12, 31)


@pytest.mark.parametrize(
    ("type_", "acte", "jour_acte", "attendu"),
    [
        pytest.param(TypeEmploi.CDD, "fin", FIN, StatutEmploi.TERMINE, id="à son terme"),
        pytest.param(TypeEmploi.CDD, "fin", date(2027, 1, 1), "date", id="après son terme"),
        pytest.param(TypeEmploi.CDD, "fin", date(2026, 3, 2), "date", id="avant son début"),
        pytest.param(
            TypeEmploi.CDD, "prolongation", date(2027, 1, 1), StatutEmploi.OUVERT, id="prolongé"
        ),
        pytest.param(TypeEmploi.CDD, "prolongation", FIN, "date", id="prolongé de rien"),
        pytest.param(
            TypeEmploi.PMSMP, "prolongation", date(2027, 1, 1), "transition", id="PMSMP prolongée"
        ),
        pytest.param(
            TypeEmploi.CONTRAT_AIDE,
            "accompagnement_renforce",
            date(2026, 11, 5),
            StatutEmploi.OUVERT,
            id="accompagnement renforcé",
        ),
        pytest.param(
            TypeEmploi.CDD,
            "accompagnement_renforce",
            date(2026, 11, 5),
            "transition",
            id="accompagnement d'un CDD",
        ),
        pytest.param(TypeEmploi.CDD, "annulation", DEBUT, StatutEmploi.ANNULE, id="annulé"),
        pytest.param(TypeEmploi.CDD, "debut", DEBUT, "date", id="début"),
    ],
)
def test_what_an_act_makes(
    type_: TypeEmploi, acte: str, jour_acte: date, attendu: StatutEmploi | str
) -> None:
    motif = MotifFinEmploi.TERME if acte == "fin" else None
    demande = ActeEmploiCreation(type=TypeActeEmploi(acte), date_acte=jour_acte, motif=motif)
    etat = emploi(type_, DEBUT, FIN)
    if isinstance(attendu, StatutEmploi):
        assert apres_acte(etat, demande, FIN)[0] is attendu
    else:
        refus = TransitionInterdite if attendu == "transition" else Validation
        with pytest.raises(refus):
            apres_acte(etat, demande, FIN)


@pytest.mark.parametrize(
    ("recrutes", "handicap", "shown"),
    [
        pytest.param(0, 0, (0, 0), id="personne"),
        pytest.param(4, 2, (None, None), id="trop peu"),
        pytest.param(10, 5, (10, 5), id="cinq et cinq"),
        pytest.param(10, 4, (10, None), id="quatre"),
        pytest.param(10, 6, (10, None), id="par différence"),
        pytest.param(10, 0, (10, None), id="aucun ne se dit pas"),
        pytest.param(10, 10, (10, None), id="tous non plus"),
    ],
)
def test_a_group_under_five_is_never_shown(
    recrutes: int, handicap: int, shown: tuple[int | None, int | None]
) -> None:
    """Planted: the difference not looked at, red."""
    assert montrer(recrutes, handicap) == shown
