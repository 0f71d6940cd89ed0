/** @module A certificate authority in a folder, and the server and client certificates it issues: EC P-256, renewed in time, keys readable by the owner only. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import './reflect-metadata.ts';
import * as x509 from '@peculiar/x509';

/** A certificate with its private key, as PEM text. */
export type KeyPair = { readonly certificatePem: string; readonly privateKeyPem: string };

/** Who a certificate speaks for. Servers need names or addresses; organizations are a client's groups. */
export type Subject = {
  readonly commonName: string;
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
};

/** A certificate authority kept in a folder. */
export type Authority = {
  /** The CA's own certificate: what clients must trust. */
  readonly certificatePem: string;
  /** The folder's `NAME.crt` and `NAME.key`, issued anew when missing, near expiry, from another CA or for another subject. */
  readonly issue: (
    name: string,
    usage: 'server' | 'client',
    subject: Subject,
  ) => Promise<KeyPair & { readonly certificateFile: string; readonly keyFile: string }>;
};

/** Settings of {@link openAuthority}. */
export type AuthorityOptions = { readonly directory: string; readonly commonName: string; readonly nowMs: () => number };

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CA_DAYS = 3_650;
const LEAF_DAYS = 365;
/** Certificates with less life than this are issued anew. */
const RENEW_BEFORE_DAYS = 60;
/** Clocks of clients may be behind by this much. */
const BACKDATE_MS = 3_600_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** Opens the authority of a folder, making it when there is none. Throws when the folder holds a broken one. */
export const openAuthority = async ({ directory, commonName, nowMs }: AuthorityOptions): Promise<Authority> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const paths = { certificate: join(directory, 'ca.crt'), key: join(directory, 'ca.key') };
  const present = await readPair(paths);
  const pair =
    present !== undefined && !nearExpiry(present.certificatePem, nowMs())
      ? present
      : await writePair(paths, await makeAuthority(commonName, nowMs()));
  const authority = await importPair(pair);
  return {
    certificatePem: pair.certificatePem,
    issue: async (name, usage, subject) => {
      const files = { certificate: join(directory, `${name}.crt`), key: join(directory, `${name}.key`) };
      const known = await readPair(files);
      const fits =
        known !== undefined && !nearExpiry(known.certificatePem, nowMs()) && (await speaksFor(known.certificatePem, subject, authority));
      const issued = fits ? known : await writePair(files, await makeLeaf(authority, usage, subject, nowMs()));
      return { ...issued, certificateFile: files.certificate, keyFile: files.key };
    },
  };
};

type Imported = { readonly certificate: x509.X509Certificate; readonly privateKey: CryptoKey };
type Paths = { readonly certificate: string; readonly key: string };

const readPair = async (paths: Paths): Promise<KeyPair | undefined> => {
  try {
    const [certificatePem, privateKeyPem] = await Promise.all([readFile(paths.certificate, 'utf8'), readFile(paths.key, 'utf8')]);
    return { certificatePem, privateKeyPem };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`cannot read the certificate ${paths.certificate}; mend or remove it and its key`, { cause: error });
  }
};

const writePair = async (paths: Paths, pair: KeyPair): Promise<KeyPair> => {
  await writeWhole(paths.key, pair.privateKeyPem);
  await writeWhole(paths.certificate, pair.certificatePem);
  return pair;
};

/** A crash leaves the old file or the new one, never half of it. */
const writeWhole = async (path: string, text: string): Promise<void> => {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
};

const nearExpiry = (certificatePem: string, nowMs: number): boolean =>
  new x509.X509Certificate(certificatePem).notAfter.getTime() - nowMs < RENEW_BEFORE_DAYS * DAY_MS;

const speaksFor = async (certificatePem: string, subject: Subject, authority: Imported): Promise<boolean> => {
  const certificate = new x509.X509Certificate(certificatePem);
  if (certificate.subject !== nameOf(subject).toString()) return false;
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? [];
  const present = names.map(({ type, value }) => `${type}:${value}`).sort();
  const wanted = alternativeNames(subject)
    .map(({ type, value }) => `${type}:${value}`)
    .sort();
  if (JSON.stringify(present) !== JSON.stringify(wanted)) return false;
  return certificate.verify({ publicKey: authority.certificate.publicKey, signatureOnly: true });
};

const importPair = async ({ certificatePem, privateKeyPem }: KeyPair): Promise<Imported> => {
  const bytes = x509.PemConverter.decodeFirst(privateKeyPem);
  const privateKey = await crypto.subtle.importKey('pkcs8', bytes, ALGORITHM, false, ['sign']);
  return { certificate: new x509.X509Certificate(certificatePem), privateKey };
};

const makeAuthority = async (commonName: string, nowMs: number): Promise<KeyPair> => {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: nameOf({ commonName }),
    ...validity(nowMs, CA_DAYS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyPem(keys.privateKey) };
};

const makeLeaf = async (authority: Imported, usage: 'server' | 'client', subject: Subject, nowMs: number): Promise<KeyPair> => {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = alternativeNames(subject);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: nameOf(subject),
    issuer: authority.certificate.subjectName,
    ...validity(nowMs, LEAF_DAYS),
    publicKey: keys.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([usage === 'server' ? SERVER_AUTH : CLIENT_AUTH]),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyPem(keys.privateKey) };
};

const alternativeNames = ({ dnsNames = [], ipAddresses = [] }: Subject): x509.JsonGeneralName[] => [
  ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
  ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
];

/** Organizations first, as Kubernetes clients have them. Built from parts, never from text: a name with a comma must not become two. */
const nameOf = ({ commonName, organizations = [] }: Subject): x509.Name =>
  new x509.Name([...organizations.map((utf8String) => ({ O: [{ utf8String }] })), { CN: [{ utf8String: commonName }] }]);

const validity = (nowMs: number, days: number) => ({ notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) });

/** 127 random bits; RFC 5280 wants a positive number of at most 20 octets. */
const serialNumber = (): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return Buffer.from(bytes).toString('hex');
};

const keyPem = async (key: CryptoKey): Promise<string> =>
  `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
