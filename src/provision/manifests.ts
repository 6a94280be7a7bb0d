/**
 * Everything that is made for one Gateway: a pure function, so that what changes is what differs. All objects have the same
 * labels and, but for more than one Service, the same name; they are in the Gateway's namespace, and belong to it: deleting the
 * Gateway deletes them.
 *
 * Listeners' ports are in the Service alone. Envoy binds the same ports, for which it needs no privilege
 * (`net.ipv4.ip_unprivileged_port_start`, a safe sysctl), so that a listener that comes or goes restarts nothing.
 *
 * https://gateway-api.sigs.k8s.io/geps/gep-1762/
 */
import { createHash } from "node:crypto";
import { gatewayNameLabel } from "../resources/index.ts";
import { autoscalerSpec, disruptionSpec } from "./availability.ts";
import { deploymentSpec } from "./deployment.ts";
import { generatedName, labelValueOf } from "./generated-name.ts";
import { MANAGED_BY, MANAGED_BY_LABEL, type Manifest, MANIFEST_KINDS, type ManifestKind } from "./manifest.ts";
import { overlaid } from "./overlaid.ts";
import { serviceSpec } from "./service.ts";
import { type ServicePlan, servicesOf } from "./service-plan.ts";
import { type Installation, POD_PATHS, type PodSettings, type Wish } from "./wish.ts";

const CLASS_NAME_LABEL = "gateway.networking.k8s.io/gateway-class-name";

const POD_PORT = 19001;
const DRAIN_SECONDS = 10;

/** The name of all that is made for the Gateway. */
export const nameOf = ({ name, gatewayClassName }: Wish): string => generatedName(name, gatewayClassName);

export function manifestsOf(wish: Wish, installation: Installation): readonly Manifest[] {
  return plainManifestsOf(wish, installation).map((manifest) => overlaid(manifest, wish.overlays));
}

function plainManifestsOf(wish: Wish, installation: Installation): readonly Manifest[] {
  const pod: PodSettings = { port: POD_PORT, drainToken: drainTokenOf(wish), drainSeconds: DRAIN_SECONDS };
  const files = installation.filesOf(wish.proxy, pod);
  const labels = labelsOf(wish);
  const { parameters, infrastructure } = wish;
  const manifest = (kind: ManifestKind, fields: object): Manifest => manifestOf(wish, kind, fields);
  const [service, ...moreServices] = servicesOf(wish).map((plan) => serviceOf(wish, plan));
  return [
    manifest("ServiceAccount", { automountServiceAccountToken: false }),
    manifest("ConfigMap", { data: { ...files, "ca.crt": installation.caBundle } }),
    ...(wish.ports.length > 0 && service ? [service] : []),
    manifest("Deployment", {
      spec: deploymentSpec({
        name: nameOf(wish),
        // In a namespace of the mesh, too: its Envoy is a member by itself.
        labels: { ...labels, "trilith.dev/mesh": "disabled" },
        annotations: {
          ...infrastructure.annotations,
          "trilith.dev/files": digestOf(JSON.stringify(files)),
          "prometheus.io/scrape": "true",
          "prometheus.io/port": String(POD_PORT),
          "prometheus.io/path": "/stats/prometheus",
        },
        selector: selectorOf(wish),
        parameters,
        pod,
        installation,
        paths: POD_PATHS,
      }),
    }),
    ...(parameters.podDisruptionBudget
      ? [manifest("PodDisruptionBudget", { spec: disruptionSpec(parameters.podDisruptionBudget, selectorOf(wish)) })]
      : []),
    ...(parameters.autoscaling
      ? [manifest("HorizontalPodAutoscaler", { spec: autoscalerSpec(parameters.autoscaling, nameOf(wish)) })]
      : []),
    ...(wish.ports.length > 0 ? moreServices : []),
  ];
}

function serviceOf(wish: Wish, plan: ServicePlan): Manifest {
  const spec = serviceSpec(plan, wish, selectorOf(wish));
  return manifestOf(wish, "Service", { spec }, { name: plan.name, annotations: wish.parameters.service?.annotations });
}

function manifestOf(
  wish: Wish,
  kind: ManifestKind,
  fields: object,
  { name = nameOf(wish), annotations }: ManifestNames = {},
): Manifest {
  return {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: {
      name,
      namespace: wish.namespace,
      labels: labelsOf(wish),
      annotations: { ...annotations, ...wish.infrastructure.annotations },
      ownerReferences: ownersOf(wish),
    },
    ...fields,
  };
}

interface ManifestNames {
  /** That of everything else, unless stated. */
  readonly name?: string;
  /** Beside those of the Gateway, which win. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

function apiVersionOf(kind: ManifestKind): string {
  const { group, version } = MANIFEST_KINDS[kind];
  return group === "" ? version : `${group}/${version}`;
}

function selectorOf({ name, gatewayClassName }: Wish): Record<string, string> {
  return { [gatewayNameLabel]: labelValueOf(name), [CLASS_NAME_LABEL]: labelValueOf(gatewayClassName) };
}

/** Those of the Gateway may not replace the ones by which its pods are found. */
function labelsOf(wish: Wish): Record<string, string> {
  return { ...wish.infrastructure.labels, ...selectorOf(wish), [MANAGED_BY_LABEL]: MANAGED_BY };
}

function ownersOf({ name, uid }: Wish): object[] {
  if (uid === undefined) return [];
  return [{ apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", name, uid, controller: true }];
}

/** The same for as long as the Gateway lives; nobody can guess it who may not read the pod. */
const drainTokenOf = ({ key, uid = "" }: Wish): string => digestOf(`drain ${key} ${uid}`);

const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
