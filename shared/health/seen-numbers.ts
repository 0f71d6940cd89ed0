/** @module Which numbers of one life of a sender came already, against what is recorded and sent again: the window of RFC 4303 §3.4.3. */
import type { Channel } from './state.ts';

/** Numbers that came, with the channel they came on first; `both` = the copy of the other channel came as well. Below `floor` all count as seen. */
export type SeenNumbers = { floor: number; readonly recent: Map<number, Channel | 'both'> };

/** Remembered; so many later questions may overtake one. */
const recentMax = 256;

/** Nothing came yet. */
export const noNumbers = (): SeenNumbers => ({ floor: -1, recent: new Map() });

/** Notes a number. `Copy`: what is sent on both channels comes twice. */
export const noteNumber = (seen: SeenNumbers, seq: number, channel: Channel): 'New' | 'Copy' | 'Again' => {
  const { recent } = seen;
  const before = recent.get(seq);
  if (before !== undefined) {
    recent.set(seq, 'both');
    return before === 'both' || before === channel ? 'Again' : 'Copy';
  }
  if (seq <= seen.floor) return 'Again';
  recent.set(seq, channel);
  if (recent.size > recentMax) {
    const [oldest = -1] = recent.keys();
    recent.delete(oldest);
    seen.floor = Math.max(seen.floor, oldest);
  }
  return 'New';
};
