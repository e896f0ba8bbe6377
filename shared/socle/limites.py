"""The numbers of the contract, read where they are applied (contract guide, 22.3)."""

from collections.abc import Iterable

from fastapi import APIRouter
from starlette.responses import Response

from shared.schemas.commun import LIMITE_MAX, Limites, LimitesImport, QuotaApplique
from shared.socle import auth, contrat, evenements, pages, retention
from shared.socle.contrat import portee, routeur
from shared.socle.quotas import Quota
from shared.socle.reponses import Effet, rendre


def routes(nom: str, quotas: Iterable[Quota], imports: LimitesImport | None) -> APIRouter:
    """The limits page of one service.

    Args:
        nom: the service.
        quotas: those that bind its routes.
        imports: what it says of its imports, if it takes any.
    """
    router = routeur("limites")
    limites = Limites(
        limite_max=LIMITE_MAX,
        curseur_duree_s=pages.CURSEUR_S,
        corps_max_octets=contrat.CORPS_MAX,
        json_profondeur_max=contrat.PROFONDEUR_MAX,
        json_cles_max=contrat.CLES_MAX,
        json_elements_max=contrat.ELEMENTS_MAX,
        delai_min_ms=contrat.DELAI_MIN_MS,
        delai_max_ms=contrat.DELAI_MAX_MS,
        delai_defaut_ms=contrat.DELAI_MS,
        attente_max_s=evenements.ATTENTE_MAX_S,
        idempotence_jours=retention.IDEMPOTENCE_JOURS,
        changements_jours=retention.CHANGEMENTS_JOURS,
        jeton_duree_max_s=auth.DUREE_MAX_S,
        jeton_tolerance_s=auth.TOLERANCE_S,
        imports=imports,
        quotas=[
            QuotaApplique(classe=one.classe, nombre=one.nombre, fenetre_s=one.fenetre_s)
            for one in sorted(set(quotas), key=lambda one: one.classe)
        ],
    )

    @router.get(
        "/limites",
        response_model=Limites,
        summary="Lire les limites du service",
        dependencies=[portee(f"{nom}:lire")],
    )
    async def obtenir_limites() -> Response:
        """Rend les nombres que ce service applique : tailles, durées, quotas. Portée `lire`.

        Les mêmes pour tous ; une heure en cache au plus, car une livraison peut les changer.
        """
        # Nothing personal, nor of one client: the only answer that a cache may share.
        headers = {"Cache-Control": "public, max-age=3600"}
        return rendre(Effet(limites, status=200, headers=headers))

    return router
