"""Diagnostic usager v4: what is explored of a person, its versions, and the lists that read it."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from shared.referentiels import charger
from tests.doubles.france_travail.corps import (
    AutonomieAEnregistrer,
    BesoinsAEnregistrer,
    ContraintesAEnregistrer,
    DiagnosticAEnregistrer,
    DossierAEnregistrer,
    LigneValeur,
    PouvoirAgirAEnregistrer,
)
from tests.doubles.france_travail.etat import Json
from tests.doubles.france_travail.reponses import Refuse, sans_vide

if TYPE_CHECKING:
    from tests.doubles.france_travail.application import Appel

_VALEURS = {
    "contrainte": ["OUI", "NON_ABORDEE", "CLOTUREE"],
    "situation": ["OUI", "NON", "NON_ABORDEE"],
    "objectif": ["NON_ABORDE", "EN_COURS", "REALISE", "ABANDONNE"],
    "besoin": ["NON_EXPLORE", "BESOIN", "POINT_FORT"],
    "reponse": ["OUI", "NON", "NE_SAIT_PAS"],
}
_IMPACTS = ["FORT", "MOYEN", "FAIBLE", "NON_RENSEIGNE"]
_TYPOLOGIES = {"EF": "Emploi ou formation", "PM": "Projet metier", "MR": "Metier recherche"}


# The lists. An objective's code is not that of v1, and changes with the version.
def _lignes(appel: "Appel", niveau: str) -> list[Json]:
    decalage = 100 * (1 + appel.monde.referentiel_rang) if niveau == "objectif" else 0
    return [
        {
            "code": str(int(ligne["code"]) + decalage),
            "libelle": ligne["libelle"],
            "contrainte": ligne["contrainte"],
        }
        for ligne in charger("contraintes-france-travail")
        if ligne["niveau"] == niveau
    ]


def _de(appel: "Appel", niveau: str, contrainte: str) -> list[Json]:
    return [
        {"code": une["code"], "libelle": une["libelle"], "valeur": _VALEURS[niveau]}
        for une in _lignes(appel, niveau)
        if une["contrainte"] == contrainte
    ]


def _contraintes(appel: "Appel") -> Json:
    return {
        "code": "7",
        "libelle": "Contraintes personnelles",
        "contraintes": [
            {
                "code": une["code"],
                "libelle": une["libelle"],
                "valeur": _VALEURS["contrainte"],
                "situations": _de(appel, "situation", une["code"]),
                "objectifs": _de(appel, "objectif", une["code"]),
            }
            for une in _lignes(appel, "contrainte")
        ],
    }


def _pouvoir() -> Json:
    questions = [
        {"code": "1", "question": "confiance", "valeur": _VALEURS["reponse"]},
        {"code": "2", "question": "accompagnement", "valeur": _VALEURS["reponse"]},
    ]
    return {"questions": questions, "analyses": [_analyse("OUI", "OUI"), _analyse("NON", "NON")]}


def _analyse(confiance: str, accompagnement: str) -> Json:
    libelle = "Autonome" if confiance == "OUI" else "A accompagner"
    code = "1" if confiance == "OUI" else "2"
    found = {"confiance": confiance, "accompagnement": accompagnement}
    return {"code": code, "libelle": libelle, **found}


async def referentiel(appel: "Appel") -> Response:
    """The lists, or one domain of them."""
    domaine = appel.request.path_params.get("domaine")
    besoins: dict[str, Json] = {}
    for ligne in charger("besoins-france-travail"):
        code, libelle = ligne["thematique_code"], ligne["thematique_libelle"]
        theme = besoins.setdefault(code, {"code": code, "libelle": libelle, "besoins": []})
        besoin = {"code": ligne["code"], "libelle": ligne["libelle"]}
        theme["besoins"].append(besoin | {"valeur": _VALEURS["besoin"]})
    tout = {
        "thematiquesBesoins": None if domaine else list(besoins.values()),
        "thematiqueContrainte": _contraintes(appel) if domaine in (None, "contrainte") else None,
        "pourvoirAgir": _pouvoir() if domaine in (None, "pouvoir-agir") else None,
    }
    return JSONResponse(sans_vide(tout))


async def analyser(appel: "Appel") -> Response:
    """What two answers are worth."""
    query = appel.request.query_params
    analyse = _analyse(query.get("confiance", "NON"), query.get("accompagnement", "NON"))
    return JSONResponse({"pourvoirAgir": {"analyses": [analyse]}})


# What is read of a person.
_LECTURES = {
    "/contraintes": "thematiqueContrainte",
    "/autonomienumerique": "autonomieNumerique",
    "/pouvoiragir": "pouvoirAgir",
    "/besoins": "besoinsParDiagnostic",
}


async def lire(appel: "Appel") -> Response:
    """A part of the dossier, or nothing."""
    partie = _LECTURES[appel.chemin.removeprefix("/partenaire/diagnosticargumente/v4")]
    found = appel.usager.dossier.get(partie)
    return JSONResponse(found) if found else Response(status_code=204)


async def lire_dossier(appel: "Appel") -> Response:
    """All of it."""
    return JSONResponse(appel.usager.dossier) if appel.usager.dossier else Response(status_code=204)


async def lire_diagnostics(appel: "Appel") -> Response:
    """The projects."""
    found = [un["diagnostic"] for un in _projets(appel)]
    return JSONResponse({"diagnostics": found}) if found else Response(status_code=204)


# What is written.
async def ecrire_contraintes(appel: "Appel") -> Response:
    """Contraintes; situations and objectifs only under one that is explored."""
    _ecrire_contraintes(appel, appel.lire(ContraintesAEnregistrer))
    return Response(status_code=200)


def _ecrire_contraintes(appel: "Appel", corps: ContraintesAEnregistrer) -> None:
    agent, quand = _agent(appel), _date(corps.dateExploration)
    theme = appel.usager.dossier.get("thematiqueContrainte") or {
        "code": "7",
        "libelle": "Contraintes personnelles",
        "contraintes": [],
    }
    connues = {une["code"]: dict(une) for une in theme["contraintes"]}
    liste = {une["code"]: une for une in _lignes(appel, "contrainte")}
    for dite in corps.contraintesAEnregistrer:
        _exige(dite, liste, "contrainte")
        if dite.impact is not None and dite.impact not in _IMPACTS:
            raise Refuse(_refus("impact inconnu"))
        connues[str(dite.code)] = {
            "situations": [],
            "objectifs": [],
            **connues.get(str(dite.code), {}),
            "code": dite.code,
            "libelle": liste[str(dite.code)]["libelle"],
            "valeur": dite.valeur,
            "estPrioritaire": bool(dite.estPrioritaire),
            "impact": dite.impact or "NON_RENSEIGNE",
            "dateExploration": quand,
        }
    if sum(bool(une.get("estPrioritaire")) for une in connues.values()) > 1:
        raise Refuse(_refus("Une contrainte au plus est prioritaire"))
    for niveau, lignes in (
        ("situation", corps.situationsAEnregistrer),
        ("objectif", corps.objectifsAEnregistrer),
    ):
        codes = {une["code"]: une for une in _lignes(appel, niveau)}
        for ligne in lignes:
            _exige(ligne, codes, niveau)
            mere = connues.get(codes[str(ligne.code)]["contrainte"])
            if mere is None or mere["valeur"] == "NON_ABORDEE":
                raise Refuse(_refus("La contrainte n'a pas ete exploree"))
            ecrite = {
                "code": ligne.code,
                "libelle": codes[str(ligne.code)]["libelle"],
                "valeur": ligne.valeur,
                "dateExploration": quand,
                "agent": agent,
            }
            autres = [une for une in mere[f"{niveau}s"] if une["code"] != ligne.code]
            mere[f"{niveau}s"] = [*autres, ecrite]
    theme |= {"agent": agent, "dateExploration": quand, "contraintes": list(connues.values())}
    if corps.declareSansContrainteAEnregistrer is not None:
        declare = {"flag": corps.declareSansContrainteAEnregistrer, "date": quand}
        theme["declareSansContrainte"] = declare
    appel.usager.dossier["thematiqueContrainte"] = theme
    lues = ("code", "libelle", "valeur", "estPrioritaire", "impact")
    _historiser(
        appel,
        "contraintes",
        {"contraintes": [{nom: une[nom] for nom in lues} for une in connues.values()]},
    )


async def ecrire_autonomie(appel: "Appel") -> Response:
    """Autonomie numérique."""
    _ecrire_autonomie(appel, appel.lire(AutonomieAEnregistrer))
    return Response(status_code=200)


def _ecrire_autonomie(appel: "Appel", corps: AutonomieAEnregistrer) -> None:
    besoin = corps.besoinAEnregistrer
    if besoin is not None and besoin.valeur not in _VALEURS["besoin"]:
        raise Refuse(_refus("valeur de besoin inconnue"))
    quand = _date(corps.dateExploration)
    dit = sans_vide({"code": besoin.code, "valeur": besoin.valeur}) if besoin else None
    appel.usager.dossier["autonomieNumerique"] = sans_vide(
        {
            "agent": _agent(appel),
            "dateExploration": quand,
            "besoin": dit | {"dateExploration": quand} if dit else None,
        }
    )
    _historiser(appel, "autonomienumerique", sans_vide({"besoin": dit}))


async def ecrire_pouvoir(appel: "Appel") -> Response:
    """Pouvoir d'agir."""
    _ecrire_pouvoir(appel, appel.lire(PouvoirAgirAEnregistrer))
    return Response(status_code=200)


def _ecrire_pouvoir(appel: "Appel", corps: PouvoirAgirAEnregistrer) -> None:
    if {corps.confiance, corps.accompagnement} - set(_VALEURS["reponse"]):
        raise Refuse(_refus("reponse inconnue"))
    dit = corps.model_dump()
    appel.usager.dossier["pouvoirAgir"] = {
        **dit,
        "agent": _agent(appel),
        "dateExploration": _maintenant(appel),
        "resultatAnalyse": _analyse(**dit)["libelle"],
    }
    _historiser(appel, "pouvoiragir", dit)


async def ecrire_diagnostic(appel: "Appel") -> Response:
    """A project."""
    return JSONResponse({"idDiagnostic": _creer(appel, appel.lire(DiagnosticAEnregistrer))})


def _creer(appel: "Appel", corps: DiagnosticAEnregistrer) -> str:
    if corps.codeTypologie is None:
        raise Refuse(_refus("codeTypologie obligatoire"))
    identifiant = appel.monde.identifiant()
    diagnostic = _projet(appel, corps) | {
        "idDiagnostic": identifiant,
        "statut": "EN_COURS",
        "estPrioritaire": False,
        "estCreationPartenaire": True,
        "agent": _agent(appel),
    }
    appel.usager.dossier["besoinsParDiagnostic"] = [
        *_projets(appel),
        {"diagnostic": diagnostic, "thematiquesBesoins": []},
    ]
    _historiser_diagnostics(appel)
    return identifiant


def _projet(appel: "Appel", corps: DiagnosticAEnregistrer) -> Json:
    dit = {nom: getattr(corps, nom) for nom in DiagnosticAEnregistrer.model_fields}
    typologie = _TYPOLOGIES.get(corps.codeTypologie or "")
    return sans_vide(dit | {"typologie": typologie, "dateMiseAJour": _maintenant(appel)})


async def modifier_diagnostic(appel: "Appel") -> Response:
    """A project, rewritten."""
    corps = appel.lire(DiagnosticAEnregistrer)
    _connu(appel)["diagnostic"] |= _projet(appel, corps)
    _historiser_diagnostics(appel)
    return Response(status_code=200)


async def prioriser(appel: "Appel") -> Response:
    """One at most."""
    connu = _connu(appel, sinon=500)
    prioritaire = appel.request.query_params.get("prioritaire", "true") != "false"
    for un in _projets(appel):
        un["diagnostic"]["estPrioritaire"] = prioritaire and un is connu
    return Response(status_code=200)


async def supprimer(appel: "Appel") -> Response:
    """It stays, told as deleted."""
    _connu(appel, sinon=500)["diagnostic"]["statut"] = "SUPPRIME"
    _historiser_diagnostics(appel)
    return Response(status_code=200)


async def ecrire_besoins(appel: "Appel") -> Response:
    """The needs of a project."""
    _ecrire_besoins(appel, _connu(appel), appel.lire(BesoinsAEnregistrer))
    return Response(status_code=200)


def _ecrire_besoins(appel: "Appel", connu: Json, corps: BesoinsAEnregistrer) -> None:
    liste = {ligne["code"]: ligne for ligne in charger("besoins-france-travail")}
    quand = _date(corps.dateExploration)
    for besoin in corps.besoinAEnregistrer:
        _exige(besoin, liste, "besoin")
        ligne = liste[str(besoin.code)]
        ecrit = {
            "code": besoin.code,
            "libelle": ligne["libelle"],
            "valeur": besoin.valeur,
            "dateExploration": quand,
        }
        themes = {theme["code"]: theme for theme in connu["thematiquesBesoins"]}
        theme = themes.setdefault(
            ligne["thematique_code"],
            {
                "code": ligne["thematique_code"],
                "libelle": ligne["thematique_libelle"],
                "besoins": [],
            },
        )
        autres = [un for un in theme["besoins"] if un["code"] != besoin.code]
        theme["besoins"] = [*autres, ecrit]
        connu["thematiquesBesoins"] = list(themes.values())
    connu |= {
        "agentDerniereExplorationBesoin": _agent(appel),
        "dateDerniereExplorationBesoin": quand,
    }
    identifiant = connu["diagnostic"]["idDiagnostic"]
    dits = [besoin.model_dump() for besoin in corps.besoinAEnregistrer]
    donnees = {"idDiagnostic": identifiant, "besoins": dits}
    _historiser(appel, f"besoins/{identifiant}", donnees)


async def ecrire_dossier(appel: "Appel") -> Response:
    """Several parts at once, or none: 204 when nothing was said."""
    corps = appel.lire(DossierAEnregistrer)
    avant = deepcopy(appel.usager.dossier)
    try:
        dits = _ecrire_parties(appel, corps)
    except Refuse:
        appel.usager.dossier = avant  # whole, or not at all
        raise
    return Response(status_code=200 if dits else 204)


def _ecrire_parties(appel: "Appel", corps: DossierAEnregistrer) -> bool:
    if corps.contraintesDossierAEnregistrer:
        _ecrire_contraintes(appel, corps.contraintesDossierAEnregistrer)
    if corps.autonomieNumeriqueAEnregistrer:
        _ecrire_autonomie(appel, corps.autonomieNumeriqueAEnregistrer)
    if corps.pouvoirAgirAEnregistrer:
        _ecrire_pouvoir(appel, corps.pouvoirAgirAEnregistrer)
    for diagnostic in corps.diagnosticsAEnregistrer:
        _creer(appel, diagnostic)
    for besoins in corps.besoinsParDiagnosticAEnregistrer:
        _ecrire_besoins(appel, _connu(appel, besoins.idDiagnostic), besoins)
    return bool(corps.model_dump(exclude_defaults=True))


# History.
async def historique(appel: "Appel") -> Response:
    """Versions of a part, the latest first, by pages."""
    query, chemin = appel.request.query_params, appel.chemin
    identifiant = appel.request.path_params.get("idDiagnostic")
    partie = f"besoins/{identifiant}" if identifiant else chemin.rsplit("/", 1)[1]
    versions = appel.usager.historique.get("dossiers" if "/dossiers/" in chemin else partie, [])
    bornes = query.get("dateDebut", ""), query.get("dateFin", "9999")
    found = [
        une
        for une in reversed(versions)
        if bornes[0] <= une["versionExploration"]["dateExploration"] <= bornes[1]
    ]
    if not found:
        return Response(status_code=204)
    taille, page = _entier(query.get("donneesParPage"), 10), _entier(query.get("pageActuelle"), 1)
    return JSONResponse(
        {
            "donneesParVersionExploration": found[(page - 1) * taille : page * taille],
            "pageActuelle": page,
            "donneesParPage": taille,
            "totalDonnees": len(found),
        }
    )


def _historiser(appel: "Appel", partie: str, donnees: Json) -> None:
    version = {"agent": _agent(appel), "dateExploration": _maintenant(appel)}
    ligne = {"donnees": donnees, "versionExploration": version}
    appel.usager.historique.setdefault(partie, []).append(ligne)
    nom = {
        "contraintes": "contraintesHistorisees",
        "autonomienumerique": "autonomieNumeriqueHistorisee",
        "pouvoiragir": "pouvoirAgirHistorise",
        "diagnostics": "diagnosticsHistorises",
    }.get(partie)
    entier = {nom: donnees} if nom else {"besoinsHistorises": [donnees]}
    appel.usager.historique.setdefault("dossiers", []).append(ligne | {"donnees": entier})


def _historiser_diagnostics(appel: "Appel") -> None:
    found = [
        {nom: valeur for nom, valeur in un["diagnostic"].items() if nom != "agent"}
        for un in _projets(appel)
    ]
    _historiser(appel, "diagnostics", {"diagnostics": found})


def _projets(appel: "Appel") -> list[Json]:
    found: list[Json] = appel.usager.dossier.get("besoinsParDiagnostic", [])
    return found


def _connu(appel: "Appel", identifiant: str | None = None, *, sinon: int = 400) -> Json:
    cherche = identifiant or appel.request.path_params["idDiagnostic"]
    for un in _projets(appel):
        if un["diagnostic"]["idDiagnostic"] == cherche:
            return un
    raise Refuse(_refus("Diagnostic inconnu", sinon))


def _exige(ligne: LigneValeur, connus: Any, niveau: str) -> None:
    if ligne.code not in connus or ligne.valeur not in _VALEURS[niveau]:
        raise Refuse(_refus(f"{niveau} : code ou valeur inconnus"))


def _refus(message: str, statut: int = 400) -> JSONResponse:
    corps = {"codeErreur": "DIAG400", "codeHttp": statut, "message": message}
    return JSONResponse(corps, status_code=statut)


def _agent(appel: "Appel") -> Json:
    headers = appel.request.headers
    found = {"nom": headers["pa-nom-agent"], "prenom": headers["pa-prenom-agent"]}
    return found | {"structure": "CD", "type": "PARTENAIRE"}


def _date(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds")


def _maintenant(appel: "Appel") -> str:
    return _date(appel.monde.maintenant())


def _entier(valeur: str | None, sinon: int) -> int:
    return int(valeur) if valeur is not None and valeur.isdecimal() and int(valeur) > 0 else sinon


_ECRITURES: Sequence[tuple[str, Any]] = (
    ("/dossiers", ecrire_dossier),
    ("/contraintes", ecrire_contraintes),
    ("/autonomienumerique", ecrire_autonomie),
    ("/pouvoiragir", ecrire_pouvoir),
    ("/diagnostics", ecrire_diagnostic),
    ("/diagnostics/{idDiagnostic}/besoins", ecrire_besoins),
    ("/diagnostics/{idDiagnostic}/priorise", prioriser),
    ("/diagnostics/{idDiagnostic}/supprime", supprimer),
)
_HISTORIQUES = (
    "/dossiers/historisation",
    *(
        f"/historisation/{un}"
        for un in ("autonomienumerique", "contraintes", "diagnostics", "pouvoiragir")
    ),
    "/historisation/diagnostics/{idDiagnostic}/besoins",
)
GESTES = [
    ("diagnostic", "GET", "/referentiel", referentiel),
    ("diagnostic", "GET", "/referentiel/pouvoir-agir/analyse", analyser),
    ("diagnostic", "GET", "/referentiel/{domaine}", referentiel),
    ("diagnostic", "GET", "/referentiel/{domaine}/{sous_domaine}", referentiel),
    ("diagnostic", "GET", "/dossiers", lire_dossier),
    ("diagnostic", "GET", "/diagnostics", lire_diagnostics),
    *(("diagnostic", "GET", chemin, lire) for chemin in _LECTURES),
    *(("diagnostic", "POST", chemin, geste) for chemin, geste in _ECRITURES),
    # One of its examples deletes so: which is accepted is not confirmed, both are.
    ("diagnostic", "DELETE", "/diagnostics/{idDiagnostic}/supprime", supprimer),
    ("diagnostic", "PUT", "/diagnostics/{idDiagnostic}", modifier_diagnostic),
    *(("diagnostic", "GET", chemin, historique) for chemin in _HISTORIQUES),
]
