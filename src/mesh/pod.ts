/** A pod as the API server shows it to be admitted: the fields that decide about a sidecar. Others are carried along unread. */
export interface AdmittedPod {
  readonly metadata?: {
    readonly name?: string;
    readonly generateName?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly serviceAccountName?: string;
    readonly hostNetwork?: boolean;
    readonly initContainers?: readonly NamedPart[];
    readonly containers?: readonly NamedPart[];
    readonly volumes?: readonly NamedPart[];
  };
}

interface NamedPart {
  readonly name: string;
}

/** On a namespace or a pod: `enabled`, or on a pod `disabled`. */
export const MESH_LABEL = "trilith.dev/mesh";
