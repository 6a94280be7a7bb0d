import { expect, test } from "vitest";
import { captureFromText, captureText } from "./capture-variable.ts";

const capture = {
  excludedInboundPorts: [9090],
  excludedOutboundPorts: [5432, 6379],
  excludedOutboundNetworks: ["10.9.0.0/16", "fd00::/8"],
};

test("what a pod tells its node is what it was given", () => {
  expect(captureFromText(captureText(capture))).toEqual(capture);
});

test.each([
  ["no JSON", "{"],
  ["nothing", "null"],
  ["no lists", "{}"],
  ["a list that is missing", JSON.stringify({ ...capture, excludedOutboundPorts: undefined })],
  ["a list of a later version", JSON.stringify({ ...capture, excludedUsers: [] })],
  ["a name that every object has", `{"toString":[],${JSON.stringify(capture).slice(1)}`],
  ["a port that is none", JSON.stringify({ ...capture, excludedInboundPorts: [0] })],
  ["a port with more to it", JSON.stringify({ ...capture, excludedInboundPorts: ["80 } accept; #"] })],
  ["a list within a list", JSON.stringify({ ...capture, excludedInboundPorts: [[80]] })],
  [
    "a network with more to it",
    JSON.stringify({ ...capture, excludedOutboundNetworks: ['10.0.0.1 } ; include "/x"'] }),
  ],
])("%s is refused", (_, text) => {
  expect(captureFromText(text)).toEqual({ problem: expect.stringContaining("TRILITH_CAPTURE of the sidecar") });
});
