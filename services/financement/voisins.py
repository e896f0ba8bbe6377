"""The sibling of financement, as its routes call it."""

from shared.clients.parcours import ParcoursClient
from shared.socle.service import Service


def parcours(service: Service, collectivite: str) -> ParcoursClient:
    """Parcours, in one collectivité: counts only, and not of health."""
    return ParcoursClient(
        url=service.reglages.url_de("parcours"),
        portees="parcours:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )
