import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ClusterLoadAssignmentSchema } from "../../generated/envoy/config/endpoint/v3/endpoint_pb.ts";
import { endpointSetKey } from "../../model/index.ts";
import type { EndpointSet, EndpointSetKey, StreamBackendKey, StreamTarget } from "../../model/index.ts";
import { streamEndpointsRecord } from "./stream-load-assignment.ts";

const keyOf = (name: string): EndpointSetKey => endpointSetKey({ kind: "Service", namespace: "data", name }, 1);

function setOf(name: string, addresses: readonly string[], rest: Partial<EndpointSet> = {}): EndpointSet {
  const origin = { kind: "Service", namespace: "data", name, port: 1 } as const;
  return { key: keyOf(name), origin, endpoints: addresses.map((address) => ({ address, port: 1 })), ...rest };
}

const addresses = (count: number, prefix: string): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}.${Math.floor(index / 250)}.${index % 250}`);

/** The endpoints' weights by address; undefined when nothing is made. */
function weights(targets: readonly StreamTarget[], sets: readonly EndpointSet[]): Map<string, number> | undefined {
  const origin = { kind: "TCPRoute", namespace: "data", name: "db", rule: 0 } as const;
  const backend = { key: "TCPRoute/data/db#0" as StreamBackendKey, origin, protocol: "tcp", targets } as const;
  const record = streamEndpointsRecord(backend, (key) => sets.find((set) => set.key === key));
  if (!record) return undefined;
  const [locality] = fromBinary(ClusterLoadAssignmentSchema, record.bytes).endpoints;
  return new Map(
    locality?.lbEndpoints.map(({ hostIdentifier, loadBalancingWeight = 0 }) => {
      const address = hostIdentifier.case === "endpoint" ? hostIdentifier.value.address?.address : undefined;
      return [address?.case === "socketAddress" ? address.value.address : "", loadBalancingWeight];
    }),
  );
}

const target = (name: string, weight: number): StreamTarget => ({ weight, endpoints: keyOf(name) });

describe("the endpoints of a stream backend", () => {
  test("divide their target's weight among them", () => {
    const sets = [setOf("a", ["10.0.0.1", "10.0.0.2"]), setOf("b", ["10.0.0.3"])];
    expect(weights([target("a", 80), target("b", 20)], sets)).toEqual(
      new Map([
        ["10.0.0.1", 2],
        ["10.0.0.2", 2],
        ["10.0.0.3", 1],
      ]),
    );
  });

  test("of one address add up", () => {
    const sets = [setOf("a", ["10.0.0.1"]), setOf("b", ["10.0.0.1", "10.0.0.2"])];
    expect(weights([target("a", 1), target("b", 1)], sets)).toEqual(
      new Map([
        ["10.0.0.1", 3],
        ["10.0.0.2", 1],
      ]),
    );
  });

  test("leave the share of a target without endpoints, or without a reference, to be refused", () => {
    const sets = [setOf("a", ["10.0.0.1"]), setOf("b", [])];
    expect(weights([target("a", 2), target("b", 1), { weight: 1 }], sets)).toEqual(
      new Map([
        ["10.0.0.1", 1],
        ["127.0.0.1", 1],
      ]),
    );
  });

  test("leave a target out whose endpoints are not known yet", () => {
    const sets = [setOf("a", ["10.0.0.1"]), setOf("b", [], { unresolved: true })];
    expect(weights([target("a", 1), target("b", 9), target("unheard-of", 9)], sets)).toEqual(
      new Map([["10.0.0.1", 1]]),
    );
  });

  test("are not made while none is known", () => {
    expect(weights([target("b", 1)], [setOf("b", [], { unresolved: true })])).toBeUndefined();
  });

  test("are an empty list when all weights are zero", () => {
    expect(weights([], [])).toEqual(new Map());
  });

  test("stay within what Envoy can add up, and within a millionth of their share", () => {
    const counts = [997, 991, 983, 1];
    const sets = counts.map((count, index) => setOf(`s${index}`, addresses(count, `10.${index}`)));
    const found =
      weights(
        counts.map((_, index) => target(`s${index}`, 1_000_000)),
        sets,
      ) ?? new Map<string, number>();
    const sum = found.values().reduce((all, weight) => all + weight, 0);
    const shares = counts.map((_, index) =>
      found.entries().reduce((all, [address, weight]) => all + (address.startsWith(`10.${index}.`) ? weight : 0), 0),
    );
    expect(sum).toBeLessThan(2 ** 32);
    for (const share of shares) expect(Math.abs(share / sum - 0.25)).toBeLessThan(1e-6);
  });
});
