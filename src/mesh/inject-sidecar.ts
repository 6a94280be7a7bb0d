/**
 * Whether a pod gets a sidecar, and what changes about it then: a pure function from the pod to a JSON Patch (RFC 6902). A pod that
 * cannot have what it asks for is refused with the reason, before anybody wonders why it is not in the mesh.
 */
import { SIDECAR_LABEL, SIDECAR_PORTS } from "../model/index.ts";
import { workloadOf } from "../resources/index.ts";
import { captureOf } from "./capture-annotations.ts";
import { type AdmittedPod, MESH_LABEL, SIDECAR_CONTAINER } from "./pod.ts";
import { rewriteProbes } from "./rewrite-probes.ts";
import { captureContainer, sidecarContainer, type SidecarSettings, sidecarVolumes } from "./sidecar-containers.ts";

export interface PatchOperation {
  readonly op: "add";
  readonly path: string;
  readonly value: unknown;
}

export type Injection =
  | { readonly kind: "injected"; readonly patch: readonly PatchOperation[] }
  | { readonly kind: "left"; readonly reason: "disabled" | "hostNetwork" | "alreadyInjected" }
  | { readonly kind: "refused"; readonly message: string };

/** The API server asks only for pods of the mesh's namespaces, and for those that ask for it themselves. */
export function injectSidecar(pod: AdmittedPod, namespace: string, settings: SidecarSettings): Injection {
  const { metadata = {}, spec } = pod;
  if (metadata.labels?.[MESH_LABEL] === "disabled") return { kind: "left", reason: "disabled" };
  if (spec.hostNetwork === true) return { kind: "left", reason: "hostNetwork" };
  const parts = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  if (parts.some(({ name }) => name === SIDECAR_CONTAINER)) return { kind: "left", reason: "alreadyInjected" };
  const capture = captureOf(metadata.annotations ?? {});
  if ("problem" in capture) return { kind: "refused", message: capture.problem };
  const account = spec.serviceAccountName ?? "default";
  const workload = { namespace, account, name: workloadOf(metadata) };
  const own = rewriteProbes(spec.containers ?? []);
  const early = rewriteProbes(spec.initContainers ?? [], own.probes);
  const { redirection } = settings;
  const initContainers = [
    ...(redirection.by === "InitContainer" ? [captureContainer(redirection.image, capture)] : []),
    sidecarContainer(settings, workload, capture, early.probes),
  ];
  return {
    kind: "injected",
    // Members that are there already are replaced: the lists are whole.
    patch: [
      { op: "add", path: "/metadata/labels", value: { ...metadata.labels, [SIDECAR_LABEL]: "envoy" } },
      { op: "add", path: "/metadata/annotations", value: { ...scrapedAt(metadata), ...metadata.annotations } },
      { op: "add", path: "/spec/initContainers", value: [...initContainers, ...early.containers] },
      { op: "add", path: "/spec/containers", value: own.containers },
      { op: "add", path: "/spec/volumes", value: [...(spec.volumes ?? []), ...sidecarVolumes(settings)] },
    ],
  };
}

/** Where Prometheus asks, if it goes by annotations. */
const SCRAPED: Readonly<Record<string, string>> = {
  "prometheus.io/scrape": "true",
  "prometheus.io/port": String(SIDECAR_PORTS.pod),
  "prometheus.io/path": "/stats/prometheus",
};

/** A pod has one such place, which its workload may have taken for itself. */
const scrapedAt = ({ annotations = {} }: NonNullable<AdmittedPod["metadata"]>): Readonly<Record<string, string>> =>
  Object.keys(SCRAPED).some((name) => Object.hasOwn(annotations, name)) ? {} : SCRAPED;
