/** Who workloads are to each other: what their certificates say on the wire, and that nobody notices when they are renewed. */
import { type ShownIdentity, shownIdentity } from "../../test/support/shown-identity.ts";
import type { Answered } from "../answered.ts";
import { call } from "./calls.ts";

const CARTS = { "cart-v1": "127.1.0.21", "cart-v2": "127.1.0.22" } as const;
const IDENTITY = "spiffe://cluster.local/ns/shop/sa/cart";
const RENEWALS = 2;
const WITHIN_MS = 60_000;

export async function showIdentity(): Promise<Answered[]> {
  return await Promise.all(
    Object.entries(CARTS).map(async ([name, address]) => {
      const { identity } = await shownIdentity({ address, port: 8080 });
      return { asked: `${name} shows on the wire`, got: identity, isRight: identity === IDENTITY };
    }),
  );
}

/** Calls until the certificate is another one, and that is another one. */
export async function followRenewals(): Promise<Answered> {
  const look = (): Promise<ShownIdentity> => shownIdentity({ address: CARTS["cart-v2"], port: 8080 });
  const seen = new Set([(await look()).serialNumber]);
  const until = performance.now() + WITHIN_MS;
  let calls = 0;
  let failed = 0;
  while (seen.size <= RENEWALS && performance.now() < until) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => call("web")));
    calls += answers.length;
    failed += answers.filter((answer) => !(answer in CARTS)).length;
    seen.add((await look()).serialNumber);
  }
  return {
    asked: `cart's certificates renewed ${RENEWALS} times under calls`,
    got: `${seen.size - 1} renewals seen; ${failed} of ${calls} calls failed`,
    isRight: seen.size > RENEWALS && failed === 0,
  };
}
