import { expect, test } from "vitest";
import { DestinationBook } from "./destination-book.ts";

function bookWithStory(): { readonly book: DestinationBook; readonly story: string[] } {
  const story: string[] = [];
  const book = new DestinationBook({
    asked: ({ key, address, port }) => story.push(`+${key} (${address}, ${port})`),
    forgotten: ({ key }) => story.push(`-${key}`),
  });
  return { book, story };
}

const [one, other] = [{}, {}];
const names = (ids: readonly { readonly name: string }[]): string[] => ids.map(({ name }) => name);

test("a destination is wanted from the first who asks until the last who asked has gone", () => {
  const { book, story } = bookWithStory();
  expect(names(book.ask(one, ["mesh/to/10.0.0.1:80", "mesh/to/[fd00::1]:8080"]))).toHaveLength(2);
  expect(names(book.ask(one, ["mesh/to/10.0.0.1:80"]))).toEqual([]);
  expect(names(book.ask(other, ["mesh/to/10.0.0.1:80"]))).toEqual(["mesh/to/10.0.0.1:80"]);
  expect(names(book.forget(one))).toEqual(["mesh/to/10.0.0.1:80", "mesh/to/[fd00::1]:8080"]);
  expect(names(book.forget(one))).toEqual([]);
  expect(names(book.forget(other))).toEqual(["mesh/to/10.0.0.1:80"]);
  expect(story).toEqual([
    "+10.0.0.1:80 (10.0.0.1, 80)",
    "+[fd00::1]:8080 (fd00::1, 8080)",
    "-[fd00::1]:8080",
    "-10.0.0.1:80",
  ]);
});

test("nothing else can be asked for by its name", () => {
  const { book, story } = bookWithStory();
  const clusters = [
    "*",
    "Service/shop/cart/80/tcp",
    "mesh/to/",
    "mesh/to/cart:80",
    "mesh/to/10.0.0.1:080",
    "mesh/to/::1",
  ];
  expect(book.ask(one, clusters)).toEqual([]);
  expect(story).toEqual([]);
});

test("whoever connects to everything is answered up to a bound", () => {
  const { book, story } = bookWithStory();
  const ports = Array.from({ length: 12_000 }, (_, index) => `mesh/to/10.0.0.1:${index + 1}`);
  expect(book.ask(one, ports)).toHaveLength(10_000);
  expect(story).toHaveLength(10_000);
});
