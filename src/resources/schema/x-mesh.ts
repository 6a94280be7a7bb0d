/** The schema of XMesh. */
import type { XMesh, XMeshSpec } from "../types/x-mesh.ts";
import { object, oneOf, string } from "./construct.ts";
import { immutableController } from "./gateway-class.ts";
import { clusterMetadata } from "./metadata.ts";
import { dnsSubdomain } from "./pattern.ts";
import { objectReference } from "./references.ts";
import type { Schema } from "./schema.ts";
import { xMeshStatus } from "./status.ts";

export const xMeshSchema: Schema<XMesh> = object<XMesh>(
  {
    apiVersion: string(),
    kind: oneOf(["XMesh"]),
    metadata: clusterMetadata(dnsSubdomain, 253),
    spec: object<XMeshSpec>(
      {
        controllerName: immutableController("XMesh"),
        description: string({ maxLength: 64 }),
        parametersRef: objectReference,
      },
      ["controllerName"],
    ),
    status: xMeshStatus,
  },
  ["spec"],
  { experimental: true },
);
