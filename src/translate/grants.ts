/**
 * ReferenceGrants: who may refer across namespaces. Indexed by what is asked for, so that a grant wakes only those whose
 * question it answers.
 *
 * https://gateway-api.sigs.k8s.io/api-types/referencegrant/
 */
import type { Collection, Graph, Index, Reader } from "../collections/index.ts";
import type { ReferenceGrant } from "../resources/index.ts";

export interface Grants {
  readonly of: Collection<ReferenceGrant>;
  readonly index: Index<ReferenceGrant>;
}

export interface GrantFrom {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
}

export interface GrantTo extends GrantFrom {
  readonly name: string;
}

export function indexGrants(graph: Graph, referenceGrants: Collection<ReferenceGrant>): Grants {
  const index = graph.index<ReferenceGrant>(referenceGrants, "by permission", ({ metadata, spec }) =>
    spec.from.flatMap((from) => spec.to.map((to) => token(from, { ...to, namespace: metadata.namespace }))),
  );
  return { of: referenceGrants, index };
}

/** Whether an object of `from` may refer to `to`. Within one namespace everybody may. */
export function isGranted(read: Reader, grants: Grants, from: GrantFrom, to: GrantTo): boolean {
  if (from.namespace === to.namespace) return true;
  return read
    .by(grants.index, token(from, to))
    .some(({ spec }) =>
      spec.to.some(
        ({ group, kind, name }) =>
          group === to.group && kind === to.kind && (name === undefined || name === "" || name === to.name),
      ),
    );
}

const token = (from: GrantFrom, to: GrantFrom): string =>
  `${from.group}/${from.kind}/${from.namespace}→${to.group}/${to.kind}/${to.namespace}`;
