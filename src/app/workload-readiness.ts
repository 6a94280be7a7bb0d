/**
 * Which Workloads may be called already. Those of the first state are taken for running: they are, where an earlier run left them to this
 * one, and otherwise nobody has begun to call. One that comes later, or moves, is called when its sidecar says that it listens.
 */
import { isOfKind, type KnownObject, type ObjectKey, objectKeyOf, type Workload } from "../resources/index.ts";
import type { ObjectStatus } from "../translate/index.ts";

export class WorkloadReadiness {
  /** Where each Workload that is ready is called. */
  readonly #ready = new Map<ObjectKey, string>();
  #workloads: readonly Workload[] | undefined;

  /** These objects are the whole state now. */
  take(objects: ReadonlyMap<ObjectKey, KnownObject>): void {
    const isFirst = this.#workloads === undefined;
    this.#workloads = [...objects.values()].filter((object) => isOfKind(object, "Workload"));
    if (isFirst) for (const workload of this.#workloads) this.#ready.set(objectKeyOf(workload), placeOf(workload));
    for (const key of this.#ready.keys()) if (!objects.has(key)) this.#ready.delete(key);
  }

  isReady(workload: Workload): boolean {
    return this.#ready.get(objectKeyOf(workload)) === placeOf(workload);
  }

  /** Whether a Workload is ready now that was not. */
  learn(statuses: readonly ObjectStatus[]): boolean {
    const listening = new Set(statuses.filter(isListening).map(({ key }) => key));
    const news = (this.#workloads ?? []).filter(
      (workload) => listening.has(objectKeyOf(workload)) && !this.isReady(workload),
    );
    for (const workload of news) this.#ready.set(objectKeyOf(workload), placeOf(workload));
    return news.length > 0;
  }
}

const placeOf = ({ spec: { address, ports = [] } }: Workload): string =>
  JSON.stringify([address, ports.map(({ port, localPort }) => [port, localPort])]);

const isListening = ({ kind, generation, status }: ObjectStatus): boolean =>
  kind === "Workload" &&
  "conditions" in status &&
  status.conditions.some(
    ({ type, status: is, observedGeneration }) =>
      type === "Programmed" && is === "True" && observedGeneration === generation,
  );
