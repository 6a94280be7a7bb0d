/**
 * What `trilith check` does with a cluster: its objects, with those of files laid over them as if they were applied, and
 * everything there is to say. The cluster is only read.
 */
import { ApiError, type ApiClient, listResources } from "../kubernetes/index.ts";
import {
  formatObject,
  formatPath,
  type Kind,
  kinds,
  type KnownObject,
  objectKeyOf,
  type ObjectKey,
  parseObjectKey,
  validate,
} from "../resources/index.ts";
import { Clock, type FileState } from "../sources/index.ts";
import { type CheckResult, readFiles } from "./check-files.ts";
import { controllerSettings } from "./controller-settings.ts";
import { type Diagnostic, diagnose } from "./diagnosis.ts";
import { createEngine } from "./engine.ts";

export interface CheckClusterOptions {
  /** Files and folders that are checked as if they were applied. */
  readonly paths: readonly string[];
  /** Tells only of objects of this namespace, of those without one, and of the files. */
  readonly namespace?: string | undefined;
}

export interface CheckClusterResult extends CheckResult {
  /** What the caller may not see, or the server not give. */
  readonly unread: readonly Unread[];
}

interface Unread {
  readonly plural: string;
  readonly message: string;
}

export async function checkCluster(
  client: ApiClient,
  { paths, namespace }: CheckClusterOptions,
): Promise<CheckClusterResult> {
  const lists = await Promise.all(ALL_KINDS.map((kind) => readKind(client, kind, namespace)));
  const files = readFiles(paths);
  const stored = new Map(lists.flatMap(({ objects }) => objects).map((object) => [objectKeyOf(object), object]));
  const merged = new Map([...files.objects, ...stored]);
  // The files' own objects are applied; namespaces that were only made because nobody stated them are not.
  for (const [key, { object }] of files.places) merged.set(key, object);
  const engine = createEngine(controllerSettings());
  using _ = new Clock(engine.driven.clock);
  engine.replaceObjects(merged);
  const findings = [...engine.translation.findings.values()].filter(({ object }) => isTold(object, files, namespace));
  return {
    objects: merged.size,
    diagnostics: [...lists.flatMap(({ problems }) => problems), ...diagnose(files, findings)],
    unread: lists.flatMap(({ unread }) => unread ?? []),
  };
}

const ALL_KINDS: readonly Kind[] = Object.values(kinds).flatMap(({ kind, onlyInFiles }) => (onlyInFiles ? [] : [kind]));

/** Of those kinds that there are many of for other reasons, only what can matter. */
const SELECTORS: Readonly<Partial<Record<Kind, string>>> = {
  Secret: "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token",
  Pod: "status.phase=Running",
};

function isTold(key: ObjectKey, { places }: Pick<FileState, "places">, namespace: string | undefined): boolean {
  const { namespace: of } = parseObjectKey(key);
  return namespace === undefined || !of || of === namespace || places.has(key);
}

interface ReadKind {
  readonly objects: readonly KnownObject[];
  readonly problems: readonly Diagnostic[];
  readonly unread?: Unread;
}

const nothing: ReadKind = { objects: [], problems: [] };

/** In the first version that the server has. Who may not see all namespaces is shown what is in the one that was named. */
async function readKind(client: ApiClient, kind: Kind, namespace: string | undefined): Promise<ReadKind> {
  const { versions, plural, namespaced } = kinds[kind];
  for (const version of versions) {
    try {
      return await listKind(client, kind, version, undefined);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "notFound") continue;
      if (error.code !== "forbidden") throw error;
      const unread = { ...nothing, unread: { plural, message: error.message } };
      if (!namespaced || namespace === undefined) return unread;
      return listKind(client, kind, version, namespace).catch(() => unread);
    }
  }
  return nothing;
}

async function listKind(
  client: ApiClient,
  kind: Kind,
  version: string,
  namespace: string | undefined,
): Promise<ReadKind> {
  const { group, plural } = kinds[kind];
  const fieldSelector = SELECTORS[kind];
  const items = await listResources<object>(
    client,
    { group, version, plural, ...(namespace !== undefined && { namespace }) },
    fieldSelector === undefined ? {} : { fieldSelector },
  );
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const read = items.map((item) => validate({ ...item, apiVersion, kind }));
  return {
    objects: read.flatMap(({ object }) => object ?? []),
    problems: read.filter(({ object }) => object === undefined).flatMap(invalidObject),
  };
}

/** What the API server took and Trilith cannot read: rules of its CRDs may be other ones, or have been. */
function invalidObject({ identity, problems }: ReturnType<typeof validate>): Diagnostic[] {
  return problems
    .filter(({ severity }) => severity === "error")
    .map(({ message, advice, path }) => ({
      severity: "error",
      code: "invalid",
      message,
      ...(advice !== undefined && { advice }),
      ...(identity && { object: formatObject(identity) }),
      path: formatPath(path),
    }));
}
