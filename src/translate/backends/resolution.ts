/** What a backendRef turns out to be: something to send traffic to, or a reason why not. */
import type {
  BackendOrigin,
  BackendPolicy,
  BackendTls,
  Decisions,
  EndpointSetKey,
  TrustBundle,
} from "../../model/index.ts";
import type { ReferenceProblem } from "../rules/route-rules.ts";
import type { TrafficSettings } from "../traffic-policies/traffic-result.ts";
import type { StatedProtocol } from "./service-protocol.ts";

export type Resolution =
  | {
      readonly kind: "resolved";
      readonly origin: BackendOrigin;
      readonly endpoints: EndpointSetKey;
      /** What the backend itself says about HTTP; absent: nothing. */
      readonly protocol?: StatedProtocol;
      /** An `appProtocol` that means nothing to Trilith. */
      readonly unknownProtocol?: string;
      readonly tls?: BackendTls;
      /** The trust that `tls` names, where it is not the system's. */
      readonly bundle?: TrustBundle;
      /** Distinguishes backends of the same port by how TLS is spoken to them; empty without TLS. */
      readonly tlsName: string;
      readonly traffic: TrafficSettings;
      /** What its owner asks for. */
      readonly policy?: BackendPolicy;
      /** What policies decide about who may send to it, and what. */
      readonly access?: Decisions;
      /** Requests from one address go to one endpoint. */
      readonly isSticky?: true;
    }
  /** Traffic must be answered with an error, never sent in plain text: its TLS cannot be carried out. */
  | { readonly kind: "unusable"; readonly origin: BackendOrigin; readonly message: string }
  | { readonly kind: "unresolved"; readonly reason: ReferenceProblem["reason"]; readonly message: string };
