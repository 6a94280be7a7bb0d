/**
 * Where a piece of configuration comes from: it travels with every rule, so that explanations, findings, access logs and
 * statuses can name the object, the rule and the match that a user wrote.
 */
export type RouteKind = "HTTPRoute" | "GRPCRoute" | "TLSRoute" | "TCPRoute" | "UDPRoute";

export interface RouteOrigin {
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name: string;
}

export interface RuleOrigin extends RouteOrigin {
  /** Position in `spec.rules`, from 0. */
  readonly rule: number;
  /** `spec.rules[].name`, where the user gave one. */
  readonly ruleName?: string;
}

export interface BackendOrigin {
  readonly kind: "Service" | "XBackend";
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** `HTTPRoute/shop/cart`. */
export const formatRoute = (route: RouteOrigin): string => `${route.kind}/${route.namespace}/${route.name}`;

/** `HTTPRoute/shop/cart#2`, or with the rule's own name where it has one: `HTTPRoute/shop/cart#checkout`. */
export const formatRule = (rule: RuleOrigin): string => `${formatRoute(rule)}#${rule.ruleName ?? rule.rule}`;

/** Of a rule, or of a backend that no rule stands for. */
export const formatOrigin = (origin: RuleOrigin | BackendOrigin): string =>
  "port" in origin ? formatBackend(origin) : formatRule(origin);

export const formatBackend = (backend: BackendOrigin): string =>
  `${backend.kind}/${backend.namespace}/${backend.name}:${backend.port}`;
