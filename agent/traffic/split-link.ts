/** @module Records of traffic come as work, and no engine of workloads should see them: one link is seen as two. */
import { isTrafficId, type StatusItem } from '../../shared/wire/index.ts';
import type { AgentLink, Unsubscribe, WorkEvent } from '../link/port.ts';

/** The part of the link that carries records of traffic. */
export type TrafficLink = Pick<AgentLink, 'cluster' | 'rememberSeq' | 'onWork' | 'onWant'> & {
  readonly publishStatus: (item: StatusItem) => void;
};

/** The two. */
export type SplitLink = { readonly work: AgentLink; readonly traffic: TrafficLink };

const filtered =
  (link: AgentLink, isMine: (id: string) => boolean) =>
  (handler: (event: WorkEvent) => void): Unsubscribe =>
    link.onWork((event) => {
      if (event.type === 'InitDone') handler({ type: 'InitDone', ids: event.ids.filter(isMine) });
      else if (event.type === 'Init' || isMine(event.type === 'Item' ? event.item.id : event.id)) handler(event);
    });

/** Splits a link. */
export const splitLink = (link: AgentLink): SplitLink => ({
  work: { ...link, onWork: filtered(link, (id) => !isTrafficId(id)) },
  traffic: {
    cluster: link.cluster,
    rememberSeq: link.rememberSeq,
    publishStatus: link.publishStatus,
    onWant: link.onWant,
    onWork: filtered(link, isTrafficId),
  },
});
