import { generate } from 'selfsigned';

export interface Certificate {
  key: string;
  cert: string;
}

/** Certificates for servers on 127.0.0.1; every one but `unknown` is vouched for by `authority`. */
export interface Certificates {
  /** The certificate to trust. */
  authority: string;
  good: Certificate;
  unknown: Certificate;
  expired: Certificate;
  otherName: Certificate;
}

const address = { type: 7, ip: '127.0.0.1' } as const;
const day = 86_400_000;

export async function makeCertificates(): Promise<Certificates> {
  const authority = await make('authority', { extensions: [{ name: 'basicConstraints', cA: true }] });
  const unknown = await make('other authority', { extensions: [{ name: 'basicConstraints', cA: true }] });
  const server = (ca: Certificate, altName: typeof address | { type: 2; value: string }, since = 0) =>
    make('pbx', {
      ca,
      extensions: [{ name: 'subjectAltName', altNames: [altName] }],
      notBeforeDate: new Date(Date.now() - (since + 1) * day),
      notAfterDate: new Date(Date.now() + (365 - since) * day),
    });
  return {
    authority: authority.cert,
    good: await server(authority, address),
    unknown: await server(unknown, address),
    expired: await server(authority, address, 366),
    otherName: await server(authority, { type: 2, value: 'pbx.example' }),
  };
}

async function make(name: string, options: Parameters<typeof generate>[1]): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...options,
  });
  return { key, cert };
}
