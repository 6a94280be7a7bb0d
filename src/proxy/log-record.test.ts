import { describe, expect, test } from "vitest";
import { logRecordOf } from "./log-record.ts";

describe("a line of Envoy's log", () => {
  test("is read from the JSON that the bootstrap asks for", () => {
    const line =
      '{"time":"2026-11-23T23:57:38.671Z","level":"warning","logger":"config","message":"lds: \\"a\\" rejected"}';
    expect(logRecordOf(line)).toEqual({
      level: "warning",
      logger: "config",
      message: 'lds: "a" rejected',
      time: "2026-11-23T23:57:38.671Z",
    });
  });

  test("is read from the text that Envoy writes before it knows its bootstrap", () => {
    const line =
      "[2026-11-23 23:57:38.664][26400][critical][main] [source/server/server.cc:463] error initializing: no";
    expect(logRecordOf(line)).toEqual({
      level: "critical",
      logger: "main",
      message: "error initializing: no",
      time: "2026-11-23T23:57:38.664Z",
    });
  });

  test("of any other form is an error, word for word", () => {
    expect(logRecordOf("{Caught Segmentation fault")).toEqual({
      level: "error",
      logger: "",
      message: "{Caught Segmentation fault",
    });
  });
});
