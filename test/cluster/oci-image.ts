/**
 * Container images made of local files, without Docker: one layer, as an OCI image layout in a tar, which containerd imports.
 *
 * https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

export interface ImageWish {
  /** With registry and tag; the image gets all of them. */
  readonly names: readonly string[];
  readonly entrypoint: readonly string[];
  /** Paths in the image, and the files or folders that are put there. Links are followed. */
  readonly files: Readonly<Record<string, string>>;
  /** Texts of files that are nowhere else, by their paths in the image. */
  readonly texts?: Readonly<Record<string, string>>;
}

const BLOCK = 512;
const PATH = "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/bin";

export function imageTar({ names, entrypoint, files, texts = {} }: ImageWish): Buffer {
  const layer = tarOf([
    { path: "tmp/", mode: 0o1777, content: Buffer.alloc(0) },
    ...Object.entries(files).flatMap(([path, source]) => entriesOf(path, source)),
    ...Object.entries(texts).map(([path, text]) => ({ path, mode: 0o644, content: Buffer.from(text) })),
  ]);
  const config = json({
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Entrypoint: entrypoint, Env: [PATH] },
    rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { mediaType: "application/vnd.oci.image.config.v1+json", ...descriptorOf(config) },
    layers: [{ mediaType: "application/vnd.oci.image.layer.v1.tar", ...descriptorOf(layer) }],
  });
  const index = json({
    schemaVersion: 2,
    manifests: names.map((name) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      ...descriptorOf(manifest),
      annotations: {
        "io.containerd.image.name": name,
        "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
      },
    })),
  });
  return tarOf([
    { path: "oci-layout", mode: 0o644, content: json({ imageLayoutVersion: "1.0.0" }) },
    { path: "index.json", mode: 0o644, content: index },
    ...[layer, config, manifest].map((blob) => ({
      path: `blobs/sha256/${digestOf(blob).slice("sha256:".length)}`,
      mode: 0o644,
      content: blob,
    })),
  ]);
}

interface Entry {
  /** Of a folder, with a slash behind it. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

function entriesOf(path: string, source: string): Entry[] {
  const real = realpathSync(source);
  const { mode } = lstatSync(real);
  const name = path.replace(/^\//, "");
  if (!lstatSync(real).isDirectory()) return [{ path: name, mode: mode & 0o777, content: readFileSync(real) }];
  const inside = readdirSync(real).sort();
  return [
    { path: `${name}/`, mode: 0o755, content: Buffer.alloc(0) },
    ...inside.flatMap((entry) => entriesOf(`${name}/${entry}`, join(real, entry))),
  ];
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const descriptorOf = (bytes: Buffer): object => ({ digest: digestOf(bytes), size: bytes.byteLength });

/** POSIX ustar; a path that is too long for it goes into a pax header before its file. */
function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap(({ path, mode, content }) => {
    const isFolder = path.endsWith("/");
    const isLong = Buffer.byteLength(path) > 100;
    const long = isLong ? paxRecord(path) : Buffer.alloc(0);
    return [
      ...(isLong ? [header("pax", 0o644, long.byteLength, "x"), padded(long)] : []),
      header(isLong ? path.slice(-100) : path, mode, content.byteLength, isFolder ? "5" : "0"),
      padded(content),
    ];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function paxRecord(path: string): Buffer {
  const body = ` path=${path}\n`;
  const length = Buffer.byteLength(body);
  const whole = [1, 2, 3, 4].map((digits) => length + digits).find((sum) => String(sum).length === sum - length) ?? 0;
  return Buffer.from(`${whole}${body}`);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.byteLength % BLOCK)) % BLOCK)]);
}

function header(path: string, mode: number, size: number, type: string): Buffer {
  const bytes = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, "0")}\0`;
  bytes.write(path, 0, 100);
  bytes.write(octal(mode, 8), 100);
  bytes.write(octal(0, 8), 108);
  bytes.write(octal(0, 8), 116);
  bytes.write(octal(size, 12), 124);
  bytes.write(octal(0, 12), 136);
  bytes.write("        ", 148);
  bytes.write(type, 156);
  bytes.write("ustar\0", 257);
  bytes.write("00", 263);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}
