/**
 * Backends of HTTP rules: turns references into targets, and records in the scope what they need and what is wrong.
 */
import type { Backend, BackendKey, BackendTarget } from "../../model/index.ts";
import type { BackendObjectReference } from "../../resources/index.ts";
import type { Resolution } from "../backends/resolution.ts";
import type { HttpProtocol } from "../backends/service-protocol.ts";
import type { ReferenceProblem, RuleScope } from "../rules/rule-scope.ts";

export interface HttpBackends {
  /** An unresolved reference is recorded as a problem and answered with an error status. `grpc` overrides what the rule's kind says. */
  resolve(
    reference: BackendObjectReference,
    path: string,
    grpc?: boolean,
  ): Exclude<BackendTarget, { kind: "redirect" }>;
  problem(reason: ReferenceProblem["reason"], path: string, message: string): void;
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
    resolve: (reference, path, speaksGrpc = grpc) => {
      const resolution = resolve(reference);
      if (resolution.kind === "unresolved") problem(resolution.reason, path, resolution.message);
      if (resolution.kind === "unusable") {
        scope.notices.push({
          code: "backend-tls-unusable",
          path,
          message: resolution.message,
          advice: "Correct the policy; until then requests for this backend are answered with an error",
        });
      }
      if (resolution.kind !== "resolved") return { kind: "respond", status: grpc ? 503 : 500 };
      const backend = backendOf(resolution, speaksGrpc ? "h2" : (resolution.protocol ?? "http"));
      scope.use(backend);
      return { kind: "backend", backend: backend.key, origin: backend.origin };
    },
  };
}

function backendOf(resolution: Extract<Resolution, { kind: "resolved" }>, protocol: HttpProtocol): Backend {
  const { endpoints, tlsName, origin, tls } = resolution;
  const key = [endpoints, protocol, ...(tlsName === "" ? [] : [tlsName])].join("/");
  return { key: key as BackendKey, origin, protocol, endpoints, ...(tls && { tls }) };
}
