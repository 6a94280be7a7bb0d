/**
 * What there is in the cluster of what was made for Gateways: watched by its label, so that changes by others are seen, and
 * so that what a Service or a Deployment says of itself becomes a fact.
 */
import { createHash } from "node:crypto";
import { type ApiClient, type ApiError, ResourceWatch, type Timers } from "../kubernetes/index.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, MANIFEST_KINDS, type ManifestKind } from "./manifest.ts";
import { type Ownership, ownershipOf } from "./ownership.ts";

export interface OwnedObject {
  readonly ownership: Ownership;
  /** Of `fingerprintOf`. */
  readonly fingerprint: string;
  readonly status?: unknown;
  /** Of a Service: its addresses in the cluster. */
  readonly clusterIPs?: readonly string[];
  /** Of a Service. */
  readonly isBalanced?: boolean;
  /** Of a Deployment. */
  readonly replicas?: number;
}

export interface OwnedName {
  readonly kind: ManifestKind;
  readonly namespace: string;
  readonly name: string;
}

export interface OwnedObjectsOptions {
  readonly client: ApiClient;
  /** Something was made, changed or deleted, by whomever. */
  readonly onChange: (object: OwnedName, owner: string | undefined) => void;
  /** Everything that there is has been read. Called once. */
  readonly onSynced: () => void;
  /** Told again each time that the API server has been asked in vain. */
  readonly onProblem: (kind: ManifestKind, problem: ApiError | undefined) => void;
  readonly timers?: Timers;
}

/** As the API server sends it. */
export interface SentObject {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly uid?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly apiVersion?: string;
      readonly kind?: string;
      readonly name?: string;
      readonly uid?: string;
      readonly controller?: boolean;
    }[];
  };
  readonly status?: unknown;
  readonly [field: string]: unknown;
}

const keyOf = (kind: ManifestKind, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

export class OwnedObjects implements Disposable {
  readonly #objects = new Map<string, OwnedObject>();
  readonly #byOwner = new Map<string, Map<string, OwnedName>>();
  readonly #unread = new Set(Object.keys(MANIFEST_KINDS) as ManifestKind[]);
  readonly #watches: readonly ResourceWatch<SentObject>[];
  readonly #options: OwnedObjectsOptions;

  constructor(options: OwnedObjectsOptions) {
    this.#options = options;
    this.#watches = [...this.#unread].map((kind) =>
      this.#watch(kind, () => {
        this.#unread.delete(kind);
        if (this.#unread.size === 0) options.onSynced();
      }),
    );
  }

  /** Kinds of which not everything that there is has been read once. */
  get unread(): ReadonlySet<ManifestKind> {
    return this.#unread;
  }

  get(kind: ManifestKind, namespace: string, name: string): OwnedObject | undefined {
    return this.#objects.get(keyOf(kind, namespace, name));
  }

  /** What belongs to the Gateway with this uid. */
  ownedBy(owner: string): readonly OwnedName[] {
    return [...(this.#byOwner.get(owner)?.values() ?? [])];
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
  }

  /** Gives its owner. */
  #take(object: OwnedName, after: OwnedObject | undefined): string | undefined {
    const key = keyOf(object.kind, object.namespace, object.name);
    const before = ownerUidOf(this.#objects.get(key));
    if (before !== undefined) {
      const others = this.#byOwner.get(before);
      others?.delete(key);
      if (others?.size === 0) this.#byOwner.delete(before);
    }
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    const owner = ownerUidOf(after);
    if (owner !== undefined)
      this.#byOwner.set(owner, (this.#byOwner.get(owner) ?? new Map<string, OwnedName>()).set(key, object));
    return owner;
  }

  #watch(kind: ManifestKind, onSynced: () => void): ResourceWatch<SentObject> {
    const { client, onChange, onProblem, timers } = this.#options;
    return new ResourceWatch<SentObject>({
      client,
      resource: MANIFEST_KINDS[kind],
      labelSelector: `${MANAGED_BY_LABEL}=${MANAGED_BY}`,
      read: (object) => object as unknown as SentObject,
      onSynced,
      onProblem: (problem) => onProblem(kind, problem),
      onChanges: (changes) => {
        for (const change of changes) {
          const [namespace = "", name = ""] = change.name.split("/");
          const object = { kind, namespace, name };
          const before = ownerUidOf(this.get(kind, namespace, name));
          const after = this.#take(object, change.kind === "delete" ? undefined : ownedObjectOf(change.item));
          onChange(object, after ?? before);
        }
      },
      ...(timers && { timers }),
    });
  }
}

const ownerUidOf = (object: OwnedObject | undefined): string | undefined => object?.ownership.owner?.uid;

function ownedObjectOf(sent: SentObject): OwnedObject {
  const { status } = sent;
  const { type, clusterIPs, replicas } = (sent["spec"] ?? {}) as SentSpec;
  return {
    ownership: ownershipOf(sent),
    fingerprint: fingerprintOf(sent),
    ...(status !== undefined && { status }),
    ...(clusterIPs && { clusterIPs, isBalanced: type === "LoadBalancer" }),
    ...(replicas !== undefined && { replicas }),
  };
}

/** What is read of any kind's. */
interface SentSpec {
  readonly type?: string;
  readonly clusterIPs?: readonly string[];
  readonly replicas?: number;
}

/** Equal when somebody who may change the object has changed nothing: statuses and versions are not in it. */
export function fingerprintOf({ metadata, status: _status, ...fields }: SentObject): string {
  const { labels, annotations = {}, ownerReferences } = metadata;
  // The Deployment controller counts its revisions here.
  const stated = Object.entries(annotations).filter(([name]) => name !== "deployment.kubernetes.io/revision");
  return createHash("sha256")
    .update(JSON.stringify([labels, stated, ownerReferences, fields]))
    .digest("base64");
}
