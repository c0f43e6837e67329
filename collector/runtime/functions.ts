/** Netdata's Functions at work: calls come from stdin at any time, answers go out between two ticks. */

import { createDesk, settleMs } from '../functions/desk.ts';
import type { CheckFinding, JobNow } from '../functions/facts.ts';
import { createIncidents } from '../functions/incidents.ts';
import { createWatch, type Now } from '../functions/watch.ts';
import type { NetdataCommand } from '../netdata/command-reader.ts';
import type { Conditions } from '../netdata/log.ts';
import type { Writer } from '../netdata/writer.ts';
import type { Clock } from '../system/clock.ts';
import { attempt } from '../system/fs.ts';
import type { StateFile } from '../system/state-file.ts';
import { stackOf } from './guard.ts';
import { keepState } from './kept-state.ts';

export interface Functions {
  /** All that arrived together: what is called and cancelled at once is not answered. */
  commands(commands: readonly NetdataCommand[]): void;
  /** What the tick that has just been written knew. */
  tick(jobs: readonly JobNow[], updateEvery: number): void;
  close(): void;
}

export interface FunctionPorts {
  readonly clock: Clock;
  readonly writer: Writer;
  readonly conditions: Conditions;
  /** What `check` finds now. */
  readonly check: () => Promise<readonly CheckFinding[]>;
  /** Where incidents outlive the process; null: nowhere. */
  readonly file: StateFile | null;
}

/** An answer that fills the pipe right before a tick would cost that tick: from here on it waits until after it. */
const holdMs = 150;
/** However many ask, `check` runs no more often. */
const checkEveryMs = 10_000;
/** An incident that continues is written down that often, one that begins or ends at once. */
const writeEveryMs = 10_000;

export function createFunctions({ clock, writer, conditions, check, file }: FunctionPorts): Functions {
  const desk = createDesk(fault);
  const watch = createWatch();
  const incidents = createIncidents();
  const closing = new AbortController();
  const monotonicMs = () => clock.monotonicUs() / 1000;
  let findings: readonly CheckFinding[] | null = null;
  let checkedMs = Number.NEGATIVE_INFINITY;
  let updateEvery = 1;
  let holdFromMs = Number.NEGATIVE_INFINITY;
  let isChecking = false;
  let hasFault = false;
  let isAwaking = false;
  let written = 0;
  let writtenMs = 0;
  writer.onDrain(serve);
  restore();

  /** Functions may fail, charts continue. */
  function fault(error: unknown): void {
    hasFault = true;
    conditions.set('functions', stackOf(error));
  }

  function now(): Now {
    return { wallMs: clock.wallMs(), monotonicMs: monotonicMs() };
  }

  function restore(): void {
    const text = file === null ? null : attempt(() => file.read());
    if (text?.ok) incidents.restore(text.value, now());
  }

  function saveWhenDue(): void {
    const isDue = incidents.isOngoing() && monotonicMs() - writtenMs >= writeEveryMs;
    if (isDue || incidents.chapter() !== written) save();
  }

  function save(): void {
    if (file === null) return;
    keepState(file, incidents.text(), conditions, 'incidents');
    written = incidents.chapter();
    writtenMs = monotonicMs();
  }

  function checkWhenWanted(): void {
    if (!desk.wantsFindings() || isChecking || monotonicMs() - checkedMs < checkEveryMs) return;
    checkedMs = monotonicMs();
    isChecking = true;
    findings = null;
    const keep = (found: readonly CheckFinding[]) => {
      findings = found;
    };
    check()
      .then(keep, fault)
      .finally(() => {
        isChecking = false;
        serve();
      });
  }

  function serve(): void {
    checkWhenWanted();
    while (writer.ready() && monotonicMs() < holdFromMs) {
      const known = { jobs: watch.jobs(), incidents: incidents.all(), findings, nowMs: clock.wallMs(), updateEvery };
      const text = desk.next(known, monotonicMs());
      if (text === null) break;
      writer.write(text);
    }
    if (desk.waiting() > 0) awake();
  }

  /** Calls that wait for something that no event announces are checked again. */
  function awake(): void {
    if (isAwaking || closing.signal.aborted) return;
    isAwaking = true;
    void clock.sleep(settleMs, closing.signal).then(() => {
      isAwaking = false;
      if (!closing.signal.aborted) serve();
    });
  }

  return {
    commands(commands) {
      for (const command of commands) {
        if (command.is === 'cancel') desk.cancel(command.transaction);
        else desk.take(command.call, monotonicMs());
      }
      if (desk.waiting() > 0) serve();
    },

    tick(jobs, seconds) {
      updateEvery = seconds;
      const at = now();
      if (!hasFault) conditions.set('functions', null);
      hasFault = false;
      try {
        watch.observe(jobs, at);
        if (watch.hasFailures() || incidents.isOngoing()) incidents.observe(watch.jobs(), at);
      } catch (error) {
        fault(error);
      }
      desk.turn();
      saveWhenDue();
      holdFromMs = at.monotonicMs + seconds * 1000 - holdMs;
      serve();
    },

    close() {
      closing.abort();
      if (incidents.isOngoing()) save();
    },
  };
}
