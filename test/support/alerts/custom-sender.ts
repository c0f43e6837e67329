/** The custom sender of docs/alerts.md, for Netdata's own alarm-notify.sh. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../repository.ts';

/** The indented lines from `curl=` to the closing brace: it sends on a machine without curl, too. */
function documentedSender(): string {
  const text = readFileSync(join(repository, 'docs/alerts.md'), 'utf8');
  const [sender] = /^ {4}curl=[\s\S]*?^ {4}\}$/m.exec(text) ?? [];
  if (sender === undefined) throw new Error('docs/alerts.md has no custom sender');
  return sender.replace(/^ {4}/gm, '');
}

/** health_alarm_notify.conf with this sender alone: other methods are off, nothing leaves this machine. */
export function senderConf(sentTo: string): string {
  return `SEND_EMAIL="NO"\n${documentedSender().replace('/var/log/netdata/alerts.txt', sentTo)}\n`;
}

/** A notification as that sender wrote it. */
export interface Sent {
  readonly status: string;
  readonly alert: string;
  readonly info: string;
}

/** All that was sent so far, oldest first. */
export function readSent(file: string): readonly Sent[] {
  const lines = readFileSync(file, { encoding: 'utf8', flag: 'a+' }).split('\n');
  return lines.flatMap((line, at) => {
    const [, status = '', alert = ''] = /^([A-Z]+): (\w+) on \S+ since /.exec(line) ?? [];
    return status === '' ? [] : [{ status, alert, info: lines[at + 1] ?? '' }];
  });
}
