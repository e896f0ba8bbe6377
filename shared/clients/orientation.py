"""The orientation service, as its siblings see it."""

from uuid import UUID, uuid4

from shared.clients.voisin import Voisin
from shared.schemas.commun import Booleen, CodeCommune, DateCivile, Modele
from shared.schemas.orientation.imports import MouvementDetaille
from shared.schemas.orientation.organismes import OrganismeReferent
from shared.schemas.orientation.orientations import Orientation
from shared.schemas.orientation.personnes import Personne, PersonneRequete, PersonneTrouvee
from shared.schemas.orientation.reorientations import Reorientation, ReorientationCreation


class FaitsPersonne(Modele):
    """What an offer may ask of a person, and nothing else of her: no name is read."""

    date_naissance: DateCivile
    code_commune: CodeCommune | None
    beneficiaire_rsa: Booleen


class OrientationClient(Voisin):
    """Read orientations, what is asked of them, and ask for another."""

    async def lire_orientation(self, orientation_id: UUID) -> Orientation:
        """Return an orientation as it is now."""
        return await self._get(f"/v1/orientations/{orientation_id}", Orientation)

    async def lire_reorientation(self, reorientation_id: UUID) -> Reorientation:
        """Return a request of réorientation as it is now."""
        return await self._get(f"/v1/reorientations/{reorientation_id}", Reorientation)

    async def lire_organisme(self, organisme_id: UUID) -> OrganismeReferent:
        """Return an organisme référent, and the clients that speak for it."""
        return await self._get(f"/v1/organismes-referents/{organisme_id}", OrganismeReferent)

    async def lire_personne(self, personne_id: UUID) -> Personne:
        """Return a person as known now."""
        return await self._get(f"/v1/personnes/{personne_id}", Personne)

    async def rechercher_personne(self, demande: PersonneRequete) -> PersonneTrouvee:
        """Return who bears an identity, if there is one and only one; nothing is written."""
        path = "/v1/personnes/recherches"
        return await self._post(path, demande, PersonneTrouvee, cle=str(uuid4()))

    async def lire_mouvement(self, mouvement_id: UUID) -> MouvementDetaille:
        """Return what a flux told, and of whom."""
        return await self._get(f"/v1/mouvements/{mouvement_id}", MouvementDetaille)

    async def lire_faits(self, personne_id: UUID) -> FaitsPersonne:
        """Return what the conditions of an offer are checked against."""
        return await self._get(f"/v1/personnes/{personne_id}", FaitsPersonne)

    async def creer_reorientation(
        self,
        orientation: Orientation,
        demande: ReorientationCreation,
        *,
        cle: str,
        essai: bool = False,
    ) -> Reorientation:
        """Ask for another orientation than the one that was read."""
        path = f"/v1/orientations/{orientation.id}/reorientations"
        return await self._post(
            path,
            demande,
            Reorientation,
            cle=cle,
            essai=essai,
            version=orientation.version,
            transmise=True,
        )
