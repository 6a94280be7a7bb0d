/**
 * The files of a standalone run: follows them, puts their objects into the engine, with what a cluster would have added, and tells what is
 * wrong with them, once for each thing.
 */
import type { Logger } from "pino";
import type { Workload } from "../resources/index.ts";
import { ClusterDefaults, FileSource, type FileState } from "../sources/index.ts";
import { type Diagnostic, diagnose } from "./diagnosis.ts";
import type { Engine } from "./engine.ts";
import { DiagnosticLog } from "./event-log.ts";
import { defaultClass } from "./standalone-settings.ts";
import { WorkloadReadiness } from "./workload-readiness.ts";

export interface StandaloneFilesOptions {
  /** Files and folders of YAML. */
  readonly paths: readonly string[];
  /** The GatewayClass that there is without being stated. */
  readonly className: string;
  readonly log: Logger;
}

export class StandaloneFiles implements Disposable {
  readonly #engine: Engine;
  readonly #source: FileSource;
  readonly #log: DiagnosticLog;
  readonly #following = new DisposableStack();
  readonly #readiness = new WorkloadReadiness();
  readonly #defaults = new ClusterDefaults();
  #state: FileState | undefined;
  #isLogging = false;

  constructor({ paths, className, log }: StandaloneFilesOptions, engine: Engine) {
    this.#engine = engine;
    this.#log = new DiagnosticLog(log);
    this.#following.use(engine.graph.subscribe(engine.translation.findings, () => this.#logSoon()));
    this.#following.use(
      engine.graph.subscribe(engine.translation.statuses, (changes) => {
        const isNews = this.#readiness.learn(changes.flatMap(({ after }) => after ?? []));
        // Subscribers may not write to the graph.
        if (isNews) queueMicrotask(() => this.#publish([]));
      }),
    );
    this.#source = new FileSource({
      paths,
      implied: [defaultClass(className)],
      onState: (state) => {
        this.#state = state;
        this.#readiness.take(state.objects);
        this.#publish(state.changes);
        this.#logSoon();
      },
    });
    this.#source.start();
  }

  /** Files with objects that keep their last good state. */
  get held(): readonly string[] {
    return this.#state?.held ?? [];
  }

  /** Of the files, and of what translation finds in them. */
  diagnostics(): readonly Diagnostic[] {
    return this.#state ? diagnose(this.#state, this.#engine.translation.findings.values()) : [];
  }

  [Symbol.dispose](): void {
    this.#following[Symbol.dispose]();
    this.#source.stop();
  }

  #publish(changes: FileState["changes"]): void {
    const isReady = (workload: Workload): boolean => this.#readiness.isReady(workload);
    const objects = this.#state?.objects ?? new Map();
    this.#engine.applyChanges(this.#defaults.changesWith(changes, objects, isReady));
  }

  /** Once for all that happens at the same moment: reports of proxies follow right behind a change of files. */
  #logSoon(): void {
    if (this.#isLogging) return;
    this.#isLogging = true;
    setImmediate(() => {
      this.#isLogging = false;
      this.#log.take(this.diagnostics());
    });
  }
}
