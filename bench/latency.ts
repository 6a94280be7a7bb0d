/**
 * How soon an edit is served: from the moment a file is saved to the first answer that is right, with the whole program;
 * and, with the same parts in this process, how much of it is ours and how much is Envoy's for the very same resource.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FileSource, type FileState } from "../src/sources/index.ts";
import { defaultClass } from "../src/app/standalone-settings.ts";
import { freePorts } from "../test/support/free-ports.ts";
import { plainRequest } from "../test/support/plain-request.ts";
import { ServedDirectory } from "../test/support/served-directory.ts";
import { GatewayUnderTest } from "./gateway-under-test.ts";
import { changedFile, type HostFile, hostFiles, hostName } from "./served-hosts.ts";
import type { Section, Tell } from "./section.ts";
import { median, quantile } from "./statistics.ts";

const COUNTS = [10, 1_000, 3_000, 10_000] as const;
const EDITS = 15;
const MOST_MS = 20_000;

/** In milliseconds. */
interface Edit {
  /** From the event of the file system to the first message. */
  readonly toMessage: number;
  /** Processor time of this thread in that time: all of the work, and nothing of the waiting. */
  readonly processor: number;
  /** From the message to the first right answer. */
  readonly envoy: number;
}

interface Measured {
  readonly count: number;
  /** From the save to the first right answer of `trilith serve`. */
  readonly served: readonly number[];
  readonly edits: readonly Edit[];
}

export const latency: Section = {
  name: "latency",
  title: "From saving a file to the first right answer",
  measure: async (tell) => {
    const measured: Measured[] = [];
    for (const count of COUNTS) {
      const served = await measureServe(count, tell);
      measured.push({ count, served, edits: await measureParts(count, tell) });
    }
    return outcomeOf(measured);
  },
};

async function measureServe(count: number, tell: Tell): Promise<readonly number[]> {
  tell(`${count} hosts: trilith serve`);
  await using directory = await ServedDirectory.create();
  const [port = 0] = await freePorts(1);
  for (const { name, text } of hostFiles(count, port)) directory.write(name, text);
  await directory.start();
  const times: number[] = [];
  for (let edit = 0; edit <= EDITS; edit += 1) {
    const target = `edit-${edit}.test`;
    const { name, text } = changedFile(count, target);
    directory.write(name, text);
    const began = performance.now();
    await answered(port, target);
    if (edit > 0) times.push(performance.now() - began);
    await delay(100);
  }
  return times;
}

async function measureParts(count: number, tell: Tell): Promise<readonly Edit[]> {
  tell(`${count} hosts: each part`);
  const folder = mkdtempSync(join(tmpdir(), "trilith-bench-files-"));
  try {
    const [port = 0] = await freePorts(1);
    for (const file of hostFiles(count, port)) write(folder, file);
    await using started = new AsyncDisposableStack();
    const follower = new FolderFollower(folder);
    started.defer(() => follower.stop());
    const gateway = started.use(await GatewayUnderTest.start(follower.objects));
    follower.onChanges = (changes) => gateway.engine.applyChanges(changes);
    const edits: Edit[] = [];
    for (let edit = 0; edit <= EDITS; edit += 1) {
      const one = await timedEdit(gateway, folder, changedFile(count, `edit-${edit}.test`), port, `edit-${edit}.test`);
      if (edit > 0) edits.push(one);
      await delay(100);
    }
    return edits;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files as objects, at once and after every change. */
class FolderFollower {
  objects: FileState["objects"] = new Map();
  onChanges: ((changes: FileState["changes"]) => void) | undefined;
  readonly #source: FileSource;

  constructor(folder: string) {
    this.#source = new FileSource({
      paths: [folder],
      implied: [defaultClass("trilith")],
      onState: (state) => this.#take(state),
    });
    this.#source.start();
  }

  stop(): void {
    this.#source.stop();
  }

  #take({ objects, changes }: FileState): void {
    this.objects = objects;
    this.onChanges?.(changes);
  }
}

/** Nothing is asked until the message is out, so that the thread does only what it would do in the product. */
async function timedEdit(
  gateway: GatewayUnderTest,
  folder: string,
  file: HostFile,
  port: number,
  target: string,
): Promise<Edit> {
  const happened = Promise.withResolvers<{ readonly at: number; readonly processor: number }>();
  const sent = Promise.withResolvers<{ readonly at: number; readonly processor: number }>();
  const now = () => ({ at: performance.now(), processor: processorMs() });
  let last = now();
  const watcher = watch(folder, () => (last = now()));
  gateway.onSent = () => {
    happened.resolve(last);
    sent.resolve(now());
  };
  write(folder, file);
  const [event, message] = await Promise.all([happened.promise, sent.promise]);
  await answered(port, target);
  const envoy = performance.now() - message.at;
  watcher.close();
  gateway.onSent = undefined;
  return { toMessage: message.at - event.at, processor: message.processor - event.processor, envoy };
}

function processorMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function write(folder: string, { name, text }: HostFile): void {
  mkdirSync(folder, { recursive: true });
  // Drafts lie beside the folder, not in it.
  const draft = `${folder}.draft`;
  writeFileSync(draft, text);
  renameSync(draft, join(folder, name));
}

/** Asks until the first host redirects there. */
async function answered(port: number, target: string): Promise<void> {
  const until = performance.now() + MOST_MS;
  for (;;) {
    const { headers } = await plainRequest(port, hostName(0), "/");
    if (headers.location?.includes(target)) return;
    if (performance.now() > until) throw new Error(`${target} is not served after ${MOST_MS} ms`);
    await delay(1);
  }
}

function outcomeOf(measured: readonly Measured[]): Awaited<ReturnType<Section["measure"]>> {
  const rows = measured.map(({ count, served, edits }) => {
    const of = (figure: (edit: Edit) => number): number => median(edits.map(figure));
    const envoy = of((edit) => edit.envoy);
    const serve = median(served);
    return {
      count,
      serve,
      slow: quantile(served, 0.95),
      toMessage: of((edit) => edit.toMessage),
      processor: of((edit) => edit.processor),
      envoy,
      more: serve - envoy,
    };
  });
  const at = rows.find(({ count }) => count === 3_000);
  const line = (name: string, group: number, figure: (row: (typeof rows)[number]) => number) => ({
    name,
    group,
    points: rows.map((row) => ({ x: row.count, y: figure(row) })),
  });
  const ms = (value: number): string => value.toFixed(1);
  return {
    method:
      `One route of one file (a hundred routes a file) is changed ${EDITS} times. “serve” is the whole program, from the rename to the first right ` +
      "answer to a client that asks every millisecond. The other columns are of the same parts in one process: from the file " +
      "system's event to the message; the processor time in it; and from the message to the first right answer, which is Envoy's own " +
      "time. A file that is written in its place instead of renamed is waited for 10 ms longer. All in milliseconds.",
    tables: [
      {
        title: "Edit to effect",
        columns: ["hosts", "serve p50", "serve p95", "event to message", "its work", "Envoy", "serve above Envoy"],
        rows: rows.map((row) => [
          row.count.toLocaleString("en"),
          ...[row.serve, row.slow, row.toMessage, row.processor, row.envoy, row.more].map(ms),
        ]),
      },
    ],
    plots: [
      {
        file: "bench-latency.svg",
        title: "From saving a file to the first right answer",
        xTitle: "hosts",
        yTitle: "milliseconds",
        lines: [
          line("trilith serve, p50", 0, (row) => row.serve),
          line("Envoy's own time", 1, (row) => row.envoy),
          line("our work", 2, (row) => row.processor),
        ],
      },
    ],
    goals: at
      ? [
          {
            text: "with 3,000 hosts a change is seen at most 10 ms after Envoy's own time",
            measured: `${ms(at.serve - at.envoy)} ms`,
            verdict: at.serve - at.envoy <= 10 ? "met" : "missed",
          },
          {
            text: "with 3,000 hosts our share is at most 5 ms of work",
            measured: `${ms(at.processor)} ms of processor`,
            verdict: at.processor <= 5 ? "met" : "missed",
          },
        ]
      : [],
  };
}
