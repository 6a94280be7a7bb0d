/** Values as JSON has them, where a part of an object is taken as it is. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [field: string]: JsonValue;
}

export const isJsonList = (value: JsonValue | undefined): value is readonly JsonValue[] => Array.isArray(value);
export const isJsonObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !isJsonList(value);

/** For people: texts as they are, all else as JSON. */
export const showJson = (value: JsonValue | undefined): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "");
