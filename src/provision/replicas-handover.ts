/**
 * A Deployment's number of pods, when it goes over to an autoscaler: server-side apply sets a field that we no longer state, and
 * that nobody else does, to its default, which is one pod. So another field manager states the number as it is before; it loses
 * the field as soon as the autoscaler writes another one.
 *
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership
 */
import type { ApiCall } from "../kubernetes/index.ts";
import { type Manifest, pathOf } from "./manifest.ts";

const HANDOVER_MANAGER = "trilith.dev/replicas-handover";

/** The write that comes before `manifest` is applied; undefined where there is nothing to hand over. */
export function handoverOf(
  manifest: Manifest,
  before: Manifest | undefined,
  replicas: number | undefined,
): ApiCall | undefined {
  // What another replica of the controller applied before is not known.
  const mayBeOurs = before === undefined || statesReplicas(before);
  if (replicas === undefined || statesReplicas(manifest) || !mayBeOurs) return undefined;
  const { apiVersion, kind, metadata } = manifest;
  const { namespace, name } = metadata;
  return {
    method: "PATCH",
    patch: "apply",
    path: pathOf(manifest),
    query: { fieldManager: HANDOVER_MANAGER },
    body: { apiVersion, kind, metadata: { namespace, name }, spec: { replicas } },
  };
}

const statesReplicas = (manifest: Manifest): boolean => Object.hasOwn(manifest["spec"] ?? {}, "replicas");
