/** Findings about matches of routes that are never reached, one for each match, whatever the number of hosts. */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { formatRule, type RuleOrigin, type VirtualHost } from "../../model/index.ts";
import { compareText, gatewayGroup, objectKey } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import { unreachableMatches } from "./unreachable-matches.ts";

interface Unreached {
  readonly key: string;
  readonly rule: RuleOrigin;
  readonly matchIndex: number;
  readonly domain: string;
  /** The rule that comes before it. */
  readonly by: string;
}

export function deriveReachFindings(graph: Graph, virtualHosts: Collection<VirtualHost>): Collection<Finding> {
  const unreached = graph.derive({
    name: "translate/UnreachedMatches",
    key: ({ key }: Unreached) => key,
    from: virtualHosts,
    map: (host) =>
      unreachableMatches(host).map(({ entry, by }): Unreached => {
        const rule = entry.rule.origin;
        const key = `${host.key}|${pathOf(rule, entry.matchIndex)}|${rule.kind}/${rule.namespace}/${rule.name}`;
        return { key, rule, matchIndex: entry.matchIndex, domain: host.domain, by: formatRule(by.rule.origin) };
      }),
  });
  const byMatch = graph.groups<Unreached>({
    name: "translate/UnreachedMatchesOfRoutes",
    of: unreached,
    by: ({ rule, matchIndex }) => [`${rule.kind}/${rule.namespace}/${rule.name}|${rule.rule}|${matchIndex}`],
  });
  return graph.derive({
    name: "translate/ReachFindings",
    key: (finding: Finding) => finding.key,
    from: byMatch,
    map: ({ members }: Group<Unreached>) => findingsOf(members),
  });
}

const pathOf = ({ rule }: RuleOrigin, matchIndex: number): string => `spec.rules[${rule}].matches[${matchIndex}]`;

function findingsOf(members: readonly Unreached[]): Finding[] {
  const [first] = members;
  if (first === undefined) return [];
  const { kind, namespace, name } = first.rule;
  const domains = [...new Set(members.map(({ domain }) => domain))].sort(compareText).join(", ");
  const others = [...new Set(members.map(({ by }) => by))].sort(compareText).join(", ");
  return [
    findingOf({
      object: objectKey({ group: gatewayGroup, kind, namespace, name }),
      severity: "warning",
      code: "match-never-reached",
      path: pathOf(first.rule, first.matchIndex),
      message: `no request for ${domains} reaches this match: ${others} comes first and takes all of them`,
      advice: "Make it more specific, or take it out",
    }),
  ];
}
