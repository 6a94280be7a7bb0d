/** The mesh's roots as a ClusterTrustBundle, in a real API server that serves them. */
import { expect, inject, onTestFinished, test } from "vitest";
import { TrustBundlePublisher } from "../../src/mesh/index.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import { useControlPlane } from "./use-control-plane.ts";

const environment = inject("controlPlane");
const PATIENCE = { timeout: 20_000 };
const PATH = "/apis/certificates.k8s.io/v1beta1/clustertrustbundles/trilith-root";

const cluster = useControlPlane(async () => {}, {
  "runtime-config": "certificates.k8s.io/v1beta1=true",
  "feature-gates": "ClusterTrustBundle=true",
});

const stored = async (): Promise<unknown> =>
  await cluster.client.request<{ readonly spec: { readonly trustBundle: string } }>({ method: "GET", path: PATH }).then(
    ({ spec }) => spec.trustBundle,
    () => "nothing",
  );

test.skipIf(environment === undefined)(
  "roots are published, follow a rotation, and come back when somebody changes them",
  async () => {
    const [first, second] = [await createCertificateAuthority("first"), await createCertificateAuthority("second")];
    const served: (string | undefined)[] = [];
    const waits: (() => void)[] = [];
    const publisher = new TrustBundlePublisher({
      client: cluster.client,
      bundle: first.certificate,
      onServed: (version) => served.push(version),
      onProblem: (problem) => expect(problem).toBeUndefined(),
      timers: {
        now: () => 0,
        after: (_, run) => {
          waits.push(run);
          return { [Symbol.dispose]: () => {} };
        },
      },
    });
    onTestFinished(() => publisher.stop());
    publisher.start();
    await expect.poll(stored, PATIENCE).toBe(first.certificate);
    publisher.replace(`${first.certificate}\n${second.certificate}`);
    await expect.poll(stored, PATIENCE).toBe(`${first.certificate}\n${second.certificate}`);
    await cluster.client.request({ method: "DELETE", path: PATH });
    expect(await stored()).toBe("nothing");
    waits.at(-1)?.();
    await expect.poll(stored, PATIENCE).toBe(`${first.certificate}\n${second.certificate}`);
    expect(served).toEqual(["v1beta1"]);
  },
);
