/**
 * One write of one object's status: what is stored is read, Trilith's part is brought into it, and the whole is put back under
 * the resource version that was read, since `parents` and `ancestors` are lists that the API server replaces as a whole: with
 * any other way of writing, one controller takes away what another one has just written.
 *
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
import { isDeepStrictEqual } from "node:util";
import { ApiError, type ApiClient, type ResourceLocation, resourcePath } from "../kubernetes/index.ts";
import { groupOf, type Kind, kinds, versionOf } from "../resources/index.ts";
import { limitStatus } from "./limit-status.ts";
import { mergeStatus, type StatedStatus, type StoredStatus } from "./merge-status.ts";
import { type SentObject, type StoredObject, storedObjectOf } from "./stored-objects.ts";

export type WriteOutcome =
  /** Nothing to write. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "written"; readonly before: StoredObject; readonly after: StoredObject }
  /** There is no such object any more. */
  | { readonly kind: "gone" }
  /** The object has changed since Trilith judged it: the judgement of what it is now will follow. */
  | { readonly kind: "outdated" }
  /** The API server will not take it; trying the same again soon is pointless. */
  | { readonly kind: "refused"; readonly error: ApiError }
  /** The API server cannot be reached, or wants to be left alone. */
  | { readonly kind: "unavailable"; readonly error: ApiError }
  | { readonly kind: "aborted" };

export interface StatusWrite {
  /** As it was last seen. */
  readonly object: StoredObject;
  /** What Trilith has to say of it; undefined takes away what it said. */
  readonly stated: { readonly generation: number; readonly status: StatedStatus } | undefined;
  readonly controllerName: string;
  /** RFC 3339. */
  readonly now: string;
  readonly signal: AbortSignal;
  /** Somebody else wrote at the same time, and so it was tried again. */
  readonly onConflict?: () => void;
}

/** The writes of others that may come between before it is left for later. */
const MAX_CONFLICTS = 5;

/** Never rejects: a mistake of our own is a refusal, too, and hurts this object only. */
export async function writeStatus(client: ApiClient, write: StatusWrite): Promise<WriteOutcome> {
  let object = write.object;
  try {
    for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts += 1) {
      const status = statusToWrite(object, write);
      if (status === undefined) return { kind: "unchanged" };
      const answer = await putStatus(client, object, status, write.signal);
      if (answer !== "conflict") return { kind: "written", before: object, after: storedObjectOf(answer) };
      write.onConflict?.();
      const fresh = await client.request<SentObject>({
        method: "GET",
        path: resourcePath(locationOf(object)),
        signal: write.signal,
      });
      if (object.uid !== undefined && fresh.metadata.uid !== object.uid) return { kind: "outdated" };
      object = storedObjectOf(fresh);
      if ((object.generation ?? 0) > (write.stated?.generation ?? Number.POSITIVE_INFINITY))
        return { kind: "outdated" };
    }
    return { kind: "outdated" };
  } catch (error) {
    if (error instanceof ApiError) return outcomeOf(error);
    return { kind: "refused", error: new ApiError("failed", String(error), { cause: error }) };
  }
}

/** Undefined where it is what is stored. */
export function statusToWrite(
  { status: stored = {} }: StoredObject,
  { stated, controllerName, now }: Pick<StatusWrite, "stated" | "controllerName" | "now">,
): StoredStatus | undefined {
  const merged = mergeStatus(stored, stated?.status, controllerName, now);
  if (merged === stored) return undefined;
  const limited = limitStatus(merged);
  return limited !== merged && isDeepStrictEqual(limited, stored) ? undefined : limited;
}

/** The API server takes nothing but the status from the body, so nothing else is in it. */
async function putStatus(
  client: ApiClient,
  object: StoredObject,
  status: StoredStatus,
  signal: AbortSignal,
): Promise<SentObject | "conflict"> {
  const { apiVersion, kind, namespace, name, uid, resourceVersion } = object;
  const metadata = { name, ...(namespace !== undefined && { namespace }), ...(uid && { uid }), resourceVersion };
  try {
    return await client.request<SentObject>({
      method: "PUT",
      path: resourcePath({ ...locationOf(object), subresource: "status" }),
      query: { fieldManager: "trilith" },
      body: { apiVersion, kind, metadata, status },
      signal,
    });
  } catch (error) {
    if (error instanceof ApiError && error.code === "conflict") return "conflict";
    throw error;
  }
}

function locationOf({ apiVersion, kind, namespace, name }: StoredObject): ResourceLocation {
  return {
    group: groupOf(apiVersion),
    version: versionOf(apiVersion),
    plural: kinds[kind as Kind].plural,
    ...(namespace !== undefined && { namespace }),
    name,
  };
}

function outcomeOf(error: ApiError): WriteOutcome {
  switch (error.code) {
    case "notFound":
    case "gone":
      return { kind: "gone" };
    case "aborted":
      return { kind: "aborted" };
    case "invalid":
    case "forbidden":
    case "alreadyExists":
      return { kind: "refused", error };
    case "conflict":
      return { kind: "outdated" };
    case "unauthorized":
    case "throttled":
    case "timeout":
    case "unreachable":
      return { kind: "unavailable", error };
    case "failed":
      return { kind: (error.httpStatus ?? 500) >= 500 ? "unavailable" : "refused", error };
  }
}
