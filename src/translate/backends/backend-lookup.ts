/** What references to backends are resolved against, as one object and one Gateway see it. */
import type { Collection, Reader } from "../../collections/index.ts";
import { type CertificateKey, isMesh, type NamespacedName } from "../../model/index.ts";
import { experimentalGroup, objectKey, type ObjectKey } from "../../resources/index.ts";
import { accessOfBackend, type BackendAccess } from "../access/derive-backend-access.ts";
import { type BackendPolicyBinding, backendPolicyFor } from "../backend-policies/backend-policy-bindings.ts";
import { type TlsBinding, tlsPolicyFor } from "../backend-tls/tls-bindings.ts";
import { type GrantFrom, type Grants, isGranted } from "../grants.ts";
import type { Inputs } from "../inputs.ts";
import type { TrafficBinding } from "../traffic-policies/traffic-bindings.ts";
import type { BackendLookup } from "./resolve-backend.ts";
import { xBackendLookup, xBackendResultOf } from "./x-backend-result.ts";

export interface BackendSources {
  readonly inputs: Inputs;
  readonly trafficBindings: Collection<TrafficBinding>;
  readonly grants: Grants;
  readonly tlsBindings: Collection<TlsBinding>;
  readonly policyBindings: Collection<BackendPolicyBinding>;
  readonly backendAccess: Collection<BackendAccess>;
  /** By "namespace/name" of the Gateway: what it presents to backends. */
  readonly clientCertificates: Collection<{ readonly key: string; readonly certificate: CertificateKey }>;
}

/** The collections that a derivation must name as its reads to look backends up. */
export const readsOfLookup = (sources: BackendSources): Collection<unknown>[] => {
  const { inputs, grants, tlsBindings, policyBindings, trafficBindings, backendAccess, clientCertificates } = sources;
  const { services, xBackends, trustFacts, certificateFacts } = inputs;
  return [
    services,
    xBackends,
    trustFacts,
    certificateFacts,
    grants.of,
    tlsBindings,
    policyBindings,
    trafficBindings,
    backendAccess,
    clientCertificates,
  ];
};

/** `from` is the object that refers. */
export function backendLookup(
  from: GrantFrom,
  transport: BackendLookup["transport"],
  gateway: NamespacedName,
  sources: BackendSources,
  read: Reader,
): BackendLookup {
  const { inputs, grants, tlsBindings, policyBindings, trafficBindings, backendAccess, clientCertificates } = sources;
  return {
    transport,
    followsAffinity: isMesh(gateway),
    service: (namespace, name) =>
      read.pick(
        inputs.services,
        objectKey({ group: "", kind: "Service", namespace, name }),
        (service) => service && { spec: service.spec },
      ),
    xBackend: (namespace, name) => read.get(inputs.xBackends, xBackendKey(namespace, name)),
    permits: (to) => isGranted(read, grants, from, to),
    tlsPolicy: (namespace, service, port) => tlsPolicyFor(read, tlsBindings, namespace, service, port.name),
    traffic: (kind, namespace, name) =>
      read.pick(trafficBindings, `${kind}/${namespace}/${name}`, (binding) => binding?.settings ?? {}),
    policy: (kind, namespace, name, port) => backendPolicyFor(read, policyBindings, kind, { namespace, name, port }),
    access: (namespace, name) => read.get(backendAccess, accessOfBackend({ namespace, name }))?.decisions,
    xBackendResult: (backend) => xBackendResultOf(backend, xBackendLookup(inputs, grants, read)),
    clientCertificate: read.get(clientCertificates, `${gateway.namespace}/${gateway.name}`)?.certificate,
  };
}

const xBackendKey = (namespace: string, name: string): ObjectKey =>
  objectKey({ group: experimentalGroup, kind: "XBackend", namespace, name });
