/**
 * Backends of HTTP rules: turns references into targets, and records in the scope what they need and what is wrong.
 */
import type { Backend, BackendKey, BackendTarget } from "../../model/index.ts";
import type { BackendObjectReference } from "../../resources/index.ts";
import { keptToClients } from "../backends/client-affinity.ts";
import type { Resolution } from "../backends/resolution.ts";
import { type HttpProtocol, protocolMismatch } from "../backends/service-protocol.ts";
import { sessionPersistenceOf } from "./session-persistence.ts";
import type { RuleNotice } from "../rules/route-rules.ts";
import type { ReferenceProblem } from "../rules/route-rules.ts";
import type { RuleScope } from "../rules/rule-scope.ts";

export interface HttpBackends {
  /** An unresolved reference is recorded as a problem and answered with an error status. `grpc` overrides what the rule's kind says. */
  resolve(
    reference: BackendObjectReference,
    path: string,
    grpc?: boolean,
  ): Exclude<BackendTarget, { kind: "redirect" }>;
  problem(reason: ReferenceProblem["reason"], path: string, message: string): void;
  notice(notice: RuleNotice): void;
}

/**
 * `grpc` says that a GRPCRoute asks: its backends speak HTTP/2, and what cannot be sent is answered 503, which gRPC clients
 * see as UNAVAILABLE, where an HTTPRoute answers 500.
 */
export function httpBackendsOf(
  resolve: (reference: BackendObjectReference) => Resolution,
  scope: RuleScope,
  grpc: boolean,
): HttpBackends {
  const problem: HttpBackends["problem"] = (reason, path, message) =>
    void scope.problems.push({ reason, path, message });
  return {
    problem,
    notice: (notice) => void scope.notices.push(notice),
    resolve: (reference, path, speaksGrpc = grpc) => {
      const resolution = usable(resolve(reference), speaksGrpc);
      if (resolution.kind === "unresolved") problem(resolution.reason, path, resolution.message);
      if (resolution.kind === "unusable") scope.notices.push(unusableNotice(path, resolution.message));
      if (resolution.kind !== "resolved") return { kind: "respond", status: grpc ? 503 : 500 };
      if (resolution.unknownProtocol !== undefined)
        scope.notices.push(unknownProtocolNotice(path, resolution.unknownProtocol, speaksGrpc));
      const backend = backendOf(resolution, speaksGrpc ? "h2" : (resolution.protocol?.http ?? "http"));
      scope.use(backend);
      const { sessionPersistence: session } = resolution.traffic;
      const { namespace, name } = backend.origin;
      return {
        kind: "backend",
        backend: backend.key,
        origin: backend.origin,
        ...(session && { sessionPersistence: sessionPersistenceOf(session, `trilith-${namespace}.${name}`) }),
        ...(resolution.access && { access: resolution.access }),
      };
    },
  };
}

/** A backend that says it speaks something that the route cannot carry is no valid reference. */
function usable(resolution: Resolution, isGrpc: boolean): Resolution {
  if (resolution.kind !== "resolved") return resolution;
  const mismatch = protocolMismatch(resolution.protocol, { isGrpc, overTls: resolution.tls !== undefined });
  if (mismatch === undefined) return resolution;
  const { kind, namespace, name, port } = resolution.origin;
  const message = `${kind} ${namespace}/${name} cannot be used on port ${port}: ${mismatch}`;
  return { kind: "unresolved", reason: "UnsupportedProtocol", message };
}

/** Traffic for the reference is answered with an error, though it resolves. */
export const unusableNotice = (path: string, message: string): RuleNotice => ({
  code: "backend-unusable",
  path,
  message,
  advice:
    "Correct what it says; until then this backend gets nothing, and its share of the requests is answered with an error",
});

const unknownProtocolNotice = (path: string, appProtocol: string, isGrpc: boolean): RuleNotice => ({
  code: "app-protocol-unknown",
  path,
  message: `appProtocol "${appProtocol}" of the Service's port means nothing to Trilith, which speaks HTTP/${isGrpc ? "2" : "1.1"} to it`,
  advice: "Use http, https, kubernetes.io/h2c, kubernetes.io/ws or kubernetes.io/wss",
});

function backendOf(resolution: Extract<Resolution, { kind: "resolved" }>, protocol: HttpProtocol): Backend {
  const { endpoints, tlsName, origin, tls, traffic, isSticky } = resolution;
  const { retryBudget } = traffic;
  const policy = isSticky ? keptToClients(resolution.policy) : resolution.policy;
  const key = [endpoints, protocol, ...(tlsName === "" ? [] : [tlsName]), ...(isSticky ? ["sticky"] : [])].join("/");
  return {
    key: key as BackendKey,
    origin,
    protocol,
    endpoints,
    ...(tls && { tls }),
    ...(retryBudget && { retryBudget }),
    ...(policy && { policy }),
  };
}
