/** @module Answers the hub that lacks documents of kinds. */
import type { Log } from '../shared/lib/index.ts';
import { failureOf, type ServedWatch } from './cluster/index.ts';
import type { AgentLink } from './link/port.ts';

/** One after the other: documents are made anew from the API server, and the hub asks again for what did not come. */
export const tellKinds = async (
  {
    discovery,
    link,
    log,
  }: {
    readonly discovery: Pick<ServedWatch, 'document' | 'refresh'>;
    readonly link: Pick<AgentLink, 'publishKind'>;
    readonly log: Log;
  },
  hashes: readonly string[],
): Promise<void> => {
  for (const hash of hashes) {
    try {
      const document = await discovery.document(hash);
      if (document === undefined) discovery.refresh();
      else link.publishKind(hash, document);
    } catch (error) {
      log.warn('a kind could not be told to the hub', { why: failureOf(error).message });
    }
  }
};
