"""A person comes, is oriented and decided for, through the generated client."""

from datetime import date

from commun import DONNE, cle, curseur, rendu
from jalons_orientation_client import AuthenticatedClient
from jalons_orientation_client.api.organismes_referents import lister_organismes_referents
from jalons_orientation_client.api.orientations import (
    creer_orientation,
    decider_orientation,
    deposer_criteres,
    obtenir_orientation,
)
from jalons_orientation_client.api.personnes import creer_personne
from jalons_orientation_client.models import (
    CriteresCreation,
    Decision,
    DecisionCreation,
    EtatDecision,
    Orientation,
    OrientationCreation,
    PageOrganismesReferents,
    Personne,
    PersonneCreation,
    Probleme,
    Proposition,
    StatutOrientation,
)
from jalons_orientation_client.types import UNSET, Unset

client = AuthenticatedClient(base_url=DONNE["url"], token=DONNE["jeton"])

# A command repeated under its key has one effect; another one under it is refused.
demande = PersonneCreation(
    nom="Essai-Python",
    prenoms="Maëlle",
    date_naissance=date(1991, 1, 31),
    code_commune="35236",
    beneficiaire_rsa=True,
    droits_devoirs=True,
)
premiere = cle()
faite = creer_personne.sync_detailed(client=client, body=demande, idempotency_key=premiere)
refaite = creer_personne.sync_detailed(client=client, body=demande, idempotency_key=premiere)
personne = rendu(faite.parsed, Personne)
assert faite.status_code == 201
assert "Idempotency-Replayed" not in faite.headers
assert refaite.headers["Idempotency-Replayed"] == "true"
assert rendu(refaite.parsed, Personne).id == personne.id
demande.prenoms = "Gwenn"
autre = creer_personne.sync_detailed(client=client, body=demande, idempotency_key=premiere)
assert autre.status_code == 422
assert rendu(autre.parsed, Probleme).code == "idempotence-cle-reutilisee"

# A refusal is problem+json, with what is wrong and where, and never what was sent.
demande.code_commune = "99999"
refusee = creer_personne.sync_detailed(client=client, body=demande, idempotency_key=cle())
probleme = rendu(refusee.parsed, Probleme)
assert refusee.headers["Content-Type"] == "application/problem+json"
assert (probleme.status, probleme.code) == (422, "validation")
assert isinstance(probleme.erreurs, list)
assert probleme.erreurs[0].pointeur == "/code_commune"

# A version that was read guards what is written: the second of two is told that it is stale.
ouverte = rendu(
    creer_orientation.sync(
        client=client, body=OrientationCreation(personne_id=personne.id), idempotency_key=cle()
    ),
    Orientation,
)
criteres = CriteresCreation.from_dict(DONNE["criteres"])
lue = f'"{ouverte.version}"'
proposition = rendu(
    deposer_criteres.sync(
        ouverte.id, client=client, body=criteres, if_match=lue, idempotency_key=cle()
    ),
    Proposition,
)
assert proposition.explication.texte
depassee = deposer_criteres.sync_detailed(
    ouverte.id, client=client, body=criteres, if_match=lue, idempotency_key=cle()
)
probleme = rendu(depassee.parsed, Probleme)
assert (depassee.status_code, probleme.code) == (412, "version-depassee")
courante = probleme.additional_properties["version_courante"]
rendu(
    decider_orientation.sync(
        ouverte.id,
        client=client,
        body=DecisionCreation(etat_decision=EtatDecision.ACCEPTEE),
        if_match=f'"{courante}"',
        idempotency_key=cle(),
    ),
    Decision,
)
decidee = obtenir_orientation.sync_detailed(ouverte.id, client=client)
assert rendu(decidee.parsed, Orientation).statut is StatutOrientation.OUVERTE
assert decidee.headers["ETag"] == f'"{courante + 1}"'

# A collection is walked page by page, until there is no next one.
noms: list[str] = []
suivant: str | Unset = UNSET
while True:
    page = rendu(
        lister_organismes_referents.sync(client=client, limite=1, curseur=suivant),
        PageOrganismesReferents,
    )
    noms += [one.reference for one in page.elements]
    if page.pagination.suivant is None:
        break
    suivant = curseur(page.pagination.suivant)
assert sorted(noms) == DONNE["organismes"]

# A value that an open enumeration has not yet is read as it is.
demain = Probleme.from_dict(
    {"type": "https://a.example", "title": "Demain", "status": 409, "code": "de-demain"}
)
assert demain.code == "de-demain"

print(personne.id)
