/** The programs of the test cluster, of the conformance suite and of the chart's tests, each with its pinned version. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type GoProgram, moduleFolder } from "./provide-program.ts";

/** Another one by hand: `TRILITH_TEST_KUBERNETES=1.37.2` (docs/kubernetes.md). */
const KUBERNETES: string = process.env["TRILITH_TEST_KUBERNETES"] || "1.36.3";
/** Kubernetes' own libraries have the same version, with another beginning. */
const LIBRARIES = KUBERNETES.replace(/^1/, "0");
const GATEWAY_API = "1.7.0";
/** The suite names 0.2.0 of its images, which is not published; nothing in the tests needs it. */
const CONFORMANCE_IMAGES = "0.1.0";
const COREDNS = "1.12.2";
const HELM = "4.3.1";
/** Where the suite's echo-advanced comes from. */
const ISTIO = "v0.0.0-20260827124520-eed52ebb66ad";
/** The suite needs a newer Go than Debian has. */
const TOOLCHAIN = "go1.27.1";

const root = join(import.meta.dirname, "..");
const small = ["-ldflags", "-s -w"];

/** k8s.io/kubernetes replaces these by folders of its own repository, which a module that depends on it does not have. */
const STAGING =
  "api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator " +
  "component-base component-helpers controller-manager cri-api cri-client cri-streaming streaming csi-translation-lib " +
  "dynamic-resource-allocation endpointslice externaljwt kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler " +
  "kubectl kubelet metrics mount-utils pod-security-admission sample-apiserver";

/** The kubelet of 1.32 makes its context itself. */
function programText(): string {
  const text = readFileSync(join(root, "test", "cluster", "kubernetes", "main.go"), "utf8");
  if (!KUBERNETES.startsWith("1.32.")) return text;
  return text.replace('\t"context"\n', "").replace("NewKubeletCommand(context.Background())", "NewKubeletCommand()");
}

export const kubernetes: GoProgram = {
  name: "kubernetes",
  files: {
    "go.mod": [
      "module cluster",
      "go 1.26.0",
      `require k8s.io/kubernetes v${KUBERNETES}`,
      ...STAGING.split(" ").map((module) => `replace k8s.io/${module} => k8s.io/${module} v${LIBRARIES}`),
    ].join("\n"),
    "main.go": programText(),
  },
  package: ".",
  flags: [
    "-ldflags",
    `-s -w -X k8s.io/component-base/version.gitVersion=v${KUBERNETES} -X k8s.io/component-base/version.gitMajor=1 ` +
      `-X k8s.io/component-base/version.gitMinor=${KUBERNETES.split(".")[1] ?? ""}`,
  ],
  minutes: 5,
};

const suiteModule = [
  "module suite",
  "go 1.27.0",
  "require (",
  `  sigs.k8s.io/gateway-api v${GATEWAY_API}`,
  `  sigs.k8s.io/gateway-api/conformance v${GATEWAY_API}`,
  `  sigs.k8s.io/gateway-api-conformance-images v${CONFORMANCE_IMAGES}`,
  ")",
  `replace sigs.k8s.io/gateway-api => sigs.k8s.io/gateway-api v${GATEWAY_API}`,
  `replace sigs.k8s.io/gateway-api-conformance-images => sigs.k8s.io/gateway-api-conformance-images v${CONFORMANCE_IMAGES}`,
].join("\n");

/** Keeps a module that no other file imports. */
const toolsFile = (path: string): string => `//go:build tools\n\npackage suite\n\nimport _ "${path}"\n`;

export const conformanceSuite: GoProgram = {
  name: "conformance",
  files: {
    "go.mod": suiteModule,
    "suite_test.go": readFileSync(join(root, "test", "conformance", "suite_test.go"), "utf8"),
    "tools.go": toolsFile("sigs.k8s.io/gateway-api-conformance-images/echo-basic"),
  },
  package: ".",
  isTest: true,
  toolchain: TOOLCHAIN,
  minutes: 3,
};

export const echoBasic: GoProgram = {
  ...conformanceSuite,
  name: "echo-basic",
  package: "sigs.k8s.io/gateway-api-conformance-images/echo-basic",
  isTest: false,
  flags: small,
  minutes: 1,
};

function programOf(name: string, module: string, version: string, path: string, minutes: number): GoProgram {
  const files = { "go.mod": `module x\ngo 1.26.0\nrequire ${module} ${version}\n`, "tools.go": toolsFile(path) };
  return { name, files, package: path, flags: small, toolchain: TOOLCHAIN, minutes };
}

const istio = (name: string, path: string): GoProgram => programOf(name, "istio.io/istio", ISTIO, path, 2);

export const coredns: GoProgram = programOf(
  "coredns",
  "github.com/coredns/coredns",
  `v${COREDNS}`,
  "github.com/coredns/coredns",
  2,
);
export const echoServer: GoProgram = istio("echo-server", "istio.io/istio/pkg/test/echo/cmd/server");
export const echoClient: GoProgram = istio("echo-client", "istio.io/istio/pkg/test/echo/cmd/client");

export const helm: GoProgram = programOf("helm", "helm.sh/helm/v4", `v${HELM}`, "helm.sh/helm/v4/cmd/helm", 2);

/** The modules that have the Gateway API's CRDs and the manifests of its conformance tests. */
const GATEWAY_API_MODULE = `sigs.k8s.io/gateway-api@v${GATEWAY_API}`;
export const CONFORMANCE_MODULE: string = `sigs.k8s.io/gateway-api/conformance@v${GATEWAY_API}`;

/** Where the CRDs of the experimental channel are, which has all that the standard one has. */
export const gatewayApiDefinitions = (): string =>
  join(moduleFolder(GATEWAY_API_MODULE), "config", "crd", "experimental");
