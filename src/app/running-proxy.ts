/** An Envoy of this machine that runs, with what serves it, and the two ways in which that ends. */
import type { ProxyProcess } from "../proxy/index.ts";

export interface RunningProxy {
  /** What Envoy counts, for Prometheus. Rejects while there is none. */
  metrics(): Promise<string>;
  /** Drains and ends Envoy, then takes everything down. With `now`, also on a second call, without waiting for what is under way. */
  stop(how?: { readonly now?: boolean }): Promise<void>;
  /** Takes everything down but Envoy, which serves on for the next start. */
  leave(): Promise<void>;
}

/** `serving`: all that is taken down. */
export const runningProxy = (proxy: ProxyProcess, serving: AsyncDisposableStack): RunningProxy => ({
  metrics: () => proxy.admin.get("/stats/prometheus"),
  stop: async (how) => {
    await proxy.stop(how);
    await serving.disposeAsync();
  },
  leave: async () => {
    await proxy.leave();
    await serving.disposeAsync();
  },
});
