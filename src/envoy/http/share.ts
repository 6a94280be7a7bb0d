/**
 * A rule's backends as shares of its requests, with the filters of rule and backend made one. Shares that Envoy can serve from
 * one route (they differ in their headers at most) are told from those that need a route each.
 */
import type {
  BackendKey,
  Cors,
  Decisions,
  ExternalAuth,
  HeaderModifier,
  HttpRule,
  Mirror,
  PathModifier,
  Redirect,
  RuleFilters,
  SessionPersistence,
  WeightedBackend,
} from "../../model/index.ts";
import { hostSetBy } from "./header-mutation.ts";

export type ShareTarget =
  | {
      readonly kind: "backend";
      readonly backend: BackendKey;
      readonly sessionPersistence?: SessionPersistence;
      readonly access?: Decisions;
    }
  | { readonly kind: "redirect"; readonly redirect: Redirect }
  | { readonly kind: "respond"; readonly status: number };

/** How requests are treated on their way, apart from their headers. */
export interface Treatment {
  readonly hostname?: string;
  readonly path?: PathModifier;
  readonly mirrors: readonly Mirror[];
  readonly cors?: Cors;
  /** The rule's, then the backend's: each must agree. */
  readonly externalAuths: readonly { readonly auth: ExternalAuth; readonly backend: BackendKey }[];
}

export const NO_TREATMENT: Treatment = { mirrors: [], externalAuths: [] };

export interface Share {
  readonly weight: number;
  readonly target: ShareTarget;
  readonly treatment: Treatment;
  /** The rule's, then the backend's. */
  readonly requestHeaders: readonly HeaderModifier[];
  readonly responseHeaders: readonly HeaderModifier[];
}

/** At least one. */
export function sharesOf({ action, filters }: HttpRule): readonly Share[] {
  if (action.kind !== "forward") return [shareOf(1, action, filters)];
  if (action.backends.length === 0) return [shareOf(1, { kind: "respond", status: 500 }, filters)];
  return action.backends.map((backend) => shareOf(backend.weight, targetOf(backend), filters, backend.filters));
}

/** Whether all shares go to backends and are treated alike, so that one route can serve them. */
export function areAlike(shares: readonly Share[]): boolean {
  const [first] = shares;
  const treatment = JSON.stringify(first?.treatment);
  return shares.every((share) => share.target.kind === "backend" && JSON.stringify(share.treatment) === treatment);
}

const targetOf = ({ target }: WeightedBackend): ShareTarget =>
  target.kind === "backend"
    ? {
        kind: "backend",
        backend: target.backend,
        ...(target.sessionPersistence && { sessionPersistence: target.sessionPersistence }),
        ...(target.access && { access: target.access }),
      }
    : target;

function shareOf(weight: number, target: ShareTarget, rule: RuleFilters, own?: RuleFilters): Share {
  const requestHeaders = present(rule.requestHeaders, own?.requestHeaders);
  const auths = present(rule.externalAuth, own?.externalAuth);
  const hostname = own?.rewrite?.hostname ?? rule.rewrite?.hostname ?? hostSetBy(...requestHeaders);
  const path = own?.rewrite?.path ?? rule.rewrite?.path;
  const cors = own?.cors ?? rule.cors;
  const externalAuths = auths.flatMap((auth) => (auth.backend === undefined ? [] : [{ auth, backend: auth.backend }]));
  // One that there is nobody to ask refuses everything.
  const refused = externalAuths.length < auths.length;
  return {
    weight,
    target: refused ? { kind: "respond", status: 500 } : target,
    requestHeaders,
    responseHeaders: present(rule.responseHeaders, own?.responseHeaders),
    treatment: {
      mirrors: refused ? [] : [...rule.mirrors, ...(own?.mirrors ?? [])],
      ...(hostname === undefined ? {} : { hostname }),
      ...(path === undefined ? {} : { path }),
      ...(cors === undefined ? {} : { cors }),
      externalAuths: refused ? [] : externalAuths,
    },
  };
}

const present = <T>(...values: readonly (T | undefined)[]): readonly T[] =>
  values.filter((value): value is T & {} => value !== undefined);
