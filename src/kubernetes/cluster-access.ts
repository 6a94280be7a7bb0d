/** Where an API server is and how to prove who asks, whatever file it comes from. */

export interface ClusterAccess {
  readonly server: URL;
  /** The namespace that calls without one are meant for. */
  readonly namespace: string;
  /** What a new connection needs; asked for each, since files of certificates change. */
  tls(): Promise<TlsAccess>;
  /** What a call proves itself by, such as `authorization`; asked for each, since tokens change. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The server did not believe the last headers: nothing of them may be kept. */
  forget(): void;
}

export interface TlsAccess {
  /** PEM; absent: the roots that Node knows. */
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name that the server's certificate must have, where it is not the one in the URL. */
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}
