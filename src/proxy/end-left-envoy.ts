/** Ends what nobody will take over: the Envoy of a state directory that is not wanted any more. */
import { AdminClient } from "./admin-client.ts";
import { defaultDrainBounds, drainEnvoy } from "./drain-envoy.ts";
import { forgetEnvoy, notedEnvoy } from "./running-envoy.ts";
import type { StateDirectory } from "./state-directory.ts";

/** Drains it first; resolves when it is gone. Does nothing where none runs. */
export async function endLeftEnvoy(directory: StateDirectory): Promise<void> {
  const left = notedEnvoy(directory);
  if (left) await drainEnvoy(left.identity, new AdminClient(directory.adminSocket), defaultDrainBounds);
  forgetEnvoy(directory);
}
