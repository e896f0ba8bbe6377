"""Sanctions RSA: read; written only where the scenario opens it, and refused otherwise."""

from datetime import date
from typing import TYPE_CHECKING

from pydantic import TypeAdapter
from starlette.responses import JSONResponse, Response

from tests.doubles.france_travail.corps import DecisionSanction, EvenementSanction
from tests.doubles.france_travail.etat import Json
from tests.doubles.france_travail.reponses import Refuse

if TYPE_CHECKING:
    from tests.doubles.france_travail.application import Appel

_OBJET = TypeAdapter(Json)
# What each event needs to have been, and what it becomes.
_SUITES = {
    "SAISIE_SANCTION": ({"PROPOSEE"}, "SAISIE"),
    "REFUS_SAISIE_SANCTION": ({"PROPOSEE"}, "LAISSEE"),
    "VALID_SANCTION": ({"SAISIE"}, "VALIDEE"),
    "REFUS_SANCTION": ({"SAISIE"}, "REFUSEE"),
    "VALID_LEVEE_SUSP": ({"VALIDEE"}, "LEVEE"),
    "REFUS_LEVEE_SUSP": ({"VALIDEE"}, "VALIDEE"),
    "ANNULATION_SANCTION": ({"VALIDEE", "SAISIE"}, "ANNULEE"),
}
_OBLIGATOIRES = (
    ("typeConsequenceSanctionValide", "R050"),
    ("montantValide", "R060"),
    ("modaliteDecisionValidee", "R063"),
    ("dureeValidee", "R070"),
)
_ABSENTS = {
    "dateNotificationDecisionSanction": "R032",
    "natureManquement": "R080",
    "dateManquement": "R090",
    "typeSanctionValide": "R052",
    "montantValide": "R060",
    "modaliteDecisionValidee": "R063",
    "dureeValidee": "R070",
}
_INVALIDES = {
    "identifiantConsequenceSanction": "R011",
    "typeConsequenceSanctionValide": "R051",
    "dateNotificationDecisionSanction": "R033",
    "natureManquement": "R081",
    "rangManquement": "R082",
    "dateManquement": "R091",
    "typeSanctionValide": "R053",
    "montantValide": "R061",
    "modaliteDecisionValidee": "R062",
    "dureeValidee": "R071",
}


def invalide(champ: str, *, absent: bool) -> Response:
    """A body that is not the contract's: a code by field, and whether it is there."""
    connus = _ABSENTS if absent else _INVALIDES
    return _erreur(connus.get(champ, "R010" if absent else "R011"))


async def lire(appel: "Appel") -> Response:
    """A breach, by one of its consequences."""
    identifiant = appel.request.query_params.get("identifiantSanction")
    if not identifiant:
        raise Refuse(_erreur("R010"))
    found = appel.usager.manquements.get(identifiant)
    if found is None:
        return Response(status_code=204)
    return JSONResponse({nom: valeur for nom, valeur in found.items() if nom != "etat"})


async def evenement(appel: "Appel") -> Response:
    """What was decided of a consequence: C999 where it is not the time, or never."""
    brut = _json(appel)
    dit = brut.get("evenement")
    if not brut.get("identifiantConsequenceSanction"):
        raise Refuse(_erreur("R010"))
    corps = appel.lire(EvenementSanction)
    dit = dit if isinstance(dit, dict) else {}
    type_evenement = dit.get("typeEvenement")
    if not type_evenement:
        raise Refuse(_erreur("R020"))
    if type_evenement not in _SUITES:
        raise Refuse(_erreur("R021"))
    if not dit.get("dateEvenement"):
        raise Refuse(_erreur("R030"))
    try:
        date.fromisoformat(str(dit["dateEvenement"])[:10])
    except ValueError:
        raise Refuse(_erreur("R031")) from None
    if type_evenement == "VALID_SANCTION":
        for nom, code in _OBLIGATOIRES:
            if getattr(corps, nom) is None:
                raise Refuse(_erreur(code))
    if corps.modaliteDecisionValidee == "P" and not 30 <= (corps.montantValide or 0) <= 100:
        raise Refuse(_erreur("R064"))
    connu = appel.usager.manquements.get(corps.identifiantConsequenceSanction)
    avant, apres = _SUITES[type_evenement]
    if not appel.monde.sanctions_ouvertes or connu is None or connu["etat"] not in avant:
        return JSONResponse({"codeSortie": "C999"})
    connu["etat"] = apres
    return JSONResponse({"codeSortie": "C001"})


async def decision(appel: "Appel") -> Response:
    """A sanction that the département decides by itself."""
    corps = appel.lire(DecisionSanction)
    if corps.modaliteDecisionValidee == "P" and not 30 <= corps.montantValide <= 100:
        raise Refuse(_erreur("R064"))
    if not appel.monde.sanctions_ouvertes:
        return Response(status_code=204)
    identifiant = appel.monde.identifiant()
    appel.usager.manquements[identifiant] = {
        "identifiantManquement": identifiant,
        "etat": "VALIDEE",
    }
    found = {"identifiantConsequenceSanction": identifiant, "identifiantManquement": identifiant}
    return JSONResponse({"codeSortie": "C001", **found})


async def radiation(appel: "Appel") -> Response:
    """A demand of radiation after a consequence."""
    identifiant = _json(appel).get("identifiantConsequenceSanction")
    if not identifiant:
        raise Refuse(_erreur("R012"))
    if not isinstance(identifiant, str):
        raise Refuse(_erreur("R013"))
    if not appel.monde.sanctions_ouvertes or identifiant not in appel.usager.manquements:
        return JSONResponse({"codeSortie": "C001", "message": "Demande non creee"})
    return JSONResponse(
        {"codeSortie": "C000", "idConsequenceSanctionCree": appel.monde.identifiant()}
    )


def _json(appel: "Appel") -> Json:
    return _OBJET.validate_json(appel.corps or b"{}")


def _erreur(code: str) -> JSONResponse:
    return JSONResponse({"codeErreur": code, "message": "Controle en erreur"}, status_code=400)


GESTES = [
    ("sanctions", "GET", "/detailManquement", lire),
    ("sanctions", "POST", "/evenementSanctionRSA", evenement),
    ("sanctions", "POST", "/decisionSanctionRSAPartenaire", decision),
    ("sanctions", "POST", "/demandeRadiation", radiation),
]
