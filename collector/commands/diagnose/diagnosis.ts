/** What `diagnose` found, before it is printed. */
import type { Facts } from '../../diagnose/facts/facts.ts';
import type { Judged } from '../../diagnose/rules/judge.ts';
import type { NginxRead } from '../../discover/follow/read-nginx.ts';
import type { OpenNames } from '../../system/network/ask-names.ts';
import type { Impact } from './impact.ts';
import type { RecentLines } from './recent/lines.ts';
import type { SilentLogs } from './recent/silent-logs.ts';

/** `10.0.0.1:80` is what nginx writes; a person may leave out the brackets, the port, or `unix:`. */
export function isMeantPeer(wanted: string | null, peer: string): boolean {
  if (wanted === null) return true;
  const plain = (text: string): string => text.replace(/[[\]]/g, '').replace(/^unix:/, '');
  return plain(peer) === plain(wanted) || plain(peer).replace(/:\d+$/, '') === plain(wanted);
}

/** One nginx, checked. */
export interface Diagnosis {
  readonly job: string;
  readonly read: NginxRead;
  /** Names in it of which nothing is known. */
  readonly openNames: OpenNames;
  readonly logs: RecentLines;
  /** Lines that no process of a known nginx wrote: not counted. */
  readonly strange: number;
  /** Logs that cannot hold what is looked for. */
  readonly silent: SilentLogs;
  /** Results of clients. */
  readonly impact: Impact;
  /** Files of the configuration that nginx has not loaded as they are now. */
  readonly notLoaded: readonly string[];
  /** null: nothing failed, so nothing was checked. */
  readonly facts: Facts | null;
  readonly judged: readonly Judged[];
  /** Peers that have failed in nothing yet, and answer nothing: requests that wait, and for how long. */
  readonly hushed: readonly { readonly peer: string; readonly requests: number; readonly silentMs: number }[];
  readonly nowMs: number;
}

export interface DiagnosisResult {
  readonly diagnoses: readonly Diagnosis[];
  /** The plugin's own configuration is not valid. */
  readonly problem: { readonly path: string; readonly text: string } | null;
  readonly peer: string | null;
  readonly sinceMs: number;
  readonly isRoot: boolean;
  /** How this program was called. */
  readonly program: string;
}
