/** Small servers to stand behind a gateway, in the demo and in tests. */
export type { Backend, BackendOptions, BackendTls } from "./backend.ts";
export { startGrpcBackend } from "./grpc-backend.ts";
export type { GrpcBackendOptions } from "./grpc-backend.ts";
export { startHttpBackend } from "./http-backend.ts";
export type { Echo, HttpBackendOptions } from "./http-backend.ts";
export { startTcpBackend, startTlsBackend } from "./tcp-backend.ts";
export { startUdpBackend } from "./udp-backend.ts";
