"""Rendez-vous partenaire: taken asynchronously, and not idempotent."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from tests.doubles.france_travail.corps import RendezVous
from tests.doubles.france_travail.etat import Json
from tests.doubles.france_travail.reponses import Refuse, sans_vide

if TYPE_CHECKING:
    from tests.doubles.france_travail.application import Appel

_RECENTS = timedelta(days=30)


async def deposer(appel: "Appel") -> Response:
    """Each POST makes another, were it the same."""
    corps = appel.lire(RendezVous)
    if corps.id:
        raise Refuse(_refus("ID_INTERDIT", "Un nouveau rendez-vous n'a pas d'identifiant"))
    identifiant = appel.monde.identifiant()
    appel.usager.rendez_vous[identifiant] = _garde(corps, identifiant)
    return JSONResponse({"id": identifiant}, status_code=202)


async def modifier(appel: "Appel") -> Response:
    """The whole of one, by the id in its body."""
    corps = appel.lire(RendezVous)
    _connu(appel, corps.id or "")
    appel.usager.rendez_vous[str(corps.id)] = _garde(corps, str(corps.id))
    return Response(status_code=202)


async def annuler(appel: "Appel") -> Response:
    """It stays, cancelled."""
    connu = _connu(appel, appel.request.path_params["id"])
    connu |= {"statut": "ANNULE", "dateAnnulation": _local(appel.monde.maintenant())}
    return Response(status_code=202)


async def lister(appel: "Appel") -> Response:
    """Between two days, `dd-MM-yyyy`; by default those to come, and the last thirty days."""
    maintenant = appel.monde.maintenant()
    query = appel.request.query_params
    try:
        debut = _jour(query.get("date-debut")) or (maintenant - _RECENTS).date()
        fin = _jour(query.get("date-fin")) or date.max
    except ValueError:
        raise Refuse(_refus("DATE_INVALIDE", "dd-MM-yyyy attendu")) from None
    found = [
        un
        for un in appel.usager.rendez_vous.values()
        if debut.isoformat() <= str(un["date"])[:10] <= fin.isoformat()
    ]
    return JSONResponse(found) if found else Response(status_code=204)


def _connu(appel: "Appel", identifiant: str) -> Json:
    try:
        return appel.usager.rendez_vous[identifiant]
    except KeyError:
        raise Refuse(_refus("ID_NON_RECONNU", "Identifiant inconnu de cet usager")) from None


def _refus(code: str, message: str) -> JSONResponse:
    corps = {"codeErreur": code, "codeHttp": 400, "message": message}
    return JSONResponse(corps, status_code=400)


def _garde(corps: RendezVous, identifiant: str) -> Json:
    """As it is read back: other names, and a list of what happened."""
    interlocuteur = corps.interlocuteur
    civilite = interlocuteur.civilite.upper() if interlocuteur and interlocuteur.civilite else None
    return sans_vide(
        {
            "idOrigine": identifiant,
            "date": _local(corps.date),
            "duree": int(corps.duree or 0),
            "motif": corps.motif,
            "modaliteContact": corps.modaliteContact,
            "typeReception": corps.typeReception,
            "statut": corps.statut,
            "organisme": {"code": corps.organisme.code},
            "interlocuteur": {"civilite": civilite} if civilite else None,
            "initiateur": "CONSEILLER" if corps.initiateur == "PARTENAIRE" else corps.initiateur,
            "theme": corps.theme or "",
            "estEnConflit": False,
            "historiqueEvenementList": [],
        }
    )


def _local(instant: datetime) -> str:
    utc = instant.astimezone(UTC) if instant.tzinfo else instant
    return utc.replace(tzinfo=None, microsecond=0).isoformat()


def _jour(valeur: str | None) -> date | None:
    return datetime.strptime(valeur, "%d-%m-%Y").replace(tzinfo=UTC).date() if valeur else None


GESTES = [
    ("rendez_vous", "POST", "/rendez-vous", deposer),
    ("rendez_vous", "PUT", "/rendez-vous", modifier),
    ("rendez_vous", "DELETE", "/rendez-vous/{id}", annuler),
    ("rendez_vous", "GET", "/rendez-vous-usager", lister),
]
