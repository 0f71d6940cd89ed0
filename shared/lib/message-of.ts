/** @module What anything that was thrown says. */

/** The message of an error, or the thing itself as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
