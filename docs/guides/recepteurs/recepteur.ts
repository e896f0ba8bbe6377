// Un récepteur des webhooks de Jalons, sans autre bibliothèque que celle de Node.
// `recevoir` prend les en-têtes et les octets reçus, tels quels, et rend ce qu'il faut répondre.

import { createHmac, timingSafeEqual } from "node:crypto";

export const TOLERANCE_S = 300;
const MEMOIRE_S = 10 * TOLERANCE_S; // deux fois la tolérance au moins

export type Entetes = Readonly<Record<string, string | undefined>>;
export interface Evenement {
  type: string;
  timestamp: string;
  data: Record<string, unknown>;
}
export interface Reponse {
  statut: number;
  corps: string;
}

// `secrets` : celui d'hier et celui d'aujourd'hui pendant un renouvellement.
// `appliquer` : l'effet. En production, la même transaction écrit l'effet et l'identifiant.
// `faits` : identifiants déjà appliqués, et quand : une table qui survit à un redémarrage.
export class Recepteur {
  private readonly cles: Buffer[];

  constructor(
    secrets: readonly string[],
    private readonly appliquer: (evenement: Evenement) => Promise<void>,
    private readonly faits: Map<string, number>,
    private readonly horloge: () => number = () => Date.now() / 1000,
  ) {
    this.cles = secrets.map((un) => Buffer.from(un.replace(/^whsec_/, ""), "base64"));
  }

  async recevoir(entetes: Entetes, corps: Buffer): Promise<Reponse> {
    if (!this.authentique(entetes, corps)) return { statut: 401, corps: "" };
    const evenement = JSON.parse(corps.toString("utf8")) as Evenement; // après la vérification
    if (evenement.type === "endpoint.verification")
      return { statut: 200, corps: JSON.stringify({ defi: evenement.data["defi"] }) };
    const ident = entetes["webhook-id"] ?? "";
    if (!this.faits.has(ident)) {
      await this.appliquer(evenement); // s'il échoue, rien n'est retenu : l'envoi reviendra
      this.faits.set(ident, this.horloge());
    }
    for (const [ancien, le] of this.faits)
      if (this.horloge() - le > MEMOIRE_S) this.faits.delete(ancien);
    return { statut: 204, corps: "" };
  }

  private authentique(entetes: Entetes, corps: Buffer): boolean {
    const envoi = entetes["webhook-timestamp"] ?? "";
    if (!/^\d+$/.test(envoi) || Math.abs(this.horloge() - +envoi) > TOLERANCE_S) return false;
    const signe = Buffer.concat([Buffer.from(`${entetes["webhook-id"]}.${envoi}.`), corps]);
    const recues = (entetes["webhook-signature"] ?? "").split(" ").map((une) => Buffer.from(une));
    return this.cles.some((cle) => {
      const admise = Buffer.from(`v1,${createHmac("sha256", cle).update(signe).digest("base64")}`);
      return recues.some((une) => une.length === admise.length && timingSafeEqual(une, admise));
    });
  }
}
