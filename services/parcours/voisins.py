"""The siblings of parcours, as its routes and its worker call them."""

from shared.clients.orientation import OrientationClient
from shared.socle.service import Service


def orientation(service: Service, collectivite: str) -> OrientationClient:
    """Orientation, in one collectivité."""
    return OrientationClient(
        url=service.reglages.url_de("orientation"),
        portees="orientation:lire",
        collectivite=collectivite,
        jetons=service.jetons,
        client=service.client,
    )
