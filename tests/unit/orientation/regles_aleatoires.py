"""Anything that may be proposed on, and any set of rules that the checks admit."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from services.orientation.criteres.rules import CHAMPS_SANTE, GRILLE, REFERENTIEL, Critere
from services.orientation.jeux_de_regles.rules import NATIONAL
from services.orientation.orientations.proposition import CHAMP_OBSTACLE
from services.orientation.orientations.referent import Organisme, Situation
from services.orientation.orientations.rules import CAS
from shared.referentiels import codes
from shared.schemas.orientation.jeux_de_regles import ConditionBoe, ContenuJeuDeRegles
from shared.schemas.orientation.vocabulaire import NiveauFrein, TypeOrganisme, TypeParcours
from tests.unit.orientation.construire import un_id

JOUR = date(2026, 3, 2)
COMMUNES = ("35238", "35236", "35047")
CHAMPS = sorted(codes(REFERENTIEL, "champ", usage="critere"))
LUS = sorted({un.champ for un in GRILLE.niveaux} | {"situation_professionnelle", "niveau_etude"})
PROJECTIBLES = sorted(set(CHAMPS) - CHAMPS_SANTE - set(LUS))
OBSTACLES = sorted(un for un, niveau in GRILLE.niveaux.items() if niveau is NiveauFrein.FORT)

booleens = st.booleans()


def valeurs(champ: str) -> list[str]:
    """The values of a field."""
    return sorted(codes(REFERENTIEL, champ=champ, usage="critere"))


def _questionnaire(niveau: NiveauFrein) -> st.SearchStrategy[dict[str, str]]:
    """Answers whose freins reach this level at most.

    Whole as often as not: drawn field by field, something would nearly always be missing, and some
    frein strong.
    """
    ordre = list(NiveauFrein)
    au_plus = [c for c, un in GRILLE.niveaux.items() if ordre.index(un) <= ordre.index(niveau)]
    lus = {
        champ: st.sampled_from([c.valeur for c in au_plus if c.champ == champ] or valeurs(champ))
        for champ in CHAMPS
    }
    return st.one_of(st.fixed_dictionaries(lus), st.fixed_dictionaries({}, optional=lus))


@st.composite
def criteres(draw: st.DrawFn) -> tuple[Critere, ...]:
    """A questionnaire, whole or not, and what the professional says of an obstacle."""
    champs = draw(st.sampled_from(NiveauFrein).flatmap(_questionnaire))
    declare = draw(st.sampled_from([None, "true", "false", "false"]))
    if declare:
        champs[CHAMP_OBSTACLE] = declare
    return tuple(Critere(champ, valeur) for champ, valeur in sorted(champs.items()))


situations = st.builds(
    Situation,
    brsa=booleens,
    age=st.none() | st.integers(14, 80),
    code_commune=st.none() | st.sampled_from(COMMUNES),
    boe=st.none() | booleens,
    boe_souhait_accompagnement=st.none() | booleens,
    demande_mission_locale=booleens,
    demande_cap_emploi=booleens,
)
_jours = st.none() | st.dates(date(2025, 6, 1), date(2026, 12, 31))
organismes = st.lists(
    st.builds(
        Organisme,
        id=st.integers(1, 30).map(un_id),
        type=st.sampled_from(TypeOrganisme),
        communes=st.frozensets(st.sampled_from(COMMUNES), max_size=2),
        date_debut=_jours,
        date_fin=_jours,
    ),
    max_size=8,
    unique_by=lambda organisme: organisme.id,
)

_types = st.lists(st.sampled_from(TypeOrganisme), min_size=1, max_size=3, unique=True)
_ages = st.none() | st.integers(14, 80)


@st.composite
def _locale(draw: st.DrawFn) -> dict[str, Any]:
    ages = draw(st.tuples(_ages, _ages))
    if None not in ages:
        ages = tuple(sorted(ages))  # type: ignore[type-var]  # none of them is None
    return {
        "type_parcours": draw(st.sampled_from(TypeParcours)),
        "types": draw(_types),
        "communes": draw(st.lists(st.sampled_from(COMMUNES), max_size=2, unique=True)),
        "age_min": ages[0],
        "age_max": ages[1],
        "boe": draw(st.sampled_from(ConditionBoe)),
    }


@st.composite
def contenus(draw: st.DrawFn) -> ContenuJeuDeRegles:
    """A whole set of rules, each of its tables the national one or any other."""
    contenu = NATIONAL.model_dump()
    if draw(booleens):
        parcours = draw(st.lists(st.sampled_from(TypeParcours), min_size=24, max_size=24))
        contenu["parcours"] = [
            {**cas._asdict(), "type_parcours": un} for cas, un in zip(CAS, parcours, strict=True)
        ]
    if draw(booleens):
        contenu["niveaux"] = [
            {**vars(un), "niveau": draw(st.sampled_from(_niveaux(un)))} for un in GRILLE.niveaux
        ]
    freins = [
        {"champ": un["champ"], "valeur": un["valeur"]}
        for un in contenu["niveaux"]
        if un["niveau"] is not NiveauFrein.SANS_IMPACT
    ]
    if freins:
        rangs = st.sets(st.integers(0, len(freins) - 1), min_size=1, max_size=4)
        contenu["obstacles"] = [freins[rang] for rang in draw(rangs)]
    else:
        contenu["niveaux"] = NATIONAL.model_dump()["niveaux"]
    if draw(booleens):
        contenu["niveaux_qualifiants"] = draw(
            st.lists(st.sampled_from(valeurs("niveau_etude")), min_size=1, unique=True)
        )
    if draw(booleens):
        champs = draw(st.lists(st.sampled_from(PROJECTIBLES), min_size=1, max_size=3, unique=True))
        contenu["projection"] = [
            {
                "champ": champ,
                "valeurs": draw(st.lists(st.sampled_from(valeurs(champ)), min_size=1, unique=True)),
            }
            for champ in champs
        ]
    if draw(booleens):
        contenu["organismes"] = [
            {"regle": regle, "types": draw(_types)} for regle in ("O05", "O06", "O07", "O08", "O09")
        ]
    contenu["regles_locales"] = draw(st.lists(_locale(), max_size=3))
    return ContenuJeuDeRegles.model_validate(contenu)


def _niveaux(critere: Critere) -> list[NiveauFrein]:
    if critere.valeur == "AUCUNE":
        return [NiveauFrein.SANS_IMPACT]
    return [niveau for niveau in NiveauFrein if niveau is not NiveauFrein.NON_EXPLORE]
