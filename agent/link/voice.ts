/** @module What an agent says of itself over the link: hello, beats, reports, kinds. */
import { createReportSender } from '../../shared/capacity/delta-send.ts';
import type { CapacityReport } from '../../shared/capacity/report.ts';
import type { KindDocument } from '../../shared/kube/custom/document.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { encodeMessage } from '../../shared/wire/decode.ts';
import type { ReportMessage } from '../../shared/wire/messages.ts';
import { upSubject } from '../../shared/wire/subjects.ts';
import { packReport } from './pack-report.ts';
import type { BeatFacts, HelloFacts } from './port.ts';

export type VoiceOptions = {
  readonly env: RuntimeEnv;
  readonly cluster: string;
  readonly bootId: string;
  /** False when there is no connection that it could go over. */
  readonly send: (subject: string, bytes: Uint8Array) => boolean;
};

/** What is said, and what of it is said again. */
export type Voice = {
  readonly setHello: (facts: () => HelloFacts | undefined) => void;
  readonly setBeat: (facts: () => BeatFacts) => void;
  readonly sayHello: () => void;
  /** The whole of the newest report, for a hub that lacks what later ones build on. */
  readonly sayReport: () => void;
  readonly publishReport: (report: CapacityReport) => boolean;
  readonly publishKind: (hash: string, document: KindDocument) => boolean;
  /** Beats now and from now on, until it is stopped or begun anew. */
  readonly beat: (intervalMs: number) => void;
  readonly stop: () => void;
};

/** Says nothing before it is asked to. */
export const makeVoice = ({ env, cluster, bootId, send }: VoiceOptions): Voice => {
  const reports = createReportSender();
  let helloFacts: () => HelloFacts | undefined = () => undefined;
  let beatFacts: () => BeatFacts = () => ({ api: { reachable: false, reason: 'Starting', message: 'the agent has not looked yet' } });
  let cancelBeat: () => void = () => undefined;
  let newestReportSeq = -1;
  let beatSeq = 0;

  const sayHello = (): void => {
    const facts = helloFacts();
    if (facts === undefined) return;
    const { bytes, fits, bytesMax } = encodeMessage('hello', { v: 1, cluster, bootId, ...facts, nowMs: env.nowMs() });
    if (fits) send(upSubject(cluster, 'hello'), bytes);
    else env.log.error('the hello is too large and was not sent: the member serves too many kinds', { bytes: bytes.length, bytesMax });
  };
  const sendReport = (report: ReportMessage['report']): boolean => {
    const { bytes, fits, bytesMax } = encodeMessage('report', { v: 1, cluster, bootId, report });
    if (!fits) env.log.error('the capacity report is too large and was not sent', { bytes: bytes.length, bytesMax });
    return fits && send(upSubject(cluster, 'report'), packReport(bytes));
  };
  const beat = (intervalMs: number): void => {
    cancelBeat();
    const about = { v: 1, cluster, bootId, seq: ++beatSeq, nowMs: env.nowMs(), reportSeq: newestReportSeq } as const;
    send(upSubject(cluster, 'beat'), encodeMessage('beat', { ...about, ...beatFacts() }).bytes);
    cancelBeat = env.setTimer(intervalMs, () => beat(intervalMs));
  };
  return {
    setHello: (facts) => {
      helloFacts = facts;
      sayHello();
    },
    setBeat: (facts) => {
      beatFacts = facts;
    },
    sayHello,
    sayReport: () => {
      const whole = reports.whole();
      if (whole !== undefined) sendReport(whole);
    },
    publishReport: (report) => {
      newestReportSeq = report.seq;
      return sendReport(reports.next(report));
    },
    publishKind: (hash, document) => {
      const { bytes, fits } = encodeMessage('kind', { v: 1, cluster, hash, document });
      return fits && send(upSubject(cluster, 'kind'), bytes);
    },
    beat,
    stop: () => cancelBeat(),
  };
};
