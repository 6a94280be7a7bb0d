/** The images that pods of the test cluster run, all made of local files: nothing is pulled. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { findEnvoy } from "../../src/proxy/index.ts";
import { coredns, echoBasic, echoClient, echoServer } from "../../tools/cluster-programs.ts";
import { cacheFolder, provideProgram } from "../../tools/provide-program.ts";
import { createCertificateAuthority } from "../support/certificate-authority.ts";
import type { ImageWish } from "./oci-image.ts";
import { trilithImageParts } from "./trilith-image.ts";

/** What the chart is told to use. */
export const IMAGES = {
  trilith: "test/trilith:1",
  envoy: "docker.io/test/envoy:1",
  capture: "docker.io/test/capture:1",
  node: "docker.io/test/node:1",
  coredns: "docker.io/test/coredns:1",
} as const;

/** As the suite's manifests name them. */
const SUITE = "registry.k8s.io/gateway-api/conformance";
/** Answers with what it was asked. */
export const ECHO_IMAGE: string = `${SUITE}/echo-basic:v0.2.0`;
/** The same, on more ports and by more protocols; and a client for calls from its pod. */
export const ECHO_ADVANCED_IMAGE: string = `${SUITE}/echo-advanced:v0.1.0`;

/** `withAgent`: with the image of agents on nodes, which is large. */
export async function clusterImages(tell: (line: string) => void, withAgent: boolean): Promise<readonly ImageWish[]> {
  const echo = provideProgram(echoBasic, tell);
  const certificate = await (await createCertificateAuthority()).issue({ commonName: "echo", names: ["echo"] });
  return [
    { names: ["test/pause:1", "docker.io/test/pause:1"], entrypoint: ["/pause"], files: { "/pause": pause() } },
    { names: [IMAGES.coredns], entrypoint: ["/coredns"], files: { "/coredns": provideProgram(coredns, tell) } },
    {
      names: [`${SUITE}/echo-basic:v0.1.0`, ECHO_IMAGE],
      entrypoint: ["/echo-basic"],
      files: { "/echo-basic": echo },
    },
    {
      names: [ECHO_ADVANCED_IMAGE],
      entrypoint: ["/usr/local/bin/server"],
      files: {
        "/usr/local/bin/server": provideProgram(echoServer, tell),
        "/usr/local/bin/client": provideProgram(echoClient, tell),
      },
      texts: { "/cert.crt": certificate.certificate, "/cert.key": certificate.key },
    },
    await envoyImage(),
    { names: [IMAGES.capture], entrypoint: [NFT], files: { [NFT]: NFT, ...librariesOf(NFT) } },
    trilithImage(),
    ...(withAgent ? [agentImage()] : []),
  ];
}

/** Debian's, of which the images that are built with Docker are made, too. */
const NFT = "/usr/sbin/nft";
const TOOLS_OF_AGENT = [NFT, "/usr/bin/nsenter", "/usr/bin/cat"];

async function envoyImage(): Promise<ImageWish> {
  const envoy = await findEnvoy({ onProgress: () => {} });
  return {
    names: [IMAGES.envoy],
    entrypoint: ["/usr/local/bin/envoy"],
    files: { "/usr/local/bin/envoy": envoy, ...librariesOf(envoy) },
  };
}

function trilithImage(): ImageWish {
  const { entrypoint, files } = trilithImageParts();
  return {
    names: [IMAGES.trilith, `docker.io/${IMAGES.trilith}`],
    entrypoint,
    files: { ...librariesOf(files["/usr/local/bin/node"] ?? ""), ...files },
    texts: { "/etc/passwd": "nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n" },
  };
}

function agentImage(): ImageWish {
  const { entrypoint, files } = trilithImageParts("node");
  const programs = [files["/usr/local/bin/node"] ?? "", ...TOOLS_OF_AGENT];
  const tools = Object.fromEntries(TOOLS_OF_AGENT.map((path) => [path, path]));
  return {
    names: [IMAGES.node],
    entrypoint,
    files: { ...Object.assign({}, ...programs.map(librariesOf)), ...tools, ...files },
  };
}

/** What the dynamic linker would load, by the paths where it looks. */
function librariesOf(program: string): Record<string, string> {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  return Object.fromEntries([...stdout.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => (path ? [[path, path]] : [])));
}

function pause(): string {
  const binary = join(cacheFolder(), "pause-1");
  if (existsSync(binary)) return binary;
  mkdirSync(cacheFolder(), { recursive: true });
  const made = `${binary}.${process.pid}`;
  const source = join(import.meta.dirname, "pause.c");
  const { status, stderr } = spawnSync("gcc", ["-O2", "-static", "-o", made, source], { encoding: "utf8" });
  if (status !== 0) throw new Error(`pause cannot be built: ${stderr}`);
  renameSync(made, binary);
  return binary;
}
