import { expect, test } from "vitest";
import { PausedTimers } from "../../kubernetes/testing/paused-timers.ts";
import { Arrivals } from "./arrivals.ts";

type Step = readonly [event: string, file?: string] | "a moment" | "a look";

const rename = (file: string): Step => ["rename", file];
const change = (file: string): Step => ["change", file];

test.runIf(process.platform === "linux").each<[string, readonly Step[], readonly string[]]>([
  ["a name that comes", [rename("a.yaml")], ["a.yaml"]],
  ["a name that comes twice at once", [rename("a.yaml"), rename("a.yaml")], ["a.yaml"]],
  ["a name that comes again later", [rename("a.yaml"), "a moment", rename("a.yaml")], ["a.yaml", "a.yaml"]],
  ["a draft that is renamed", [rename("a.tmp"), change("a.tmp"), rename("a.tmp"), rename("a.yaml")], ["a.yaml"]],
  ["a hidden draft of the same kind", [rename(".a.yaml"), change(".a.yaml"), rename("a.yaml")], ["a.yaml"]],
  ["a file that is made and then written", [rename("a.yaml"), change("a.yaml")], []],
  ["a file that is written in its place", [change("a.yaml")], []],
  ["a file that is written, and then renamed", [change("a.yaml"), "a moment", rename("a.yaml")], []],
  ["two names that come together", [rename("a.yaml"), rename("b.yaml")], []],
  ["a second name, later", [rename("a.yaml"), "a moment", rename("b.yaml")], ["a.yaml"]],
  ["a second name, after everything was looked at", [rename("a.yaml"), "a look", rename("b.yaml")], ["b.yaml"]],
  ["an event that does not say of what", [rename("a.yaml"), ["rename"]], []],
])("%s", async (_, steps, expected) => {
  const [timers, arrived] = [new PausedTimers(), [] as string[]];
  const arrivals = new Arrivals((file) => void arrived.push(file), timers);
  for (const step of [...steps, "a moment" as const]) {
    if (step === "a moment") await timers.pass(10);
    else if (step === "a look") arrivals.forget();
    else arrivals.note(step[0], step[1]);
  }
  expect(arrived).toEqual(expected);
});
