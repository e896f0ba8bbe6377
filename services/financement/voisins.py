"""The sibling of financement, as its routes call it."""

from shared.clients.parcours import ParcoursClient
from shared.socle.service import Service


def parcours(service: Service, collectivite: str, *, sante: bool) -> ParcoursClient:
    """Parcours, in one collectivité: counts only, of health too when asked; few are never told."""
    return ParcoursClient(
        url=service.reglages.url_de("parcours"),
        portees="parcours:lire parcours.sante:lire" if sante else "parcours:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )
