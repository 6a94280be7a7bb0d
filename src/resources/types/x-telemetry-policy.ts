/** XTelemetryPolicy (experimental): what a Gateway tells about its traffic. https://gateway-api.sigs.k8s.io/reference/spec/ */
import type { Fraction, HTTPHeader } from "./http-filters.ts";
import type { NamespacedObject } from "./meta.ts";
import type { BackendObjectReference, LocalObjectReference } from "./references.ts";
import type { PolicyStatus } from "./status.ts";

export interface XTelemetryPolicy extends NamespacedObject {
  readonly kind: "XTelemetryPolicy";
  readonly spec: XTelemetryPolicySpec;
  readonly status?: PolicyStatus;
}

export interface XTelemetryPolicySpec {
  /** Gateways of the policy's namespace. */
  readonly targetRefs: readonly LocalObjectReference[];
  readonly tracing: TracingConfig;
}

type Mode = "Enabled" | "Disabled" | "ImplementationDefault";

/** All but `mode` goes with mode Enabled alone, which needs a provider. */
export interface TracingConfig {
  readonly mode: Mode;
  readonly provider?: TracingProvider;
  /** Of requests without a trace of their own. */
  readonly samplingRate?: Fraction;
  readonly parentBasedSampling?: ParentBasedSampling;
  readonly serviceName?: string;
  readonly spanName?: string;
  readonly attributes?: readonly TracingAttribute[];
}

/** Takes OTLP. */
export interface TracingProvider {
  readonly backendRef: BackendObjectReference;
  readonly headers?: readonly HTTPHeader[];
}

export interface ParentBasedSampling {
  readonly mode: Mode;
  readonly samplingRate?: Fraction;
}

export type TracingAttribute =
  | { readonly name: string; readonly sourceType: "Header"; readonly headerName: string }
  | { readonly name: string; readonly sourceType: "Literal"; readonly literalValue: string }
  | { readonly name: string; readonly sourceType: "Attribute"; readonly attributeKey: string };
