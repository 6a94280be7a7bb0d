/** What goes wrong while a cluster is followed, by what is being followed, in words for people. */
import type { ApiError } from "../../kubernetes/index.ts";
import { formatPath, type Kind, kinds } from "../../resources/index.ts";
import type { ObjectStore } from "./object-store.ts";

export interface SourceProblem {
  readonly severity: "error" | "warning";
  readonly code: "invalid" | "not-watched" | "not-served";
  readonly message: string;
  readonly advice?: string;
  readonly object?: string;
  readonly path?: string;
}

export class SourceProblems {
  readonly #onChange: () => void;
  readonly #byLabel = new Map<string, SourceProblem>();
  #isTelling = false;

  /** `onChange`: once for all that comes in the same turn of the event loop; where the server is away, thousands have a problem. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Each that is the same for many once. */
  get all(): readonly SourceProblem[] {
    return [...new Map([...this.#byLabel.values()].map((problem) => [problem.message, problem])).values()];
  }

  of(label: string): SourceProblem | undefined {
    return this.#byLabel.get(label);
  }

  /** `undefined`: it is over. */
  set(label: string, problem: SourceProblem | undefined): void {
    if (problem === undefined && !this.#byLabel.has(label)) return;
    if (problem === undefined) this.#byLabel.delete(label);
    else this.#byLabel.set(label, problem);
    this.tell();
  }

  tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#onChange();
    });
  }
}

export function watchProblem(label: string, { code, message }: ApiError): SourceProblem {
  const advice =
    code === "forbidden"
      ? "Install the roles of this version of Trilith, for the namespaces whose Secrets it is to read"
      : "What was read last stays in force until the API server answers";
  return { severity: "error", code: "not-watched", message: `${label} cannot be followed: ${message}`, advice };
}

/** `offered`: the versions that the cluster has. */
export function versionProblem(kind: Kind, offered: readonly string[]): SourceProblem {
  const message =
    offered.length === 0
      ? `The cluster has no ${kind}`
      : `The cluster has ${kind} in ${offered.join(", ")}, and Trilith reads ${kinds[kind].versions.join(", ")}`;
  return { severity: "warning", code: "not-served", message, advice: "Install the CRDs of Gateway API v1.7.0" };
}

/** Of objects that are there and cannot be used. */
export const refusalProblems = ({ refused }: Pick<ObjectStore, "refused">): readonly SourceProblem[] =>
  [...refused.values()].flatMap(({ object, problems }) =>
    problems.map(({ message, path, advice }): SourceProblem => ({
      severity: "error",
      code: "invalid",
      message,
      object,
      ...(path.length > 0 && { path: formatPath(path) }),
      ...(advice !== undefined && { advice }),
    })),
  );
