/**
 * Which of the kinds that Trilith reads the cluster has, and in which version: its CustomResourceDefinitions are followed by
 * their metadata, which is small, and one is read as a whole, which may be 300 KB, only when it changes.
 *
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
 */
import { isDeepStrictEqual } from "node:util";
import { type ApiClient, ApiError, resourcePath, ResourceWatch, type Timers } from "../../kubernetes/index.ts";
import { compareText, gatewayGroup, type Kind, kinds, trilithGroup } from "../../resources/index.ts";

/** What the CRDs of the Gateway API say of themselves. */
export interface BundleVersions {
  /** Sorted: `v1.7.0`. One, unless somebody installed halves of two. */
  readonly versions: readonly string[];
  /** Names of CRDs that do not say. Sorted. */
  readonly unversioned: readonly string[];
}

export interface ServedKindsOptions {
  readonly client: ApiClient;
  /** `version`: the newest that both know; undefined when there is none (any more). `offered`: all that the cluster has. */
  readonly onKind: (kind: Kind, version: string | undefined, offered: readonly string[]) => void;
  readonly onBundle: (bundle: BundleVersions) => void;
  /** Every CRD that there is at first has been told. */
  readonly onSynced: () => void;
  readonly onProblem: (problem: ApiError | undefined) => void;
  readonly timers?: Timers | undefined;
}

/** A CRD, as far as it is read. */
interface Definition {
  readonly spec: { readonly versions: readonly { readonly name: string; readonly served: boolean }[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

interface DefinitionMetadata {
  readonly name: string;
  readonly bundleVersion: string | undefined;
}

const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
const BUNDLE_VERSION = "gateway.networking.k8s.io/bundle-version";
const RETRY_MS = 1_000;

/** Kinds that are part of Kubernetes itself need no definition. */
export const isBuiltIn = (kind: Kind): boolean => !isOfDefinitions(kinds[kind].group);

const isOfDefinitions = (group: string): boolean => group.startsWith("gateway.networking.") || group === trilithGroup;

const definitionName = (kind: Kind): string => `${kinds[kind].plural}.${kinds[kind].group}`;

/** Kinds that CRDs define, by the names of those. */
const DEFINED_BY_NAME: ReadonlyMap<string, Kind> = new Map(
  Object.values(kinds)
    .filter(({ group, onlyInFiles }) => isOfDefinitions(group) && !onlyInFiles)
    .map(({ kind }) => [definitionName(kind), kind]),
);

export class ServedKinds implements Disposable {
  readonly #options: ServedKindsOptions;
  readonly #watch: ResourceWatch<DefinitionMetadata>;
  readonly #bundles = new Map<string, string | undefined>();
  readonly #stopping = new AbortController();
  /** Counts the news of each definition, so that an answer to an older question is not believed. */
  readonly #news = new Map<string, number>();
  readonly #asking = new Set<string>();
  #bundle: BundleVersions | undefined;
  #isListed = false;
  #isSynced = false;

  constructor(options: ServedKindsOptions) {
    this.#options = options;
    this.#watch = new ResourceWatch<DefinitionMetadata>({
      client: options.client,
      resource: DEFINITIONS,
      onlyMetadata: true,
      read: ({ metadata }) => ({ name: metadata.name, bundleVersion: metadata.annotations?.[BUNDLE_VERSION] }),
      onChanges: (changes) => {
        for (const change of changes) {
          if (change.kind === "set") this.#see(change.item);
          else this.#forget(change.name);
        }
        this.#tellBundle();
      },
      onSynced: () => {
        this.#isListed = true;
        this.#tellBundle();
        this.#settle();
      },
      onProblem: options.onProblem,
      ...(options.timers && { timers: options.timers }),
    });
  }

  [Symbol.dispose](): void {
    this.#stopping.abort();
    this.#watch[Symbol.dispose]();
  }

  #see({ name, bundleVersion }: DefinitionMetadata): void {
    if (name.endsWith(`.${gatewayGroup}`)) this.#bundles.set(name, bundleVersion);
    const kind = DEFINED_BY_NAME.get(name);
    if (kind !== undefined) void this.#ask(name, kind);
  }

  #forget(name: string): void {
    this.#bundles.delete(name);
    const kind = DEFINED_BY_NAME.get(name);
    if (kind === undefined) return;
    this.#news.set(name, (this.#news.get(name) ?? 0) + 1);
    this.#asking.delete(name);
    this.#options.onKind(kind, undefined, []);
    this.#settle();
  }

  async #ask(name: string, kind: Kind): Promise<void> {
    const news = (this.#news.get(name) ?? 0) + 1;
    this.#news.set(name, news);
    this.#asking.add(name);
    const { client } = this.#options;
    try {
      const definition = await client.request<Definition>({
        method: "GET",
        path: resourcePath({ ...DEFINITIONS, name }),
        signal: this.#stopping.signal,
      });
      if (this.#news.get(name) !== news) return;
      this.#asking.delete(name);
      this.#options.onProblem(this.#watch.problem);
      const offered = servedVersions(definition);
      this.#options.onKind(
        kind,
        kinds[kind].versions.find((version) => offered.includes(version)),
        offered,
      );
      this.#settle();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "aborted" || this.#news.get(name) !== news) return;
      this.#options.onProblem(error);
      const timer = setTimeout(() => void this.#ask(name, kind), error.retryAfterMs ?? RETRY_MS);
      this.#stopping.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    }
  }

  #tellBundle(): void {
    if (!this.#isListed) return;
    const versions = new Set([...this.#bundles.values()].filter((version) => version !== undefined));
    const unversioned = [...this.#bundles].flatMap(([name, version]) => (version === undefined ? [name] : []));
    const bundle = { versions: [...versions].sort(compareText), unversioned: unversioned.sort(compareText) };
    if (isDeepStrictEqual(bundle, this.#bundle)) return;
    this.#bundle = bundle;
    this.#options.onBundle(bundle);
  }

  #settle(): void {
    if (this.#isSynced || !this.#isListed || this.#asking.size > 0) return;
    this.#isSynced = true;
    this.#options.onSynced();
  }
}

/** None before the server answers for them. */
function servedVersions({ spec, status }: Definition): readonly string[] {
  const isEstablished = status?.conditions?.some((each) => each.type === "Established" && each.status === "True");
  return isEstablished === true ? spec.versions.filter(({ served }) => served).map(({ name }) => name) : [];
}
