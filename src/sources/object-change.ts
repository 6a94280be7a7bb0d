/** What drivers of objects tell: which objects there are now, and which no longer. */
import type { Kind, KnownObject, ObjectKey } from "../resources/index.ts";

export type ObjectChange =
  | { readonly kind: "set"; readonly key: ObjectKey; readonly object: KnownObject }
  | { readonly kind: "delete"; readonly key: ObjectKey; readonly of: Kind };
