/**
 * Resources of the model world: their bytes say in JSON what a real message would, as far as the model Envoy heeds it, so the
 * model judges what arrived and not what the session believes.
 */
import type { ResourceId, ResourceKind, ResourceRecord } from "../resource.ts";

export interface ModelContent {
  readonly revision: number;
  readonly needs: readonly ResourceId[];
  /** Whether the model Envoy refuses it. */
  readonly isBad: boolean;
  /** Makes the message longer. */
  readonly padding?: string;
}

export function contentOf(bytes: Uint8Array): ModelContent {
  return JSON.parse(new TextDecoder().decode(bytes)) as ModelContent;
}

export function modelRecord(kind: ResourceKind, name: string, content: Partial<ModelContent> = {}): ResourceRecord {
  const { revision = 0, needs = [], isBad = false, padding = "" } = content;
  const bytes = new TextEncoder().encode(JSON.stringify({ revision, needs, isBad, padding }));
  const version = `${revision}${isBad ? "!" : ""}${needs.map((need) => `.${need.name}`).join("")}${padding.length > 0 ? `+${padding.length}` : ""}`;
  return { kind, name, version, bytes, needs };
}
