/**
 * Envoys of the mesh for tests, each with a control plane of its own: callers and workloads that speak the mesh's mutual TLS with the
 * certificates that the control plane makes.
 */
import { createHash } from "node:crypto";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { MESH_SECRETS, mutualTlsServer } from "../../src/envoy/mesh/mutual-tls.ts";
import { meshTrustRecord, workloadCertificateRecord } from "../../src/envoy/tls/secrets.ts";
import { ListenerSchema } from "../../src/generated/envoy/config/listener/v3/listener_pb.ts";
import type { Authority, KeyPair } from "../../src/identity/certificate-chains.ts";
import { createRoot, issueWorkloadCertificate } from "../../src/identity/issue-certificates.ts";
import { IntermediateAuthority } from "../../src/identity/intermediate-authority.ts";
import { proxyKey } from "../../src/model/index.ts";
import { type AdsServer, ProxyGroup, startAdsServer } from "../../src/transport/index.ts";
import type { ResourceRecord } from "../../src/xds/index.ts";
import { type EnvoyProcess, startEnvoy } from "./envoy-process.ts";
import { cluster, endpoints, httpListener, routeTable, virtualHost } from "./xds-records.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A record of the other tests with something more to it. */
export function changed<Desc extends DescMessage>(
  { kind, name, needs, bytes: before }: ResourceRecord,
  schema: Desc,
  change: (message: MessageShape<Desc>) => void,
  more: ResourceRecord["needs"] = [],
): ResourceRecord {
  const message = fromBinary(schema, before);
  change(message);
  const bytes = toBinary(schema, message);
  const version = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  return { kind, name, version, bytes, needs: [...needs, ...more] };
}

/** Takes calls by mutual TLS, and hands them to the workload. */
export const workloadRecords = (port: number, workloadPort: number): readonly ResourceRecord[] => [
  changed(
    httpListener("inbound", port, "inbound"),
    ListenerSchema,
    ({ filterChains }) => {
      for (const chain of filterChains) chain.transportSocket = mutualTlsServer("http/1.1");
    },
    MESH_SECRETS,
  ),
  routeTable("inbound"),
  virtualHost("inbound", "*", "workload"),
  cluster("workload"),
  endpoints("workload", [workloadPort]),
];

/** One of the two Envoys, with a control plane of its own. */
export class MeshProxy {
  readonly #id: string;
  readonly #group = new ProxyGroup({
    // Here an acknowledgement is enough, as it is for the proxies of a cluster.
    learnt: (connection, facts) => {
      for (const fact of facts) if (fact.kind === "warming") connection.warmed(fact.id.name, fact.version);
    },
  });
  #server: AdsServer | undefined;
  #envoy: EnvoyProcess | undefined;
  #port = 0;

  constructor(id: string) {
    this.#id = id;
  }

  async start(
    records: readonly ResourceRecord[],
    identity: KeyPair,
    trusted: string,
    env?: NodeJS.ProcessEnv,
  ): Promise<void> {
    this.#group.apply({ upserts: [...records, ...secretsOf(this.#id, identity, trusted)], removals: [] });
    this.#port = await this.#openControlPlane();
    this.#envoy = await startEnvoy({ xdsPort: this.#port, ...(env && { env }) });
  }

  async #openControlPlane(at = 0): Promise<number> {
    const server = await startAdsServer({ listen: { host: "127.0.0.1", port: at }, admit: () => this.#group });
    this.#server = server;
    return "port" in server.address ? server.address.port : 0;
  }

  async closeControlPlane(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  /** The control plane is there again, and has made another certificate. */
  async comeBack(identity: KeyPair, trusted: string): Promise<void> {
    this.#group.apply({ upserts: secretsOf(this.#id, identity, trusted), removals: [] });
    await this.#openControlPlane(this.#port);
  }

  /** Resolves when the Envoy has taken them. */
  async rotate(identity: KeyPair, trusted: string): Promise<void> {
    this.#group.apply({ upserts: secretsOf(this.#id, identity, trusted), removals: [] });
    await this.settled();
  }

  async settled(): Promise<void> {
    await expect
      .poll(() => [...this.#group.connections].map((connection) => connection.progress()), { timeout: 20_000 })
      .toEqual([{ underWay: 0, waiting: 0, pending: 0 }]);
  }

  async stat(name: string): Promise<number> {
    const text = await (this.#envoy?.admin(`/stats?filter=${name}`) ?? "");
    return text.split("\n").reduce((sum, line) => sum + Number(line.split(": ")[1] ?? 0), 0);
  }

  async stop(): Promise<void> {
    await this.#envoy?.stop();
    await this.closeControlPlane();
  }
}

const secretsOf = (id: string, { certificate, key }: KeyPair, trusted: string): ResourceRecord[] => [
  workloadCertificateRecord({ key: proxyKey(id), certificateChain: certificate, privateKey: key }),
  meshTrustRecord({ key: "trust", certificates: trusted }),
];

const lifetime = (ms: number) => ({ notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + ms) });
export const newRoot = (): Promise<Authority> => createRoot("Trilith control plane", lifetime(1_000 * DAY_MS));

/** Each call signs with another intermediate authority, as each replica does. */
export async function identityBy(root: Authority, id: string, lifeMs: number = DAY_MS): Promise<KeyPair> {
  const signer = await new IntermediateAuthority(() => lifetime(7 * DAY_MS)).under(root, new Date());
  return await issueWorkloadCertificate(signer, id, lifetime(lifeMs));
}
