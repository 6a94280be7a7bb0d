/** A replica of the controller in this process, before a real API server: everything of it, on free ports of loopback. */
import { pino } from "pino";
import { type Controller, type ControllerOptions, startController } from "../../src/app/index.ts";
import { type ApiClient, ApiError } from "../../src/kubernetes/index.ts";
import { freePorts } from "../support/free-ports.ts";

export const INSTALLATION = "trilith-system";

export interface ControllerReplica extends AsyncDisposable {
  readonly controller: Controller;
  readonly xdsPort: number;
  /** Of probes and metrics. */
  readonly healthPort: number;
  /** What it logged so far, each line an object in JSON. */
  readonly log: readonly string[];
}

export interface ReplicaOptions extends Pick<ControllerOptions, "times" | "mesh" | "bindAddress"> {
  /** Where it tells of itself before it serves, for whoever does not wait for that. Default: a free port. */
  readonly healthPort?: number;
}

/** The namespace of the installation is made if there is none. Resolves when the replica serves. */
export async function startReplica(
  client: ApiClient,
  replica: string,
  { healthPort: wantedPort, ...options }: ReplicaOptions = {},
): Promise<ControllerReplica> {
  await createNamespace(client, INSTALLATION);
  const [xdsPort = 0, peers = 0, pods = 0, freePort = 0, admin = 0] = await freePorts(5);
  const healthPort = wantedPort ?? freePort;
  const at = (port: number) => ({ host: "127.0.0.1", port });
  const log: string[] = [];
  const controller = await startController({
    client,
    namespace: INSTALLATION,
    service: "trilith",
    replica,
    peerTokenFile: "/dev/null",
    envoy: { image: "envoy:test", pullPolicy: "Never" },
    listen: { xds: at(xdsPort), peers: at(peers), pods: at(pods), health: at(healthPort), admin: at(admin) },
    log: pino({ level: "debug" }, { write: (line) => void log.push(line) }),
    ...options,
  });
  return { controller, xdsPort, healthPort, log, [Symbol.asyncDispose]: () => controller.stop() };
}

/** Unless it is there, or the client may not: then it must be there. */
export async function createNamespace(client: ApiClient, name: string): Promise<void> {
  await client
    .request({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } })
    .catch((error: unknown) => {
      const isThere = error instanceof ApiError && (error.code === "alreadyExists" || error.code === "forbidden");
      if (!isThere) throw error;
    });
}
