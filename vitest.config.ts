import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "tools/**/*.test.ts", "test/feature/**/*.test.ts"],
          // Hosts of 10,000 rules take seconds where other programs want the processor as well.
          testTimeout: 60_000,
        },
      },
      { test: { name: "golden", include: ["test/golden/**/*.test.ts"] } },
      { test: { name: "oracle", include: ["test/oracle/**/*.test.ts"], testTimeout: 600_000 } },
      {
        test: {
          name: "conformance",
          include: ["test/conformance-standalone/**/*.test.ts"],
          globalSetup: ["test/conformance-standalone/find-suite.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "schema",
          include: ["test/schema/**/*.test.ts"],
          globalSetup: ["test/schema/build-oracle.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: "api-server",
          include: ["test/api-server/**/*.test.ts"],
          globalSetup: ["test/api-server/find-control-plane.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "install",
          include: ["test/install/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: "conformance-cluster",
          include: ["test/cluster/**/*.test.ts", "test/conformance/**/*.test.ts"],
          globalSetup: ["test/cluster/can-run-cluster.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "end-to-end",
          include: ["test/end-to-end/**/*.test.ts"],
          testTimeout: 300_000,
        },
      },
    ],
  },
});
