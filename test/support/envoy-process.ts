/**
 * Starts real Envoys for tests that speak xDS to them: with a minimal bootstrap, one worker, everything on loopback, and an
 * admin port of its own. Where the binary is, says envoy-binary.ts.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { envoyBinary } from "./envoy-binary.ts";

export interface EnvoyProcessOptions {
  /** Where the control plane listens, on loopback. */
  readonly xdsPort: number;
  readonly drainTimeSeconds?: number;
  readonly logLevel?: string;
  readonly componentLogLevel?: string;
  /** Besides this process's. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface EnvoyProcess {
  /** The body of the admin API's answer. */
  admin(path: string): Promise<string>;
  /** What Envoy logged so far. */
  log(): string;
  stop(): Promise<void>;
}

/** Resolves when the admin API answers; that is before the first listener is there. */
export async function startEnvoy(options: EnvoyProcessOptions): Promise<EnvoyProcess> {
  const directory = mkdtempSync(join(tmpdir(), "trilith-envoy-"));
  const adminFile = join(directory, "admin");
  const logFile = join(directory, "log");
  writeFileSync(join(directory, "bootstrap.json"), JSON.stringify(bootstrap(options)));
  const args = {
    "--config-path": join(directory, "bootstrap.json"),
    "--concurrency": "1",
    "--admin-address-path": adminFile,
    "--log-path": logFile,
    "--log-level": options.logLevel ?? "warning",
    "--drain-time-s": String(options.drainTimeSeconds ?? 5),
    "--drain-strategy": "immediate",
    "--component-log-level": options.componentLogLevel ?? "misc:error",
  };
  const binary = envoyBinary() ?? "envoy";
  const child = spawn(binary, ["--use-dynamic-base-id", ...Object.entries(args).flat()], {
    stdio: "ignore",
    env: { ...process.env, ...options.env },
  });
  const exited = once(child, "exit");
  const log = (): string => readFileSync(logFile, "utf8");
  const address = await waitForAddress(adminFile, () => child.exitCode !== null, log);
  return {
    admin: async (path) => await (await fetch(`http://${address}${path}`)).text(),
    log,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}

async function waitForAddress(file: string, isDead: () => boolean, log: () => string): Promise<string> {
  const until = performance.now() + 20_000;
  while (performance.now() < until && !isDead()) {
    try {
      const address = readFileSync(file, "utf8");
      if (address !== "") return address;
    } catch {
      // Not written yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Envoy did not start:\n${log()}`);
}

function bootstrap(options: EnvoyProcessOptions): object {
  const ads = { resource_api_version: "V3", ads: {} };
  return {
    node: { id: "test", cluster: "test" },
    admin: { address: socketAddress(0) },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: "control-plane" } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [controlPlaneCluster(options.xdsPort)] },
  };
}

function controlPlaneCluster(port: number): object {
  return {
    name: "control-plane",
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
    load_assignment: {
      cluster_name: "control-plane",
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(port) } }] }],
    },
  };
}

function socketAddress(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}
