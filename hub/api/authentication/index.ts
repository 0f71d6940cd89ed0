/** @module Authentication: who asks. */
export { type Authenticator, type AuthenticatorOptions, createAuthenticator } from './authenticator.ts';
export * from './groups.ts';
export {
  createServiceAccountTokens,
  ISSUER,
  loadSigningKey,
  type ServiceAccountTokens,
  TOKEN_LIFETIME_SECONDS_MAX,
  type TokenSubject,
} from './service-account-tokens.ts';
export { openTokenBook, TOKENS_MAX, type TokenBook, type TokenRecord, tokenFile } from './token-book.ts';
