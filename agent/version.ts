/** @module The agent's version; a test holds it to package.json, which a bundle does not carry. */

/** As the hello and the User-Agent say it. */
export const AGENT_VERSION = '0.1.0';
