/** An edit of a file, and traffic that follows it without a failed request. */
import { readFileSync, writeFileSync } from "node:fs";
import { rawRequest } from "../test/support/raw-request.ts";
import type { Answered } from "./answered.ts";
import { echoOf } from "./requests.ts";

const WITHIN_MS = 5_000;

export interface Edit {
  readonly file: string;
  /** Which backend answers a request. */
  readonly ask: () => Promise<string>;
  /** From where to where all requests go. */
  readonly from: string;
  readonly to: string;
}

/** Sends all of the shop's traffic to version 2, by its weights. */
export const followStoreEdit = (file: string): Promise<Answered> =>
  followEdit({
    file,
    ask: async () => echoOf(await rawRequest({ port: 8080, host: "store.example.com" })).backend,
    from: "store-v1",
    to: "store-v2",
  });

/** Takes the weight of nine from the first, and asks until ten answers in a row come from the second. */
export async function followEdit({ file, ask, from, to }: Edit): Promise<Answered> {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("weight: 9", "weight: 0"));
  const start = performance.now();
  let inARow = 0;
  let lastFromOld = start;
  let failed = 0;
  let asked = 0;
  while (inARow < 10 && performance.now() - start < WITHIN_MS) {
    const backend = await ask();
    asked += 1;
    inARow = backend === to ? inARow + 1 : 0;
    if (backend === from) lastFromOld = performance.now();
    else if (backend !== to) failed += 1;
  }
  const tookMs = Math.round(lastFromOld - start);
  return {
    asked: `${file.slice(file.lastIndexOf("/") + 1)} edited: weight 9 → 0 for ${from}`,
    got: `all to ${to} after ${tookMs} ms; ${failed} of ${asked} requests failed`,
    isRight: inARow === 10 && failed === 0,
  };
}
