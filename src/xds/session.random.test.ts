import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Conversation } from "./testing/conversation.ts";
import { worlds } from "./testing/model-world.ts";

const step = fc.oneof(
  { weight: 8, arbitrary: fc.constant((conversation: Conversation) => void conversation.deliverResponse()) },
  { weight: 12, arbitrary: fc.constant((conversation: Conversation) => void conversation.deliverRequest()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(100, 20_000).map((ms) => (conversation: Conversation) => conversation.wait(ms)),
  },
  { weight: 1, arbitrary: fc.constant((conversation: Conversation) => conversation.finishDraining()) },
  { weight: 1, arbitrary: fc.constant((conversation: Conversation) => conversation.reconnect()) },
  { weight: 1, arbitrary: fc.constant((conversation: Conversation) => conversation.rest()) },
  { weight: 3, arbitrary: worlds(10).map((world) => (conversation: Conversation) => conversation.want(world)) },
  // What was wanted may change while the line is broken.
  {
    weight: 1,
    arbitrary: worlds(10).map((world) => (conversation: Conversation) => {
      conversation.reconnect();
      conversation.want(world);
    }),
  },
  // Much is exchanged between most changes.
  {
    weight: 3,
    arbitrary: fc.nat({ max: 30 }).map((count) => (conversation: Conversation) => {
      for (let index = 0; index < count; index += 1)
        void (conversation.deliverResponse() || conversation.deliverRequest());
    }),
  },
);

const numRuns = Number(process.env["XDS_RUNS"] ?? 300);

test("whatever the order of messages, breaks and refusals: no host before its clusters, no cluster removed in use, no refused secret left behind, all in the end", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), worlds(0), (steps, last) => {
      const conversation = new Conversation();
      for (const take of steps) take(conversation);
      conversation.want(last);
      conversation.settle();
      const outcome = { problems: conversation.problems, ...conversation.served() };
      const expected = { problems: [], ...conversation.wanted() };
      expect(outcome, conversation.story.slice(-160).join("\n")).toEqual(expected);
    }),
    { numRuns },
  );
}, 600_000);
