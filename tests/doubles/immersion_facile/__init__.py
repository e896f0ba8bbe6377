"""A fake immersion-facile: what it holds, whom it lets in, and how it fails.

From partners.md §5 and their public API v2: a key as it is in `authorization`, a list
without pages, repeated `withStatuses`, errors as `{status, message}`.
"""

from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

STATUTS = frozenset(
    "READY_TO_SIGN PARTIALLY_SIGNED IN_REVIEW ACCEPTED_BY_COUNSELLOR ACCEPTED_BY_VALIDATOR"
    " REJECTED CANCELLED DEPRECATED".split()
)


@dataclass
class Monde:
    """What it holds: conventions by id, as it tells them; and what it is to fail by, in order."""

    cle: str
    conventions: dict[str, dict[str, Any]] = field(default_factory=dict)
    pannes: list[Response] = field(default_factory=list)
    appels: int = 0

    def poser(self, convention_id: str, **champs: Any) -> dict[str, Any]:
        """Hold a convention, accepted unless it is said otherwise, or change one."""
        known = self.conventions.setdefault(convention_id, _convention(convention_id))
        known.update(champs)
        return known


def app(monde: Monde) -> Starlette:
    """The API, on the wire."""

    async def conventions(request: Request) -> Response:
        monde.appels += 1
        if monde.pannes:
            return monde.pannes.pop(0)
        recue = request.headers.get("authorization")
        if recue is None:
            return _erreur(401, "unauthenticated")
        if recue != monde.cle:
            return _erreur(401, "incorrect Jwt")
        query = request.query_params
        statuts = query.getlist("withStatuses")
        # One alone is no list to them.
        if len(statuts) == 1 or not STATUTS.issuperset(statuts):
            return _erreur(400, "Schema validation failed in withStatuses")
        apres, jusqu_a = query["startDateGreater"], query["startDateLessOrEqual"]
        return JSONResponse(
            [
                une
                for une in monde.conventions.values()
                if apres < une["dateStart"][:10] <= jusqu_a
                and (not statuts or une["status"] in statuts)
            ]
        )

    return Starlette(routes=[Route("/v2/conventions", conventions)])


def trop_d_appels(secondes: int) -> Response:
    """Their refusal of one call too many."""
    return JSONResponse(
        {"status": 429, "message": "Too many requests"},
        status_code=429,
        headers={"Retry-After": str(secondes)},
    )


def _erreur(statut: int, message: str) -> Response:
    return JSONResponse({"status": statut, "message": message}, status_code=statut)


def _convention(convention_id: str) -> dict[str, Any]:
    return {
        "id": convention_id,
        "status": "ACCEPTED_BY_VALIDATOR",
        "agencyId": "agence-essai",
        "agencyName": "Agence d'essai",
        "agencyKind": "conseil-departemental",
        "agencyDepartment": "35",
        "dateSubmission": "2026-06-20T00:00:00.000Z",
        "dateStart": "2026-07-06T00:00:00.000Z",
        "dateEnd": "2026-07-17T00:00:00.000Z",
        "siret": "10000000900017",
        "businessName": "Chantier d'exemple",
        "internshipKind": "immersion",
        "immersionObjective": "Confirmer un projet professionnel",
        "immersionAppellation": {
            "romeCode": "F1703",
            "romeLabel": "Maçonnerie",
            "appellationCode": "16312",
            "appellationLabel": "Maçon / Maçonne",
        },
        "schedule": {"totalHours": 70, "workedDays": 10, "isSimple": True},
        "signatories": {
            "beneficiary": {
                "role": "beneficiary",
                "firstName": "Maëlle",
                "lastName": "Essai-Rivière",
                "email": "maelle@essai.example",
                "phone": "+33600000000",
                "birthdate": "1991-01-31",
            },
            "establishmentRepresentative": {"role": "establishment-representative"},
        },
    }
