/** What of an nginx is there at a tick. */
export interface NginxPresence {
  readonly runs: boolean;
  /** Its pid file is there still, and holds the pid of a process that is gone: an orderly exit removes it. */
  readonly leftPidFile: boolean;
  /** Its configuration is there still. */
  readonly isInstalled: boolean;
}

/** 0: it runs, or nobody expects it; 1: it was stopped; 2: it died. */
export type NginxDown = 0 | 1 | 2;

/** A restart takes less; and an outage has its alert within 20 s (docs/decisions/0231). */
const afterUs = 15_000_000;
/** By then whoever stopped it knows. */
const untilUs = 3_600_000_000;

/** Whether an nginx that ran is gone and none has taken its place. To be called once per tick. */
export function createNginxDown(): (presence: NginxPresence, nowUs: number) => NginxDown {
  let hasRun = false;
  let goneUs: number | null = null;
  return ({ runs, leftPidFile, isInstalled }, nowUs) => {
    if (runs) {
      hasRun = true;
      goneUs = null;
      return 0;
    }
    if (!hasRun || !isInstalled) return 0;
    goneUs ??= nowUs;
    const awayUs = nowUs - goneUs;
    if (awayUs < afterUs || awayUs >= untilUs) return 0;
    return leftPidFile ? 2 : 1;
  };
}
