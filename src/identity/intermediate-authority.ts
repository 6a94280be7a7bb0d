/**
 * What signs for workloads: an intermediate authority of this replica's own, in memory only, so that the root signs rarely. Others know
 * its certificates by the root, whichever replica made them.
 *
 * It is replaced when half of its life is over, or what it was made by has changed. What it has signed is good to its end, since no
 * certificate lives as long as the half that is left: the overlap needs nothing to be published.
 *
 * An authority that may not sign others, such as one that was brought, signs itself.
 */
import { type KeyPair, type Lifetime, lifetimeOf } from "./certificate-chains.ts";
import { createIntermediate, maySignAuthorities } from "./issue-certificates.ts";

export class IntermediateAuthority {
  readonly #livesFrom: (now: Date) => Lifetime;
  #signer: { readonly by: string; readonly pair: Promise<KeyPair>; readonly renewAt: number } | undefined;

  /** `livesFrom`: from when and to when one lives that is made now. */
  constructor(livesFrom: (now: Date) => Lifetime) {
    this.#livesFrom = livesFrom;
  }

  /** What signs now under this authority. Rejects with `badAuthority` where that cannot sign. */
  async under(authority: KeyPair, now: Date): Promise<KeyPair> {
    if (!maySignAuthorities(authority.certificate)) return authority;
    const known = this.#signer;
    if (known?.by === authority.certificate && now.getTime() < known.renewAt) return await known.pair;
    const { notBefore, notAfter } = this.#livesFrom(now);
    const pair = createIntermediate(authority, "Trilith workloads", { notBefore, notAfter });
    // Under a root that ends sooner, another one would be no better.
    const isShort = lifetimeOf(authority.certificate).notAfter < notAfter;
    const renewAt = isShort ? Infinity : (now.getTime() + notAfter.getTime()) / 2;
    this.#signer = { by: authority.certificate, pair, renewAt };
    // One that could not be made is tried again.
    pair.catch(() => (this.#signer = undefined));
    return await pair;
  }
}
