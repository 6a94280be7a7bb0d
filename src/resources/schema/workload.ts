/** The schema of Workload, which has no CRD: it is read from files alone. */
import { isIPv4 } from "../ip-address.ts";
import type { Workload, WorkloadCall, WorkloadPort, WorkloadSpec } from "../types/workload.ts";
import { list, named, namespaceName, object, oneOf, portNumber, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsLabel, dnsSubdomain } from "./pattern.ts";
import { type Rule, violationIf } from "./rule.ts";
import type { Schema } from "./schema.ts";

const port: Schema<WorkloadPort> = object<WorkloadPort>(
  { name: named(dnsLabel, 63), port: portNumber, localPort: portNumber },
  ["port", "localPort"],
);

const call: Schema<WorkloadCall> = object<WorkloadCall>(
  {
    service: object<WorkloadCall["service"]>({ namespace: namespaceName, name: named(dnsLabel, 63) }, ["name"]),
    port: portNumber,
    localPort: portNumber,
  },
  ["service", "port", "localPort"],
);

const ownAddress: Rule<WorkloadSpec> = {
  id: "address must be one IPv4 address",
  find: ({ address }) =>
    violationIf(
      !isIPv4(address) || address === "0.0.0.0",
      `${JSON.stringify(address)} is not one IPv4 address that others can reach`,
      ["address"],
      'Give each Workload an address of its own, such as "127.1.0.10": on Linux all of 127.0.0.0/8 is the loopback',
    ),
};

/** Of the program and its sidecar together. */
const ownSockets: Rule<WorkloadSpec> = {
  id: "no address and port may be listened on twice",
  find: ({ address, ports = [], calls = [] }) => {
    const places = [
      ...ports.map(({ port: number }, index) => ({ place: `${address}:${number}`, path: ["ports", index, "port"] })),
      ...[ports, calls].flatMap((of, list) =>
        of.map(({ localPort }, index) => ({
          place: `127.0.0.1:${localPort}`,
          path: [list === 0 ? "ports" : "calls", index, "localPort"],
        })),
      ),
    ];
    const first = new Set<string>();
    return places.flatMap(({ place, path }) => {
      const isTaken = first.has(place);
      first.add(place);
      return violationIf(isTaken, `${place} would be listened on twice`, path);
    });
  },
};

export const workloadSchema: Schema<Workload> = object<Workload>(
  {
    apiVersion: string(),
    kind: oneOf(["Workload"]),
    metadata: namespacedMetadata(dnsLabel, 63),
    spec: object<WorkloadSpec>(
      {
        serviceAccountName: named(dnsSubdomain, 253, { default: "default" }),
        address: string(),
        ports: list<WorkloadPort>(port, { minItems: 1, maxItems: 64 }),
        calls: list<WorkloadCall>(call, { minItems: 1, maxItems: 4096 }),
      },
      ["address"],
      { rules: [ownAddress, ownSockets] },
    ),
  },
  ["spec"],
);
