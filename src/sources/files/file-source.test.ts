import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileSource, type FileState } from "./file-source.ts";

const service = (name: string, port: number | string = 80): string =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: ${port}}]}\n`;

const NEVER_MS = 2 ** 30;

/** A source whose states can be waited for. */
class Followed {
  readonly #source: FileSource;
  readonly #waiting: ((state: FileState) => void)[] = [];
  state: FileState | undefined;

  constructor(paths: readonly string[], quietMs?: number) {
    const onState = (state: FileState): void => {
      this.state = state;
      for (const told of this.#waiting.splice(0)) told(state);
    };
    this.#source = new FileSource({
      paths,
      onState,
      // Where the wait matters, nothing else may cause a look.
      ...(quietMs === undefined ? { pollMs: 50 } : { quietMs, pollMs: NEVER_MS }),
    });
    this.#source.start();
  }

  /** Does something, and resolves with the first state that fits. */
  async after(act: () => void, fits: (state: FileState) => boolean): Promise<FileState> {
    act();
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<FileState>();
      this.#waiting.push(resolve);
      if (this.state && fits(this.state)) return this.state;
      const state = await promise;
      if (fits(state)) return state;
    }
  }

  stop(): void {
    this.#source.stop();
  }
}

const services = ({ objects }: FileState): string[] =>
  [...objects.values()].flatMap((object) =>
    object.kind === "Service"
      ? [`${object.metadata.name}:${object.spec.ports?.[0]?.port}@${object.metadata.generation}`]
      : [],
  );

let folder: string;
let followed: Followed | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trilith-files-"));
});

afterEach(() => {
  followed?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe("following files", () => {
  test("edits, new files and removed files are followed, and generations count edits", async () => {
    write("a.yaml", service("a"));
    followed = new Followed([folder]);
    const first = services(followed.state as FileState);
    await followed.after(
      () => write("a.yaml", service("a", 81)),
      (state) => services(state).includes("a:81@2"),
    );
    const added = await followed.after(
      () => write("b.yml", service("b")),
      (state) => services(state).length === 2,
    );
    const both = services(added);
    const removed = await followed.after(
      () => unlinkSync(join(folder, "a.yaml")),
      (state) => services(state).length === 1,
    );
    expect([first, both, services(removed)]).toEqual([["a:80@1"], ["a:81@2", "b:80@1"], ["b:80@1"]]);
  });

  test("text that is no YAML keeps the objects of its file, and says so", async () => {
    write("a.yaml", service("a"));
    followed = new Followed([folder]);
    const broken = await followed.after(
      () => write("a.yaml", "kind: [\n"),
      (state) => state.held.length > 0,
    );
    expect([services(broken), broken.held, broken.problems.map(({ severity, line }) => [severity, line])]).toEqual([
      ["a:80@1"],
      [join(folder, "a.yaml")],
      [["error", 2]],
    ]);
  });

  test("a file that is emptied before it is written again loses nothing in between", async () => {
    write("a.yaml", service("a"));
    followed = new Followed([folder]);
    const seen: string[][] = [];
    write("a.yaml", "");
    const later = setTimeout(() => write("a.yaml", service("a", 81)), 40);
    const changed = await followed.after(
      () => {},
      (state) => (seen.push(services(state)), services(state).includes("a:81@2")),
    );
    clearTimeout(later);
    expect([services(changed), seen.some((names) => names.length === 0)]).toEqual([["a:81@2"], false]);
    expect(
      services(
        await followed.after(
          () => write("a.yaml", ""),
          (state) => services(state).length === 0,
        ),
      ),
    ).toEqual([]);
  });

  test("an object that is not valid keeps its last good state, and the others of its file go on", async () => {
    write("a.yaml", `${service("a")}---\n${service("b")}`);
    followed = new Followed([folder]);
    const half = await followed.after(
      () => write("a.yaml", `${service("a", 99999)}---\n${service("b", 82)}`),
      (state) => services(state).includes("b:82@2"),
    );
    expect([services(half).sort(), half.held.length]).toEqual([["a:80@1", "b:82@2"], 1]);
    const gone = await followed.after(
      () => write("a.yaml", service("b", 82)),
      (state) => state.held.length === 0,
    );
    expect(services(gone)).toEqual(["b:82@2"]);
  });

  test("an editor's save by renaming is followed, also of a file that was named itself", async () => {
    write("a.yaml", service("a"));
    followed = new Followed([join(folder, "a.yaml")]);
    for (const port of [81, 82]) {
      const save = (): void => {
        write("a.yaml.tmp", service("a", port));
        renameSync(join(folder, "a.yaml.tmp"), join(folder, "a.yaml"));
      };
      await followed.after(save, (state) => services(state)[0]?.startsWith(`a:${port}`) === true);
    }
    expect(services(followed.state as FileState)).toEqual(["a:82@3"]);
  });

  /** As a careful program saves. */
  const replace = (name: string, text: string): void => {
    write(".draft", text);
    renameSync(join(folder, ".draft"), join(folder, name));
  };

  test.runIf(process.platform === "linux").each(["a.yaml", "new.yaml"])(
    "%s, put there by renaming, is taken up without waiting for more",
    async (name) => {
      write("a.yaml", service("a"));
      followed = new Followed([folder], NEVER_MS);
      for (const port of [81, 82])
        await followed.after(
          () => replace(name, service("saved", port)),
          (state) => services(state).some((one) => one.startsWith(`saved:${port}`)),
        );
      expect(services(followed.state as FileState).at(-1)).toBe("saved:82@2");
    },
  );

  test("a file that is written in pieces is not read before it is complete", async () => {
    // On a busy machine a piece can take long.
    followed = new Followed([folder], 500);
    const before = followed.state;
    const piecewise = async (): Promise<void> => {
      const file = await open(join(folder, "a.yaml"), "w");
      for (const name of ["a", "b", "c"]) await file.write(`${service(name)}---\n`);
      await file.close();
    };
    const next = await followed.after(
      () => void piecewise(),
      (state) => state !== before,
    );
    expect(services(next)).toEqual(["a:80@1", "b:80@1", "c:80@1"]);
  });

  test.each<[string, () => void]>([
    ["all put there by renaming", () => (replace("a.yaml", service("a", 81)), replace("b.yaml", service("b", 81)))],
    [
      "one of them written in its place",
      () => (write("a.yaml", service("a", 81)), replace("b.yaml", service("b", 81))),
    ],
    ["one of them removed", () => (replace("a.yaml", service("a", 81)), unlinkSync(join(folder, "b.yaml")))],
    [
      "made anew, as git does",
      () => {
        for (const name of ["a", "b"]) {
          unlinkSync(join(folder, `${name}.yaml`));
          write(`${name}.yaml`, service(name, 81));
        }
      },
    ],
  ])("several files at once are one step: %s", async (_, act) => {
    write("a.yaml", service("a"));
    write("b.yaml", service("b"));
    followed = new Followed([folder], 100);
    const before = followed.state;
    const next = await followed.after(act, (state) => state !== before);
    expect(services(next).filter((one) => one.endsWith(":80@1"))).toEqual([]);
  });

  test("a mount that changes by exchanging a symbolic link, as Kubernetes does it, is one step", async () => {
    const publish = (version: string, port: number): void => {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, "a.yaml"), service("a", port));
      writeFileSync(join(folder, version, "b.yaml"), service("b", port));
      symlinkSync(version, join(folder, "..data_tmp"));
      renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
    };
    publish("..v1", 80);
    for (const name of ["a.yaml", "b.yaml"]) symlinkSync(join("..data", name), join(folder, name));
    followed = new Followed([folder]);
    const states: string[][] = [];
    const changed = await followed.after(
      () => publish("..v2", 81),
      (state) => (states.push(services(state)), services(state).includes("a:81@2")),
    );
    expect([services(changed), states.some((seen) => seen.includes("a:81@2") !== seen.includes("b:81@2"))]).toEqual([
      ["a:81@2", "b:81@2"],
      false,
    ]);
  });

  test("a folder that is away for a while, as a mount may be, takes nothing with it", async () => {
    const mount = join(folder, "mount");
    mkdirSync(mount);
    writeFileSync(join(mount, "a.yaml"), service("a"));
    followed = new Followed([mount]);
    const away = await followed.after(
      () => renameSync(mount, join(folder, "away")),
      ({ problems }) => problems.length > 0,
    );
    expect([services(away), away.problems.map(({ file }) => file)]).toEqual([["a:80@1"], [mount]]);
    writeFileSync(join(folder, "away", "a.yaml"), service("a", 81));
    const back = await followed.after(
      () => renameSync(join(folder, "away"), mount),
      ({ problems }) => problems.length === 0,
    );
    expect(services(back)).toEqual(["a:81@2"]);
  });

  test("of an object that stands in two files the first by path counts, and the other is an error", () => {
    write("a.yaml", service("same", 80));
    write("b.yaml", service("same", 81));
    followed = new Followed([folder]);
    const state = followed.state as FileState;
    expect([services(state), state.problems.map(({ file, severity }) => [file, severity])]).toEqual([
      ["same:80@1"],
      [[join(folder, "b.yaml"), "error"]],
    ]);
  });

  test("namespaces that are only named exist, with their name as a label", () => {
    write("a.yaml", service("a").replace("name: a", "name: a, namespace: shop"));
    followed = new Followed([folder]);
    const namespaces = [...(followed.state as FileState).objects.values()].filter(({ kind }) => kind === "Namespace");
    expect(namespaces.map(({ metadata }) => [metadata.name, metadata.labels])).toEqual([
      ["default", { "kubernetes.io/metadata.name": "default" }],
      ["shop", { "kubernetes.io/metadata.name": "shop" }],
    ]);
  });
});
