"""A frein is observed, made worse and read, through the generated client."""

import time
from uuid import UUID, uuid4

from commun import DONNE, cle, curseur, rendu
from jalons_parcours_client import AuthenticatedClient
from jalons_parcours_client.api.freins import (
    creer_frein,
    creer_niveau_frein,
    lister_freins,
    obtenir_frein,
)
from jalons_parcours_client.api.parcours import lister_parcours
from jalons_parcours_client.models import (
    Frein,
    FreinCreation,
    NiveauCreation,
    NiveauFrein,
    PageFreins,
    PageParcours,
    Parcours,
    Probleme,
)
from jalons_parcours_client.types import UNSET, Unset

client = AuthenticatedClient(base_url=DONNE["url"], token=DONNE["jeton"])
personne = UUID(DONNE["personne_id"])

# The feed of orientation opens the parcours, soon after the decision.
ouverts: list[Parcours] = []
limite = time.monotonic() + 30
while not ouverts and time.monotonic() < limite:
    page = rendu(lister_parcours.sync(client=client, personne_id=[personne]), PageParcours)
    ouverts = page.elements
    time.sleep(0.2)
parcours = ouverts[0]

# A command repeated under its key has one effect.
observe = parcours.date_ouverture
assert observe is not None
corps = FreinCreation(
    code="mobilite", niveau=NiveauFrein.MOYEN, date_observation=observe, source="referent"
)
premiere = cle()
fait = creer_frein.sync_detailed(parcours.id, client=client, body=corps, idempotency_key=premiere)
refait = creer_frein.sync_detailed(parcours.id, client=client, body=corps, idempotency_key=premiere)
frein = rendu(fait.parsed, Frein)
assert fait.status_code == 201
assert refait.headers["Idempotency-Replayed"] == "true"
assert rendu(refait.parsed, Frein).id == frein.id
corps.code = "numerique"
rendu(
    creer_frein.sync(parcours.id, client=client, body=corps, idempotency_key=cle()),
    Frein,
)

# A version that was read guards what is written.
niveau = NiveauCreation(niveau=NiveauFrein.FORT, date_observation=observe, source="referent")
lue = f'"{frein.version}"'
pire = creer_niveau_frein.sync_detailed(
    frein.id, client=client, body=niveau, if_match=lue, idempotency_key=cle()
)
assert pire.status_code == 201, pire.content
depassee = creer_niveau_frein.sync_detailed(
    frein.id, client=client, body=niveau, if_match=lue, idempotency_key=cle()
)
assert depassee.status_code == 412
assert rendu(depassee.parsed, Probleme).code == "version-depassee"
relu = rendu(obtenir_frein.sync(frein.id, client=client), Frein)
assert relu.niveau is NiveauFrein.FORT
assert relu.version == frein.version + 1

# What is not there is problem+json.
absent = obtenir_frein.sync_detailed(uuid4(), client=client)
assert absent.status_code == 404
assert absent.headers["Content-Type"] == "application/problem+json"
assert rendu(absent.parsed, Probleme).code == "introuvable"

# A filtered collection is walked page by page, until there is no next one.
codes: list[str] = []
suivant: str | Unset = UNSET
while True:
    rendue = rendu(
        lister_freins.sync(client=client, parcours_id=[parcours.id], limite=1, curseur=suivant),
        PageFreins,
    )
    codes += [one.code for one in rendue.elements]
    if rendue.pagination.suivant is None:
        break
    suivant = curseur(rendue.pagination.suivant)
assert sorted(codes) == ["mobilite", "numerique"]
