/** The schema of ReferenceGrant. */
import type {
  ReferenceGrant,
  ReferenceGrantFrom,
  ReferenceGrantSpec,
  ReferenceGrantTo,
} from "../types/reference-grant.ts";
import { group, kind, list, namespaceName, object, objectName, oneOf, string } from "./construct.ts";
import { namespacedMetadata } from "./metadata.ts";
import { dnsSubdomain } from "./pattern.ts";
import type { Schema } from "./schema.ts";

export const referenceGrantSchema: Schema<ReferenceGrant> = object<ReferenceGrant>(
  {
    apiVersion: string(),
    kind: oneOf(["ReferenceGrant"]),
    metadata: namespacedMetadata(dnsSubdomain, 253),
    spec: object<ReferenceGrantSpec>(
      {
        from: list<ReferenceGrantFrom>(
          object<ReferenceGrantFrom>({ group: group(), kind: kind(), namespace: namespaceName }, [
            "group",
            "kind",
            "namespace",
          ]),
          { minItems: 1, maxItems: 16 },
        ),
        to: list<ReferenceGrantTo>(
          object<ReferenceGrantTo>({ group: group(), kind: kind(), name: objectName }, ["group", "kind"]),
          { minItems: 1, maxItems: 16 },
        ),
      },
      ["from", "to"],
    ),
  },
  ["spec"],
);
