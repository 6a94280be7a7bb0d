/** A pod with a real sidecar, made of another one's, that says it is the proxy of somebody else. */

interface Pod {
  readonly spec: {
    readonly initContainers: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes: readonly Named[];
    readonly serviceAccountName: string;
  };
}

interface Container extends Named {
  readonly args?: readonly string[];
  readonly volumeMounts?: readonly Named[];
}

interface Named {
  readonly name: string;
}

const ofSidecar = ({ name }: Named): boolean => name.startsWith("trilith-");

/** `pod`: one with a sidecar, as the API server has it. The impostor has its ServiceAccount, and says that it is `cluster`. */
export function impostorOf(pod: string, namespace: string, cluster: string): object {
  const { initContainers, containers, volumes, serviceAccountName } = (JSON.parse(pod) as Pod).spec;
  const sidecar = initContainers.find(({ name }) => name === "trilith-proxy");
  if (sidecar === undefined) throw new Error("the pod has no sidecar");
  const args = (sidecar.args ?? []).map((arg, index, all) => (all[index - 1] === "--service-cluster" ? cluster : arg));
  const withoutAccess = (container: Container): object => ({
    ...container,
    volumeMounts: (container.volumeMounts ?? []).filter(ofSidecar),
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: "impostor",
      namespace,
      // The webhook is to leave it as it is, and the control plane to take it for one of the mesh.
      labels: { "trilith.dev/mesh": "disabled", "trilith.dev/sidecar": "envoy" },
    },
    spec: {
      serviceAccountName,
      terminationGracePeriodSeconds: 1,
      initContainers: [{ ...withoutAccess(sidecar), args }],
      containers: containers.map((container) => ({ ...withoutAccess(container), readinessProbe: undefined })),
      volumes: volumes.filter(ofSidecar),
    },
  };
}
