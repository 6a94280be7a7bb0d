/** What is made for a Gateway, with what the platform team lays over it. Translation has refused what does not fit. */
import { type JsonObject, type Overlays, strategicMerge } from "../resources/index.ts";
import type { Manifest, ManifestKind } from "./manifest.ts";

const OVERLAY_OF: Readonly<Partial<Record<ManifestKind, keyof Overlays>>> = {
  Deployment: "deployment",
  Service: "service",
  ServiceAccount: "serviceAccount",
  PodDisruptionBudget: "podDisruptionBudget",
  HorizontalPodAutoscaler: "horizontalPodAutoscaler",
};

/** One after the other; one that does not fit is left out as a whole. */
export function overlaid(manifest: Manifest, overlays: readonly Overlays[]): Manifest {
  const name = OVERLAY_OF[manifest.kind];
  if (name === undefined) return manifest;
  return overlays.reduce((below, { [name]: overlay }) => (overlay ? merge(below, overlay) : below), manifest);
}

/** Manifests are JSON, and stay manifests: what makes them that, no overlay that fits can change. */
function merge(manifest: Manifest, overlay: JsonObject): Manifest {
  const merged = strategicMerge(manifest as unknown as JsonObject, overlay);
  return "object" in merged ? (merged.object as unknown as Manifest) : manifest;
}
