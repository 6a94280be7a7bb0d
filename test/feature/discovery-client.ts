/**
 * A discovery client as Envoy is one, small enough to be read: it subscribes, takes what it is sent, acknowledges everything
 * at once, and notes the names in the order in which they came. Route tables and endpoints are asked for as they are named.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ClusterSchema } from "../../src/generated/envoy/config/cluster/v3/cluster_pb.ts";
import { ListenerSchema } from "../../src/generated/envoy/config/listener/v3/listener_pb.ts";
import { HttpConnectionManagerSchema } from "../../src/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts";
import { AggregatedDiscoveryService } from "../../src/generated/envoy/service/discovery/v3/ads_pb.ts";
import type { DeltaDiscoveryResponse } from "../../src/generated/envoy/service/discovery/v3/discovery_pb.ts";
import { type ResourceKind, typeUrlOf } from "../../src/xds/index.ts";

/** One response: its type's last word, the names that came and those that went. */
export interface Received {
  readonly type: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Whom it says it is, to a server that asks. */
export interface DiscoveryCaller {
  readonly node?: { readonly id: string; readonly cluster: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: { readonly ca: string; readonly servername: string };
}

interface Request {
  readonly typeUrl: string;
  readonly node?: DiscoveryCaller["node"] & object;
  readonly responseNonce?: string;
  readonly resourceNamesSubscribe?: string[];
}

export class DiscoveryClient {
  readonly received: Received[] = [];
  readonly #outgoing: Request[] = [];
  readonly #abort = new AbortController();
  readonly #asked = new Set<string>();
  readonly #ended: Promise<void>;
  readonly #node: DiscoveryCaller["node"];
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #heard: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(baseUrl: string, { node, headers = {}, tls }: DiscoveryCaller = {}) {
    this.#node = node;
    const client = createClient(
      AggregatedDiscoveryService,
      createGrpcTransport({ baseUrl, ...(tls && { nodeOptions: tls }) }),
    );
    for (const kind of ["cluster", "listener"] as const) this.#send({ typeUrl: typeUrlOf(kind) });
    const responses = client.deltaAggregatedResources(this.#requests(), { signal: this.#abort.signal, headers });
    this.#ended = this.#receive(responses).catch(() => {});
  }

  /** Asks for one by its name, which nothing that was received has told. */
  subscribe(kind: ResourceKind, name: string): void {
    this.#send({ typeUrl: typeUrlOf(kind), resourceNamesSubscribe: [name] });
  }

  /** Resolves as soon as what was received so far fits. */
  async until(fits: (received: readonly Received[]) => boolean): Promise<readonly Received[]> {
    while (!fits(this.received)) await this.#heard.promise;
    return this.received;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#wake.resolve();
    await this.#ended;
  }

  async *#requests(): AsyncGenerator<Request> {
    while (!this.#abort.signal.aborted) {
      const next = this.#outgoing.shift();
      if (next) yield next;
      else {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      }
    }
  }

  async #receive(responses: AsyncIterable<DeltaDiscoveryResponse>): Promise<void> {
    for await (const response of responses) {
      const { typeUrl, nonce, resources, removedResources } = response;
      this.#send({ typeUrl, responseNonce: nonce });
      for (const { resource } of resources) if (resource) this.#askForMore(typeUrl, resource.value);
      this.received.push({
        type: typeUrl.slice(typeUrl.lastIndexOf(".") + 1),
        added: resources.map(({ name }) => name).sort(),
        removed: [...removedResources].sort(),
      });
      this.#heard.resolve();
      this.#heard = Promise.withResolvers();
    }
  }

  /** What a resource names is asked for, once. The first question about hosts is for all of them. */
  #askForMore(typeUrl: string, bytes: Uint8Array): void {
    if (typeUrl === typeUrlOf("cluster"))
      this.#ask("endpoints", fromBinary(ClusterSchema, bytes).edsClusterConfig?.serviceName);
    if (typeUrl === typeUrlOf("listener")) for (const table of tablesOf(bytes)) this.#ask("routeTable", table);
    if (typeUrl === typeUrlOf("routeTable")) this.#ask("virtualHost", "*");
  }

  #ask(kind: "endpoints" | "routeTable" | "virtualHost", name: string | undefined): void {
    if (name === undefined || this.#asked.has(`${kind}/${name}`)) return;
    this.#asked.add(`${kind}/${name}`);
    this.#send({ typeUrl: typeUrlOf(kind), ...(name !== "*" && { resourceNamesSubscribe: [name] }) });
  }

  #send(request: Request): void {
    this.#outgoing.push({ ...request, ...(this.#node && { node: this.#node }) });
    this.#wake.resolve();
  }
}

function tablesOf(listener: Uint8Array): string[] {
  const { filterChains, defaultFilterChain } = fromBinary(ListenerSchema, listener);
  const filters = [...filterChains, ...(defaultFilterChain ? [defaultFilterChain] : [])].flatMap(
    (chain) => chain.filters,
  );
  return filters.flatMap(({ configType }) => {
    if (configType.case !== "typedConfig" || !configType.value.typeUrl.endsWith(".HttpConnectionManager")) return [];
    const { routeSpecifier } = fromBinary(HttpConnectionManagerSchema, configType.value.value);
    return routeSpecifier.case === "rds" ? [routeSpecifier.value.routeConfigName] : [];
  });
}
