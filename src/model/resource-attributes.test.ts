import { expect, test } from "vitest";
import { resourceAttributes } from "./resource-attributes.ts";

test("a proxy says whose spans it sends, as far as it is known", () => {
  const pod = { name: "cart-5d8f-x", uid: "u-1", node: "node-1", container: "trilith-proxy" };
  expect([
    resourceAttributes({ namespace: "shop", workload: "cart", pod }),
    resourceAttributes({ namespace: "shop", pod }),
    resourceAttributes({ namespace: "shop", workload: "cart" }),
    resourceAttributes({ namespace: "" }),
  ]).toEqual([
    "service.name=cart,service.namespace=shop,service.instance.id=shop.cart-5d8f-x.trilith-proxy," +
      "k8s.namespace.name=shop,k8s.pod.name=cart-5d8f-x,k8s.pod.uid=u-1,k8s.container.name=trilith-proxy,k8s.node.name=node-1",
    "service.namespace=shop,service.instance.id=shop.cart-5d8f-x.trilith-proxy," +
      "k8s.namespace.name=shop,k8s.pod.name=cart-5d8f-x,k8s.pod.uid=u-1,k8s.container.name=trilith-proxy,k8s.node.name=node-1",
    "service.name=cart,service.namespace=shop,service.instance.id=shop.cart",
    "",
  ]);
});
