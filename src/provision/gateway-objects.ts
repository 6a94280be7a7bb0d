/**
 * Writes and deletes the objects of one Gateway, and only those: what has the name of one and is somebody else's is left alone.
 *
 * The API server decides, so that nothing can happen between a look and a write. An object that is not known is applied as one that
 * must not be there yet, and one that is known by its uid. Where the server finds another state, it is asked whose the object is.
 */
import { isDeepStrictEqual } from "node:util";
import { type ApiCall, type ApiClient, ApiError, resourcePath } from "../kubernetes/index.ts";
import { type Manifest, MANIFEST_KINDS, type ManifestKind, pathOf } from "./manifest.ts";
import { fingerprintOf, type OwnedObjects, type SentObject } from "./owned-objects.ts";
import { isOf, NameTaken, type Ownership, ownershipOf } from "./ownership.ts";
import { handoverOf } from "./replicas-handover.ts";
import type { Wish } from "./wish.ts";

const FIELD_MANAGER = "trilith.dev/gateway-controller";
/** No object has it: one that is there already is in conflict with it. */
const NO_VERSION = "1";
const MOST_ATTEMPTS = 3;

interface Applied {
  readonly manifest: Manifest;
  readonly ownership: Ownership;
  /** That it had after it was applied. */
  readonly fingerprint: string;
}

export interface GatewayObjectsOptions {
  readonly client: ApiClient;
  /** What there is of what was made. */
  readonly owned: OwnedObjects;
}

export class GatewayObjects {
  readonly #options: GatewayObjectsOptions;
  /** What was applied last, by kind and name. */
  readonly #applied = new Map<string, Applied>();

  constructor(options: GatewayObjectsOptions) {
    this.#options = options;
  }

  /** Throws NameTaken where the object is another's, and ApiError. */
  async apply(manifest: Manifest, wish: Wish, signal: AbortSignal): Promise<void> {
    const { kind, metadata } = manifest;
    const applied = this.#applied.get(`${kind}/${metadata.name}`);
    const current = this.#options.owned.get(kind, metadata.namespace, metadata.name);
    const isThere = applied !== undefined && current?.fingerprint === applied.fingerprint;
    if (isThere && isDeepStrictEqual(applied.manifest, manifest)) return;
    const handover = kind === "Deployment" && handoverOf(manifest, applied?.manifest, current?.replicas);
    let known = current?.ownership ?? applied?.ownership;
    for (let attempt = 1; ; attempt += 1) {
      if (known && !isOf(wish, known)) throw new NameTaken(`${kind} ${metadata.namespace}/${metadata.name}`, known);
      if (handover && known) await this.#handOver({ ...handover, signal });
      try {
        await this.#write(manifest, known, signal);
        return;
      } catch (error) {
        if (!isConflict(error) || attempt === MOST_ATTEMPTS) throw error;
        known = await this.#lookUp(manifest, signal);
      }
    }
  }

  /** Of what the Gateway has and `manifests` do not name: of each kind by the name of all, and Services by whose they are. */
  async removeOthers(wish: Wish, name: string, manifests: readonly Manifest[], signal: AbortSignal): Promise<void> {
    const { namespace, uid } = wish;
    const named = (Object.keys(MANIFEST_KINDS) as ManifestKind[]).map((kind) => ({ kind, namespace, name }));
    const owned = uid === undefined ? [] : this.#options.owned.ownedBy(uid).filter(({ kind }) => kind === "Service");
    for (const object of [...named, ...owned]) {
      const isWanted = manifests.some(({ kind, metadata }) => kind === object.kind && metadata.name === object.name);
      const found = this.#options.owned.get(object.kind, namespace, object.name);
      if (!isWanted && found && isOf(wish, found.ownership)) await this.#remove(object, found.ownership, signal);
    }
  }

  async #write(manifest: Manifest, known: Ownership | undefined, signal: AbortSignal): Promise<void> {
    const { kind, metadata } = manifest;
    const expected =
      known === undefined ? { resourceVersion: NO_VERSION } : known.uid !== undefined && { uid: known.uid };
    const answer = await this.#options.client.request<SentObject>({
      method: "PATCH",
      patch: "apply",
      path: pathOf(manifest),
      query: { fieldManager: FIELD_MANAGER, force: "true" },
      body: { ...manifest, metadata: { ...metadata, ...expected } },
      signal,
    });
    // What there is stays what the watch says: it may have told something newer before this answer came.
    const [ownership, fingerprint] = [ownershipOf(answer), fingerprintOf(answer)];
    this.#applied.set(`${kind}/${metadata.name}`, { manifest, ownership, fingerprint });
  }

  async #lookUp(manifest: Manifest, signal: AbortSignal): Promise<Ownership | undefined> {
    try {
      const call: ApiCall = { method: "GET", path: pathOf(manifest), signal };
      return ownershipOf(await this.#options.client.request<SentObject>(call));
    } catch (error) {
      if (error instanceof ApiError && error.code === "notFound") return undefined;
      throw error;
    }
  }

  /** Where somebody has changed the number meanwhile, it is theirs already. */
  async #handOver(call: ApiCall): Promise<void> {
    await this.#options.client.request(call).catch((error: unknown) => {
      if (!isConflict(error)) throw error;
    });
  }

  /** One that is gone, or another by now, needs no deleting. */
  async #remove(
    { kind, namespace, name }: { readonly kind: ManifestKind; readonly namespace: string; readonly name: string },
    { uid }: Ownership,
    signal: AbortSignal,
  ): Promise<void> {
    const path = resourcePath({ ...MANIFEST_KINDS[kind], namespace, name });
    const body = uid !== undefined && { body: { preconditions: { uid } } };
    await this.#options.client.request({ method: "DELETE", path, ...body, signal }).catch((error: unknown) => {
      if (!isConflict(error) && !(error instanceof ApiError && error.code === "notFound")) throw error;
    });
  }
}

const isConflict = (error: unknown): error is ApiError => error instanceof ApiError && error.code === "conflict";
