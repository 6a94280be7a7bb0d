/** The schema of ClusterTrustBundle. What its PEM holds is a fact of the sources. */
import type { ClusterTrustBundle } from "../types/cluster-trust-bundle.ts";
import { object, oneOf, string } from "./construct.ts";
import { clusterMetadata } from "./metadata.ts";
import { trustBundleName } from "./pattern.ts";
import { violationIf, type Rule } from "./rule.ts";
import type { Schema } from "./schema.ts";

const nameOfSigner: Rule<ClusterTrustBundle> = {
  id: "name of a signer's bundle",
  find: ({ metadata: { name }, spec: { signerName = "" } }) => {
    const prefix = `${signerName.replaceAll("/", ":")}:`;
    if (signerName === "")
      return violationIf(name.includes(":"), `"${name}" has a colon, which needs a signerName`, ["metadata", "name"]);
    return violationIf(
      !name.startsWith(prefix),
      `"${name}" does not begin with "${prefix}", as bundles of ${signerName} do`,
      ["metadata", "name"],
    );
  },
};

const MAX_LENGTH = 1024 * 1024;

export const clusterTrustBundleSchema: Schema<ClusterTrustBundle> = object<ClusterTrustBundle>(
  {
    apiVersion: string(),
    kind: oneOf(["ClusterTrustBundle"]),
    metadata: clusterMetadata(trustBundleName, 253),
    spec: object<ClusterTrustBundle["spec"]>(
      { signerName: string(), trustBundle: string({ minLength: 1, maxLength: MAX_LENGTH }) },
      ["trustBundle"],
    ),
  },
  ["spec"],
  { rules: [nameOfSigner] },
);
