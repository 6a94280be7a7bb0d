/**
 * Makes src/generated: Envoy's protobuf messages as TypeScript (protobuf-es), from a pinned wheel of descriptors.
 *
 * The wheel comes through pip with its checksum and is kept in the user's cache; protoc-gen-es is called as protoc
 * would call it. Only the files named in ENVOY_FILES, and what they import, are generated.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as wkt from "@bufbuild/protobuf/wkt";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import { addWhatIsMissing } from "./envoy-additions.ts";
import { ENVOY_FILES } from "./envoy-files.ts";

const WHEEL = {
  requirement: "xds-protos==1.85.0",
  file: "xds_protos-1.85.0-py3-none-any.whl",
  sha256: "e1e7bfd9936389936b2c85660d9db0dae380f12678a594b983da40dd472f1760",
};
const root = join(import.meta.dirname, "..");
const target = join(root, "src", "generated");
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "trilith", "downloads");
const options = "target=ts,import_extension=ts,erasable_syntax=true";

function fetchWheel(): string {
  const path = join(cache, WHEEL.file);
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true });
    const requirements = join(cache, `${WHEEL.file}.txt`);
    writeFileSync(requirements, `${WHEEL.requirement} --hash=sha256:${WHEEL.sha256}\n`);
    const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-d", cache, "-r", requirements];
    execFileSync("python3", pip, { stdio: ["ignore", "inherit", "inherit"] });
  }
  return path;
}

/** Every descriptor of the wheel and of protobuf's own well-known types, by file name. */
function descriptorsOf(wheel: string): Map<string, FileDescriptorProto> {
  const script = join(import.meta.dirname, "envoy-descriptors.py");
  const bytes = execFileSync("python3", [script, wheel], { maxBuffer: 1 << 28 });
  const files = new Map(fromBinary(wkt.FileDescriptorSetSchema, bytes).file.map((file) => [file.name, file]));
  for (const [name, value] of Object.entries(wkt)) {
    if (name.startsWith("file_google_protobuf_")) {
      const { proto } = value as { proto: FileDescriptorProto };
      files.set(`${proto.name.replace(/\.proto$/, "")}.proto`, proto);
    }
  }
  addWhatIsMissing(files);
  return files;
}

/** The wanted files and all that they import, imports first, as protoc's request wants them. */
function closureOf(wanted: readonly string[], all: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const seen = new Set<string>();
  const ordered: FileDescriptorProto[] = [];
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const file = all.get(name);
    if (!file) throw new Error(`${WHEEL.file} has no ${name}: correct tools/envoy-files.ts`);
    file.dependency.forEach(visit);
    ordered.push(file);
  };
  wanted.forEach(visit);
  return ordered;
}

function main(): void {
  const inputs = ["generate-envoy.ts", "envoy-files.ts", "envoy-additions.ts", "envoy-descriptors.py"].map((name) =>
    readFileSync(join(import.meta.dirname, name)),
  );
  const plugin = JSON.parse(readFileSync(join(root, "node_modules/@bufbuild/protoc-gen-es/package.json"), "utf8")) as {
    version: string;
  };
  const stamp = createHash("sha256").update(Buffer.concat(inputs)).update(plugin.version).digest("hex");
  if (existsSync(join(target, "stamp")) && readFileSync(join(target, "stamp"), "utf8") === stamp) return;
  console.log("generating Envoy's message types …");
  const protoFile = closureOf(ENVOY_FILES, descriptorsOf(fetchWheel()));
  const fileToGenerate = protoFile.map((file) => file.name).filter((name) => !name.startsWith("google/protobuf/"));
  const request = create(wkt.CodeGeneratorRequestSchema, { protoFile, fileToGenerate, parameter: options });
  const output = execFileSync(process.execPath, [join(root, "node_modules/.bin/protoc-gen-es")], {
    input: toBinary(wkt.CodeGeneratorRequestSchema, request),
    maxBuffer: 1 << 28,
  });
  const response = fromBinary(wkt.CodeGeneratorResponseSchema, output);
  if (response.error) throw new Error(`protoc-gen-es: ${response.error}`);
  const fresh = `${target}.new`;
  rmSync(fresh, { recursive: true, force: true });
  for (const { name, content } of response.file) {
    mkdirSync(dirname(join(fresh, name)), { recursive: true });
    writeFileSync(join(fresh, name), content);
  }
  writeFileSync(join(fresh, "stamp"), stamp);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  console.log(`generated ${response.file.length} files in src/generated (${readdirSync(target).join(", ")})`);
}

main();
