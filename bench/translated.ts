/** Manifests as Envoy resources, through the whole of the product's graph but without a proxy. */
import { createEngine, type Engine } from "../src/app/engine.ts";
import { standaloneSettings, withDefaultClass } from "../src/app/standalone-settings.ts";
import type { Collection } from "../src/collections/index.ts";
import { defaultSettings, type EnvoyRecord, envoyResources, type EnvoySettings } from "../src/envoy/index.ts";
import type { VirtualHost } from "../src/model/index.ts";
import { objectKeyOf } from "../src/resources/index.ts";
import type { KnownObject, ObjectKey } from "../src/resources/index.ts";
import { validated } from "../test/oracle/served-gateway.ts";
import type { Manifest } from "../test/support/manifests.ts";

export interface Translated {
  readonly engine: Engine;
  readonly records: Collection<EnvoyRecord>;
}

/** Throws where a derivation failed, unless a host is only too large to travel: that one is missing then. */
export function translated(manifests: readonly Manifest[], settings: EnvoySettings = defaultSettings): Translated {
  const engine = newEngine();
  const records = envoyResources(engine.graph, engine.model, settings);
  engine.replaceObjects(objectsOf(manifests));
  const failures = [...engine.graph.failures.values()].filter(
    (error) => !(error instanceof Error && error.name === "ResourceTooLargeError"),
  );
  if (failures.length > 0) throw new AggregateError(failures, "a derivation failed");
  return { engine, records };
}

export const newEngine = (): Engine => createEngine(standaloneSettings({ bindAddress: "127.0.0.1" }));

/** Throws where a manifest is not valid. */
export function objectsOf(manifests: readonly Manifest[]): ReadonlyMap<ObjectKey, KnownObject> {
  return withDefaultClass(new Map(validated(manifests).map((object) => [objectKeyOf(object), object])), "trilith");
}

/** The model's host of a name; the name must be served once. */
export function hostOf({ engine }: Translated, domain: string): VirtualHost {
  const [host, ...more] = [...engine.translation.virtualHosts.values()].filter((one) => one.domain === domain);
  if (host === undefined || more.length > 0) throw new Error(`there are ${more.length + 1} hosts ${domain}, or none`);
  return host;
}
