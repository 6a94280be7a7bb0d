/** Why an address cannot be listened on: from the system's error codes, and from what Envoy says when it refuses a listener. */

export type PortProblem = "taken" | "forbidden" | "no-such-address";

const problemOfCode: ReadonlyMap<string, PortProblem> = new Map([
  ["EADDRINUSE", "taken"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
  ["EADDRNOTAVAIL", "no-such-address"],
  ["EAFNOSUPPORT", "no-such-address"],
]);

const problemOfReason: ReadonlyMap<string, PortProblem> = new Map([
  ["Address already in use", "taken"],
  ["Permission denied", "forbidden"],
  ["Operation not permitted", "forbidden"],
  ["Cannot assign requested address", "no-such-address"],
  ["Address family not supported by protocol", "no-such-address"],
]);

/** From a system error's code; undefined when it is about something else. */
export function portProblemOfCode(code: string | undefined): PortProblem | undefined {
  return code === undefined ? undefined : problemOfCode.get(code);
}

/**
 * From the error detail of a NACK ("… cannot bind '0.0.0.0:80': Permission denied"); undefined when Envoy refused the listener
 * for another reason. Such a refusal is of the moment: the same listener may be accepted later.
 */
export function portProblemOfRefusal(errorDetail: string): PortProblem | undefined {
  const reason = /cannot bind '[^']*': ([A-Za-z ]+)/.exec(errorDetail)?.[1]?.trim();
  return reason === undefined ? undefined : problemOfReason.get(reason);
}
