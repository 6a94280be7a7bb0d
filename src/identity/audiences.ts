/** Whom tokens are for: one that was shown to one of these is worth nothing to another. */
export const PROXY_AUDIENCE = "trilith.dev/xds";
export const PEER_AUDIENCE = "trilith.dev/peers";
