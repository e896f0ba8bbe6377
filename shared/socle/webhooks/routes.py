"""Subscriptions of partners to the facts of one service, and the log of what was sent to them."""

import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import Row
from starlette.responses import Response

from shared.refus import Introuvable, TransitionInterdite, VersionDepassee
from shared.schemas.commun import Operation
from shared.schemas.webhooks import (
    LivraisonWebhook,
    PageLivraisonsWebhook,
    PageWebhooks,
    RejeuWebhook,
    RejeuWebhookCommande,
    SignatureWebhook,
    StatutLivraison,
    StatutWebhook,
    Webhook,
    WebhookCreation,
    WebhookModification,
)
from shared.socle.contrat import CommandeDep, EssaiDep, SiVersion, portee, routeur
from shared.socle.db import Transaction, exige_version
from shared.socle.documents import refusals
from shared.socle.evenements import publier
from shared.socle.idempotence import once
from shared.socle.ids import new_id
from shared.socle.modification import Fusion, changements, modifier
from shared.socle.pages import PageDemandee, page_de, rendre_page
from shared.socle.quotas import quota
from shared.socle.reponses import Effet, rendre
from shared.socle.service import Service
from shared.socle.transactions import TransactionDep
from shared.socle.webhooks import queries, rules
from shared.socle.webhooks.catalogue import FAITS
from shared.socle.webhooks.travail import CONTEXTE_SECRET, fait, verification

_STATUTS = Query(max_length=4, description="Statuts voulus ; absent : tous", examples=[["actif"]])
_LIVREES = Query(
    max_length=3, description="Statuts voulus ; absent : tous", examples=[["abandonnee"]]
)


def routes(nom: str) -> APIRouter:
    """The webhooks of one service."""
    router = routeur("webhooks")
    administrer = portee(f"{nom}:administrer")
    connus = FAITS[nom]

    @router.post(
        "/webhooks",
        status_code=201,
        response_model=Webhook,
        summary="Ouvrir un abonnement aux événements",
        dependencies=[administrer],
        responses=refusals(Introuvable),
    )
    async def creer_webhook(
        demande: WebhookCreation, commande: CommandeDep, request: Request, tx: TransactionDep
    ) -> Response:
        """Ouvre un abonnement et rend son secret, cette fois seulement, ou sa clé publique.

        Il est `a_verifier` : le service envoie, en quelques secondes, un événement signé
        `endpoint.verification` dont le récepteur rend le défi, `{"defi": "…"}`. Il est alors
        `actif`, et reçoit ce qui survient ensuite. Ce qu'un import change dans le service qui le
        lit n'est annoncé que par l'import. Portée `administrer`. Publie `webhook.cree`, puis
        `webhook.active`.
        """
        service: Service = request.app.state.service

        async def ouvrir() -> Effet:
            rules.verifier_url(demande.url, service.reglages.webhooks_essais)
            rules.verifier_types(demande.types, connus)
            secret = secrets.token_bytes(rules.SECRET_OCTETS)
            row = await queries.store_webhook(
                tx,
                {
                    "id": new_id(),
                    "client_id": tx.acces.auteur,
                    **demande.model_dump(exclude={"signature"}),
                    "statut": StatutWebhook.A_VERIFIER.value,
                    **_cle(service, demande.signature, secret),
                },
            )
            await _verifier(service, tx, row)
            await publier(tx, fait(nom, "cree", row, Operation.CREATION))
            location = f"/v1/webhooks/{row.id}"
            return Effet(_render(row, secret), location=location, version=row.version)

        return await once(tx, commande, ouvrir)

    @router.get(
        "/webhooks",
        response_model=PageWebhooks,
        summary="Lister les abonnements",
        dependencies=[administrer],
    )
    async def lister_webhooks(
        page: Annotated[PageDemandee, page_de(PageWebhooks, "-cree_le", "cree_le")],
        tx: TransactionDep,
        statut: Annotated[list[StatutWebhook] | None, _STATUTS] = None,
    ) -> Response:
        """Rend les abonnements de la collectivité, de tous ses clients. Portée `administrer`."""
        return rendre_page(page, await queries.list_webhooks(tx, statut or (), page), _render)

    @router.get(
        "/webhooks/{webhook_id}",
        response_model=Webhook,
        summary="Lire un abonnement",
        dependencies=[administrer],
        responses=refusals(Introuvable),
    )
    async def obtenir_webhook(webhook_id: UUID, tx: TransactionDep) -> Response:
        """Rend un abonnement, sans son secret. Portée `administrer`.

        `echec_depuis_le` bouge sans que `version` change, donc la réponse n'est jamais 304.
        """
        row = await queries.read_webhook(tx, webhook_id)
        return rendre(Effet(_render(row), version=row.version, status=200))

    @router.patch(
        "/webhooks/{webhook_id}",
        response_model=Webhook,
        summary="Modifier un abonnement",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee),
    )
    async def modifier_webhook(
        webhook_id: UUID,
        demande: Fusion[WebhookModification],
        version: SiVersion,
        essai: EssaiDep,
        request: Request,
        tx: TransactionDep,
    ) -> Response:
        """Change ce qui est envoyé ; une autre adresse est à vérifier avant de rien recevoir.

        D'ici là les événements attendent dans la file. Sans rien qui change, la version reste et
        rien n'est publié. Portée `administrer`. Publie `webhook.modifie`.
        """
        service: Service = request.app.state.service

        async def changer() -> Effet:
            row = await queries.read_webhook(tx, webhook_id, tenir=True)
            exige_version(row.version, version)
            valeurs = changements(_render(row), demande)
            if not valeurs:
                return Effet(_render(row), version=version, status=200)
            rules.verifier_types(valeurs.get("types", ()), connus)
            if "url" in valeurs:
                rules.verifier_url(valeurs["url"], service.reglages.webhooks_essais)
                valeurs |= {
                    "statut": StatutWebhook.A_VERIFIER.value,
                    "motif_desactivation": None,
                    "desactive_le": None,
                    "echec_depuis_le": None,
                }
            row = await queries.change_webhook(tx, webhook_id, version, valeurs)
            if "url" in valeurs:
                await _verifier(service, tx, row)
            await publier(tx, fait(nom, "modifie", row))
            return Effet(_render(row), version=row.version, status=200)

        return await modifier(tx, changer, essai=essai)

    @router.delete(
        "/webhooks/{webhook_id}",
        status_code=204,
        summary="Supprimer un abonnement",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee),
    )
    async def supprimer_webhook(
        webhook_id: UUID, version: SiVersion, tx: TransactionDep
    ) -> Response:
        """Supprime l'abonnement, sa file et son journal ; plus rien n'est envoyé.

        Portée `administrer`. Publie `webhook.supprime`.
        """
        row = await queries.remove_webhook(tx, webhook_id, version)
        await publier(tx, fait(nom, "supprime", row, Operation.EFFACEMENT))
        return Response(status_code=204)

    async def changer_statut(
        tx: Transaction, webhook_id: UUID, version: int, commande: str, statut: StatutWebhook
    ) -> Effet:
        row = await queries.read_webhook(tx, webhook_id, tenir=True)
        exige_version(row.version, version)
        rules.verifier_commande(commande, row.statut)
        valeurs: dict[str, Any] = {"statut": statut.value}
        if statut is StatutWebhook.ACTIF:
            valeurs["echec_depuis_le"] = None  # a pause is no failure of the receiver
        row = await queries.change_webhook(tx, webhook_id, version, valeurs)
        await publier(tx, fait(nom, _FAITS_STATUT[statut], row))
        return Effet(_render(row), location=f"/v1/webhooks/{row.id}", version=row.version)

    @router.post(
        "/webhooks/{webhook_id}/pauses",
        status_code=201,
        response_model=Webhook,
        summary="Mettre un abonnement en pause",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
    )
    async def creer_pause_webhook(
        webhook_id: UUID, commande: CommandeDep, version: SiVersion, tx: TransactionDep
    ) -> Response:
        """Cesse d'envoyer ; ce qui survient attend dans la file, 30 jours au plus.

        D'un abonnement `actif` seulement. Portée `administrer`. Publie `webhook.mis_en_pause`.
        """
        return await once(
            tx,
            commande,
            lambda: changer_statut(tx, webhook_id, version, "pauses", StatutWebhook.EN_PAUSE),
        )

    @router.post(
        "/webhooks/{webhook_id}/reprises",
        status_code=201,
        response_model=Webhook,
        summary="Reprendre un abonnement en pause",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
    )
    async def creer_reprise_webhook(
        webhook_id: UUID, commande: CommandeDep, version: SiVersion, tx: TransactionDep
    ) -> Response:
        """Envoie de nouveau, en commençant par ce qui a attendu.

        Les cinq jours d'échecs qui désactivent se comptent de nouveau : `echec_depuis_le` est nul.
        D'un abonnement `en_pause` seulement. Portée `administrer`. Publie `webhook.repris`.
        """
        return await once(
            tx,
            commande,
            lambda: changer_statut(tx, webhook_id, version, "reprises", StatutWebhook.ACTIF),
        )

    @router.post(
        "/webhooks/{webhook_id}/verifications",
        status_code=201,
        response_model=Webhook,
        summary="Vérifier de nouveau le récepteur d'un abonnement",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee, TransitionInterdite),
    )
    async def verifier_webhook(
        webhook_id: UUID,
        commande: CommandeDep,
        version: SiVersion,
        request: Request,
        tx: TransactionDep,
    ) -> Response:
        """Envoie un autre défi : le récepteur qui le rend active l'abonnement.

        C'est ainsi que reprend un abonnement désactivé ; ce qu'il a manqué se redemande par
        `rejeux`. D'un abonnement `a_verifier` ou `desactive` seulement. Portée `administrer`.
        Publie `webhook.active` quand le défi est rendu.
        """
        service: Service = request.app.state.service

        async def verifier() -> Effet:
            row = await queries.read_webhook(tx, webhook_id, tenir=True)
            exige_version(row.version, version)
            rules.verifier_commande("verifications", row.statut)
            await _verifier(service, tx, row)
            return Effet(_render(row), location=f"/v1/webhooks/{row.id}", version=row.version)

        return await once(tx, commande, verifier)

    @router.post(
        "/webhooks/{webhook_id}/secrets",
        status_code=201,
        response_model=Webhook,
        summary="Renouveler le secret d'un abonnement",
        dependencies=[administrer],
        responses=refusals(Introuvable, VersionDepassee),
    )
    async def creer_secret_webhook(
        webhook_id: UUID,
        commande: CommandeDep,
        version: SiVersion,
        request: Request,
        tx: TransactionDep,
    ) -> Response:
        """Rend un autre secret, cette fois seulement, ou une autre clé publique ; 72 heures durant,
        les deux signent.

        Renouvelé de nouveau d'ici là, le plus ancien cesse aussitôt. Portée `administrer`. Publie
        `webhook.secret_renouvele`.
        """
        service: Service = request.app.state.service

        async def renouveler() -> Effet:
            row = await queries.read_webhook(tx, webhook_id, tenir=True)
            exige_version(row.version, version)
            secret = secrets.token_bytes(rules.SECRET_OCTETS)
            valeurs = {
                **_cle(service, rules.schema_de(row.cle_publique), secret),
                "secret_precedent": row.secret,
                "secret_precedent_fin_le": service.horloge() + rules.DOUBLE_SIGNATURE,
            }
            row = await queries.change_webhook(tx, webhook_id, version, valeurs)
            await publier(tx, fait(nom, "secret_renouvele", row))
            location = f"/v1/webhooks/{row.id}"
            return Effet(_render(row, secret), location=location, version=row.version)

        return await once(tx, commande, renouveler)

    @router.get(
        "/webhooks/{webhook_id}/livraisons",
        response_model=PageLivraisonsWebhook,
        summary="Lister les livraisons d'un abonnement",
        dependencies=[administrer],
        responses=refusals(Introuvable),
    )
    async def lister_livraisons_webhook(
        webhook_id: UUID,
        page: Annotated[PageDemandee, page_de(PageLivraisonsWebhook, "-cree_le", "cree_le")],
        tx: TransactionDep,
        statut: Annotated[list[StatutLivraison] | None, _LIVREES] = None,
    ) -> Response:
        """Rend ce qui a été envoyé, quand, et avec quel statut HTTP ; jamais la réponse reçue.

        Gardé 30 jours. Portée `administrer`.
        """
        await queries.read_webhook(tx, webhook_id)
        rows = await queries.list_livraisons(tx, webhook_id, statut or (), page)
        return rendre_page(page, rows, _render_livraison)

    @router.post(
        "/webhooks/{webhook_id}/rejeux",
        status_code=202,
        response_model=RejeuWebhook,
        summary="Renvoyer les événements d'une période",
        dependencies=[administrer, quota("job")],
        responses=refusals(Introuvable, TransitionInterdite),
    )
    async def rejouer_livraisons(
        webhook_id: UUID,
        demande: RejeuWebhookCommande,
        commande: CommandeDep,
        request: Request,
        tx: TransactionDep,
    ) -> Response:
        """Remet en file, sous le même `webhook-id`, ce qui est survenu pendant une période.

        Dix mille livraisons au plus, les plus anciennes d'abord ; s'il en reste, la demande
        suivante commence à `dernier_survenu_le`. D'un abonnement `actif` ou `en_pause` ; un
        abonnement désactivé se vérifie d'abord. Portée `administrer`.
        """
        service: Service = request.app.state.service

        async def rejouer() -> Effet:
            row = await queries.read_webhook(tx, webhook_id)
            rules.verifier_commande("rejeux", row.statut)
            maintenant = service.horloge()
            remises = await queries.replay(
                tx,
                webhook_id,
                depuis=demande.depuis,
                jusqu_a=demande.jusqu_a or maintenant,
                statuts=[demande.statut] if demande.statut else list(StatutLivraison),
                maintenant=maintenant,
            )
            contenu = RejeuWebhook(
                webhook_id=webhook_id,
                nombre=remises.nombre,
                dernier_survenu_le=remises.dernier_survenu_le,
                incomplet=remises.nombre == rules.REJEU_MAX,
            )
            location = f"/v1/webhooks/{webhook_id}/livraisons"
            return Effet(contenu, location, status=202, headers={"Retry-After": "5"})

        return await once(tx, commande, rejouer)

    return router


_FAITS_STATUT = {StatutWebhook.EN_PAUSE: "mis_en_pause", StatutWebhook.ACTIF: "repris"}


async def _verifier(service: Service, tx: Transaction, row: Row[Any]) -> None:
    """Ask the receiver for a challenge; an earlier one no longer counts."""
    await queries.abandon_defis(tx, row.id)
    await queries.queue(tx, [verification(row.id, tx.collectivite, service.horloge())])


def _cle(service: Service, schema: SignatureWebhook, secret: bytes) -> dict[str, Any]:
    """What is kept of a new secret: sealed, and the key that verifies it where one does."""
    return {
        "secret": service.coffre.sceller(secret, CONTEXTE_SECRET),
        "cle_publique": rules.cle_publique(secret) if schema is SignatureWebhook.V1A else None,
    }


def _render(row: Row[Any], secret: bytes | None = None) -> Webhook:
    schema = rules.schema_de(row.cle_publique)
    # What signs and is not shared is never shown.
    montre = rules.secret_lisible(secret) if secret and schema is SignatureWebhook.V1 else None
    return Webhook.model_validate({**row._mapping, "signature": schema, "secret": montre})


def _render_livraison(row: Row[Any]) -> LivraisonWebhook:
    return LivraisonWebhook.model_validate(row, from_attributes=True)
