/**
 * Patterns that texts must match. Their sources are those of the CRDs, whose regular expressions are RE2's; each is written so
 * that JavaScript reads it the same way. Where JavaScript would take exponential time, an equivalent expression is run.
 */

export interface Pattern {
  /** As the CRD writes it. */
  readonly source: string;
  readonly expression: RegExp;
  /** Completes "must be …". */
  readonly description: string;
}

function pattern(source: string, description: string, equivalent: string = source): Pattern {
  return { source, expression: new RegExp(equivalent, "u"), description };
}

const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const dnsLabel: Pattern = pattern(
  `^${label}$`,
  "lower-case letters, digits and '-', beginning and ending with a letter or digit, such as \"my-name\"",
);
export const dnsSubdomain: Pattern = pattern(
  `^${subdomain}$`,
  "lower-case letters, digits, '-' and '.', every part beginning and ending with a letter or digit, such as \"www.example.com\"",
);
export const hostname: Pattern = pattern(
  `^(\\*\\.)?${subdomain}$`,
  'a host name in lower case without port, such as "www.example.com", where the first part may be a wildcard: "*.example.com"',
);
export const preciseHostname: Pattern = pattern(
  `^${subdomain}$`,
  'a host name in lower case without port and wildcard, such as "www.example.com"',
);
export const apiGroup: Pattern = pattern(
  `^$|^${subdomain}$`,
  'an API group without version, such as "gateway.networking.k8s.io", or "" for the core group',
);
export const kindName: Pattern = pattern(
  "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$",
  'the name of a kind, such as "Service"',
);
export const controllerName: Pattern = pattern(
  `^${subdomain}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
  'a domain and a path, such as "example.com/gateway-controller"',
);
export const protocol: Pattern = pattern(
  `^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|${subdomain}\\/[A-Za-z0-9]+$`,
  'HTTP, HTTPS, TLS, TCP, UDP, or a protocol with a domain, such as "example.com/custom"',
);
export const addressType: Pattern = pattern(
  `^Hostname|IPAddress|NamedAddress|${subdomain}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
  'IPAddress, Hostname, or a type with a domain, such as "example.com/custom"',
);
export const labelValue: Pattern = pattern(
  "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
  "letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, or be empty",
);
export const headerName: Pattern = pattern(
  "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$",
  "a header name: letters, digits and !#$%&'*+-.^_`|~, without spaces and colons",
);
export const headerValue: Pattern = pattern(
  "^[!-~]+([\\t ]?[!-~]+)*$",
  "visible ASCII characters, with single spaces or tabs between them only",
  "^[!-~]+(?:[\\t ][!-~]+)*$",
);
export const corsOrigin: Pattern = pattern(
  "(^\\*$)|(^(http(s)?):\\/\\/(((\\*\\.)?([a-zA-Z0-9\\-]+\\.)*[a-zA-Z0-9-]+|\\*)(:([0-9]{1,5}))?)$)",
  '"*", or an origin without a path, such as "https://example.com", "https://*.example.com" or "http://example.com:8080"',
);
export const pathText: Pattern = pattern(
  "^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$",
  "characters that a path may have, others written as %XX",
);
export const duration: Pattern = pattern(
  "^([0-9]{1,5}(h|m|s|ms)){1,4}$",
  'a duration of whole hours, minutes, seconds and milliseconds, such as "10s", "1m30s" or "500ms"',
);
export const uri: Pattern = pattern(
  "^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\\?([^#]*))?(#(.*))?",
  'a URI with scheme and authority, such as "spiffe://example.com/service"',
);
export const wellKnownCertificates: Pattern = pattern(
  `^(System|(${subdomain}/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$`,
  '"System", or a name with a domain, such as "example.com/my-authorities"',
);
/** https://www.rfc-editor.org/rfc/rfc9110#section-9.1 */
export const httpMethod: Pattern = pattern("^[A-Z][-A-Z]*$", 'a method in capitals, such as "GET"');
/** A path without anything that programs read differently. */
export const plainPath: Pattern = pattern(
  "^/[-A-Za-z0-9._~!$&'()*+,=:@/]*$",
  'a path without percent-encoding and without ";", such as "/admin"',
);
/** What a request asks for. */
export const pathWithQuery: Pattern = pattern(
  '^/[!-"$-~]*$',
  'a path, perhaps with a query, in visible ASCII characters: "/healthz?full=1"',
);
/** What a health check by gRPC asks about. */
export const healthService: Pattern = pattern(
  "^[A-Za-z_][A-Za-z0-9_.]*$",
  'the full name of a service, such as "shop.v1.Cart"',
);
/** https://spiffe.io/docs/latest/spiffe-about/spiffe-concepts/#spiffe-id */
export const spiffeIdentity: Pattern = pattern(
  "^spiffe://[a-z0-9._-]+(/[-A-Za-z0-9._]+)+$",
  'a SPIFFE ID, such as "spiffe://cluster.local/ns/shop/sa/web"',
);
export const conditionReason: Pattern = pattern(
  "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
  'one word in CamelCase, such as "Accepted"',
);
export const conditionType: Pattern = pattern(
  `^(${subdomain}/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$`,
  'a word in CamelCase, perhaps with a domain: "example.com/Ready"',
);
/** Keys of labels and annotations, but for the length of their parts. */
export const qualifiedName: Pattern = pattern(
  `^(${subdomain}/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$`,
  "up to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit, perhaps after a domain and '/': \"example.com/team\"",
);
/** With the name of their signer before them, where they have one. */
export const trustBundleName: Pattern = pattern(
  `^(${subdomain}:([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?:)+)?${subdomain}$`,
  'a name in lower case, such as "my-authorities", perhaps after that of its signer: "example.com:signer:my-authorities"',
);
export const attributeName: Pattern = pattern("^[a-zA-Z0-9_.:/-]+$", "letters, digits, '_', '.', ':', '/' and '-'");
export const attributeKey: Pattern = pattern(
  "^[a-z0-9_.-]+$",
  'the key of an OpenTelemetry attribute, such as "http.request.method"',
);
export const spanName: Pattern = pattern(
  "^[a-zA-Z0-9_.:/-]+( [a-zA-Z0-9_.:/-]+)*$",
  "words of letters, digits, '_', '.', ':', '/' and '-', with single spaces between them",
);
/** Keys of Secrets and ConfigMaps. */
export const dataKey: Pattern = pattern("^[-._a-zA-Z0-9]+$", "letters, digits, '-', '_' and '.'");
export const grpcService: Pattern = {
  source: "^(?i)\\.?[a-z_][a-z_0-9]*(\\.[a-z_][a-z_0-9]*)*$",
  expression: /^\.?[a-z_][a-z_0-9]*(\.[a-z_][a-z_0-9]*)*$/i,
  description: 'the full name of a service, such as "shop.v1.Cart"',
};
export const grpcMethod: Pattern = pattern("^[A-Za-z_][A-Za-z_0-9]*$", 'the name of a method, such as "AddItem"');
/** An amount of a resource; Kubernetes knows more ways to write one. */
export const quantity: Pattern = pattern(
  "^[0-9]{1,15}(\\.[0-9]{1,3})?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$",
  'an amount, such as "500m", "2" or "1Gi"',
);
/** A share of something. */
export const percentage: Pattern = pattern("^(100|[1-9]?[0-9])%$", 'a number, or a share from "0%" to "100%"');
export const containerImage: Pattern = pattern(
  "^[a-zA-Z0-9][-a-zA-Z0-9._:/@]*$",
  'the name of an image, such as "registry.example.com/envoy:v1.40.0"',
);
