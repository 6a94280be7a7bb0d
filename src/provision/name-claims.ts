/**
 * Whose the objects of a name are. All that is made for a Gateway has one name in its namespace, and two Gateways may come to the
 * same (`a` of class `b-c`, and `a-b` of class `c`): then the older one has it, and nothing is made for the other.
 *
 * https://gateway-api.sigs.k8s.io/guides/api-design/#conflicts
 */
import type { Collection, Graph, Index } from "../collections/index.ts";
import { compareText, compareTimestamps } from "../resources/index.ts";
import { nameOf } from "./manifests.ts";
import type { Wish } from "./wish.ts";

export class NameClaims {
  readonly #byObject: Index<Wish>;

  constructor(graph: Graph, wishes: Collection<Wish>) {
    this.#byObject = graph.index(wishes, "by object", (wish) => [tokenOf(wish.namespace, nameOf(wish))]);
  }

  /** All that would have objects of this name, the one that has them first. */
  claimantsOf(namespace: string, name: string): readonly Wish[] {
    return this.#byObject.lookup(tokenOf(namespace, name)).toSorted(compareWishes);
  }

  holderOf(namespace: string, name: string): Wish | undefined {
    return this.claimantsOf(namespace, name)[0];
  }

  /** Why nothing is made for it, in words for its status; undefined where it has its name. */
  conflictOf(wish: Wish): string | undefined {
    const name = nameOf(wish);
    const holder = this.holderOf(wish.namespace, name);
    if (holder === undefined || holder.key === wish.key) return undefined;
    return (
      `its objects would be called ${name}, as those of the older Gateway ${holder.name} ` +
      `of class ${holder.gatewayClassName} are. Give one of both another name`
    );
  }
}

const tokenOf = (namespace: string, name: string): string => `${namespace}/${name}`;

const compareWishes = (a: Wish, b: Wish): number =>
  compareTimestamps(a.createdAt, b.createdAt) || compareText(a.key, b.key);
