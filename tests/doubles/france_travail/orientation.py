"""Orientation usager, v1 and v2: one state machine, two renderings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError
from starlette.responses import JSONResponse, Response

from tests.doubles.france_travail.corps import (
    Aurore,
    Criteres,
    Decision,
    DecisionV2,
    ModificationV2,
    OrientationForcee,
    OrientationForceeV2,
    Parcours,
)
from tests.doubles.france_travail.etat import Json
from tests.doubles.france_travail.reponses import Refuse, sans_vide, spring

if TYPE_CHECKING:
    from tests.doubles.france_travail.application import Appel

# All of these said, the questionnaire is whole.
_REQUIS = ("situation_professionnelle", "niveau_etude", "capacite_a_travailler", "projet_pro")
_ETATS = ("BROUILLON", "EN_ATTENTE", "OUVERT", "CLOTURE")
_LOURDES = {"SANS_LOGEMENT", "INCAPACITE_RECHERCHE_ACTIVITE_PRO", "PROCEDURE_EXPULSION"}
_COMMUNS = (
    "parcours statut etat agent_creation agent_derniere_modification date_entree_parcours"
    " date_creation date_modification criteres_orientation"
).split()
_LUS = [*_COMMUNS, "date_sortie_parcours", "motif_sortie_parcours"]


async def calculer(appel: "Appel") -> Response:
    """A préconisation, or a draft while criteria are missing; it replaces the one that waited."""
    criteres = appel.lire(Criteres).model_dump(mode="json", exclude_none=True)
    usager, monde = appel.usager, appel.monde
    usager.orientations = [
        une for une in usager.orientations if une["etat"] not in ("BROUILLON", "EN_ATTENTE")
    ]
    if any(nom not in criteres for nom in _REQUIS):
        brouillon = {
            "parcours": "IND",
            "organisme": "IND",
            "statut": "PRECONISE",
            "etat": "BROUILLON",
            "agent_creation": appel.agent,
            "date_creation": monde.horodatage(),
            "criteres_orientation": criteres,
        }
        usager.orientations.append(brouillon)
        return JSONResponse(_v1(brouillon, _COMMUNS) if _est_v1(appel) else _v2(brouillon))
    parcours, organisme = _preconise(criteres)
    monde.solder(usager.numero, "ACT382")
    found = monde.preconiser(
        usager.numero,
        parcours,
        organisme,
        agent_creation=appel.agent,
        criteres_orientation=criteres,
    )
    return JSONResponse(_v1(found, _COMMUNS) if _est_v1(appel) else _v2(found))


def _preconise(criteres: Json) -> tuple[str, str]:
    """A table of its own: what it decides matters less than that it decides the same each time."""
    dites = [valeur for nom, valeur in criteres.items() if nom.startswith("contrainte_")]
    if _LOURDES & set(dites):
        return "PSO", "CD"
    if dites.count("IMPACT_FORT_RECHERCHE_EMPLOI") >= 2:
        return "PSP", "CD"
    return "PED", "ML" if criteres.get("origine") == "INSCRIPTION_AUTO_MILO" else "FT"


async def lire(appel: "Appel") -> Response:
    """Those of a state, or all."""
    etat = appel.request.query_params.get("etatOrientation")
    if etat is not None and etat not in _ETATS:
        valeurs = ", ".join(_ETATS)
        texte = f"Le champ etatOrientation doit avoir une de ces valeurs : [{valeurs}]"
        raise Refuse(spring(appel.chemin, texte))
    found = [une for une in appel.usager.orientations if etat in (None, une["etat"])]
    return JSONResponse([_v1(une, _LUS) if _est_v1(appel) else _v2(une) for une in found])


async def decider(appel: "Appel") -> Response:
    """Accept the préconisation, or refuse it with a reason and a choice of one's own."""
    decision: Decision | DecisionV2
    if _est_v1(appel):
        v1 = appel.lire(Decision)
        decision, organisme, par = v1, v1.organisme, v1.organisme_decision
    else:
        v2 = appel.lire(DecisionV2)
        referent = v2.referent_parcours
        decision, organisme, par = v2, referent.organisme.code if referent else None, "CD"
    attente = _premiere(appel, ("EN_ATTENTE",), "Aucune orientation en attente de decision")
    refusee = decision.etat_decision == "REFUSEE"
    if refusee and decision.motif_refus is None:
        raise Refuse(spring(appel.chemin, "Le champ motif_refus est obligatoire"))
    if "IND" in (attente["parcours"], attente["organisme"]) and not (
        refusee and decision.parcours and organisme
    ):
        texte = "La preconisation est indeterminee : elle ne peut qu'etre refusee, avec un choix"
        raise Refuse(spring(appel.chemin, texte))
    if refusee:
        attente["parcours"] = decision.parcours or attente["parcours"]
        attente["organisme"] = organisme or attente["organisme"]
    dite = decision.model_dump(mode="json", exclude_none=True)
    gardes = ("etat_decision", "date_decision", "motif_refus", "commentaire_refus")
    attente["decision"] = {nom: dite[nom] for nom in gardes if nom in dite} | {
        "organisme_decision": par,
        "agent_decision": dite.get("agent_decision", appel.agent),
    }
    _ouvrir(appel, attente, decision.date_decision.isoformat())
    return Response(status_code=201)


async def forcer(appel: "Appel") -> Response:
    """An orientation without criteria."""
    if _est_v1(appel):
        v1 = appel.lire(OrientationForcee)
        organisme, corps = v1.organisme, v1.model_dump(mode="json", exclude_none=True)
    else:
        v2 = appel.lire(OrientationForceeV2)
        corps = v2.model_dump(mode="json", exclude_none=True)
        organisme = v2.referent_parcours.organisme.code
    forcee = {
        "parcours": corps["parcours"],
        "organisme": organisme,
        "agent_creation": appel.agent,
        "date_creation": appel.monde.horodatage(),
        "criteres_orientation": {"origine": corps["origine"]},
    } | ({"structure": corps["structure"]} if "structure" in corps else {})
    jour = appel.monde.maintenant().date().isoformat()
    _ouvrir(appel, forcee, corps.get("date_entree_parcours", jour))
    appel.usager.orientations.append(forcee)
    return Response(status_code=201)


async def modifier(appel: "Appel") -> Response:
    """Another parcours or structure, without orienting again; v1 says it in headers."""
    if _est_v1(appel):
        parcours, structure, entree = _entetes(appel)
    else:
        corps = appel.lire(ModificationV2)
        referente = corps.structure_referente_parcours
        parcours, structure = corps.parcours, referente.code if referente else None
        entree = corps.date_entree_parcours.isoformat() if corps.date_entree_parcours else None
    if not (parcours or structure or entree):
        raise Refuse(spring(appel.chemin, "Au moins une valeur est obligatoire"))
    ouverte = _premiere(appel, ("OUVERT",), "Aucune orientation ouverte")
    closes = [une for une in appel.usager.orientations if une["etat"] == "CLOTURE"]
    if entree and any(entree < une["date_sortie_parcours"] for une in closes):
        raise Refuse(spring(appel.chemin, "L'entree precede la sortie de l'orientation d'avant"))
    ouverte |= sans_vide({"parcours": parcours, "date_entree_parcours": entree})
    if structure:
        ouverte["structure"] = {"code_aurore": structure}
    ouverte["date_modification"] = appel.monde.horodatage()
    ouverte["agent_derniere_modification"] = appel.agent
    if not _est_v1(appel):
        ouverte["statut_v2"] = "MODIFIE"
        return Response(status_code=200)
    return JSONResponse(_v1(ouverte, ("parcours", "statut", "etat")))


def _entetes(appel: "Appel") -> tuple[Parcours | None, str | None, str | None]:
    headers = appel.request.headers
    attendus: tuple[tuple[str, Any], ...] = (
        ("codeParcours", Parcours),
        ("codeStructure", Aurore),
    )
    lus = []
    for nom, attendu in attendus:
        valeur = headers.get(nom)
        try:
            lus.append(TypeAdapter(attendu).validate_python(valeur) if valeur else None)
        except ValidationError:
            raise Refuse(spring(appel.chemin, f"Le champ {nom} est invalide")) from None
    return lus[0], lus[1], headers.get("dateEntreeParcours") or None


def _ouvrir(appel: "Appel", orientation: Json, entree: str) -> None:
    """Put it in force, close the one before, and move the work queue on."""
    usager, monde = appel.usager, appel.monde
    for une in usager.orientations:
        if une["etat"] == "OUVERT":
            une |= {
                "etat": "CLOTURE",
                "date_sortie_parcours": entree,
                "motif_sortie_parcours": "REORIENTATION",
            }
            # A contrat that was signed, or refused, is to be signed again.
            if usager.contrat is not None and usager.contrat["etat"] in ("SIGNE", "REFUSE"):
                usager.contrat = {"etat": "A_SIGNER"}
    orientation |= {
        "statut": "DECIDE",
        "etat": "OUVERT",
        "date_entree_parcours": entree,
        "date_modification": monde.horodatage(),
        "agent_derniere_modification": appel.agent,
    }
    monde.solder(usager.numero, "ACT382")
    monde.tache(usager.numero, "ACT380", "MSACC", motif="PREMIER_RDV")


def _premiere(appel: "Appel", etats: Sequence[str], sinon: str) -> Json:
    for une in appel.usager.orientations:
        if une["etat"] in etats:
            return une
    raise Refuse(spring(appel.chemin, sinon))


def _est_v1(appel: "Appel") -> bool:
    return "/v1/" in appel.chemin


def _v1(orientation: Json, noms: Sequence[str]) -> Json:
    organisme = orientation["organisme"]
    rendue = {nom: orientation.get(nom) for nom in noms}
    # What modifies answers the organismes that may be chosen, and no other.
    rendue["organisme"] = organisme
    rendue["structure"] = orientation.get("structure")
    if noms is _LUS and "decision" in orientation:
        rendue["decision"] = orientation["decision"]
        rendue["organisme_decision"] = orientation["decision"]["organisme_decision"]
    return sans_vide(rendue)


def _v2(orientation: Json) -> Json:
    statut: Literal["PRECONISE", "DECIDE"] = orientation["statut"]
    referent = {
        "organisme": {"code": orientation["organisme"]},
        "structure": {"code": orientation.get("structure", {}).get("code_aurore")},
    }
    return sans_vide(
        {nom: orientation.get(nom) for nom in _LUS}
        | {
            "statut": orientation.get("statut_v2", statut),
            "responsable_usager": {"organisme": {"code": "CD"}},
            "competent_decision": {"organisme": {"code": "CD"}},
            "prise_decision": {"organisme": {"code": "CD"}} if statut == "DECIDE" else None,
            "referent_parcours": referent,
            "decision": orientation.get("decision"),
        }
    )


GESTES = [
    ("orientation", "POST", "/calculOrientation", calculer),
    ("orientation_v2", "POST", "/calculerOrientation", calculer),
    *(
        (produit, methode, chemin, geste)
        for produit in ("orientation", "orientation_v2")
        for methode, chemin, geste in (
            ("GET", "/lectureOrientation", lire),
            ("POST", "/decisionOrientation", decider),
            ("POST", "/orientation", forcer),
            ("PUT", "/modificationOrientation", modifier),
        )
    ),
]
