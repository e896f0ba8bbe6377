"""What a département writes of how it reaches others: no secret in clear, none empty."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shared.clients.data_inclusion import AccesDataInclusion
from shared.clients.france_travail.acces import AccesFranceTravail
from shared.clients.immersion_facile.acces import AccesImmersionFacile
from shared.clients.rdv_insertion.acces import AccesApiRdvInsertion

_ICI = "https://partenaire.example/api"
ACCES: list[tuple[type[BaseModel], dict[str, Any], list[str], str]] = [
    (
        AccesFranceTravail,
        {"url_jetons": _ICI, "url_api": _ICI, "client_id": "jalons", "secret": "cle-privee"},
        ["url_jetons", "url_api"],
        "secret",
    ),
    (AccesDataInclusion, {"url": _ICI, "jeton": "cle-privee"}, ["url"], "jeton"),
    (AccesImmersionFacile, {"url_api": _ICI, "cle": "cle-privee"}, ["url_api"], "cle"),
    (
        AccesApiRdvInsertion,
        {
            "url_api": _ICI,
            "url_connexion": _ICI,
            "email": "agent@partenaire.example",
            "mot_de_passe": "cle-privee",
            "organisations": {},
        },
        ["url_api", "url_connexion"],
        "mot_de_passe",
    ),
]


@pytest.mark.parametrize(
    ("modele", "corps", "adresses", "secret"),
    [pytest.param(*un, id=un[0].__name__) for un in ACCES],
)
def test_a_secret_goes_over_tls_or_to_this_machine(
    modele: type[BaseModel], corps: dict[str, Any], adresses: list[str], secret: str
) -> None:
    """Planted: any http admitted, red; a secret of nothing admitted, red."""
    for adresse in adresses:
        for url in ("http://partenaire.example", "ftp://x", "http://127.0.0.1.example"):
            with pytest.raises(ValidationError):
                modele.model_validate(corps | {adresse: url})
        for url in (_ICI, "http://127.0.0.1:8000", "http://127.0.0.1/"):
            assert getattr(modele.model_validate(corps | {adresse: url}), adresse) == url
    with pytest.raises(ValidationError):
        modele.model_validate(corps | {secret: ""})
    assert "cle-privee" not in repr(modele.model_validate(corps))
