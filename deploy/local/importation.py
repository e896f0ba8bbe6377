"""Import the conventions and actions of a YAML file: what differs is told, then written.

A convention is added whole, an action is added or corrected. What a recorded convention agrees is
never rewritten: the difference is told, and an avenant is for whoever decides. Nothing is removed:
what the file does not name may have been recorded by other means.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deploy.local.chargement import action_corps, convention_corps
from deploy.local.collectivites import Collectivite
from deploy.local.partenaire import Json, Partenaire, par_reference

# What acts move, and avenants: a file that says otherwise is not in contradiction.
_PAR_DES_ACTES = frozenset({"statut", "signataires"})


class Signe(StrEnum):
    """What is to be done of a difference: add, correct, or leave to an avenant."""

    AJOUT = "+"
    CORRECTION = "~"
    AVENANT = "!"


@dataclass(frozen=True)
class Ecart:
    """One thing that the file says and the service does not, field by field: before, after."""

    signe: Signe
    convention: str
    action: str | None
    champs: Mapping[str, tuple[Any, Any]]

    def lignes(self) -> Iterator[str]:
        """The difference, as it is printed."""
        objet = f"convention {self.convention}"
        if self.action:
            objet = f"action {self.action} ({self.convention})"
        note = " : un avenant est à prendre" if self.signe is Signe.AVENANT else ""
        yield f"{self.signe} {objet}{note}"
        for champ, (avant, apres) in self.champs.items():
            if self.signe is Signe.AJOUT:
                yield f"    {champ} : {_texte(apres)}"
            else:
                yield f"    {champ} : {_texte(avant)} -> {_texte(apres)}"


async def comparer(si: Partenaire, collectivite: Collectivite) -> list[Ecart]:
    """Return what the file says and the service does not; nothing is written."""
    conventions = await par_reference(si, "/v1/conventions")
    ecarts: list[Ecart] = []
    for convention in collectivite.conventions:
        corps = convention_corps(collectivite, convention)
        connue = conventions.get(convention.cle)
        ecarts += _ecarts(corps, connue, convention.cle, None)
        actions: dict[str, Json] = {}
        if connue is not None:
            found = si.tout("financement", "/v1/actions", convention_id=connue["id"])
            actions = {one["code"]: one async for one in found}
        for action in convention.actions:
            corps = action_corps(collectivite, action)
            ecarts += _ecarts(corps, actions.get(action.code), convention.cle, action.code)
    return ecarts


async def importer(si: Partenaire, collectivite: Collectivite, ecarts: Iterable[Ecart]) -> None:
    """Write what `comparer` returned, conventions before their actions."""
    corps_de: dict[tuple[str, str | None], Json] = {
        (convention.cle, None): convention_corps(collectivite, convention)
        for convention in collectivite.conventions
    } | {
        (convention.cle, action.code): action_corps(collectivite, action)
        for convention in collectivite.conventions
        for action in convention.actions
    }
    for ecart in ecarts:
        if ecart.signe is Signe.AVENANT:
            continue
        corps = corps_de[ecart.convention, ecart.action]
        if ecart.action is None:
            await si.ecrire("financement", "/v1/conventions", corps, cle=ecart.convention)
            continue
        convention_id = (await par_reference(si, "/v1/conventions"))[ecart.convention]["id"]
        if ecart.signe is Signe.AJOUT:
            chemin = f"/v1/conventions/{convention_id}/actions"
            await si.ecrire("financement", chemin, corps, cle=ecart.action)
            continue
        found = si.tout("financement", "/v1/actions", convention_id=convention_id)
        (action,) = [one async for one in found if one["code"] == ecart.action]
        await si.modifier(
            "financement",
            f"/v1/actions/{action['id']}",
            {champ: apres for champ, (_, apres) in ecart.champs.items()},
            version=action["version"],
        )


def _ecarts(
    corps: Json, connu: Json | None, convention: str, action: str | None
) -> Sequence[Ecart]:
    if connu is None:
        dits = {champ: (None, valeur) for champ, valeur in corps.items() if valeur}
        return [Ecart(Signe.AJOUT, convention, action, dits)]
    champs = {
        champ: (connu[champ], valeur)
        for champ, valeur in corps.items()
        if champ not in _PAR_DES_ACTES and not _dit(valeur, connu[champ])
    }
    if not champs:
        return []
    return [Ecart(Signe.CORRECTION if action else Signe.AVENANT, convention, action, champs)]


def _dit(voulu: Any, connu: Any) -> bool:
    """Whether what is known says all that is wanted: fields that the file leaves out may differ."""
    if isinstance(voulu, dict):
        return all(_dit(valeur, connu[champ]) for champ, valeur in voulu.items())
    if isinstance(voulu, list):
        return len(voulu) == len(connu) and all(map(_dit, voulu, connu))
    return bool(voulu == connu)


def _texte(valeur: Any) -> str:
    return json.dumps(valeur, ensure_ascii=False)
