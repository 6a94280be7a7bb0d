/** Runs what Deployments state, and keeps EndpointSlices of the Services that select them, as a cluster would. */
import { type EchoPod, type PodOptions, startEchoPod } from "./echo-pod.ts";
import type { LoopbackAddresses } from "../support/loopback-addresses.ts";
import type { Manifest } from "./official-manifests.ts";
import type { SuiteCertificates } from "./suite-certificates.ts";

interface DeploymentSpec {
  readonly template: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: {
      readonly containers: readonly { readonly env?: readonly { readonly name: string; readonly value?: string }[] }[];
      readonly volumes?: readonly { readonly secret?: { readonly secretName: string } }[];
    };
  };
}

interface ServiceSpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports: readonly {
    readonly name?: string;
    readonly targetPort?: number;
    readonly port: number;
    readonly protocol?: string;
  }[];
}

interface RunningPod {
  readonly pod: EchoPod;
  readonly labels: Readonly<Record<string, string>>;
}

export class DeployedPods {
  readonly #running = new Map<string, RunningPod>();
  readonly #addresses: LoopbackAddresses;
  readonly #certificates: SuiteCertificates;

  constructor(addresses: LoopbackAddresses, certificates: SuiteCertificates) {
    this.#addresses = addresses;
    this.#certificates = certificates;
  }

  /** Starts what is new among the Deployments and ends what is no longer stated. */
  async run(deployments: readonly Manifest[]): Promise<void> {
    const wanted = new Map(
      deployments.map((deployment) => [`${deployment.metadata.namespace}/${deployment.metadata.name}`, deployment]),
    );
    for (const [key, { pod }] of this.#running) {
      if (wanted.has(key)) continue;
      this.#running.delete(key);
      await pod.close();
    }
    for (const [key, deployment] of wanted) {
      if (this.#running.has(key)) continue;
      const pod = await startEchoPod(this.#optionsOf(deployment));
      // What a Deployment's spec looks like is Kubernetes' promise; nobody validates it here.
      this.#running.set(key, { pod, labels: (deployment.spec as unknown as DeploymentSpec).template.metadata.labels });
    }
  }

  /** The pod of the Deployment. */
  pod(namespace: string, name: string): EchoPod {
    const found = this.#running.get(`${namespace}/${name}`);
    if (found === undefined) throw new Error(`no Deployment ${namespace}/${name}`);
    return found.pod;
  }

  /** One for each Service that selects pods. */
  endpointSlices(services: readonly Manifest[]): Manifest[] {
    return services.flatMap((service) => {
      const { selector, ports } = service.spec as unknown as ServiceSpec;
      if (selector === undefined) return [];
      const addresses = this.#addressesOf(service.metadata.namespace ?? "", selector);
      return [
        {
          apiVersion: "discovery.k8s.io/v1",
          kind: "EndpointSlice",
          metadata: {
            name: `${service.metadata.name}-made`,
            namespace: service.metadata.namespace ?? "default",
            labels: { "kubernetes.io/service-name": service.metadata.name },
          },
          addressType: "IPv4",
          endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
          ports: ports.map(({ name = "", targetPort, port, protocol = "TCP" }) => ({
            name,
            port: targetPort ?? port,
            protocol,
          })),
        },
      ];
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ pod }) => pod.close()));
  }

  #addressesOf(namespace: string, selector: Readonly<Record<string, string>>): string[] {
    return [...this.#running.values()]
      .filter(
        ({ pod, labels }) =>
          pod.options.namespace === namespace &&
          Object.entries(selector).every(([name, value]) => labels[name] === value),
      )
      .map(({ pod }) => pod.options.address);
  }

  #optionsOf({ metadata, spec }: Manifest): PodOptions {
    const { containers, volumes = [] } = (spec as unknown as DeploymentSpec).template.spec;
    const variables = new Map(containers[0]?.env?.map(({ name, value }) => [name, value ?? ""]));
    const secret = volumes.map((volume) => volume.secret?.secretName).find((name) => name !== undefined);
    const namespace = metadata.namespace ?? "default";
    const tls = secret === undefined ? undefined : this.#certificates.pairs.get(`${namespace}/${secret}`);
    return {
      name: metadata.name,
      namespace,
      address: this.#addresses.next(),
      serves: servesOf(variables),
      ...(variables.has("TCP_PORT") && { tcpPort: Number(variables.get("TCP_PORT")) }),
      ...(tls && { tls }),
    };
  }
}

function servesOf(variables: ReadonlyMap<string, string>): PodOptions["serves"] {
  if (variables.has("GRPC_ECHO_SERVER")) return "grpc";
  if (variables.has("UDP_ECHO_SERVER")) return "udp";
  return variables.has("TCP_ECHO_SERVER") ? "tcp" : "http";
}
