/** A control plane for the tests of one file: there before the first, with the Gateway API's definitions, and gone after the last. */
import { afterAll, beforeAll, inject } from "vitest";
import { type ClusterClient, connectToCluster } from "../../src/kubernetes/index.ts";
import { type ControlPlane, installCrds, startControlPlane } from "./control-plane.ts";

/** Only during tests and `prepare`. */
export interface UsedControlPlane {
  readonly client: ClusterClient;
  readonly kubeconfigPath: string;
  readonly controlPlane: ControlPlane;
}

/** Nothing is started where there is no API server to start; tests skip themselves then. `moreFlags`: of the API server. */
export function useControlPlane(
  prepare: () => Promise<void> = () => Promise.resolve(),
  moreFlags: Readonly<Record<string, string>> = {},
): UsedControlPlane {
  const environment = inject("controlPlane");
  let running: { readonly controlPlane: ControlPlane; readonly client: ClusterClient } | undefined;
  const inUse = (): NonNullable<typeof running> => {
    if (running === undefined) throw new Error("the control plane is not up yet");
    return running;
  };
  beforeAll(async () => {
    if (environment === undefined) return;
    const controlPlane = await startControlPlane(environment.binary, moreFlags);
    running = { controlPlane, client: await connectToCluster({ kubeconfig: controlPlane.kubeconfigPath }) };
    await installCrds(running.client, environment.crds);
    await prepare();
  });
  afterAll(async () => {
    running?.client[Symbol.dispose]();
    await running?.controlPlane.stop();
  });
  return {
    get client() {
      return inUse().client;
    },
    get controlPlane() {
      return inUse().controlPlane;
    },
    get kubeconfigPath() {
      return inUse().controlPlane.kubeconfigPath;
    },
  };
}
