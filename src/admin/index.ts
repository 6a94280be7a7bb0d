/** The admin API: health, readiness, metrics, statuses, the graph and Envoy's resources. */
export { startAdminServer, startHealthServer } from "./admin-server.ts";
export type { AdminAddress, AdminServer, AdminSources, HealthSources } from "./admin-server.ts";
