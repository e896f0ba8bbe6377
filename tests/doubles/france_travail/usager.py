"""Who the person is, and what is known of her: search, identity, statut, RQTH, contrat, tasks."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from tests.doubles.france_travail.corps import ParNir, ParNumero, RefusContrat, Signature
from tests.doubles.france_travail.etat import Usager
from tests.doubles.france_travail.reponses import sans_vide

if TYPE_CHECKING:
    from tests.doubles.france_travail.application import Appel

_MESSAGES = {
    "S001": (200, "Un usager trouve"),
    "S002": (200, "Aucun usager trouve"),
    "S003": (200, "Plusieurs usagers trouves"),
    "R001": (403, "Acces non autorise"),
    "R002": (403, "Usager non rattache a la structure de l'accedant"),
    "R998": (500, "Un service a repondu en erreur"),
    "R999": (503, "Service indisponible"),
}
_PAGE_ACTIVITES = 1000


async def par_nir(appel: "Appel") -> Response:
    """By birth date and NIR of 13 or 15 digits."""
    corps = appel.lire(ParNir)
    connus = [
        un
        for un in appel.monde.usagers.values()
        if (un.nir[:13], un.date_naissance) == (corps.nir[:13], corps.dateNaissance.isoformat())
    ]
    if not connus and appel.monde.tous_connus and corps.nir[7:10] == "999":
        numero = f"999{len(appel.monde.usagers):08d}"
        connus = [appel.monde.accueillir(numero, corps.nir, corps.dateNaissance.isoformat())]
    return _resultat(appel, connus[0] if connus else None)


async def par_numero(appel: "Appel") -> Response:
    """By number of eleven digits."""
    numero = appel.lire(ParNumero).numeroFranceTravail
    if appel.monde.tous_connus and numero not in appel.monde.usagers:
        appel.monde.accueillir(numero, "", "")
    return _resultat(appel, appel.monde.usagers.get(numero))


def _resultat(appel: "Appel", found: Usager | None) -> Response:
    retour = found.retour if found else "S002"
    if retour == "204":
        return Response(status_code=204)
    statut, message = _MESSAGES[retour]
    corps = {"codeRetour": retour, "message": message}
    if retour == "S001" and found is not None:
        corps |= sans_vide(
            {
                "topIdentiteCertifiee": found.certifiee,
                "jetonUsager": appel.monde.emettre_jeton_usager(found.numero),
                "numeroFranceTravail": found.numero,
            }
        )
    return JSONResponse(corps, statut, media_type="application/json; charset=utf-8")


async def informations(appel: "Appel") -> Response:
    """Informations administratives."""
    if not appel.usager.etat_civil:
        return Response(status_code=204)
    civil = {"dateNaissance": appel.usager.date_naissance, "nir": appel.usager.nir}
    return JSONResponse(
        {
            "numeroFranceTravail": appel.usager.numero,
            "etatCivil": appel.usager.etat_civil | civil,
            "adresses": [{"codeInseeCommune": "35999", "indicateurResidentQPV": "NQ"}],
            "emails": [],
            "telephones": [],
        }
    )


async def statut(appel: "Appel") -> Response:
    """Statut d'inscription."""
    if appel.usager.statut is None:
        return Response(status_code=204)
    return JSONResponse({"m_contrat": appel.usager.statut})


async def rqth(appel: "Appel") -> Response:
    """RQTH."""
    if appel.usager.rqth is None:
        return Response(status_code=204)
    return JSONResponse(appel.usager.rqth)


def probleme(statut: int, title: str, detail: str) -> JSONResponse:
    """How the contrat d'engagement refuses."""
    corps = {"type": "about:blank", "status": statut, "title": title, "detail": detail}
    return JSONResponse(corps, status_code=statut, media_type="application/problem+json")


async def lire_contrat(appel: "Appel") -> Response:
    """The contrat, if there is one."""
    if appel.usager.contrat is None:
        return Response(status_code=204)
    return JSONResponse(appel.usager.contrat)


async def lire_structure(_: "Appel") -> Response:
    """Its text blocks, of nobody."""
    return JSONResponse({"mentionsLegales": "Mentions", "engagements": {"engagementsUsager": []}})


async def signer(appel: "Appel") -> Response:
    """POST the first time, PATCH once there is one."""
    return _etat(appel, "SIGNE", "dateSignature", appel.lire(Signature).dateSignature.isoformat())


async def refuser(appel: "Appel") -> Response:
    """POST the first time, PATCH once there is one."""
    return _etat(appel, "REFUSE", "dateRefus", appel.lire(RefusContrat).dateRefus.isoformat())


def _etat(appel: "Appel", etat: str, champ: str, jour: str) -> Response:
    connu = appel.usager.contrat
    exception = "SignatureException" if etat == "SIGNE" else "RefusException"
    if connu is not None and connu["etat"] == "SUSPENDU":
        return probleme(500, "Exception", "Contrat suspendu")
    if (connu is None) is (appel.request.method == "PATCH"):
        return probleme(400, exception, "Un contrat existe deja, ou n'existe pas")
    appel.usager.contrat = {"etat": etat, champ: jour, "organisme": "CD"}
    return Response(status_code=200)


async def activites(appel: "Appel") -> Response:
    """The work queue: one filter and only one, by earliest end."""
    query = appel.request.query_params
    filtres = [nom for nom in ("codeActivite", "codeFamille", "codeDomaine") if query.get(nom)]
    if len(filtres) != 1:
        corps = {
            "code": "PARAM_INCOHERENT",
            "message": "Un filtre, et un seul",
            "details": sorted(filtres),
        }
        return JSONResponse(corps, status_code=400)
    numero = query.get("numeroFranceTravail")
    found = sorted(
        (
            une
            for une in appel.monde.activites
            if une[filtres[0]] == query[filtres[0]]
            and (numero is None or une["usager"]["identifiant"] == numero)
        ),
        key=lambda une: (une["dateEcheance"], une["identifiantActivite"]),
    )
    debut = int(query.get("cursor", "0"))
    page = found[debut : debut + _PAGE_ACTIVITES]
    if not page:
        return Response(status_code=204)
    fin = debut + len(page)
    reste = fin < len(found)
    hidden = {"codeFamille", "codeDomaine"}
    montrees = [{k: v for k, v in une.items() if k not in hidden} for une in page]
    rendue = {"size": len(page), "activites": montrees, "hasMore": reste}
    return JSONResponse(rendue | ({"cursor": str(fin)} if reste else {}))


async def offres(appel: "Appel") -> Response:
    """Offers by range: what it says of the whole is in `Content-Range`."""
    premier, _, dernier = appel.request.query_params.get("range", "0-149").partition("-")
    debut, fin, total = int(premier), int(dernier), appel.monde.offres
    if debut > 3000 or fin > 3149 or fin - debut >= 150:
        return JSONResponse({"message": "Range hors limites"}, status_code=400)
    if debut >= total:
        return Response(status_code=204, headers={"Content-Range": f"offres */{total}"})
    fin = min(fin, total - 1)
    corps = {"resultats": [{"id": f"{rang:07d}"} for rang in range(debut, fin + 1)]}
    entier = debut == 0 and fin == total - 1
    headers = {"Content-Range": f"offres {debut}-{fin}/{total}"}
    return Response(json.dumps(corps), 200 if entier else 206, headers, "application/json")


async def immersion(appel: "Appel") -> Response:
    """A convention told by the immersion platform."""
    corps = json.loads(await appel.request.body())
    if corps.get("eventType") not in ("CONVENTION_UPDATED", "ASSESSMENT_CREATED"):
        message = {"codeHttp": 400, "message": "eventType inconnu"}
        return JSONResponse(message, status_code=400)
    if not corps.get("convention"):
        page = "<html><body>Ressource introuvable</body></html>"
        return Response(page, status_code=404, media_type="text/html")
    recu = corps | {"recuLe": datetime.now(UTC).isoformat()}
    appel.monde.immersions.append(recu)
    return Response(status_code=(201, 200, 204)[min(len(appel.monde.immersions), 3) - 1])


GESTES = [
    ("rechercher", "POST", "/usagers/par-datenaissance-et-nir", par_nir),
    ("rechercher", "POST", "/usagers/par-numero-francetravail", par_numero),
    ("informations", "GET", "/usager", informations),
    ("statut", "GET", "/contrat", statut),
    ("rqth", "GET", "/rqth", rqth),
    ("contrat", "GET", "/lecture", lire_contrat),
    ("contrat", "GET", "/lecture/structure", lire_structure),
    ("contrat", "POST", "/signer", signer),
    ("contrat", "PATCH", "/signer", signer),
    ("contrat", "POST", "/refuser", refuser),
    ("contrat", "PATCH", "/refuser", refuser),
    ("activites", "GET", "/activites/chercher", activites),
    ("offres", "GET", "/offres/search", offres),
    ("immersion", "POST", "/demandes-immersion", immersion),
]
