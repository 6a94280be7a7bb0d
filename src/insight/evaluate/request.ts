/** A request as it reaches a proxy, and what becomes of it: the evaluator's words. */

export interface EvaluatedRequest {
  /** The port that the client connects to. */
  readonly port: number;
  /** Present when the client speaks TLS; `serverName` is its SNI, absent where it sends none. */
  readonly tls?: { readonly serverName?: string };
  readonly method: string;
  /** The Host header or :authority, perhaps with a port. */
  readonly host: string;
  /** The request target: path and query, as sent. */
  readonly target: string;
  /** Lower-case names. Several lines of one header are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
}

export type Outcome =
  /** Nothing listens on the port. */
  | { readonly kind: "refused" }
  /** Somebody listens, and no listener takes this kind of connection or this server name. */
  | { readonly kind: "closed" }
  | { readonly kind: "status"; readonly status: number; readonly because: string; readonly rule?: RuleReference }
  | { readonly kind: "redirect"; readonly status: number; readonly location: string; readonly rule: RuleReference }
  /** One of these, by weight. */
  | { readonly kind: "split"; readonly choices: readonly Choice[]; readonly rule: RuleReference };

/** Which rule of which route, counted from 0. */
export interface RuleReference {
  readonly kind: "HTTPRoute" | "GRPCRoute";
  readonly namespace: string;
  readonly name: string;
  readonly rule: number;
  readonly match: number;
}

export interface Choice {
  readonly weight: number;
  readonly outcome:
    | { readonly kind: "status"; readonly status: number }
    | { readonly kind: "redirect"; readonly status: number; readonly location: string }
    | Forwarded;
}

/** What a backend gets. */
export interface Forwarded {
  readonly kind: "forward";
  /** "namespace/name:port". */
  readonly backend: string;
  readonly host: string;
  readonly target: string;
  /** Headers whose value routes have set or changed; undefined: taken away. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}
