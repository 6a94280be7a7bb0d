/**
 * Services, and pods of the mesh, whose addresses are in none of its networks: calls to them are sent on as they are, past routes and
 * without mutual TLS, because no sidecar asks about them.
 */
import type { Collection, Graph, Group } from "../../collections/index.ts";
import { compareText, objectKey, type ObjectKey } from "../../resources/index.ts";
import { type Finding, findingOf } from "../finding.ts";
import type { Inputs } from "../inputs.ts";
import { addressesOf } from "./bind-to-service.ts";
import { addressesIn } from "./mesh-networks.ts";

interface Outsider {
  readonly key: string;
  readonly object: ObjectKey;
  readonly address: string;
}

/** One for all: where the networks are not those of the cluster, it is about nearly everything. */
export function deriveOutsideFindings(
  graph: Graph,
  { services, meshMembers }: Pick<Inputs, "services" | "meshMembers">,
  networks: readonly string[],
): Collection<Finding> {
  const isInMesh = addressesIn(networks);
  const shape = { key: ({ key }: Outsider) => key };
  const outsiders = (object: ObjectKey, addresses: readonly string[]): Outsider[] =>
    addresses
      .filter((address) => !isInMesh(address))
      .map((address) => ({ key: `${object}|${address}`, object, address }));
  const ofServices = graph.derive({
    ...shape,
    name: "translate/ServicesOutsideMesh",
    from: services,
    map: ({ metadata: { namespace, name }, spec }) =>
      outsiders(objectKey({ group: "", kind: "Service", namespace, name }), addressesOf(spec)),
  });
  const ofPods = graph.derive({
    ...shape,
    name: "translate/PodsOutsideMesh",
    from: meshMembers,
    map: ({ key, addresses }) => {
      const [namespace = "", name = ""] = key.split("/");
      return outsiders(objectKey({ group: "", kind: "Pod", namespace, name }), addresses);
    },
  });
  return graph.derive({
    name: "translate/OutsideMeshFindings",
    key: (finding: Finding) => finding.key,
    from: graph.groups<Outsider>({
      name: "translate/OutsideMesh",
      of: graph.union<Outsider>({ name: "translate/AllOutsideMesh", of: [ofServices, ofPods] }),
      by: () => ["all"],
    }),
    map: ({ members }: Group<Outsider>) => findingsOf(members),
  });
}

function findingsOf(outsiders: readonly Outsider[]): Finding[] {
  const [first] = [...outsiders].sort((a, b) => compareText(a.key, b.key));
  if (first === undefined) return [];
  const others = outsiders.length === 1 ? "" : `, as ${outsiders.length} addresses in all`;
  return [
    findingOf({
      object: first.object,
      severity: "warning",
      code: "outside-mesh-networks",
      message: `its address ${first.address} is in none of the networks of the mesh${others}: calls to it go by no route, and without mutual TLS`,
      advice: "Name the networks of Services and pods in the chart's value mesh.networks",
    }),
  ];
}
