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
  const versions = await clusterVersions(admin, "dynamic_active_clusters", nameRegexOf(names));
  const asked = new Set(names);
  return new Map(versions.entries().filter(([name]) => asked.has(name)));
}

interface ClusterStatuses {
  readonly cluster_statuses?: readonly {
    readonly name?: string;
    readonly host_statuses?: readonly {
      readonly health_status?: { readonly failed_active_health_check?: boolean };
    }[];
  }[];
}

/**
 * The version that serves of each of these clusters of which somebody can be called: an endpoint has passed its health check, or there
 * is none at all to be checked. Throws ProxyError.
 */
export async function healthyClusterVersions(
  admin: AdminClient,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  // In this order: what serves by the first answer may be replaced before the second, but then the version is no longer the wanted one.
  const versions = await servingClusterVersions(admin, names);
  if (versions.size === 0) return versions;
  const regex = nameRegexOf(names);
  const filter = regex === undefined ? "" : `&filter=${encodeURIComponent(regex)}`;
  const { cluster_statuses: clusters = [] } = JSON.parse(
    await admin.get(`/clusters?format=json${filter}`),
  ) as ClusterStatuses;
  const healthy = clusters.flatMap(({ name, host_statuses: hosts = [] }) => {
    const version = name === undefined ? undefined : versions.get(name);
    const isHealthy =
      hosts.length === 0 || hosts.some((host) => host.health_status?.failed_active_health_check !== true);
    return name !== undefined && version !== undefined && isHealthy ? [[name, version] as const] : [];
  });
  return new Map(healthy);
}

/** Undefined where there are too many to name. */
const nameRegexOf = (names: readonly string[]): string | undefined =>
  names.length <= MAX_NAMES_IN_QUERY ? `^(${names.map(escapeForRegularExpression).join("|")})$` : undefined;

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
