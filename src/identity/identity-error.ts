/** What goes wrong with the control plane's own keys in a way that a person must mend. */

/** `badAuthority`: the Secret holds no certificate authority, or one whose certificate and key do not belong together. */
export type IdentityErrorCode = "badAuthority";

export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
