"""Un récepteur des webhooks de Jalons, sans autre bibliothèque que celle de Python.

`recevoir` prend les en-têtes et les octets reçus, tels quels, et rend ce qu'il faut répondre.
"""

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any

TOLERANCE_S = 300
MEMOIRE_S = 10 * TOLERANCE_S  # deux fois la tolérance au moins
Evenement = Mapping[str, Any]


class Recepteur:
    """Vérifie, écarte ce qui est déjà fait, applique, puis retient.

    Args:
        secrets: `whsec_…`, celui d'hier et celui d'aujourd'hui pendant un renouvellement.
        appliquer: l'effet. En production, la même transaction écrit l'effet et l'identifiant.
        faits: identifiants déjà appliqués, et quand : une table qui survit à un redémarrage.
    """

    def __init__(
        self,
        secrets: Sequence[str],
        appliquer: Callable[[Evenement], None],
        faits: MutableMapping[str, float],
        horloge: Callable[[], float] = time.time,
    ) -> None:
        self._cles = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
        self._appliquer, self._faits, self._horloge = appliquer, faits, horloge

    def recevoir(self, entetes: Mapping[str, str], corps: bytes) -> tuple[int, bytes]:
        """Rend le statut et le corps de la réponse."""
        if not self._authentique(entetes, corps):
            return 401, b""
        evenement = json.loads(corps)  # lu après la vérification, faite sur les octets reçus
        if evenement["type"] == "endpoint.verification":
            return 200, json.dumps({"defi": evenement["data"]["defi"]}).encode()
        ident, maintenant = entetes["webhook-id"], self._horloge()
        if ident not in self._faits:
            self._appliquer(evenement)  # s'il échoue, rien n'est retenu : l'envoi reviendra
            self._faits[ident] = maintenant
        for ancien in [un for un, le in self._faits.items() if maintenant - le > MEMOIRE_S]:
            del self._faits[ancien]
        return 204, b""

    def _authentique(self, entetes: Mapping[str, str], corps: bytes) -> bool:
        ident, envoi = entetes.get("webhook-id", ""), entetes.get("webhook-timestamp", "")
        if not envoi.isdecimal() or abs(self._horloge() - int(envoi)) > TOLERANCE_S:
            return False
        signe = f"{ident}.{envoi}.".encode() + corps
        admises = [b"v1," + base64.b64encode(hmac.digest(k, signe, "sha256")) for k in self._cles]
        recues = entetes.get("webhook-signature", "").encode().split(b" ")
        return any(hmac.compare_digest(une, autre) for une in admises for autre in recues)
