/** The small servers behind the demo's Gateway, on the ports that examples/backends.yaml names. */
import {
  type Backend,
  startGrpcBackend,
  startHttpBackend,
  startTcpBackend,
  startTlsBackend,
  startUdpBackend,
} from "../test/backends/index.ts";
import type { Certificate } from "../test/support/certificate.ts";

export interface DemoBackends {
  /** The one that is to see copies of requests. */
  readonly audit: Backend;
  close(): Promise<void>;
}

export async function startBackends(tls: Certificate): Promise<DemoBackends> {
  const audit = await startHttpBackend({ name: "audit", port: 18083 });
  const others = await Promise.all([
    startHttpBackend({ name: "store-v1", port: 18081 }),
    startHttpBackend({ name: "store-v2", port: 18082 }),
    startGrpcBackend({ name: "greeter", port: 18084 }),
    startTlsBackend({ name: "raw", port: 18085, tls }),
    startTcpBackend({ name: "lines", port: 18086 }),
    startUdpBackend({ name: "datagrams", port: 18087 }),
  ]);
  return { audit, close: async () => void (await Promise.all([audit, ...others].map((backend) => backend.close()))) };
}
