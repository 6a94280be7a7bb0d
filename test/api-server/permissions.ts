/** What an installation may do, as manifests, and how they come into a cluster. */
import type { Manifest } from "../../src/cli/install-chart.ts";
import { type ApiClient, resourcePath } from "../../src/kubernetes/index.ts";

const PERMISSIONS = ["ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];

export const permissionsIn = (manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.filter(({ kind }) => PERMISSIONS.includes(kind));

/** Of a kind whose plural has nothing but an "s" more. */
export async function applyManifest(
  client: ApiClient,
  { apiVersion, kind, metadata, ...fields }: Manifest,
): Promise<void> {
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  await client.request({
    method: "PATCH",
    path: resourcePath({ group, version, plural: `${kind.toLowerCase()}s`, ...metadata }),
    query: { fieldManager: "test", force: "true" },
    patch: "apply",
    body: { apiVersion, kind, metadata, ...fields },
  });
}
