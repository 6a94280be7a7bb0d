/** The programs of the demo's workloads, on the ports that demo/mesh/shop/workloads.yaml names: they know nothing of the mesh. */
import { type Backend, startHttpBackend } from "../../test/backends/index.ts";

export interface Programs extends AsyncDisposable {
  /** As if it had crashed; its sidecar stays. */
  endFirst(): Promise<void>;
  startFirst(): Promise<void>;
}

export async function startPrograms(): Promise<Programs> {
  const startFirst = (): Promise<Backend> => startHttpBackend({ name: "cart-v1", port: 19081 });
  const second = await startHttpBackend({ name: "cart-v2", port: 19082 });
  let first: Backend | undefined = await startFirst();
  const endFirst = async (): Promise<void> => {
    await first?.close();
    first = undefined;
  };
  return {
    endFirst,
    startFirst: async () => {
      first = await startFirst();
    },
    [Symbol.asyncDispose]: async () => {
      await endFirst();
      await second.close();
    },
  };
}
