/**
 * What the proxies of the mesh are given, put together: before routes are looked at, who is sent to without any; and after that, where
 * calls go. Where there is no mesh, it is all empty.
 */
import type { Collection, Graph } from "../../collections/index.ts";
import type { Destination, Frontend, Outbound, RouteTable, StreamBackend } from "../../model/index.ts";
import type { Attachment } from "../attachment.ts";
import type { BackendPolicyBinding } from "../backend-policies/backend-policy-bindings.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import type { Inputs } from "../inputs.ts";
import type { TranslateSettings } from "../settings.ts";
import { deriveCallingNamespaces } from "./calling-namespaces.ts";
import { deriveDestinations } from "./derive-destinations.ts";
import { deriveFrontends, deriveStraightUsers } from "./derive-frontends.ts";
import { deriveOutbounds } from "./derive-outbounds.ts";
import { deriveWantedDestinations } from "./wanted-destinations.ts";

export interface MeshSide {
  /** Those who send straight on to a Service's own endpoints. */
  readonly straightUsers: Collection<BackendUser>;
  derivePaths(attachments: Collection<Attachment>, streamBackends: Collection<StreamBackend>): MeshPaths;
}

/** Where calls go. */
export interface MeshPaths {
  readonly frontends: Collection<Frontend>;
  readonly routeTables: Collection<RouteTable>;
  readonly destinations: Collection<Destination>;
  readonly outbounds: Collection<Outbound>;
}

export function deriveMeshSide(
  graph: Graph,
  inputs: Inputs,
  policies: Collection<BackendPolicyBinding>,
  mesh: TranslateSettings["mesh"],
): MeshSide {
  if (mesh === undefined) return nothing(graph);
  const { services, meshMembers } = inputs;
  const callers = deriveCallingNamespaces(graph, inputs.namespaces);
  const wanted = deriveWantedDestinations(graph, inputs, callers);
  return {
    straightUsers: deriveStraightUsers(graph, services, wanted, policies),
    derivePaths: (attachments, streamBackends) => {
      const made = deriveFrontends(graph, { services, wanted, attachments, streamBackends });
      const { frontends } = made;
      return {
        ...made,
        destinations: deriveDestinations(graph, { services, meshMembers, wanted, frontends, callers, mesh }),
        outbounds: deriveOutbounds(graph, callers, mesh),
      };
    },
  };
}

function nothing(graph: Graph): MeshSide {
  const none = <T extends { readonly key: string }>(name: string): Collection<T> =>
    graph.union<T>({ name: `translate/${name} without a mesh`, of: [] });
  return {
    straightUsers: none("MeshServices"),
    derivePaths: () => ({
      frontends: none("Frontends"),
      routeTables: none("TablesOfFrontends"),
      destinations: none("Destinations"),
      outbounds: none("Outbounds"),
    }),
  };
}
