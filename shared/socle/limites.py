"""The numbers of the contract, read where they are applied (contract guide, 22.3)."""

from fastapi import APIRouter
from starlette.responses import Response

from shared.schemas.commun import LIMITE_MAX, Limites, LimitesImport, QuotaApplique
from shared.socle import auth, contrat, evenements, pages, retention
from shared.socle.contrat import portee, routeur
from shared.socle.exports import rules as exports
from shared.socle.imports.lignes import LIGNE_MAX, LIGNES_MAX, TAILLE_MAX
from shared.socle.quotas import FENETRES_S, nombre_de
from shared.socle.reponses import Effet, rendre
from shared.socle.transactions import ServiceDep


def routes(nom: str, imports: LimitesImport | None) -> APIRouter:
    """The limits page of one service.

    Args:
        nom: the service.
        imports: what it says of its imports, if it takes any.
    """
    router = routeur("limites")

    @router.get(
        "/limites",
        response_model=Limites,
        summary="Lire les limites du service",
        dependencies=[portee(f"{nom}:lire")],
    )
    async def obtenir_limites(service: ServiceDep) -> Response:
        """Rend les nombres que ce service applique : tailles, durées, quotas. Portée `lire`.

        Les mêmes pour tous ; une heure en cache au plus, car une livraison peut les changer.
        """
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
            intervalle_premier_max=pages.PREMIER_MAX,
            export_lignes_max=exports.FICHIER_LIGNES,
            export_duree_s=exports.FICHIER_S,
            exports_jours=retention.EXPORTS_JOURS,
            imports=imports,
            import_lignes_max=LIGNES_MAX,
            import_lignes_octets_max=TAILLE_MAX,
            import_ligne_octets_max=LIGNE_MAX,
            quotas=[
                QuotaApplique(
                    classe=classe, nombre=nombre_de(classe, service.reglages), fenetre_s=fenetre_s
                )
                for classe, fenetre_s in FENETRES_S.items()
            ],
        )
        # Nothing personal, nor of one client: the only answer that a cache may share.
        headers = {"Cache-Control": "public, max-age=3600"}
        return rendre(Effet(limites, status=200, headers=headers))

    return router
