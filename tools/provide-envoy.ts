/** Tests need the very Envoy that the product runs: found, or fetched once, as `trilith serve` would, and named to the tests by $TRILITH_ENVOY. */
import { findEnvoy } from "../src/proxy/index.ts";

export async function provideEnvoy(): Promise<void> {
  process.env["TRILITH_ENVOY"] ??= await findEnvoy({ onProgress: (line) => console.log(line) });
}
