/**
 * Collects what turns up while the rules of one route are translated: backends to serve, references that do not resolve,
 * rules that must be left out, notices. One scope lives for one translation of one route.
 */
import type { Backend, BackendOrigin, TrustBundle } from "../../model/index.ts";
import { compareText } from "../../resources/index.ts";
import type { Verdict } from "../attachment.ts";
import type { BackendUser } from "../backends/backend-user.ts";
import type { Resolution } from "../backends/resolution.ts";
import type { DroppedRule, ReferenceProblem, RuleNotice } from "./route-rules.ts";

/** Thrown by what looks at one rule to leave it out; caught by `RuleScope.attempt`. */
export class RuleDropped extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

export class RuleScope {
  readonly backends: Map<string, Backend> = new Map();
  readonly bundles: Map<string, TrustBundle> = new Map();
  readonly targets: Set<string> = new Set();
  readonly problems: ReferenceProblem[] = [];
  readonly dropped: DroppedRule[] = [];
  readonly notices: RuleNotice[] = [];

  use(backend: Backend): void {
    this.backends.set(backend.key, backend);
  }

  /** What a reference has turned out to be, as it is given. */
  note(resolution: Resolution): Resolution {
    if (resolution.kind !== "unresolved") this.targets.add(targetOf(resolution.origin));
    if (resolution.kind === "resolved" && resolution.bundle) this.bundles.set(resolution.bundle.key, resolution.bundle);
    return resolution;
  }

  /** In a stable order, so that the order of a route's references changes nothing but what it says. */
  uses(): Pick<BackendUser, "backends" | "bundles" | "targets"> {
    return {
      backends: sortedByKey(this.backends),
      bundles: sortedByKey(this.bundles),
      targets: [...this.targets].sort(compareText),
    };
  }

  /** What `read` makes of a part of a rule. Where it throws RuleDropped, undefined, and the rule is left out; its first reason is told. */
  attempt<T>(rule: number, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof RuleDropped)) throw error;
      if (!this.isLeftOut(rule)) this.dropped.push({ rule, path: error.path, message: error.message });
      return undefined;
    }
  }

  isLeftOut(rule: number): boolean {
    return this.dropped.some((dropped) => dropped.rule === rule);
  }

  /** ResolvedRefs has one reason: that of the first problem; the message names them all. */
  resolvedRefs(): Verdict {
    const [first] = this.problems;
    if (first === undefined) return { status: "True", reason: "ResolvedRefs", message: "Every reference resolves" };
    const reason = first.reason === "InvalidExtensionRef" ? "InvalidKind" : first.reason;
    return { status: "False", reason, message: this.problems.map((p) => `${p.path}: ${p.message}`).join("; ") };
  }
}

const targetOf = ({ kind, namespace, name }: BackendOrigin): string => `${kind}/${namespace}/${name}`;

function sortedByKey<T extends { readonly key: string }>(values: ReadonlyMap<string, T>): readonly T[] {
  return [...values.values()].sort((a, b) => compareText(a.key, b.key));
}
