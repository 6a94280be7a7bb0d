/** For tests: what validation says, as lines that read well in an assertion. */
import { formatPath } from "../problem.ts";
import { validate, type ValidateOptions } from "../validate.ts";

/** `error spec.rules[0].name: message (advice)`, a line for each problem. */
export function told(value: unknown, options: ValidateOptions = {}): readonly string[] {
  return validate(value, options).problems.map(({ severity, path, message, advice }) =>
    [severity, ` ${formatPath(path)}: ${message}`, advice === undefined ? "" : ` (${advice})`].join(""),
  );
}

export const gatewayApi = "gateway.networking.k8s.io/v1";

/** An object of the Gateway API named `a`, in its first version. */
export function gatewayApiObject(kind: string, spec: unknown): object {
  return { apiVersion: gatewayApi, kind, metadata: { name: "a", namespace: "n" }, spec };
}
