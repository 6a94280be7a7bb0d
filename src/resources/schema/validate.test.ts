import { describe, expect, test } from "vitest";
import { kinds } from "../kinds.ts";
import { schemas } from "./schemas.ts";
import { gatewayApi, gatewayApiObject, told } from "./testing/told.ts";
import { validate } from "./validate.ts";

const listeners = [{ name: "http", port: 80, protocol: "HTTP" }];
const gateway = (fields: object): object => ({
  apiVersion: gatewayApi,
  kind: "Gateway",
  metadata: { name: "a" },
  spec: { gatewayClassName: "c", listeners },
  ...fields,
});

describe("validating an object", () => {
  test("fills in defaults, and the namespace, without changing what it was given", () => {
    const written = gateway({});
    const before = structuredClone(written);
    expect(validate(written, { namespaceDefault: "shop", status: "drop" })).toEqual({
      identity: { group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "shop", name: "a" },
      object: {
        apiVersion: gatewayApi,
        kind: "Gateway",
        metadata: { name: "a", namespace: "shop" },
        spec: {
          gatewayClassName: "c",
          listeners: [{ name: "http", port: 80, protocol: "HTTP", allowedRoutes: { namespaces: { from: "Same" } } }],
        },
      },
      problems: [],
    });
    expect(written).toEqual(before);
  });

  test("drops an unknown field and says which one was meant", () => {
    const spec = { gatewayClassname: "c", gatewayClassName: "c", listeners, zzz: 1 };
    const { object, problems } = validate(gateway({ spec }), { status: "drop" });
    expect(object).toEqual(validate(gateway({}), { status: "drop" }).object);
    expect(problems).toEqual([
      {
        severity: "warning",
        kind: "unknown-field",
        path: ["spec", "gatewayClassname"],
        message: 'there is no field "gatewayClassname" here; it is ignored',
        advice: 'Did you mean "gatewayClassName"?',
      },
      {
        severity: "warning",
        kind: "unknown-field",
        path: ["spec", "zzz"],
        message: 'there is no field "zzz" here; it is ignored',
        advice:
          "Known here: addresses, allowedListeners, defaultScope, gatewayClassName, infrastructure, listeners, tls",
      },
    ]);
  });

  test("reads a null among labels and annotations as empty text", () => {
    const metadata = { name: "a", labels: { a: null }, annotations: { b: null } };
    expect(validate(gateway({ metadata })).object?.metadata).toEqual({
      name: "a",
      namespace: "default",
      labels: { a: "" },
      annotations: { b: "" },
    });
  });

  test("refuses a second owner that is the controller", () => {
    const owner = { apiVersion: "v1", kind: "Service", name: "s", uid: "u", controller: true };
    const metadata = { name: "a", ownerReferences: [owner, { ...owner, name: "t" }] };
    expect(told(gateway({ metadata }))).toEqual([
      "error metadata.ownerReferences[1].controller: there can be only one owner that is the controller, and item 0 is one already",
    ]);
  });

  test("counts a null as absent", () => {
    const spec = { gatewayClassName: "c", addresses: null, listeners: [{ ...listeners[0], allowedRoutes: null }] };
    expect(validate(gateway({ spec })).object).toEqual(validate(gateway({})).object);
  });

  test("keeps and checks the status only when asked to", () => {
    const status = { conditions: [{ type: "Accepted" }] };
    expect(validate(gateway({ status }), { status: "drop" }).object).not.toHaveProperty("status");
    expect(told(gateway({ status }))).toEqual([
      'error status.conditions[0].lastTransitionTime: "lastTransitionTime" is missing',
      'error status.conditions[0].message: "message" is missing',
      'error status.conditions[0].reason: "reason" is missing',
      'error status.conditions[0].status: "status" is missing',
    ]);
  });

  test("says in words what is wrong with values", () => {
    const spec = {
      gatewayClassName: 7,
      addresses: "10.0.0.1",
      listeners: [
        {
          name: "Web",
          port: "80",
          protocol: "HTTP",
          hostname: "https://a",
          allowedRoutes: { namespaces: { from: "all" } },
        },
        { port: 70000, protocol: "", name: "b" },
      ],
    };
    expect(told(gateway({ spec }))).toEqual([
      'error spec.gatewayClassName: must be text, but is the number 7 (Write it in quotes: "7")',
      'error spec.addresses: must be a list, but is the text "10.0.0.1"',
      expect.stringContaining('error spec.listeners[0].name: "Web" is not allowed: it must be lower-case letters'),
      'error spec.listeners[0].port: must be a whole number, but is the text "80" (Write it without quotes: 80)',
      expect.stringContaining('error spec.listeners[0].hostname: "https://a" is not allowed: it must be a host name'),
      'error spec.listeners[0].allowedRoutes.namespaces.from: "all" is not allowed: it must be one of "All", "Selector", "Same" (Did you mean "All"?)',
      "error spec.listeners[1].port: 70000 is not allowed: it must be from 1 to 65535",
      "error spec.listeners[1].protocol: must not be empty",
    ]);
  });

  test("checks metadata", () => {
    const metadata = { name: "A b", labels: { "a b": "c", ok: 1 }, annotations: { "": "x" } };
    expect(told(gateway({ metadata })).map((line) => line.split(":")[0])).toEqual([
      "error metadata.name",
      "error metadata.labels.ok",
      'error metadata.annotations[""]',
    ]);
    expect(told(gateway({ metadata: {} }))).toEqual(['error metadata.name: "name" is missing']);
    expect(
      told({
        ...gateway({}),
        kind: "GatewayClass",
        metadata: { name: "a", namespace: "b" },
        spec: { controllerName: "a.b/c" },
      }),
    ).toEqual([
      'warning metadata.namespace: a GatewayClass belongs to no namespace; "b" is ignored (Remove "namespace")',
    ]);
  });

  test("refuses what is no object of a kind that exists", () => {
    expect(told([])).toEqual([
      "error : is no Kubernetes object: it must have the fields apiVersion, kind and metadata",
    ]);
    expect(told({ kind: 5 })).toEqual([
      'error apiVersion: "apiVersion" is missing',
      "error kind: must be text, but is 5",
    ]);
    expect(told({ ...gateway({}), kind: "HttpRoute" })).toEqual([
      'error kind: the Gateway API has no kind "HttpRoute" in gateway.networking.k8s.io/v1 (Did you mean HTTPRoute?)',
    ]);
    expect(told({ ...gateway({}), apiVersion: "gateway.networking.k8s.io/v2" })).toEqual([
      'error apiVersion: Gateway has no version "v2": it must be gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1 (Set "apiVersion" to gateway.networking.k8s.io/v1)',
    ]);
  });

  test("passes over kinds of others with a warning", () => {
    expect(told({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" } })).toEqual([
      "warning kind: Trilith does not read Deployment of apps/v1; it is ignored",
    ]);
  });

  test("refuses a change of what may not change", () => {
    const one = { ...gateway({}), kind: "GatewayClass", spec: { controllerName: "example.com/a" } };
    const other = { ...one, spec: { controllerName: "example.com/b" } };
    const previous = validate(one).object;
    expect(previous && told(other, { previous })).toEqual([
      'error spec.controllerName: cannot be changed from "example.com/a" to "example.com/b": create another GatewayClass',
    ]);
  });

  test("tells at most a hundred errors, however many there are", () => {
    const from = Array.from({ length: 16 }, () => ({ group: 1, kind: 1, namespace: 1 }));
    const labels = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`l${index}`, index]));
    const object = { ...gatewayApiObject("ReferenceGrant", { from, to: [] }), metadata: { name: "a", labels } };
    expect(validate(object).problems).toHaveLength(100);
  });

  test("does not take long over a value made to confuse a pattern", () => {
    const value = `${"a".repeat(4000)}\u0000`;
    const filters = [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x", value }] } }];
    expect(told(gatewayApiObject("HTTPRoute", { rules: [{ filters }] }))).toHaveLength(1);
  });
});

test("every kind and version that is read has a schema", () => {
  const listed = Object.values(kinds).flatMap(({ group, kind, versions }) =>
    versions.map((version) => `${group}/${version} ${kind}`),
  );
  expect(schemas.map(({ group, version, kind }) => `${group}/${version} ${kind}`)).toEqual(listed);
});
