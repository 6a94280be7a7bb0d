/**
 * TCPRoutes and UDPRoutes that are attached and get nothing: their listener sends everything to the oldest of its routes, and
 * the specification has the others accepted all the same.
 *
 * https://gateway-api.sigs.k8s.io/reference/spec/#tcproute
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { formatRoute } from "../../model/index.ts";
import type { Attachment } from "../attachment.ts";
import { type Finding, findingOf } from "../finding.ts";
import { compareRoutes } from "../virtual-hosts/precedence.ts";

interface Idle {
  readonly key: string;
  readonly attachment: Attachment;
  readonly oldest: string;
}

export function deriveIdleRouteFindings(graph: Graph, attachments: Collection<Attachment>): Collection<Finding> {
  const byListener = graph.groups<Attachment>({
    name: "translate/StreamRoutesOfListeners",
    of: attachments,
    by: ({ route: { kind }, listener }) => (kind === "TCPRoute" || kind === "UDPRoute" ? [listener] : []),
  });
  const idle = graph.derive({
    name: "translate/IdleStreamRoutes",
    key: ({ key }: Idle) => key,
    from: byListener,
    map: ({ members }: Group<Attachment>) => {
      const [oldest, ...others] = [...members].sort((a, b) => compareRoutes(a.route, b.route));
      return others
        .filter(({ route }) => route.object !== oldest?.route.object)
        .map((attachment) => ({ key: attachment.key, attachment, oldest: oldest ? formatRoute(oldest.route) : "" }));
    },
  });
  const byReference = graph.groups<Idle>({
    name: "translate/IdleStreamRoutesOfParents",
    of: idle,
    by: ({ attachment: { parent } }) => [parent],
  });
  return graph.derive({
    name: "translate/IdleRouteFindings",
    key: (finding: Finding) => finding.key,
    from: byReference,
    map: ({ members }: Group<Idle>) => findingsOf(members),
  });
}

function findingsOf(members: readonly Idle[]): Finding[] {
  const [first] = members;
  if (first === undefined) return [];
  const { route, parentPath } = first.attachment;
  const taken = members.map(({ attachment: { listener }, oldest }) => `${listener} serves ${oldest}`).join("; ");
  return [
    findingOf({
      object: route.object,
      severity: "warning",
      code: "listener-serves-another-route",
      path: parentPath,
      message: `the route is attached and gets nothing there, because a listener serves its oldest route alone: ${taken}`,
      advice: "Attach it to a listener of its own",
    }),
  ];
}
