/** Listens to every other replica that there is: who that is comes from the EndpointSlices of the control plane's own Service. */
import { type EndpointSlice, serviceNameLabel } from "../resources/index.ts";
import { type PeerAddress, PeerClient, type PeerClientOptions } from "./peer-client.ts";

export class Peers implements Disposable {
  readonly #options: Omit<PeerClientOptions, "address">;
  readonly #clients = new Map<string, PeerClient>();

  constructor(options: Omit<PeerClientOptions, "address">) {
    this.#options = options;
  }

  /** These are all replicas; whether this one is among them does not matter. */
  follow(addresses: readonly PeerAddress[]): void {
    const wanted = new Map(addresses.map((address) => [`${address.host} ${address.port}`, address]));
    for (const [key, client] of this.#clients) {
      if (wanted.has(key)) continue;
      client[Symbol.dispose]();
      this.#clients.delete(key);
    }
    for (const [key, address] of wanted) {
      if (!this.#clients.has(key)) this.#clients.set(key, new PeerClient({ ...this.#options, address }));
    }
  }

  [Symbol.dispose](): void {
    this.follow([]);
  }
}

/** The name of the Service's port. */
const PEER_PORT = "peers";

/** Replicas that serve, those that are going among them: their proxies are still there. */
export function peerAddresses(
  slices: Iterable<EndpointSlice>,
  service: { readonly namespace: string; readonly name: string },
): readonly PeerAddress[] {
  const own = [...slices].filter(
    ({ metadata, addressType }) =>
      metadata.namespace === service.namespace &&
      metadata.labels?.[serviceNameLabel] === service.name &&
      addressType !== "FQDN",
  );
  return own.flatMap(({ endpoints, ports }) => {
    const port = ports?.find(({ name }) => name === PEER_PORT)?.port;
    if (port === undefined) return [];
    const serving = endpoints.filter(({ conditions }) => conditions?.serving ?? conditions?.ready ?? true);
    return serving.flatMap(({ addresses }) => addresses.slice(0, 1).map((host) => ({ host, port })));
  });
}
