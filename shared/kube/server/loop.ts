/** @module What the loops of the API server are given. */
import type { KubeClient } from '../client/port.ts';
import type { ServerContext } from './context.ts';

/** The server, and a client of it in the loops' name. */
export type Loop = { readonly server: ServerContext; readonly client: KubeClient };
