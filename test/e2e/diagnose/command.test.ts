/**
 * Every cause as a real fault, between separate hosts: the verdicts form the diagonal, and no wrong one is certain.
 * DIAGNOSE_TEXTS=FILE has what a person would read of each written there.
 */
import { appendFileSync, chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTwoHosts } from '../../support/hosts/two-hosts.ts';
import { describeOn } from '../../support/machine.ts';
import { faults } from './faults.ts';
import { laterFaults } from './later-faults.ts';
import { type Hosts, type Said, startWorld, type Verdict } from './world.ts';

interface Row {
  readonly fault: string;
  readonly cause: string;
  readonly asRoot: readonly Verdict[];
  readonly asNobody: readonly Verdict[];
}

const rows: Row[] = [];

function matrix(): string {
  const causes = [...new Set(rows.flatMap(({ cause, asRoot }) => [cause, ...asRoot.map((each) => each.cause)]))];
  const width = Math.max(...rows.map(({ fault }) => fault.length));
  const heads = causes.map((cause, at) => `${String(at + 1).padStart(2)} ${cause}`);
  const marks = { certain: 'C', likely: 'l', unknown: '?' } as const;
  const cell = (verdicts: readonly Verdict[], cause: string): string => {
    const found = verdicts.find((each) => each.cause === cause);
    return found === undefined ? '.' : marks[found.sureness];
  };
  const line = ({ fault, cause, asRoot, asNobody }: Row): string =>
    `${fault.padEnd(width)} ${causes.map((each) => `${cell(asRoot, each)}${cell(asNobody, each)}`.padStart(4)).join('')}  ${asRoot[0]?.cause === cause ? '' : '<<<'}`;
  return [
    'fault × verdict, as root and as nobody (C certain, l likely, ? unknown, . not said)',
    ...heads,
    `${''.padEnd(width)} ${causes.map((_, at) => String(at + 1).padStart(4)).join('')}`,
    ...rows.map(line),
  ].join('\n');
}

describeOn('namespaces')('diagnose: one fault, one verdict', () => {
  let hosts: Hosts;
  beforeAll(async () => {
    hosts = await startTwoHosts();
  });
  afterAll(() => {
    console.log(matrix());
  });

  test.each([...faults, ...laterFaults].map((fault) => [fault.name, fault] as const))('%s', async (_, fault) => {
    const { world, sites } = await startWorld(hosts, [fault]);
    const [site] = sites;
    if (site === undefined) throw new Error('no site');
    await fault.provoke(site);
    const [root, nobody] = await Promise.all([world.diagnose(), world.diagnose({ user: '65534' })]);
    const name = fault.subject(site);
    const texts = process.env['DIAGNOSE_TEXTS'];
    if (texts !== undefined) {
      const { stdout } = await world.diagnose({ json: false });
      appendFileSync(texts, `======== ${fault.name}\n${stdout}\n`);
    }
    rows.push({ fault: fault.name, cause: fault.cause, asRoot: root.about(name), asNobody: nobody.about(name) });
    const said = `${root.stdout}\n${root.stderr}`;
    // What is over is no failure.
    expect(root.code, said).toBe(fault.cause === 'restarting' ? 0 : 1);
    for (const { about, stdout, stderr } of [root, nobody]) {
      const verdicts = about(name);
      const wrong = verdicts.filter(({ sureness, cause }) => sureness === 'certain' && cause !== fault.cause);
      expect([verdicts[0]?.cause, wrong], stdout + stderr).toEqual([fault.cause, []]);
    }
  });

  test('what a user without rights cannot see is named, and no verdict is made of it', async () => {
    const fault = faults.find(({ name }) => name === 'socket missing');
    if (fault === undefined) throw new Error('no such fault');
    const { world, sites } = await startWorld(hosts, [
      { ...fault, http: ({ dir }) => ({ pass: `proxy_pass http://unix:${dir}/in/app.sock:/;` }) },
    ]);
    const [site] = sites;
    if (site === undefined) throw new Error('no site');
    const folder = join(site.dir, 'in');
    mkdirSync(folder, { mode: 0o710 });
    const worker = world.nginx.workers()[0] ?? 0;
    const group = Number(/^Gid:\s+(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, 'utf8'))?.[1]);
    chownSync(folder, 0, group);
    await site.ask(1);
    await world.nginx.errorLines(/\(2: /);
    const [root, nobody] = await Promise.all([world.diagnose(), world.diagnose({ user: '12345' })]);
    const verdict = (said: Said) =>
      said.about(`unix:${folder}/app.sock`).map(({ cause, sureness }) => `${cause} ${sureness}`);
    expect([verdict(root), root.missing], root.stdout).toEqual([['socket_missing certain'], []]);
    expect([verdict(nobody), nobody.missing], nobody.stdout).toEqual([['socket_missing likely'], ['socket_folder']]);
    const text = await world.diagnose({ user: '12345', json: false });
    expect(text.stdout).toContain('not seen by this user (root sees it): a folder on the way to a socket file');
  });
});
