/** Statuses: merging Trilith's part into what is there, and keeping the statuses of objects that live in files. */
export { mergeStatus } from "./merge-status.ts";
export type { StatedStatus, StoredStatus } from "./merge-status.ts";
export { StatusBook } from "./status-book.ts";
export type { ObjectWithStatus, StatedObject } from "./status-book.ts";
export { type SentObject, type StoredObject, storedObjectOf, type StoredObjects } from "./stored-objects.ts";
export { StatusWriter } from "./status-writer.ts";
export type { StatusWriteEvent, StatusWriterOptions } from "./status-writer.ts";
export type { FoundProblem } from "./event-news.ts";
export { type DroppedEvent, EventRecorder, type EventRecorderOptions } from "./event-recorder.ts";
export { ObjectNews, type ObjectNewsOptions } from "./object-news.ts";
