"""What financement asks of the worker."""

from functools import partial

from services.financement.exercices.travail import cloturer_exercice
from services.financement.imports.lignes import TYPES
from services.financement.instantanes import EXTRAITS
from services.financement.journal.queries import inscrire
from services.financement.reservations.expiration import expirer
from services.financement.reservations.queries import lock_echues
from shared.socle.db import ATTENTE_TRAVAIL
from shared.socle.exports.travail import TACHE, abandonner_export
from shared.socle.exports.travail import taches as exports
from shared.socle.imports.travail import abandonner_import, importer_lignes
from shared.socle.service import Service
from shared.socle.travailleur import Travail

_LOT = 50  # the chain is held for a batch: short enough for the requests that wait


async def expirer_reservations(service: Service, collectivite: str) -> None:
    """Post what is due, oldest first, each dated its `expire_le`; nobody waits for it to be so."""
    while await _sweep(service, collectivite) == _LOT:
        pass


async def _sweep(service: Service, collectivite: str) -> int:
    acces = service.acces_interne(collectivite)
    async with service.base.transaction(acces, attente=ATTENTE_TRAVAIL) as tx:
        instant = service.horloge()
        echues = await lock_echues(tx, instant, limite=_LOT)
        ecritures = await expirer(tx, echues, await service.fuseau(tx))
        if ecritures:
            await inscrire(tx, ecritures, inscrite_le=instant)
    return len(echues)


TRAVAIL = Travail(
    taches={
        "cloturer_exercice": cloturer_exercice,
        "importer_lignes": partial(importer_lignes, types=TYPES),
        **exports(EXTRAITS),
    },
    abandons={"importer_lignes": abandonner_import, TACHE: abandonner_export},
    periodiques={"expirer_reservations": (5.0, expirer_reservations)},
    suivis=(),
)
