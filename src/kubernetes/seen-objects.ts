/**
 * What a watch has told so far, by name and resource version: with it, a new list becomes the changes since the last one,
 * what did not change says nothing, and what is missing at the end of a whole list is gone. A list that breaks off removes nothing.
 */

/** The parts of any object that a watch needs. */
export interface ListedObject {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export type WatchChange<Item> =
  | { readonly kind: "set"; readonly name: string; readonly item: Item }
  /** `name`: `namespace/name`, or the name alone without a namespace. */
  | { readonly kind: "delete"; readonly name: string };

export class SeenObjects<Item> {
  readonly #read: (object: ListedObject) => Item;
  readonly #versions = new Map<string, string>();
  #unlisted: Set<string> | undefined;
  #changes: WatchChange<Item>[] = [];

  /** `read`: what to keep of an object. */
  constructor(read: (object: ListedObject) => Item) {
    this.#read = read;
  }

  beginList(): void {
    this.#unlisted = new Set(this.#versions.keys());
  }

  /** What the whole list did not have is gone. */
  endList(): void {
    const gone = this.#unlisted ?? [];
    this.#unlisted = undefined;
    for (const name of gone) this.#forget(name);
  }

  /** Whatever is listed or watched from now on is told, also in a version that was told before. */
  forgetVersions(): void {
    for (const name of this.#versions.keys()) this.#versions.set(name, "");
  }

  set(object: ListedObject): void {
    const name = nameOf(object);
    const { resourceVersion } = object.metadata;
    this.#unlisted?.delete(name);
    if (this.#versions.get(name) === resourceVersion) return;
    this.#versions.set(name, resourceVersion);
    this.#changes.push({ kind: "set", name, item: this.#read(object) });
  }

  delete(object: ListedObject): void {
    const name = nameOf(object);
    this.#unlisted?.delete(name);
    this.#forget(name);
  }

  /** The changes since they were last taken, in their order. */
  takeChanges(): readonly WatchChange<Item>[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  #forget(name: string): void {
    if (this.#versions.delete(name)) this.#changes.push({ kind: "delete", name });
  }
}

function nameOf({ metadata: { namespace, name } }: ListedObject): string {
  return namespace ? `${namespace}/${name}` : name;
}
