/** The queries of a Grafana dashboard, and what they ask of metrics: their names, and the labels that each must have. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly query?: string | { readonly query: string } }[] };
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

export interface AskedMetric {
  readonly query: string;
  readonly name: string;
  readonly labels: readonly string[];
}

const FILE = join(import.meta.dirname, "../../charts/trilith/dashboards/trilith.json");

/** Of all panels and variables of the chart's dashboard. */
export function dashboardQueries(): readonly string[] {
  const { templating, panels } = JSON.parse(readFileSync(FILE, "utf8")) as Dashboard;
  const ofVariables = templating.list.flatMap(({ query }) => (typeof query === "object" ? [query.query] : []));
  return [...ofVariables, ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))];
}

/** A query groups by labels of every metric in it. */
export function askedMetrics(query: string): readonly AskedMetric[] {
  const grouped = [...query.matchAll(/\b(?:by|without) \(([^)]*)\)/g)].flatMap(([, labels = ""]) =>
    labels.split(/,\s*/),
  );
  const named = [...query.matchAll(/label_values\(\w+, (\w+)\)/g)].flatMap(([, label]) => label ?? []);
  return [...query.matchAll(/\b((?:envoy|trilith)_\w+)(?:\{([^}]*)\})?/g)].map(([, name = "", selector = ""]) => ({
    query,
    name,
    labels: [
      ...grouped,
      ...named,
      ...[...selector.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].flatMap(([, label]) => label ?? []),
    ],
  }));
}
