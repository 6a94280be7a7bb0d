/**
 * What CRDs leave out because the API server knows it: metadata, written as a schema only to find the places that are worth
 * changing. The verdict on a change is Kubernetes' own, so bounds are not needed here.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
 */
import type { CustomResourceSchema, JsonObject } from "./custom-resource-schema.ts";

const text: CustomResourceSchema = { type: "string", maxLength: 253 };
const texts: CustomResourceSchema = { type: "object", additionalProperties: { type: "string", maxLength: 63 } };
const time: CustomResourceSchema = { type: "string", format: "date-time" };
const count: CustomResourceSchema = { type: "integer", minimum: 0 };

const owner: CustomResourceSchema = {
  type: "object",
  required: ["apiVersion", "kind", "name", "uid"],
  properties: {
    apiVersion: text,
    kind: text,
    name: text,
    uid: text,
    controller: { type: "boolean" },
    blockOwnerDeletion: { type: "boolean" },
  },
};

/** A whole object: its metadata, and that it has a spec. */
export const wholeObjectSchema: CustomResourceSchema = {
  type: "object",
  required: ["metadata", "spec"],
  properties: {
    metadata: {
      type: "object",
      required: ["name"],
      properties: {
        name: text,
        namespace: { ...text, maxLength: 63 },
        generateName: text,
        labels: texts,
        annotations: texts,
        finalizers: { type: "array", items: text },
        ownerReferences: { type: "array", items: owner },
        uid: text,
        resourceVersion: text,
        generation: count,
        creationTimestamp: time,
        deletionTimestamp: time,
        deletionGracePeriodSeconds: count,
      },
    },
    spec: { type: "object" },
    status: { type: "object" },
  },
};

/** Valid objects whose metadata has every field that a person may write. */
export function wholeObjects(): readonly JsonObject[] {
  const uid = "7f0a3c1e-0000-4000-8000-000000000000";
  const metadata = {
    name: "a",
    labels: { "example.com/a": "b" },
    annotations: { "example.com/a": "b c" },
    finalizers: ["example.com/a"],
    ownerReferences: [{ apiVersion: "v1", kind: "Service", name: "a", uid, controller: true }],
    generation: 1,
    creationTimestamp: "2026-01-02T03:04:05Z",
  };
  const v1 = "gateway.networking.k8s.io/v1";
  const rules = [{ backendRefs: [{ name: "a", port: 1 }] }];
  return [
    {
      apiVersion: v1,
      kind: "TCPRoute",
      metadata: { ...metadata, namespace: "b" },
      spec: { rules },
      status: { parents: 1 },
    },
    { apiVersion: v1, kind: "GatewayClass", metadata, spec: { controllerName: "example.com/a" } },
  ];
}
