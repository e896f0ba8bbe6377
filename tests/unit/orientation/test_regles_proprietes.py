"""Whatever is stated, and under any set of rules: one proposal or what is missing, the same again,
and the same for the same answers.

Planted and seen red: an organisme's last day left out of the inputs read again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.orientation.criteres.rules import Critere, deriver
from services.orientation.jeux_de_regles.rules import (
    NATIONAL,
    composer,
    decomposer,
    ecarts,
    empreinte,
    normaliser,
    verifier_contenu,
)
from services.orientation.orientations.proposition import (
    NATIONALES,
    Donnees,
    Etablie,
    Regles,
    en_octets,
    etablir,
    proposer,
    rejouer,
)
from services.orientation.orientations.referent import Organisme, Situation
from services.orientation.orientations.rules import Base, Cas, proposer_parcours
from shared.schemas.orientation.jeux_de_regles import ContenuJeuDeRegles
from shared.schemas.orientation.vocabulaire import StatutOrientation, TypeOrganisme, TypeParcours
from tests.unit.orientation.construire import COMPLET, entrees, un_id
from tests.unit.orientation.regles_aleatoires import (
    JOUR,
    contenus,
    criteres,
    organismes,
    situations,
)

REFERENCE = "Arrêté conjoint (illustration)"


def local(contenu: ContenuJeuDeRegles) -> Regles:
    return composer(contenu, code="essai-1", reference=REFERENCE, depuis=date(2026, 1, 1))


jeux = st.one_of(st.just(NATIONALES), contenus().map(local))


def octets(etablie: Etablie) -> bytes:
    return en_octets(
        regle=etablie.regle,
        type_parcours=etablie.type_parcours,
        organisme_referent_id=etablie.organisme_referent_id,
        version_regles=etablie.version_regles,
        explication=asdict(etablie.explication),
    )


@settings(deadline=None)
@given(criteres(), situations, organismes, jeux)
def test_there_is_always_one_proposal_or_what_is_missing_and_it_replays(
    enonces: Sequence[Critere], situation: Situation, candidats: list[Organisme], regles: Regles
) -> None:
    etablie = etablir(enonces, situation, candidats, JOUR, regles)

    faits = etablie.explication
    if etablie.type_parcours is None:
        assert (etablie.regle, etablie.statut) == ("P0", StatutOrientation.BROUILLON)
        assert faits.entrees_manquantes
        assert faits.champs_manquants
        assert (etablie.organisme_referent_id, faits.regle_organisme) == (None, None)
    else:
        assert etablie.statut is StatutOrientation.EN_ATTENTE
        assert not faits.entrees_manquantes
        assert faits.regle_organisme is not None
        # The one proposed is a candidate, and every other one is set aside with a reason.
        ids = {candidat.id for candidat in candidats}
        ecartes = {ecart.organisme_id for ecart in faits.organismes_ecartes}
        assert ids - ecartes == ids & {etablie.organisme_referent_id}
    kept = json.loads(json.dumps(etablie.entrees))
    refaite = rejouer(kept, regles)
    assert octets(refaite) == octets(etablie)
    assert json.loads(json.dumps(refaite.entrees)) == kept


@settings(deadline=None)
@given(criteres(), situations, organismes, jeux)
def test_a_simulation_sees_what_a_proposal_says(
    enonces: Sequence[Critere], situation: Situation, candidats: list[Organisme], regles: Regles
) -> None:
    etablie = etablir(enonces, situation, candidats, JOUR, regles)

    parcours, organisme = proposer(Donnees(enonces, situation, candidats, JOUR), regles)

    assert parcours.type_parcours is etablie.type_parcours
    assert (organisme and organisme.organisme_id) == etablie.organisme_referent_id


@settings(deadline=None)
@given(criteres(), situations, situations, organismes, organismes, jeux)
def test_the_same_answers_give_the_same_parcours_whoever_and_wherever(
    enonces: Sequence[Critere],
    une: Situation,
    autre: Situation,
    ici: list[Organisme],
    ailleurs: list[Organisme],
    regles: Regles,
) -> None:
    """Territory, age and status choose among organismes only; sex is no input at all."""
    parcours = [
        etablir(enonces, situation, candidats, JOUR, regles)
        for situation, candidats in ((une, ici), (autre, ailleurs))
    ]

    assert len({(un.regle, un.type_parcours, un.statut) for un in parcours}) == 1
    assert not {"sexe", "genre", "civilite"} & set(vars(une))


TOUS = [Organisme(un_id(rang), type_) for rang, type_ in enumerate(TypeOrganisme, start=1)]


@settings(deadline=None)
@given(criteres(), situations, st.integers(14, 80), st.sampled_from([None, "35238", "35236"]))
def test_nationally_age_opens_o07_and_nothing_else_and_territory_opens_nothing(
    enonces: Sequence[Critere], situation: Situation, age: int, commune: str | None
) -> None:
    """Every organisme serves everywhere, so that only the rules may tell two people apart."""
    ici = etablir(enonces, replace(situation, age=40), TOUS, JOUR)
    la = etablir(enonces, replace(situation, age=age, code_commune=commune), TOUS, JOUR)

    rules = {un.explication.regle_organisme for un in (ici, la)}
    assert len(rules - {"O07"}) <= 1
    if la.explication.regle_organisme == "O07":
        assert 16 <= age <= 25
    else:
        assert la.organisme_referent_id == ici.organisme_referent_id


@settings(deadline=None)
@given(criteres(), situations, situations, contenus())
def test_locally_people_are_told_apart_only_by_what_the_rows_say(
    enonces: Sequence[Critere], une: Situation, autre: Situation, contenu: ContenuJeuDeRegles
) -> None:
    """Two people whom each row sees alike are proposed the same organisme."""
    regles = local(contenu)

    def vue(situation: Situation) -> list[object]:
        arretes = [
            locale.vaut(type_parcours, situation)
            for locale in regles.organisme.locales
            for type_parcours in TypeParcours
        ]
        cap_emploi = bool(situation.boe and situation.boe_souhait_accompagnement)
        age = situation.age
        return [*arretes, cap_emploi, age is None, age is not None and (age <= 25, age < 16)]

    if vue(une) == vue(autre):
        deux = [etablir(enonces, situation, TOUS, JOUR, regles) for situation in (une, autre)]
        assert len({un.organisme_referent_id for un in deux}) == 1
        assert len({un.explication.regle_organisme for un in deux}) == 1


@settings(deadline=None)
@given(contenus(), st.data())
def test_a_set_proposes_what_its_rows_say(contenu: ContenuJeuDeRegles, data: st.DataObject) -> None:
    regles = local(contenu)
    ligne = data.draw(st.sampled_from(contenu.parcours))
    cas = [getattr(ligne, nom) for nom in Cas._fields]
    niveau = data.draw(st.sampled_from(contenu.niveaux))
    contraintes = {un.champ: "AUCUNE" for un in contenu.niveaux} | {niveau.champ: niveau.valeur}

    parcours = proposer_parcours(entrees(*cas), regles.parcours)
    lues = deriver([Critere(*un) for un in contraintes.items()], grille=regles.grille)

    assert parcours.type_parcours is ligne.type_parcours
    assert (parcours.regle.base is Base.LOCAL) is (parcours.regle.source == REFERENCE)
    assert lues.niveau_freins.valeur is niveau.niveau
    obstacle = {"champ": niveau.champ, "valeur": niveau.valeur}
    assert bool(lues.obstacle_temporaire.valeur) is (
        obstacle in [un.model_dump() for un in contenu.obstacles]
    )


@settings(deadline=None)
@given(contenus())
def test_any_set_drawn_is_admitted_and_written_in_one_way(contenu: ContenuJeuDeRegles) -> None:
    verifier_contenu(contenu)

    ecrit = normaliser(contenu)

    assert normaliser(ecrit) == ecrit
    assert empreinte(ecrit) == empreinte(
        normaliser(ContenuJeuDeRegles.model_validate(ecrit.model_dump(mode="json")))
    )
    compose = local(ecrit)
    tables = {"regles_locales": ecrit.regles_locales}
    assert normaliser(decomposer(compose)).model_copy(update=tables) == ecrit


@settings(deadline=None)
@given(criteres(), situations, organismes)
def test_the_national_set_as_data_is_the_national_set(
    enonces: Sequence[Critere], situation: Situation, candidats: list[Organisme]
) -> None:
    """Read through the API and sent back, it proposes the same bytes, versions included."""
    renvoye = local(ContenuJeuDeRegles.model_validate_json(NATIONAL.model_dump_json()))

    assert ecarts(renvoye) == []
    assert renvoye == NATIONALES
    assert octets(etablir(enonces, situation, candidats, JOUR, renvoye)) == octets(
        etablir(enonces, situation, candidats, JOUR)
    )


@settings(deadline=None)
@given(situations, jeux)
def test_a_temporary_obstacle_gives_social_under_any_set(
    situation: Situation, regles: Regles
) -> None:
    """L5411-5-1 I al. 2: no set can say otherwise. All is stated, so nothing is missing but what
    a local reading asks for.
    """
    champs = COMPLET | {"obstacle_temporaire": "true"}
    enonces = [Critere(champ, valeur) for champ, valeur in champs.items()]

    etablie = etablir(enonces, situation, TOUS, JOUR, regles)

    assert etablie.regle in ("P0", "P1")
    if etablie.regle == "P1":
        assert etablie.type_parcours is TypeParcours.SOCIAL


def test_the_draw_reaches_every_rule() -> None:
    """Or the properties above would hold of nothing."""
    vues: set[str | None] = set()

    # The same draw each time: P6 and O06 are rare.
    @settings(max_examples=600, derandomize=True, deadline=None)
    @given(criteres(), situations)
    def draw(enonces: Sequence[Critere], situation: Situation) -> None:
        etablie = etablir(enonces, situation, TOUS, JOUR)
        vues.update({etablie.regle, etablie.explication.regle_organisme})

    draw()

    parcours, choix = {f"P{rang}" for rang in range(8)}, {f"O0{rang}" for rang in range(5, 10)}
    assert vues == parcours | choix | {None}


@pytest.mark.parametrize("nom", ["parcours", "niveaux", "organismes"])
def test_order_of_rows_changes_nothing(nom: str) -> None:
    renverse = NATIONAL.model_copy(update={nom: list(reversed(getattr(NATIONAL, nom)))})

    assert normaliser(renverse) == NATIONAL
    assert local(renverse) == NATIONALES
