/**
 * Mends the combinations that random values nearly never get right, so that most random objects satisfy the
 * cross-field rules and a mutation then breaks one of them alone. It needs not be complete: what it leaves wrong is
 * invalid for us and for Kubernetes alike.
 */
import type { Json, JsonObject } from "./custom-resource-schema.ts";

/** The same object, with the fields changed or dropped that contradict each other. */
export function sensible(value: Json, name = ""): Json {
  if (isList(value))
    return mendList(
      value.map((item) => sensible(item, itemNameOf(name))),
      name,
    );
  if (!isObject(value)) return value;
  const mended: Record<string, Json> = {};
  for (const [key, field] of Object.entries(value)) mended[key] = sensible(field, key);
  return mendObject(mended, name);
}

function itemNameOf(list: string): string {
  return list.replace(/s$/u, "");
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Lists of which no two items may agree in these fields. */
const identities: { readonly [list: string]: readonly string[] } = {
  parentRefs: ["group", "kind", "namespace", "name"],
  targetRefs: ["group", "kind", "name"],
  listeners: ["port", "protocol", "hostname"],
  addresses: ["type", "value"],
  rules: ["name"],
};

function mendList(list: readonly Json[], name: string): readonly Json[] {
  if (list.includes("*")) return ["*"];
  if (name === "hostnames") return list.filter((host) => typeof host !== "string" || !/^[\d.]+$/u.test(host));
  if (name === "filters") return mendFilters(list.filter(isObject));
  if (name === "rules")
    return list.map((rule, index) =>
      isObject(rule) && "name" in rule ? { ...rule, name: `rule-${String(index)}` } : rule,
    );
  const identity = identities[name];
  return identity === undefined
    ? list
    : distinctBy(list, (item) => identity.map((key) => (isObject(item) ? item[key] : item)));
}

function mendFilters(filters: readonly JsonObject[]): readonly JsonObject[] {
  const single = distinctBy(filters, (filter) => [filter["type"]]);
  const redirects = single.some((filter) => filter["type"] === "RequestRedirect");
  return redirects ? single.filter((filter) => filter["type"] !== "URLRewrite") : single;
}

function distinctBy<Item>(list: readonly Item[], identityOf: (item: Item) => unknown): readonly Item[] {
  const seen = new Map<string, Item>();
  for (const item of list) seen.set(JSON.stringify(identityOf(item)), item);
  return [...seen.values()];
}

function mendObject(object: Record<string, Json>, name: string): JsonObject {
  if (name === "spec") mendSpec(object);
  else if (name === "backendRef") mendBackend(object);
  else if (name === "listener") mendListener(object);
  else if (name === "rule") mendRule(object);
  else if (name === "path" && typeof object["value"] === "string") mendPath(object, object["value"]);
  else if (name === "address") mendAddress(object);
  else if (name === "requestMirror") mendMirror(object);
  else if (name === "sessionPersistence") object["absoluteTimeout"] = "1h";
  else if (name === "timeouts") delete object["backendRequest"];
  else if (name === "validation") mendTrust(object);
  else if (name === "method" && Object.keys(object).length < 2) object["service"] = "foo.Bar";
  return object;
}

function mendBackend(object: Record<string, Json>): void {
  if (object["group"] === "gateway.networking.x-k8s.io") delete object["port"];
  else object["port"] = 80;
}

function mendListener(object: Record<string, Json>): void {
  const protocol = object["protocol"];
  if (protocol === "HTTP" || protocol === "TCP" || protocol === "UDP") delete object["tls"];
  if (protocol === "TCP" || protocol === "UDP") delete object["hostname"];
  if (protocol !== "HTTP" && protocol !== "HTTPS") delete object["filters"];
  if (protocol === "TLS" && !isObject(object["tls"])) object["tls"] = { mode: "Passthrough" };
  const tls = object["tls"];
  if (isObject(tls) && (protocol === "HTTPS" || tls["mode"] !== "Passthrough")) {
    object["tls"] = { ...tls, mode: "Terminate", certificateRefs: [{ name: "cert" }] };
  }
}

function mendRule(object: Record<string, Json>): void {
  const filters = isList(object["filters"]) ? object["filters"].filter(isObject) : [];
  if (filters.some((filter) => "requestRedirect" in filter)) delete object["backendRefs"];
  if (JSON.stringify(object).includes("replacePrefixMatch"))
    object["matches"] = [{ path: { type: "PathPrefix", value: "/a" } }];
}

function mendPath(object: Record<string, Json>, value: string): void {
  if (object["type"] !== "RegularExpression" && !/^(\/[\w~*-]+)*\/?$/u.test(value)) object["value"] = "/a/b";
  if (object["value"] === "") object["value"] = "/";
}

function mendAddress(object: Record<string, Json>): void {
  if (object["type"] === "Hostname") object["value"] = "example.com";
  else if (object["value"] !== undefined) object["value"] = object["value"] === "::1" ? "::1" : "10.0.0.1";
}

function mendMirror(object: Record<string, Json>): void {
  const fraction = object["fraction"];
  if (!isObject(fraction)) return;
  delete object["percent"];
  object["fraction"] = { ...fraction, numerator: 0 };
}

/** Exactly one source of trust; the client certificates of a Gateway's frontend know the first alone. */
function mendTrust(object: Record<string, Json>): void {
  if (!("caCertificateRefs" in object)) object["wellKnownCACertificates"] = "System";
  else delete object["wellKnownCACertificates"];
}

/** An XBackend's fields that hang on its type and protocol. */
function mendSpec(object: Record<string, Json>): void {
  const tls = object["tls"];
  if (object["type"] === "ExternalHostname") delete object["sessionPersistence"];
  if (!isObject(tls) || !("mode" in tls)) return;
  object["protocol"] = tls["mode"] === "None" ? "H2C" : "HTTP2";
  const { mode, validation = { wellKnownCACertificates: "System", hostname: "example.com" } } = tls;
  if (mode === "None") object["tls"] = { mode };
  else if (mode === "ClientAndServer") object["tls"] = { mode, validation, clientCertificateRef: { name: "cert" } };
  else object["tls"] = { mode: "ServerOnly", validation };
}
