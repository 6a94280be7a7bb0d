/**
 * Whose an object is that has the name of one that is to be made for a Gateway. It is the Gateway's when its controlling owner is
 * that Gateway, by uid, whatever became of its labels. With our label, it is as well when its owner is an earlier Gateway of
 * that name, which the garbage collector has yet to clear up after, or when it has none (deleted with `--cascade=orphan`): then it was
 * made for a Gateway of this name, goes on to serve, and belongs to the new one from then on. The collector deletes no object that has
 * changed since it looked. Everything else is somebody's, and stays as it is: this fails towards doing nothing.
 *
 * https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
import { gatewayNameLabel } from "../resources/index.ts";
import { labelValueOf } from "./generated-name.ts";
import { MANAGED_BY, MANAGED_BY_LABEL } from "./manifest.ts";
import type { SentObject } from "./owned-objects.ts";
import type { Wish } from "./wish.ts";

/** What an object says of whose it is. */
export interface Ownership {
  /** Of the object itself. */
  readonly uid?: string;
  /** Of its controlling owner. */
  readonly owner?: Owner;
  /** It has the label of what we make. */
  readonly isLabelled: boolean;
  /** Of the Gateway that it was made for, as its label has it. */
  readonly gatewayLabel?: string;
}

export interface Owner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly isGateway: boolean;
}

export function ownershipOf({ metadata: { uid, labels = {}, ownerReferences = [] } }: SentObject): Ownership {
  const found = ownerReferences.find(({ controller }) => controller);
  const gatewayLabel = labels[gatewayNameLabel];
  return {
    isLabelled: labels[MANAGED_BY_LABEL] === MANAGED_BY,
    ...(uid !== undefined && { uid }),
    ...(gatewayLabel !== undefined && { gatewayLabel }),
    ...(found && { owner: ownerOf(found) }),
  };
}

const ownerOf = ({ apiVersion = "", kind = "", name = "", uid = "" }: SentOwner): Owner => ({
  kind,
  name,
  uid,
  isGateway: kind === "Gateway" && apiVersion.startsWith("gateway.networking.k8s.io/"),
});

type SentOwner = NonNullable<SentObject["metadata"]["ownerReferences"]>[number];

export function isOf({ name, uid }: Pick<Wish, "name" | "uid">, object: Ownership): boolean {
  const { owner, isLabelled, gatewayLabel } = object;
  if (owner !== undefined && owner.uid === uid) return true;
  if (!isLabelled) return false;
  return owner === undefined ? gatewayLabel === labelValueOf(name) : owner.isGateway && owner.name === name;
}

/** An object has the name of one that is to be made, and is somebody else's. */
export class NameTaken extends Error {
  override readonly name = "NameTaken";

  /** `object`: as people write it, `Deployment shop/web-trilith`. */
  constructor(object: string, { owner }: Ownership) {
    const whose = owner === undefined ? "was not made for this Gateway" : `belongs to ${owner.kind} ${owner.name}`;
    super(`${object} ${whose}, and is left as it is. Delete or rename it, or give the Gateway another name`);
  }
}
