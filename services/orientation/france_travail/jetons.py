"""The tokens of partners that the workers of one collectivité share: a sealed row each."""

from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.orientation import tables
from shared.clients.jetons_partages import BAIL_S, Jeton
from shared.socle.auth import Acces
from shared.socle.coffre import Coffre
from shared.socle.db import BaseDeDonnees, siens

_J = tables.JetonFranceTravail
_CONTEXTE = "jeton_france_travail.jeton"
_MARGE_S = 10  # a token about to end would end on its way

# The clock of the base is the one that all of them have.
_MAINTENANT = func.clock_timestamp()
_BON = (_J.expire_le > _MAINTENANT) & (_J.rang > bindparam("p_apres"))
_LIRE = select(_J.jeton, _J.rang).where(siens(_J), _J.cle == bindparam("p_cle"), _BON)
_INSERER = insert(_J).values(
    rang=0, bail_jusqu_a=text(f"clock_timestamp() + interval '{BAIL_S} seconds'")
)
_PRENDRE = _INSERER.on_conflict_do_update(
    index_elements=[_J.collectivite, _J.cle],
    set_={
        "demandeur": _INSERER.excluded.demandeur,
        "bail_jusqu_a": _INSERER.excluded.bail_jusqu_a,
    },
    where=or_(_J.bail_jusqu_a.is_(None), _J.bail_jusqu_a <= _MAINTENANT)
    & or_(_J.expire_le.is_(None), ~_BON),
).returning(_J.cle)
_TENU = (siens(_J), _J.cle == bindparam("p_cle"), _J.demandeur == bindparam("p_demandeur"))
_GARDER = (
    update(_J)
    .where(*_TENU)
    .values(
        jeton=bindparam("scelle"),
        rang=_J.rang + 1,
        expire_le=_MAINTENANT + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("duree_s")),
        demandeur=None,
        bail_jusqu_a=None,
    )
    .returning(_J.rang)
)
_RENDRE = update(_J).where(*_TENU).values(demandeur=None, bail_jusqu_a=None)


class MagasinJetons:
    """The row, for the workers of one collectivité."""

    def __init__(self, base: BaseDeDonnees, coffre: Coffre, acces: Acces) -> None:
        self._base = base
        self._coffre = coffre
        self._acces = acces

    async def lire(self, cle: str, *, apres: int) -> Jeton | None:
        """The token that is still good, if its rank is greater than `apres`."""
        async with self._base.transaction(self._acces) as tx:
            row = (await tx.execute(_LIRE, {"p_cle": cle, "p_apres": apres})).one_or_none()
        if row is None:
            return None
        return Jeton(self._coffre.ouvrir(row.jeton, _CONTEXTE).decode(), row.rang)

    async def prendre(self, cle: str, demandeur: UUID, *, apres: int) -> bool:
        """Take the lease, unless another has it or a good token came."""
        values = {"cle": cle, "demandeur": demandeur, "p_apres": apres}
        async with self._base.transaction(self._acces) as tx:
            return (await tx.execute(_PRENDRE, values)).one_or_none() is not None

    async def garder(self, cle: str, demandeur: UUID, valeur: str, duree_s: int) -> Jeton:
        """Keep what the lease was taken for until just before its end, and give it back.

        A lease that ended meanwhile was another's to use: the token is good for this once.
        """
        values = {
            "p_cle": cle,
            "p_demandeur": demandeur,
            "scelle": self._coffre.sceller(valeur.encode(), _CONTEXTE),
            "duree_s": float(max(duree_s - _MARGE_S, 0)),
        }
        async with self._base.transaction(self._acces) as tx:
            rang = (await tx.execute(_GARDER, values)).scalar_one_or_none()
        return Jeton(valeur, rang or 0)

    async def rendre(self, cle: str, demandeur: UUID) -> None:
        """Give the lease back with nothing."""
        async with self._base.transaction(self._acces) as tx:
            await tx.execute(_RENDRE, {"p_cle": cle, "p_demandeur": demandeur})
