/**
 * Which clusters serve. A cluster that Envoy has taken still warms on its endpoints, secrets, names or first health check;
 * until then the version before it serves, or none. Envoy tells nobody when it is done, so somebody has to look.
 */
import type { AdminClient } from "./admin-client.ts";

/** A request with more would be longer than Envoy reads; then it is asked for all. */
const MAX_NAMES_IN_QUERY = 50;

interface ConfigDump {
  readonly configs?: readonly {
    readonly version_info?: string;
    readonly cluster?: { readonly name?: string };
  }[];
}

/** The clusters in Envoy's hands that do not serve yet in their newest version. Throws ProxyError. */
export async function warmingClusters(admin: AdminClient): Promise<readonly string[]> {
  return [...(await clusterVersions(admin, "dynamic_warming_clusters")).keys()];
}

/** The version that serves of each of these clusters; one that has none yet is left out. Throws ProxyError. */
export async function servingClusterVersions(
  admin: AdminClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const isShort = names.length <= MAX_NAMES_IN_QUERY;
  const regex = isShort ? `^(${names.map(escapeForRegularExpression).join("|")})$` : undefined;
  const versions = await clusterVersions(admin, "dynamic_active_clusters", regex);
  const asked = new Set(names);
  return new Map(versions.entries().filter(([name]) => asked.has(name)));
}

async function clusterVersions(
  admin: AdminClient,
  resource: string,
  nameRegex?: string,
): Promise<ReadonlyMap<string, string>> {
  const filter = nameRegex === undefined ? "" : `&name_regex=${encodeURIComponent(nameRegex)}`;
  const path = `/config_dump?resource=${resource}&mask=version_info,cluster.name${filter}`;
  const { configs = [] } = JSON.parse(await admin.get(path)) as ConfigDump;
  return new Map(
    configs.flatMap(({ cluster, version_info: version = "" }) => (cluster?.name ? [[cluster.name, version]] : [])),
  );
}

function escapeForRegularExpression(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
}
