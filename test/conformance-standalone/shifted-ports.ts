/** Where ports below 1024 may not be bound, Gateways of the official tests listen on others, and everybody here asks there. */
import { inject } from "vitest";
import type { Manifest } from "./official-manifests.ts";

/** The port that stands for this one of the manifests. */
export function portHere(port: number): number {
  return port < 1024 ? port + inject("conformancePortShift") : port;
}

/** The Gateway, ListenerSet or route with its ports shifted: of listeners, of their TLS, of references to parents. */
export function withShiftedPorts(manifest: Manifest): Manifest {
  const isConcerned = /^(Gateway|ListenerSet|\w+Route)$/.test(manifest.kind) && manifest.spec !== undefined;
  if (!isConcerned || inject("conformancePortShift") === 0) return manifest;
  const { listeners, parentRefs, tls } = manifest.spec;
  const frontend: unknown = fieldOf(tls, "frontend");
  const perPort = fieldOf(frontend, "perPort");
  const spec = {
    ...manifest.spec,
    ...(Array.isArray(listeners) && { listeners: listeners.map(shifted) }),
    ...(Array.isArray(parentRefs) && { parentRefs: parentRefs.map(shifted) }),
    ...(Array.isArray(perPort) && {
      tls: { ...objectOf(tls), frontend: { ...objectOf(frontend), perPort: perPort.map(shifted) } },
    }),
  };
  return { ...manifest, spec };
}

function shifted(item: unknown): unknown {
  const port = fieldOf(item, "port");
  return typeof port === "number" ? { ...objectOf(item), port: portHere(port) } : item;
}

function fieldOf(value: unknown, field: string): unknown {
  return Reflect.get(objectOf(value), field);
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}
