/** Which TLSRoute gets the connections of which server name of a listener. */
import { compareText } from "../../resources/index.ts";
import type { Attachment } from "../attachment.ts";
import { compareHostnames, compareRoutes } from "../virtual-hosts/precedence.ts";

export interface ServerName {
  readonly domain: string;
  /** Absent: no route has it. */
  readonly attachment?: Attachment;
}

/**
 * The listener's own hostname and every domain of its routes, the more specific first. Between routes that meet the listener
 * in the same domain, the more specific hostname of the route wins, then the older route.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#tlsroutespec
 */
export function serverNamesOf(hostname: string, attachments: readonly Attachment[]): ServerName[] {
  const claims = attachments.flatMap((attachment) => attachment.hosts.map((host) => ({ ...host, attachment })));
  claims.sort(
    (a, b) =>
      compareHostnames(a.routeHostname, b.routeHostname) || compareRoutes(a.attachment.route, b.attachment.route),
  );
  const names = new Map<string, ServerName>([[hostname, { domain: hostname }]]);
  for (const { domain, attachment } of claims) {
    if (names.get(domain)?.attachment === undefined) names.set(domain, { domain, attachment });
  }
  return [...names.values()].sort((a, b) => compareHostnames(a.domain, b.domain) || compareText(a.domain, b.domain));
}
