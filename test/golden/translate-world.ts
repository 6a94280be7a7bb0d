/**
 * A translation over the documents of one golden case, and everything it makes as one plain value. Besides resources a case
 * may have one document of kind `Facts`, for what proxies and the machine say: lists by the name of the fact, and
 * `acknowledged: true` for a proxy that has taken every socket as it is.
 */
import { isDeepStrictEqual } from "node:util";
import { type Collection, Graph, type Source } from "../../src/collections/index.ts";
import { type KnownObject, objectKeyOf, validate } from "../../src/resources/index.ts";
import { type AskedDestination, proxyKey } from "../../src/model/index.ts";
import { deriveCertificateFacts, deriveTrustFacts } from "../../src/sources/index.ts";
import {
  type AddressFact,
  type ClockFact,
  createResourceSources,
  type GatewayNames,
  type GatewayAddressFact,
  type MeshMember,
  type ResolvedName,
  type RouteReport,
  type SocketReport,
  SOURCE_OF_KIND,
  translate,
  type TranslateSettings,
  type Translation,
} from "../../src/translate/index.ts";

interface FactsDocument {
  readonly kind: "Facts";
  readonly acknowledged?: boolean;
  readonly settings?: Partial<Pick<TranslateSettings, "addresses" | "features" | "mesh">> & {
    readonly proxies?: "each";
  };
  readonly gatewayAddresses?: readonly GatewayAddressFact[];
  readonly addressFacts?: readonly AddressFact[];
  readonly socketReports?: readonly SocketReport[];
  readonly routeReports?: readonly RouteReport[];
  readonly resolvedNames?: readonly ResolvedName[];
  readonly meshMembers?: readonly MeshMember[];
  readonly askedDestinations?: readonly AskedDestination[];
  /** What time it is. */
  readonly now?: string;
}

const FACT_FIELDS = new Set([
  "kind",
  "acknowledged",
  "settings",
  "addressFacts",
  "gatewayAddresses",
  "socketReports",
  "routeReports",
  "resolvedNames",
  "meshMembers",
  "askedDestinations",
  "now",
]);

export type Picture = Readonly<Record<string, unknown>>;

export class TranslateWorld {
  readonly objects: readonly KnownObject[];
  readonly #graph = new Graph();
  readonly #sources = createResourceSources(this.#graph);
  readonly #socketReports: Source<SocketReport>;
  readonly #translation: Translation;
  readonly #isAcknowledged: boolean;
  readonly #showsInfrastructure: boolean;

  /** Throws where a document is not valid. */
  constructor(documents: readonly unknown[]) {
    const facts = documents.find(isFacts) ?? { kind: "Facts" };
    const unknown = Object.keys(facts).filter((field) => !FACT_FIELDS.has(field));
    if (unknown.length > 0) throw new Error(`Facts has no ${unknown.join(", ")}`);
    const filled = <T extends { readonly key: string }>(name: string, values: readonly T[] = []): Source<T> => {
      const source = this.#graph.source<T>({ name: `facts/${name}`, key: ({ key }) => key });
      for (const value of values) source.set(value);
      return source;
    };
    this.#socketReports = filled("socketReports", facts.socketReports);
    this.#showsInfrastructure = facts.settings?.addresses === "service";
    this.#isAcknowledged = facts.acknowledged === true;
    this.#translation = translate(
      this.#graph,
      {
        ...this.#sources,
        certificateFacts: deriveCertificateFacts(this.#graph, this.#sources.secrets),
        trustFacts: deriveTrustFacts(this.#graph, this.#sources),
        resolvedNames: filled("resolvedNames", facts.resolvedNames),
        gatewayAddresses: filled("gatewayAddresses", facts.gatewayAddresses),
        addressFacts: filled("addressFacts", facts.addressFacts),
        socketReports: this.#socketReports,
        routeReports: filled("routeReports", facts.routeReports),
        meshMembers: filled("meshMembers", facts.meshMembers),
        askedDestinations: filled("askedDestinations", facts.askedDestinations),
        clock: filled<ClockFact>("clock", facts.now === undefined ? [] : [{ key: "now", time: facts.now }]),
      },
      settingsOf(facts),
    );
    const stated = documents.filter((document) => !isFacts(document)).map(readObject);
    this.objects = stated;
    this.#graph.batch(() => {
      for (const object of [...stated, ...implicitNamespaces(stated)]) this.#sourceOf(object).set(object);
    });
    this.#acknowledge();
  }

  /** Everything that translation makes, by collection and key; empty collections are left out. */
  picture(): Picture {
    const failures = [...this.#graph.failures];
    if (failures.length > 0) throw new Error(failures.map(([node, error]) => `${node}: ${String(error)}`).join("\n"));
    const {
      inputs: _inputs,
      attachments: _attachments,
      listenerGenerations: _generations,
      infrastructure,
      ...made
    } = this.#translation;
    // Only where Gateways have a proxy each does anybody make it.
    const shown = this.#showsInfrastructure ? { ...made, infrastructure } : made;
    const entries = Object.entries<Collection<{ readonly key: string }>>(shown).map(
      ([name, of]) => [name, tableOf(of)] as const,
    );
    return structuredClone(Object.fromEntries(entries.filter(([, table]) => Object.keys(table).length > 0)));
  }

  /** Whether anything would be different without this object. Afterwards everything must be as before. */
  isConsumed(object: KnownObject): boolean {
    const before = this.picture();
    this.#sourceOf(object).delete(objectKeyOf(object));
    this.#acknowledge();
    const without = this.picture();
    this.#sourceOf(object).set(object);
    this.#acknowledge();
    if (!isDeepStrictEqual(this.picture(), before))
      throw new Error(`not as before: ${objectKeyOf(object)} went and came`);
    return !isDeepStrictEqual(without, before);
  }

  #sourceOf({ kind }: KnownObject): Source<KnownObject> {
    return this.#sources[SOURCE_OF_KIND[kind]];
  }

  #acknowledge(): void {
    if (!this.#isAcknowledged) return;
    const { sockets, listenerGenerations } = this.#translation;
    this.#graph.batch(() => {
      const keys = new Set([...sockets.values()].map(({ key }) => key));
      const gone = Array.from(this.#socketReports.values()).filter(({ key }) => !keys.has(key));
      for (const { key } of gone) this.#socketReports.delete(key);
      for (const { key, chains } of sockets.values()) {
        const listeners = chains.flatMap((chain) => chain.listeners);
        const programmed = listeners.map((listener) => {
          const { generation = 0, uid } = listenerGenerations.get(listener) ?? {};
          return { listener, generation, ...(uid !== undefined && { uid }) };
        });
        this.#socketReports.set({ key, programmed });
      }
    });
  }
}

const isFacts = (document: unknown): document is FactsDocument =>
  typeof document === "object" && document !== null && "kind" in document && document.kind === "Facts";

function settingsOf({ settings }: FactsDocument): TranslateSettings {
  return {
    controllerName: "trilith.dev/gateway-controller",
    proxyOf: ({ namespace, name }) => proxyKey(settings?.proxies === "each" ? `${namespace}/${name}` : "local"),
    bindAddress: "0.0.0.0",
    addresses: settings?.addresses ?? "host",
    features: settings?.features ?? [],
    ...(settings?.mesh && {
      mesh: { ...settings.mesh, ...(settings.addresses === "service" && { gateways: gatewayNames }) },
    }),
  };
}

const gatewayNames: GatewayNames = {
  accountOf: (gateway, gatewayClass) => `${gateway}-${gatewayClass}`,
  labelOf: (gateway) => gateway,
};

function readObject(document: unknown): KnownObject {
  const { object, problems } = validate(document);
  if (object !== undefined) return object;
  throw new Error(problems.map(({ message }) => message).join("\n"));
}

function implicitNamespaces(objects: readonly KnownObject[]): KnownObject[] {
  const stated = new Set(objects.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name));
  const named = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  return [...named]
    .filter((name) => !stated.has(name))
    .map((name) => ({
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
    }));
}

function tableOf(collection: Collection<{ readonly key: string }>): Record<string, unknown> {
  const rows = [...collection.values()].map(({ key, ...rest }) => [key, rest] as const);
  return Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
}
