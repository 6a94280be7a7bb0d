/** Names, and how random objects are put together. */
import { type Arbitrary, constantFrom, option, tuple } from "fast-check";

export const GATEWAY_API = "gateway.networking.k8s.io/v1";
export const namespace: Arbitrary<string> = constantFrom("one", "two");
export const gatewayName: Arbitrary<string> = constantFrom("g1", "g2");
export const serviceName: Arbitrary<string> = constantFrom("s1", "s2");
export const hostname: Arbitrary<string> = constantFrom("a.example.com", "*.example.com", "b.org");
const created: Arbitrary<string> = constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");

export const object = (
  apiVersion: string,
  kind: string,
  name: Arbitrary<string>,
  rest: Arbitrary<object>,
): Arbitrary<object> =>
  tuple(name, namespace, created, rest).map(([n, ns, creationTimestamp, more]) => ({
    apiVersion,
    kind,
    metadata: { name: n, namespace: ns, creationTimestamp },
    ...more,
  }));

export const optional = (name: string, value: Arbitrary<unknown>): Arbitrary<object> =>
  option(value, { nil: undefined }).map((v) => (v === undefined ? {} : { [name]: v }));

export const merged = (...parts: Arbitrary<object>[]): Arbitrary<object> =>
  tuple(...parts).map((values) => Object.assign({}, ...values) as object);
