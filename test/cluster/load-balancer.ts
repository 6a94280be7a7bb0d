/**
 * What a cloud does for Services of type LoadBalancer: gives each an address of 10.99.0.0/24, of 2001:db8:99::/120, or of both, as its families
 * are, which kube-proxy then serves on the node. `spec.loadBalancerIP` is honoured where it is one of these. Runs inside the cluster's
 * namespace until it is ended.
 */
import { type ClusterClient, connectToCluster, resourcePath, ResourceWatch } from "../../src/kubernetes/index.ts";
import type { Family } from "./test-network.ts";

interface Service {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: { readonly type: string; readonly loadBalancerIP?: string; readonly ipFamilies?: readonly Family[] };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

const HOSTS = Array.from({ length: 254 }, (_, index) => index + 1);
const POOLS: Readonly<Record<Family, readonly string[]>> = {
  IPv4: HOSTS.map((host) => `10.99.0.${host}`),
  IPv6: HOSTS.map((host) => `2001:db8:99::${host.toString(16)}`),
};
/** Those from here on only when they are asked for. */
const FREELY_GIVEN = 199;

class AddressAssigner {
  readonly #client: ClusterClient;
  /** By Service and family. */
  readonly #given = new Map<string, string>();

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  take(service: Service): void {
    const { namespace, name } = service.metadata;
    const { type, loadBalancerIP: asked, ipFamilies = ["IPv4"] } = service.spec;
    const has = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
    if (type !== "LoadBalancer") {
      this.forget(`${namespace}/${name}`);
      if (has.length > 0) this.#write(namespace, name, null);
      return;
    }
    const wanted = ipFamilies.map((family) => this.#addressFor(`${namespace}/${name}`, family, asked, has));
    if (wanted.some((address, index) => !POOLS[ipFamilies[index] ?? "IPv4"].includes(address))) return;
    if (wanted.join() === has.join()) return;
    const ingress = wanted.map((ip) => ({ ip }));
    this.#write(namespace, name, ingress);
  }

  forget(service: string): void {
    for (const family of ["IPv4", "IPv6"] as const) this.#given.delete(`${service} ${family}`);
  }

  #addressFor(service: string, family: Family, asked: string | undefined, has: readonly string[]): string {
    const isOf = (address: string): boolean => address.includes(":") === (family === "IPv6");
    const key = `${service} ${family}`;
    const ofFamily = asked !== undefined && isOf(asked) ? asked : undefined;
    const address = ofFamily ?? has.find(isOf) ?? this.#given.get(key) ?? this.#free(family);
    if (POOLS[family].includes(address)) this.#given.set(key, address);
    return address;
  }

  #free(family: Family): string {
    const used = new Set(this.#given.values());
    return POOLS[family].slice(0, FREELY_GIVEN).find((address) => !used.has(address)) ?? "";
  }

  #write(namespace: string, name: string, ingress: readonly { readonly ip: string }[] | null): void {
    const path = resourcePath({ group: "", version: "v1", plural: "services", namespace, name, subresource: "status" });
    const body = { status: { loadBalancer: { ingress } } };
    this.#client
      .request({ method: "PATCH", patch: "merge", path, body })
      .catch((error: unknown) => console.error(error));
  }
}

const client = await connectToCluster({ kubeconfig: process.env["KUBECONFIG"] });
const assigner = new AddressAssigner(client);
const waiting: Service[] = [];
let isSynced = false;

/** Addresses that are in use are learnt before a new one is given. */
const watch = new ResourceWatch<Service>({
  client,
  resource: { group: "", version: "v1", plural: "services" },
  read: (object) => object as unknown as Service,
  onChanges: (changes) => {
    for (const change of changes) {
      if (change.kind === "delete") assigner.forget(change.name);
      else if (isSynced) assigner.take(change.item);
      else waiting.push(change.item);
    }
  },
  onSynced: () => {
    isSynced = true;
    const hasAddress = ({ status }: Service): boolean => (status?.loadBalancer?.ingress ?? []).length > 0;
    for (const service of [...waiting.filter(hasAddress), ...waiting.filter((one) => !hasAddress(one))])
      assigner.take(service);
  },
});
process.once("SIGTERM", () => {
  watch[Symbol.dispose]();
  client[Symbol.dispose]();
});
