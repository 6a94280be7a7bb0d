/**
 * Strings that sit near the boundaries of the Gateway API's patterns and cross-field rules. The generators use those
 * that a field's own schema allows, the mutations all of them.
 */
export const words: readonly string[] = [
  ..."a b example foo-bar x1 Foo foo_bar a- -a .a a..b a/b".split(" "),
  ..."example.com *.example.com a.example.com *.com * *.*.com a.*.com EXAMPLE.com example.com. xn--a.example _a.com a._b a_b.com a.b- -a.b a.-b".split(
    " ",
  ),
  ..."10.0.0.1 1.2.3 256.1.1.1 ::1 2001:db8::1 ::ffff:1.2.3.4 01.2.3.4 fe80::1%eth0 1::2::3 [::1] 1.2.3.4.5".split(" "),
  ..."db.cluster.local cluster.local www.db.cluster.localx".split(" "),
  ..."/ /a /a/b /a/ // /a//b /a/./b /a/../b /. /.. /a/. /a/.. /a%2fb /a%2Fb /a#b /a%zz /a%41 /a?b /é /a* a".split(" "),
  ..."0s 1s 10s 1h 30m 1h30m 500ms 0ms 0h 3600s 3601s 999ms 99999h 100000s 1s1s1s1s 1s1s1s1s1s 1.5s -1s 1d 5 s".split(
    " ",
  ),
  ..."HTTP HTTPS TLS TCP UDP GRPC H2C HTTP2 WSS example.com/proto http Http".split(" "),
  ..."Terminate Passthrough Same All Selector None Exact PathPrefix RegularExpression Cookie Header".split(" "),
  ..."Service XBackend Gateway HTTPRoute Secret ConfigMap ClusterTrustBundle".split(" "),
  ..."gateway.networking.k8s.io gateway.networking.x-k8s.io core apps certificates.k8s.io".split(" "),
  ..."Hostname IPAddress NamedAddress URI System example.com/type Cluster k8s.io/x a.k8s.io/x ak8s.io/x x/ /x a/b/c A/b".split(
    " ",
  ),
  ..."GET POST * X-Header content-type x:y spiffe://example/a https://example.com http://*.example.com:8080".split(" "),
  ..."https://* https://*.com:99999 https://example.com:123456 ftp://a http:// urn:x urn:// tcp://a?b#c".split(" "),
  ..."foo.Bar .foo foo. 1foo foo..bar Foo_1 _x ^a+$ ( a{1001} [a-z]* (?i)x \\d".split(" "),
  "two words",
  " leading",
  "trailing ",
  "tab\tbed",
  "line\nbreak",
  "a\n",
  "\u00e9t\u00e9",
  "\u{1f600}",
  "\u0000",
  "example.com/key",
  `${"a".repeat(63)}/key`,
  `${"a".repeat(252)}/key`,
  `${"a".repeat(253)}/key`,
  `${"a".repeat(254)}/key`,
  "a".repeat(63),
  "a".repeat(64),
  `example.com/${"b".repeat(64)}`,
];
