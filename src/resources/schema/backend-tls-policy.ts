/** The schema of BackendTLSPolicy, whose way to validate a backend XBackend shares. */
import type {
  BackendTLSPolicy,
  BackendTLSPolicySpec,
  BackendTLSPolicyValidation,
  SubjectAltName,
} from "../types/backend-tls-policy.ts";
import type { LocalObjectReference, LocalPolicyTargetReferenceWithSectionName } from "../types/references.ts";
import {
  group,
  hostname,
  kind,
  list,
  map,
  named,
  object,
  objectName,
  oneOf,
  preciseHostname,
  sectionName,
  string,
} from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain, uri, wellKnownCertificates } from "./pattern.ts";
import { distinctTargets, localObjectReference } from "./references.ts";
import { fieldOfMember, violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";
import { policyStatus } from "./status.ts";

const nameRules = (type: "Hostname" | "URI", field: "hostname" | "uri"): readonly Rule<object>[] =>
  fieldOfMember("type", type, field, {
    missing: `SubjectAltName element must contain ${type}, if Type is set to ${type}`,
    misplaced: `SubjectAltName element must not contain ${type}, if Type is not set to ${type}`,
  });

const subjectAltName: Schema<SubjectAltName> = object<SubjectAltName>(
  { hostname, type: oneOf(["Hostname", "URI"]), uri: named(uri, 253) },
  ["type"],
  { rules: [...nameRules("Hostname", "hostname"), ...nameRules("URI", "uri")] },
);

export const backendValidation: Schema<BackendTLSPolicyValidation> = object<BackendTLSPolicyValidation>(
  {
    caCertificateRefs: list<LocalObjectReference>(localObjectReference, { minItems: 1, maxItems: 8 }),
    hostname: preciseHostname,
    subjectAltNames: list<SubjectAltName>(subjectAltName, { maxItems: 5 }),
    wellKnownCACertificates: named(wellKnownCertificates, 253),
  },
  ["hostname"],
  {
    rules: [
      {
        id: "exactly one of the fields in [caCertificateRefs wellKnownCACertificates] must be set",
        find: ({ caCertificateRefs, wellKnownCACertificates }) => {
          const neither = caCertificateRefs === undefined && wellKnownCACertificates === undefined;
          const both = caCertificateRefs !== undefined && wellKnownCACertificates !== undefined;
          return [
            ...violationIf(
              neither,
              "says nothing about which certificates to trust",
              [],
              'Set "caCertificateRefs", or "wellKnownCACertificates: System"',
            ),
            ...violationIf(
              both,
              "both caCertificateRefs and wellKnownCACertificates say which certificates to trust; only one can",
              ["wellKnownCACertificates"],
            ),
          ];
        },
      },
    ],
  },
);

export const backendTLSPolicySchema: Schema<BackendTLSPolicy> = object<BackendTLSPolicy>(
  {
    apiVersion: string(),
    kind: oneOf(["BackendTLSPolicy"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<BackendTLSPolicySpec>(
      {
        options: map<string>(string({ maxLength: 4096 }), { maxProperties: 16 }),
        targetRefs: list<LocalPolicyTargetReferenceWithSectionName>(
          object<LocalPolicyTargetReferenceWithSectionName>(
            { group: group(), kind: kind(), name: objectName, sectionName },
            ["group", "kind", "name"],
          ),
          { minItems: 1, maxItems: 16, rules: distinctTargets("targetRefs") },
        ),
        validation: backendValidation,
      },
      ["targetRefs", "validation"],
    ),
    status: policyStatus,
  },
  ["spec"],
);
