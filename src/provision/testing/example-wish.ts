/** A Gateway's wish and an installation, for tests. */
import { proxyKey } from "../../model/index.ts";
import { objectKey } from "../../resources/index.ts";
import type { Installation, Wish } from "../wish.ts";

export const installation: Installation = {
  image: "envoy:1",
  imagePullPolicy: "IfNotPresent",
  filesOf: (proxy, { port }) => ({ "bootstrap.json": `bootstrap of ${proxy}, ${port}` }),
  caBundle: "PEM",
  audience: "trilith.dev/xds",
};

export const wish: Wish = {
  key: objectKey({ group: "gateway.networking.k8s.io", kind: "Gateway", namespace: "shop", name: "web" }),
  namespace: "shop",
  name: "web",
  uid: "u-1",
  proxy: proxyKey("shop/web"),
  gatewayClassName: "trilith",
  infrastructure: { labels: { team: "a" }, annotations: { cost: "b" } },
  parameters: {},
  overlays: [],
  addresses: [],
  ports: [
    { transport: "tcp", port: 443 },
    { transport: "udp", port: 443 },
  ],
};
