/**
 * What the API server would refuse of a status, and with it the whole status: the limits that the CRDs set to conditions and
 * listeners. https://gateway-api.sigs.k8s.io/reference/spec/
 */
import type { ObjectWithStatus, StoredStatus } from "../../src/status/index.ts";

const TYPE =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const MAX_CONDITIONS = 8;
const MAX_LISTENERS = 64;
const MAX_PARENTS = 32;
const MAX_ANCESTORS = 16;

/** One line for each violation. */
export function statusViolations({ kind, metadata, status }: ObjectWithStatus): string[] {
  const { conditions = [], listeners = [], parents = [], ancestors = [] } = status;
  const lists = [conditions, ...[...listeners, ...parents, ...ancestors].map((entry) => entry.conditions)];
  const found = [
    ...lists.flatMap(conditionViolations),
    ...(listeners.length > MAX_LISTENERS ? [`${listeners.length} listeners`] : []),
    ...(new Set(listeners.map(({ name }) => name)).size < listeners.length ? ["a listener twice"] : []),
    ...(parents.length > MAX_PARENTS ? [`${parents.length} parents`] : []),
    ...(ancestors.length > MAX_ANCESTORS ? [`${ancestors.length} ancestors`] : []),
  ];
  return found.map((violation) => `${kind} ${metadata.name}: ${violation}`);
}

function conditionViolations(conditions: NonNullable<StoredStatus["conditions"]>): string[] {
  return [
    ...(conditions.length > MAX_CONDITIONS ? [`${conditions.length} conditions`] : []),
    ...(new Set(conditions.map(({ type }) => type)).size < conditions.length ? ["a condition twice"] : []),
    ...conditions.flatMap(({ type, status, reason, message, lastTransitionTime, observedGeneration = 0 }) => [
      ...(TYPE.test(type) && type.length <= 316 ? [] : [`the type "${type}"`]),
      ...(["True", "False", "Unknown"].includes(status) ? [] : [`${type} is ${status}`]),
      ...(REASON.test(reason) && reason.length <= 1024 ? [] : [`the reason "${reason}" of ${type}`]),
      ...(message.length <= 32_768 ? [] : [`a message of ${message.length} for ${type}`]),
      ...(Number.isNaN(Date.parse(lastTransitionTime)) ? [`${type} since ${lastTransitionTime}`] : []),
      ...(observedGeneration >= 0 ? [] : [`generation ${observedGeneration} of ${type}`]),
    ]),
  ];
}
