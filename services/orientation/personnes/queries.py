"""SQL of the persons, and the digests by which they are found."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from services.orientation import tables
from services.orientation.flux.canonique import EtatDossier
from services.orientation.personnes import rules
from services.orientation.personnes.rules import Candidat, PersonneExistante, PersonneFusionnee
from shared.refus import Introuvable
from shared.schemas.orientation.personnes import Personne, ReconnuePar
from shared.socle.coffre import Coffre
from shared.socle.db import Transaction, siens
from shared.socle.modification import update_version
from shared.socle.pages import PageDemandee, paginer

_T, _D = tables.Personne, tables.Dossier
NIR = "personne.nir"

# No digest, nor the sealed NIR, is in what is read.
COLUMNS = [
    c for c in _T.__table__.columns if c.key != "nir_scelle" and not c.key.endswith("_empreinte")
]
# Who is to be used: the person, or the one who absorbed her.
_GARDEE = func.coalesce(_T.fusionnee_avec_id, _T.id)
_BY_ID = select(*COLUMNS).where(siens(_T), _T.id == bindparam("id"))
_LOCK = select(*COLUMNS, _T.nir_empreinte).where(siens(_T), _T.id == bindparam("id"))
_ETAT_DOSSIER = select(tables.Dossier.etat).where(
    siens(tables.Dossier), tables.Dossier.id == bindparam("id")
)
_BY_NIR = select(_GARDEE.label("id"), _T.date_naissance).where(
    siens(_T), _T.nir_empreinte == bindparam("digest")
)
_BY_IDENTITE = (
    select(_GARDEE)
    .where(siens(_T), _T.identite_empreinte == bindparam("digest"))
    .distinct()
    .limit(2)
)
# A comparison with what was not sent is null, hence not true: nobody is found by it.
_CLES = {
    ReconnuePar.NIR: _T.nir_empreinte == bindparam("nir", type_=_T.nir_empreinte.type),
    ReconnuePar.NUMERO_FRANCE_TRAVAIL: _T.numero_france_travail
    == bindparam("numero", type_=_T.numero_france_travail.type),
    ReconnuePar.REFERENCE: and_(
        _T.client_id == bindparam("client"),
        _T.reference_externe == bindparam("reference", type_=_T.reference_externe.type),
    ),
    ReconnuePar.IDENTITE: _T.identite_empreinte == bindparam("identite"),
}
_CANDIDATS = (
    select(
        _GARDEE.label("gardee"),
        _T.date_naissance,
        _T.nir_empreinte,
        *(func.coalesce(condition, False).label(cle.value) for cle, condition in _CLES.items()),
    )
    .where(siens(_T), or_(*_CLES.values()))
    .order_by(_T.id)
)
_AU_FOYER = (
    select(_GARDEE.label("gardee"), _T.date_naissance, _T.nir_empreinte)
    .join(_D, (_D.collectivite == _T.collectivite) & (_D.id == _T.dossier_id))
    .where(
        siens(_T),
        _D.organisme_payeur == bindparam("organisme"),
        _D.matricule == bindparam("numero"),
        _T.role == bindparam("le_role"),
    )
    .order_by(_T.id)
)
_INSERT = insert(_T).returning(*COLUMNS)
_A_RISQUE = select(
    _T.id, _T.commune.label("code_commune"), _T.date_risque_rsa, _T.source_risque_rsa, _T.cree_le
).where(
    siens(_T),
    _T.date_risque_rsa.is_not(None),
    ~_T.beneficiaire_rsa,
    _T.fusionnee_avec_id.is_(None),
)


def empreintes(
    coffre: Coffre,
    *,
    nom: str,
    prenoms: str,
    nom_naissance: str | None,
    date_naissance: date,
    nir: str | None,
) -> dict[str, Any]:
    """Return the columns that find a person without telling who it is."""
    return {
        **empreintes_identite(
            coffre,
            nom=nom,
            prenoms=prenoms,
            nom_naissance=nom_naissance,
            date_naissance=date_naissance,
        ),
        **empreintes_nir(coffre, nir),
    }


def empreintes_identite(
    coffre: Coffre, *, nom: str, prenoms: str, nom_naissance: str | None, date_naissance: date
) -> dict[str, Any]:
    """Return the digests of a civil identity: the whole of it, and what namesakes share."""
    proche, naissance = rules.identites_proches(nom, prenoms, nom_naissance, date_naissance)
    return {
        "identite_empreinte": coffre.empreinte(
            rules.identite_canonique(nom, prenoms, date_naissance)
        ),
        "proche_empreinte": coffre.empreinte(proche),
        "proche_naissance_empreinte": naissance and coffre.empreinte(naissance),
    }


def empreintes_nir(coffre: Coffre, nir: str | None) -> dict[str, Any]:
    """Return the two columns of a NIR."""
    return {
        "nir_empreinte": coffre.empreinte(nir) if nir else None,
        "nir_scelle": coffre.sceller(nir.encode(), NIR) if nir else None,
    }


async def store_personne(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """Insert a person.

    Raises:
        PersonneExistante: a key that only one may bear is known already.
    """
    try:
        async with tx.connexion.begin_nested():
            return (await tx.execute(_INSERT, values)).one()
    except IntegrityError:
        pass
    for candidat in await find_candidats(tx, values, foyer=None):
        if candidat.cles - {ReconnuePar.IDENTITE}:
            same = candidat.naissance == values["date_naissance"]
            if same or ReconnuePar.REFERENCE in candidat.cles:
                raise PersonneExistante(id=str(candidat.id))
            break  # a number alone does not tell whose it is
    raise PersonneExistante


async def update_personne(tx: Transaction, row: Row[Any], valeurs: dict[str, Any]) -> Row[Any]:
    """Write the next version of a person whose row is held.

    Raises:
        PersonneExistante: another took a key that only one may bear since the candidates were read.
    """
    try:
        return await update_version(tx, _T, _T.id == row.id, row.version, valeurs)
    except IntegrityError:
        raise PersonneExistante from None


async def read_personne(tx: Transaction, personne_id: UUID) -> Row[Any]:
    """Read one person, without its NIR.

    Raises:
        Introuvable: none of this collectivité has this id.
    """
    row = (await tx.execute(_BY_ID, {"id": personne_id})).one_or_none()
    if row is None:
        raise Introuvable
    return row


async def lock_personne(tx: Transaction, personne_id: UUID, *, partage: bool = False) -> Row[Any]:
    """Read one person who is nobody else's, and hold the row.

    Args:
        partage: held against a merge only, not against those who write for the person too.

    Raises:
        Introuvable: none of this collectivité has this id.
        PersonneFusionnee: another absorbed them.
    """
    # Never FOR UPDATE: whoever proposes a rapprochement with this person only refers to the row.
    locked = _LOCK.with_for_update(read=partage, key_share=not partage)
    row = (await tx.execute(locked, {"id": personne_id})).one_or_none()
    if row is None:
        raise Introuvable
    if row.fusionnee_avec_id is not None:
        raise PersonneFusionnee(row.fusionnee_avec_id)
    return row


async def read_etat_dossier(tx: Transaction, dossier_id: UUID | None) -> EtatDossier | None:
    """Read what the last flux said of a dossier; None outside any."""
    if dossier_id is None:
        return None
    return EtatDossier((await tx.execute(_ETAT_DOSSIER, {"id": dossier_id})).scalar_one())


async def find_by_nir(tx: Transaction, digest: bytes) -> Row[Any] | None:
    """Find who is to be used for a NIR digest, and the birth date of its bearer."""
    return (await tx.execute(_BY_NIR, {"digest": digest})).one_or_none()


async def find_by_identite(tx: Transaction, digest: bytes) -> Sequence[UUID]:
    """Find the persons of an identity digest: two at most, which is already too many."""
    return (await tx.execute(_BY_IDENTITE, {"digest": digest})).scalars().all()


async def find_candidats(
    tx: Transaction, values: Mapping[str, Any], foyer: Mapping[str, str] | None
) -> list[Candidat]:
    """Find who shares a key or the identity with these columns, or their place in a foyer."""
    nir = values["nir_empreinte"]

    def autre_nir(row: Row[Any]) -> bool:
        return bool(nir and row.nir_empreinte) and bytes(row.nir_empreinte) != nir

    keys = {
        "nir": nir,
        "numero": values["numero_france_travail"],
        "client": values["client_id"],
        "reference": values["reference_externe"],
        "identite": values["identite_empreinte"],
    }
    found = [
        Candidat(
            row.gardee,
            row.date_naissance,
            frozenset(cle for cle in _CLES if getattr(row, cle.value)),
            autre_nir(row),
        )
        for row in await tx.execute(_CANDIDATS, keys)
    ]
    if foyer is not None:
        par_matricule = frozenset({ReconnuePar.MATRICULE})
        found += [
            Candidat(row.gardee, row.date_naissance, par_matricule, autre_nir(row))
            for row in await tx.execute(_AU_FOYER, foyer)
        ]
    return found


async def list_a_risque(tx: Transaction, page: PageDemandee) -> Sequence[Row[Any]]:
    """Read a page of the persons at risk of entering RSA."""
    return await paginer(tx, _A_RISQUE, _T, page)


def render(row: Row[Any]) -> Personne:
    """Make the contract of a row."""
    situation = rules.situation_rsa(
        beneficiaire=row.beneficiaire_rsa, date_risque=row.date_risque_rsa
    )
    return Personne.model_validate(
        {**row._mapping, "code_commune": row.commune, "situation_rsa": situation}
    )
