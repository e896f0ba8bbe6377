"""What an offer may say, whom it is for, and in which order those for a frein are shown."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.referentiels import codes
from shared.refus import Erreur, Validation
from shared.schemas.parcours.contrats_engagement import ModaliteActivite
from shared.schemas.parcours.freins import CodeFrein
from shared.schemas.parcours.offres import (
    ConditionOffre,
    Eligibilite,
    EtatFinancement,
    Offre,
    OffreCreation,
    OrigineOffre,
    Proximite,
    ServiceDataInclusionCreation,
    Solution,
    StatutEligibilite,
)
from shared.thematiques import freins_de

# As `proximite` counts them in SQL: the nearest first.
PROXIMITES = tuple(Proximite)

_PARTOUT = frozenset({"france", "99100"})
# Corsica is one collectivité of two départements.
_DEPARTEMENTS = {"20": frozenset({"2A", "2B"})}
_EPCI = re.compile(r"[0-9]{9}")
_COMMUNE = re.compile(r"(\d{2}|2[AB])\d{3}")
_LISTES = {"publics": "publics", "type": "types-services", "frais": "frais"}


@dataclass(frozen=True)
class Conditions:
    """What an offer asks, that can be checked here."""

    age_min: int | None
    age_max: int | None
    beneficiaire_rsa_requis: bool
    projet_requis: bool
    communes: frozenset[str]
    zone_a_verifier: bool


@dataclass(frozen=True)
class Personne:
    """What is known of a person, the day of the question; none: nobody said."""

    age: int | None
    beneficiaire_rsa: bool | None
    code_commune: str | None
    projet: bool
    contrat_signe: bool


def age_au(date_naissance: date, jour: date) -> int:
    """Return the years completed on a day; one born on 29 February ages on 1 March."""
    passe = (jour.month, jour.day) >= (date_naissance.month, date_naissance.day)
    return jour.year - date_naissance.year - (0 if passe else 1)


def eligibilite(offre: Conditions, personne: Personne) -> Eligibilite:
    """Return what the known facts say of each condition that the offer sets.

    Both ages are included. What nobody said is unknown: never a refusal.
    """
    reponses: dict[ConditionOffre, bool | None] = {}
    if offre.age_min is not None or offre.age_max is not None:
        age = personne.age
        reponses[ConditionOffre.AGE] = (
            None if age is None else (offre.age_min or 0) <= age <= (offre.age_max or 120)
        )
    if offre.beneficiaire_rsa_requis:
        reponses[ConditionOffre.BENEFICIAIRE_RSA] = personne.beneficiaire_rsa
    if offre.zone_a_verifier:
        reponses[ConditionOffre.COMMUNE] = None
    elif offre.communes:
        commune = personne.code_commune
        reponses[ConditionOffre.COMMUNE] = None if commune is None else commune in offre.communes
    if offre.projet_requis:
        reponses[ConditionOffre.DIAGNOSTIC_PROJET] = personne.projet
        reponses[ConditionOffre.CONTRAT_SIGNE] = personne.contrat_signe
    manquantes = [condition for condition, reponse in reponses.items() if reponse is False]
    inconnues = [condition for condition, reponse in reponses.items() if reponse is None]
    if manquantes:
        statut = StatutEligibilite.NON_ELIGIBLE
    else:
        statut = StatutEligibilite.A_VERIFIER if inconnues else StatutEligibilite.ELIGIBLE
    return Eligibilite(statut=statut, manquantes=manquantes, inconnues=inconnues)


def demande_des_faits(offres: Iterable[Conditions]) -> bool:
    """Tell whether an offer asks what only orientation knows of a person."""
    return any(
        offre.age_min is not None
        or offre.age_max is not None
        or offre.beneficiaire_rsa_requis
        or offre.communes
        for offre in offres
    )


_MANQUES = {
    ConditionOffre.AGE: "Age hors des bornes de l'offre",
    ConditionOffre.BENEFICIAIRE_RSA: "Offre reservee aux beneficiaires du RSA",
    ConditionOffre.COMMUNE: "Commune que l'offre ne sert pas",
    ConditionOffre.DIAGNOSTIC_PROJET: "Aucun projet au diagnostic courant",
    ConditionOffre.CONTRAT_SIGNE: "Aucun contrat d'engagement signe",
}


def exige_eligible(offre: Conditions, personne: Personne) -> None:
    """Refuse to prescribe an offer to whom it is not for, naming all that is missing.

    What is unknown is left to whoever prescribes.

    Raises:
        Validation: one error for each condition that is not met.
    """
    manquantes = eligibilite(offre, personne).manquantes
    if manquantes:
        raise Validation(
            [Erreur("/offre_id", "hors-bornes", _MANQUES[manque]) for manque in manquantes]
        )


def exige_prescriptible(offre: Offre, code: CodeFrein, jour: date) -> None:
    """Refuse an offer that no action funds, that is not of this day, or not for this frein.

    Raises:
        Validation: with what is wrong.
    """
    erreurs = []
    if offre.action_id is None:
        erreurs.append("Aucune action ne la finance")
    if offre.date_retrait is not None:
        erreurs.append("data-inclusion ne la connait plus")
    if not offre.date_debut <= jour <= (offre.date_fin or date.max):
        erreurs.append("Hors des dates de l'offre")
    if code not in offre.freins:
        erreurs.append("L'offre ne repond pas a ce frein")
    if erreurs:
        raise Validation([Erreur("/offre_id", "hors-bornes", erreur) for erreur in erreurs])


def exige_collective(modalite: str | None) -> None:
    """Refuse a séance of what is done alone.

    Raises:
        Validation: the offer is not collective.
    """
    if modalite != ModaliteActivite.COLLECTIVE:
        raise Validation([Erreur("/", "hors-bornes", "Seule une offre collective a des seances")])


def freins_leves(thematiques: Sequence[str], freins: Sequence[str]) -> list[CodeFrein]:
    """Return the freins that an offer may lift: those it says, and those of its thématiques."""
    found = {*freins, *(code for thematique in thematiques for code in freins_de(thematique))}
    return [code for code in CodeFrein if code in found]


def verifier_offre(offre: OffreCreation | Offre) -> None:
    """Check an offer against the lists of data·inclusion, and its own bounds.

    Raises:
        Validation: with the fields.
    """
    erreurs = _hors_listes(offre.thematiques, offre.publics, offre.type, offre.frais)
    if not offre.thematiques and not offre.freins:
        erreurs.append(Erreur("/freins", "requis", "Un frein ou une thematique au moins"))
    if None not in (offre.age_min, offre.age_max) and (offre.age_min or 0) > (offre.age_max or 0):
        erreurs.append(Erreur("/age_max", "hors-bornes", "Inferieur a age_min"))
    if offre.date_fin is not None and offre.date_fin < offre.date_debut:
        erreurs.append(Erreur("/date_fin", "date-incoherente", "Avant date_debut"))
    if erreurs:
        raise Validation(erreurs)


def offre_importee(service: ServiceDataInclusionCreation, departement: str) -> dict[str, Any]:
    """Return what a service of data·inclusion says of an offer, in our words.

    A zone given by an EPCI, or one département of two, stands for communes that are not known here:
    it is to be checked, as is one that is not given. Communes of elsewhere are left out.

    Args:
        service: the record.
        departement: the Insee code of the collectivité's territory, e.g. 35.

    Raises:
        Validation: a code is in none of their lists, or no zone of it is of the collectivité.
    """
    erreurs = _hors_listes(service.thematiques, service.publics, service.type, service.frais)
    zone = set(service.zone_eligibilite)
    ici = _DEPARTEMENTS.get(departement, frozenset({departement}))
    partout = bool(zone & _PARTOUT) or ici <= zone
    communes = sorted(
        code for code in zone if _COMMUNE.fullmatch(code) and code.startswith(tuple(ici))
    )
    doute = not zone or bool(zone & ici) or any(_EPCI.fullmatch(code) for code in zone)
    if not (partout or communes or doute):
        erreurs.append(Erreur("/zone_eligibilite", "hors-bornes", "Ne sert pas la collectivite"))
    if erreurs:
        raise Validation(erreurs)
    return {
        "origine": OrigineOffre.DATA_INCLUSION.value,
        "reference": service.id,
        "titre": service.nom,
        "description": service.description,
        "thematiques": list(service.thematiques),
        "type": service.type,
        "frais": service.frais,
        "publics": list(service.publics),
        "conditions_acces": service.conditions_acces,
        "communes": [] if partout or doute else communes,
        "zone_a_verifier": doute and not partout,
        "code_commune": service.code_insee,
        "a_distance": "a-distance" in service.modes_accueil,
        "lien": service.lien_mobilisation,
        "date_maj": service.date_maj,
    }


def departements(departement: str) -> list[str]:
    """Return the Insee codes of the départements of a collectivité: two for Corsica."""
    return sorted(_DEPARTEMENTS.get(departement, {departement}))


def ordre(solution: Solution) -> tuple[int, bool, int, int, str]:
    """Return the rank of a solution in its page: what this person may have, and is there, first.

    Then the nearest, then the cheapest; what has no price told comes after what has one.
    """
    lue = solution.financement is EtatFinancement.LU
    epuisee = lue and (
        solution.places_disponibles == 0
        or (solution.prix_centimes or 0) > (solution.montant_disponible_centimes or 0)
    )
    prix = solution.prix_centimes
    return (
        _RANGS[solution.eligibilite.statut],
        epuisee,
        PROXIMITES.index(solution.proximite),
        2**63 if prix is None else prix,
        str(solution.id),
    )


_RANGS = {statut: rang for rang, statut in enumerate(StatutEligibilite)}


def _hors_listes(
    thematiques: Sequence[str], publics: Sequence[str], type_: str | None, frais: str | None
) -> list[Erreur]:
    connues = codes("thematiques-data-inclusion")
    erreurs = [
        Erreur(f"/thematiques/{rang}", "code-referentiel-inconnu", "Thematique inconnue")
        for rang, thematique in enumerate(thematiques)
        if thematique not in connues
    ]
    for champ, valeurs in (("publics", publics), ("type", [type_]), ("frais", [frais])):
        liste = codes("enumerations-data-inclusion", referentiel=_LISTES[champ])
        erreurs += [
            Erreur(f"/{champ}", "code-referentiel-inconnu", "Hors de la liste de data-inclusion")
            for valeur in valeurs
            if valeur is not None and valeur not in liste
        ]
    return erreurs
