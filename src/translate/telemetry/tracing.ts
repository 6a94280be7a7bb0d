/** The tracing of an XTelemetryPolicy, as the model has it, and what of it has no effect. */
import { type SpanTag, tracedAttributes, type Tracing } from "../../model/index.ts";
import type { BackendObjectReference, TracingAttribute, TracingConfig } from "../../resources/index.ts";
import type { HttpBackends } from "../http/http-backends.ts";

export interface TracingBackends {
  readonly backends: HttpBackends;
  protocolOf(reference: BackendObjectReference): Tracing["protocol"];
}

const EVERYTHING = { numerator: 100, denominator: 100 };

/** Undefined: nothing is traced, which is the default, too. `defaultName`: of the service, where it is known here. */
export function tracingOf(
  config: TracingConfig,
  defaultName: string | undefined,
  from: TracingBackends,
): Tracing | undefined {
  const { backends } = from;
  const { mode, provider, samplingRate, parentBasedSampling, spanName, attributes = [] } = config;
  if (mode !== "Enabled" || provider === undefined) return undefined;
  const protocol = from.protocolOf(provider.backendRef);
  const target = backends.resolve(provider.backendRef, "spec.tracing.provider.backendRef", protocol === "grpc");
  const tags = attributes.flatMap((attribute, index) => tagsOf(attribute, index, backends));
  tellOfParents(parentBasedSampling, backends);
  if (target.kind !== "backend") return undefined;
  const serviceName = config.serviceName ?? defaultName;
  return {
    backend: target.backend,
    protocol,
    headers: (provider.headers ?? []).map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    ...(serviceName !== undefined && { serviceName }),
    ...(spanName !== undefined && { spanName }),
    sampling: samplingRate ?? EVERYTHING,
    ignoresParent: parentBasedSampling?.mode === "Disabled",
    tags,
  };
}

function tagsOf(attribute: TracingAttribute, index: number, backends: HttpBackends): SpanTag[] {
  const { name } = attribute;
  switch (attribute.sourceType) {
    case "Literal":
      return [{ name, source: "literal", value: attribute.literalValue }];
    case "Header":
      return [{ name, source: "header", value: attribute.headerName.toLowerCase() }];
    case "Attribute": {
      const known = tracedAttributes.find((key) => key === attribute.attributeKey);
      if (known !== undefined) return [{ name, source: "attribute", value: known }];
      backends.notice({
        code: "tracing-attribute-not-supported",
        path: `spec.tracing.attributes[${index}].attributeKey`,
        message: `Trilith knows no attribute ${attribute.attributeKey}, so spans do not get ${name}`,
        advice: `Use one of ${tracedAttributes.join(", ")}`,
      });
      return [];
    }
  }
}

function tellOfParents(sampling: TracingConfig["parentBasedSampling"], backends: HttpBackends): void {
  if (sampling?.samplingRate === undefined || sampling.samplingRate.numerator >= sampling.samplingRate.denominator)
    return;
  backends.notice({
    code: "parent-sampling-rate-not-supported",
    path: "spec.tracing.parentBasedSampling.samplingRate",
    message: "every request whose parent is sampled is sampled too: fewer of them cannot be taken",
    advice: "Leave the rate out, or set the mode to Disabled and use spec.tracing.samplingRate",
  });
}
