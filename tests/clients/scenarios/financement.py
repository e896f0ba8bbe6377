"""A convention has two actions, one is amended and its places taken, by the client."""

from uuid import UUID, uuid4

from commun import DONNE, cle, curseur, rendu
from jalons_financement_client import AuthenticatedClient
from jalons_financement_client.api.actions import (
    creer_action,
    lister_actions,
    modifier_action,
    obtenir_action,
)
from jalons_financement_client.api.conventions import creer_convention
from jalons_financement_client.api.reservations import creer_reservation, obtenir_reservation
from jalons_financement_client.models import (
    Action,
    ActionCreation,
    ActionModification,
    Convention,
    ConventionCreation,
    ModeCapacite,
    PageActions,
    Probleme,
    Reservation,
    ReservationCreation,
)
from jalons_financement_client.types import UNSET, Unset

client = AuthenticatedClient(base_url=DONNE["url"], token=DONNE["jeton"])

# A command repeated under its key has one effect.
demande = ConventionCreation(
    reference="client-python",
    type_="contrat_local_solidarites",
    intitule="Convention d'essai",
    annee_debut=2026,
)
premiere = cle()
faite = creer_convention.sync_detailed(client=client, body=demande, idempotency_key=premiere)
refaite = creer_convention.sync_detailed(client=client, body=demande, idempotency_key=premiere)
convention = rendu(faite.parsed, Convention)
assert faite.status_code == 201
assert refaite.headers["Idempotency-Replayed"] == "true"
assert rendu(refaite.parsed, Convention).id == convention.id


def ouvrir(code: str) -> Action:
    """An action of ten places."""
    corps = ActionCreation(
        code=code,
        libelle="Action d'essai",
        caractere="nouvelle",
        mode_capacite=ModeCapacite.STOCK,
        places_ouvertes=10,
        source="Page d'essai",
    )
    return rendu(
        creer_action.sync(convention.id, client=client, body=corps, idempotency_key=cle()), Action
    )


action = ouvrir("python-1")
ouvrir("python-2")

# A merge patch: null clears, what is absent stays; the version that was read guards it.
lue = f'"{action.version}"'
retouche = ActionModification(libelle="Autre libellé", source=None)
modifiee = modifier_action.sync_detailed(action.id, client=client, body=retouche, if_match=lue)
apres = rendu(modifiee.parsed, Action)
assert (apres.libelle, apres.source, apres.code) == ("Autre libellé", None, "python-1")
assert modifiee.headers["ETag"] == f'"{apres.version}"'
autre = ActionModification(libelle="Trop tard")
depassee = modifier_action.sync_detailed(action.id, client=client, body=autre, if_match=lue)
probleme = rendu(depassee.parsed, Probleme)
assert (depassee.status_code, probleme.code) == (412, "version-depassee")
assert probleme.additional_properties["version_courante"] == apres.version
inchangee = obtenir_action.sync_detailed(
    action.id, client=client, if_none_match=f'"{apres.version}"'
)
assert inchangee.status_code in (200, 304)


def reserver(places: int) -> tuple[int, object]:
    """Ask for places, for somebody whom financement does not know."""
    corps = ReservationCreation(action_id=action.id, beneficiaire_ref=uuid4(), places=places)
    answer = creer_reservation.sync_detailed(client=client, body=corps, idempotency_key=cle())
    return answer.status_code, answer.parsed


# Ten places: eight are given, three more are refused, in problem+json and with the facts.
status, prise = reserver(8)
assert status == 201
relue = obtenir_reservation.sync(rendu(prise, Reservation).id, client=client)
assert rendu(relue, Reservation).places == 8
status, refus = reserver(3)
assert status == 409
assert rendu(refus, Probleme).code == "disponible-insuffisant"

# A filtered collection is walked page by page, until there is no next one.
vues: list[UUID] = []
suivant: str | Unset = UNSET
while True:
    page = rendu(
        lister_actions.sync(
            client=client, convention_id=[convention.id], limite=1, curseur=suivant
        ),
        PageActions,
    )
    vues += [one.id for one in page.elements]
    if page.pagination.suivant is None:
        break
    suivant = curseur(page.pagination.suivant)
assert len(vues) == len(set(vues)) == 2
assert action.id in vues
