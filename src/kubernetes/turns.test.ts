import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

const never = new AbortController().signal;

/** Takes a turn, and notes when it has come. */
async function take(turns: Turns, name: string, came: string[], signal: AbortSignal = never): Promise<Disposable> {
  const turn = await turns.take(signal);
  came.push(name);
  return turn;
}

test("so many have their turn at once, and the next one when one of them is over, in the order in which they came", async () => {
  const turns = new Turns(2);
  const came: string[] = [];
  const [first, , third] = ["a", "b", "c", "d"].map((name) => take(turns, name, came));
  (await first)?.[Symbol.dispose]();
  const held = await third;
  expect(came).toEqual(["a", "b", "c"]);
  held?.[Symbol.dispose]();
  held?.[Symbol.dispose]();
  await expect.poll(() => came).toEqual(["a", "b", "c", "d"]);
});

test("who is wanted no more waits no longer, and takes nobody's turn", async () => {
  const turns = new Turns(1);
  const came: string[] = [];
  const first = await take(turns, "a", came);
  const giving = new AbortController();
  const second = take(turns, "b", came, giving.signal);
  const third = take(turns, "c", came);
  giving.abort();
  await expect(second).rejects.toThrow(/abort/);
  first[Symbol.dispose]();
  await third;
  expect(came).toEqual(["a", "c"]);
  await expect(turns.take(giving.signal)).rejects.toThrow(/abort/);
});
