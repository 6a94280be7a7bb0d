/** The admin API: health, readiness, metrics, statuses, the graph and Envoy's resources. */
export { startAdminServer, startHealthServer } from "./admin-server.ts";
export type { AdminServer, AdminSources } from "./admin-server.ts";
