/**
 * What a cloud does for Services of type LoadBalancer: gives each an address of 10.99.0.0/24, which kube-proxy then serves on
 * the node. `spec.loadBalancerIP` is honoured where it is of that network. Runs inside the cluster's namespace until it is ended.
 */
import { type ClusterClient, connectToCluster, resourcePath, ResourceWatch } from "../../src/kubernetes/index.ts";

interface Service {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: { readonly type: string; readonly loadBalancerIP?: string };
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] } };
}

const POOL = Array.from({ length: 254 }, (_, index) => `10.99.0.${index + 1}`);
/** Those from here on only when they are asked for. */
const FREELY_GIVEN = 199;

class AddressAssigner {
  readonly #client: ClusterClient;
  readonly #given = new Map<string, string>();

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  take(service: Service): void {
    const { namespace, name } = service.metadata;
    const key = `${namespace}/${name}`;
    const { type, loadBalancerIP: asked } = service.spec;
    const [has] = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
    if (type !== "LoadBalancer") {
      this.#given.delete(key);
      if (has !== undefined) this.#write(namespace, name, null);
      return;
    }
    if (has !== undefined && (asked === undefined || asked === has)) {
      this.#given.set(key, has);
      return;
    }
    const address = asked ?? this.#given.get(key) ?? this.#free();
    if (!POOL.includes(address)) return;
    this.#given.set(key, address);
    if (has !== address) this.#write(namespace, name, [{ ip: address }]);
  }

  forget(key: string): void {
    this.#given.delete(key);
  }

  #free(): string {
    const used = new Set(this.#given.values());
    return POOL.slice(0, FREELY_GIVEN).find((address) => !used.has(address)) ?? "";
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
