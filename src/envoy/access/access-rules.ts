/**
 * Rules about access as Envoy's RBAC. Of connections that are not known to be HTTP nobody can tell methods and paths: what asks for
 * them is no reason to allow such a connection, and reason enough to deny it.
 *
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/rbac/v3/rbac.proto
 */
import { create } from "@bufbuild/protobuf";
import {
  Permission_SetSchema,
  PermissionSchema,
  PolicySchema,
  Principal_AuthenticatedSchema,
  PrincipalSchema,
  RBAC_Action as Action,
  RBACSchema,
} from "../../generated/envoy/config/rbac/v3/rbac_pb.ts";
import type { Permission, Policy, Principal, RBAC } from "../../generated/envoy/config/rbac/v3/rbac_pb.ts";
import { HeaderMatcherSchema } from "../../generated/envoy/config/route/v3/route_components_pb.ts";
import { PathMatcherSchema } from "../../generated/envoy/type/matcher/v3/path_pb.ts";
import { StringMatcherSchema } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import type { StringMatcher } from "../../generated/envoy/type/matcher/v3/string_pb.ts";
import { type AccessRequest, type AccessRule, type AccessSource, isAboutHttp } from "../../model/index.ts";
import { ownIdentityIs } from "./own-identity.ts";
import { PLAIN_PATH } from "./plain-path.ts";

export type AccessAction = "allow" | "deny";
/** What is decided about: requests, or connections of which no more is known. */
export type AccessSubject = "http" | "bytes";

/**
 * Whether callers' certificates are validated. Those that are not prove nothing: nobody is allowed by them. `own`: the proxy itself calls, for
 * the workload beside it or as a Gateway, and knows who it is.
 */
export type Trust = "validated" | "unverified" | "own";

/** Undefined: nothing is decided. */
export function rbacOf(
  rules: readonly AccessRule[] | undefined,
  action: AccessAction,
  subject: AccessSubject,
  trust: Trust,
): RBAC | undefined {
  if (rules === undefined || (action === "deny" && rules.length === 0)) return undefined;
  const policies = rules.flatMap((rule) => {
    const policy = policyOf(trust === "unverified" ? unverifiedRule(rule, action) : rule, action, subject, trust);
    return policy ? [[rule.name, policy] as const] : [];
  });
  return create(RBACSchema, {
    action: action === "allow" ? Action.ALLOW : Action.DENY,
    policies: Object.fromEntries(policies),
  });
}

/**
 * Where no certificate proves anything, everybody is outside; nobody is allowed by an identity, and who claims one that is denied is taken
 * at their word.
 */
function unverifiedRule(rule: AccessRule, action: AccessAction): AccessRule {
  const { sources, ...rest } = rule;
  if (sources === undefined || sources.some(({ kind }) => kind === "outside")) return rest;
  return action === "deny" ? rule : { ...rest, sources: [] };
}

/** Undefined: it matches nothing. */
function policyOf(
  { sources, requests }: AccessRule,
  action: AccessAction,
  subject: AccessSubject,
  trust: Trust,
): Policy | undefined {
  const permissions = requests?.flatMap((request) => permissionOf(request, action, subject) ?? []) ?? [anything];
  if (permissions.length === 0 || sources?.length === 0) return undefined;
  return create(PolicySchema, {
    permissions,
    principals: sources?.map((source) => principalOf(source, trust)) ?? [anybody],
  });
}

const anybody = create(PrincipalSchema, { identifier: { case: "any", value: true } });

/** The first URI of the caller's certificate: identities of the mesh have one, their SPIFFE ID. */
function principalOf(source: AccessSource, trust: Trust): Principal {
  if (source.kind === "outside")
    return create(PrincipalSchema, { identifier: { case: "notId", value: principalOf({ kind: "mesh" }, trust) } });
  const principalName = nameOf(source);
  if (trust === "own") return ownIdentityIs(principalName ?? ANY_IDENTITY);
  const value = create(Principal_AuthenticatedSchema, principalName && { principalName });
  return create(PrincipalSchema, { identifier: { case: "authenticated", value } });
}

const ANY_IDENTITY: StringMatcher = create(StringMatcherSchema, {
  matchPattern: { case: "prefix", value: "spiffe://" },
});

function nameOf(source: Exclude<AccessSource, { kind: "outside" }>): StringMatcher | undefined {
  switch (source.kind) {
    case "mesh":
      return undefined;
    case "prefix":
      return create(StringMatcherSchema, { matchPattern: { case: "prefix", value: source.prefix } });
    case "identity":
      return create(StringMatcherSchema, { matchPattern: { case: "exact", value: source.identity } });
  }
}

function permissionOf(request: AccessRequest, action: AccessAction, subject: AccessSubject): Permission | undefined {
  if (subject === "bytes" && isAboutHttp(request) && action === "allow") return undefined;
  const { methods, hostnames, paths, ports } = request;
  const ofHttp = subject === "http";
  return allOf([
    ...(ofHttp && methods ? [anyOf(methods.map(method))] : []),
    ...(ofHttp && hostnames ? [anyOf(hostnames.map(authority))] : []),
    ...(ofHttp && paths ? [action === "allow" ? allowedPath(paths) : deniedPath(paths)] : []),
    ...(ports ? [anyOf(ports.map(port))] : []),
  ]);
}

type Paths = NonNullable<AccessRequest["paths"]>;

const allowedPath = (paths: Paths): Permission => allOf([plain, anyOf(paths.flatMap((path) => textsOf(path, false)))]);

/** Some workloads tell neither capitals from small letters, nor a path with a slash at its end from one without. */
const deniedPath = (paths: Paths): Permission => anyOf([not(plain), ...paths.flatMap((path) => textsOf(path, true))]);

function textsOf({ kind, value }: Paths[number], isLoose: boolean): Permission[] {
  const base = value.replace(/\/$/, "");
  const pathIs = (type: "exact" | "prefix", text: string): Permission =>
    path(create(StringMatcherSchema, { matchPattern: { case: type, value: text }, ignoreCase: isLoose }));
  if (kind === "exact" && !isLoose) return [pathIs("exact", value)];
  return [...(base === "" ? [] : [pathIs("exact", base)]), pathIs(kind, `${base}/`)];
}

const method = (name: string): Permission =>
  permission({
    case: "header",
    value: create(HeaderMatcherSchema, {
      name: ":method",
      headerMatchSpecifier: {
        case: "stringMatch",
        value: create(StringMatcherSchema, { matchPattern: { case: "exact", value: name } }),
      },
    }),
  });

/** A host is the same in capitals, with a port, and with a dot at its end. `*.` stands for one label or more. */
function authority(hostname: string): Permission {
  const literal = hostname.replace(/^\*\./, "").replaceAll(".", String.raw`\.`);
  const wildcard = hostname.startsWith("*.") ? String.raw`[^.:]+(\.[^.:]+)*\.` : "";
  const regex = `(?i)${wildcard}${literal}${String.raw`\.?(:[0-9]*)?`}`;
  return permission({
    case: "header",
    value: create(HeaderMatcherSchema, {
      name: ":authority",
      headerMatchSpecifier: {
        case: "stringMatch",
        value: create(StringMatcherSchema, { matchPattern: { case: "safeRegex", value: { regex } } }),
      },
    }),
  });
}

const path = (text: StringMatcher): Permission =>
  permission({ case: "urlPath", value: create(PathMatcherSchema, { rule: { case: "path", value: text } }) });

const plain: Permission = path(
  create(StringMatcherSchema, { matchPattern: { case: "safeRegex", value: { regex: PLAIN_PATH } } }),
);

const port = (value: number): Permission => permission({ case: "destinationPort", value });

const anything: Permission = permission({ case: "any", value: true });

const not = (value: Permission): Permission => permission({ case: "notRule", value });

const anyOf = (rules: Permission[]): Permission =>
  permission({ case: "orRules", value: create(Permission_SetSchema, { rules }) });

/** Of none: anything. */
const allOf = (rules: Permission[]): Permission =>
  rules.length === 0 ? anything : permission({ case: "andRules", value: create(Permission_SetSchema, { rules }) });

function permission(rule: Permission["rule"]): Permission {
  return create(PermissionSchema, { rule });
}
