/** Real programs that fail, at a real nginx: the verdict, as root and as nobody, and whose process it is. */
import { beforeAll, expect, test } from 'vitest';
import { type Hosts, startWorld } from '../../e2e/diagnose/world.ts';
import { startTwoHosts } from '../../support/hosts/two-hosts.ts';
import { describeOn } from '../../support/machine.ts';
import { realFaults } from './real-faults.ts';

describeOn('namespaces')('diagnose: faults of real programs', () => {
  let hosts: Hosts;
  beforeAll(async () => {
    hosts = await startTwoHosts();
  });

  test.each(realFaults.map((fault) => [fault.name, fault] as const))('%s', async (_, fault) => {
    const { world, sites } = await startWorld(hosts, [fault]);
    const [site] = sites;
    if (site === undefined) throw new Error('no site');
    await fault.provoke(site);
    for (const said of await Promise.all([world.diagnose(), world.diagnose({ user: '65534' })])) {
      const verdicts = said.about(fault.subject(site));
      expect(verdicts[0]?.cause, said.stdout + said.stderr).toBe(fault.cause);
      expect(said.code).toBe(1);
      const text = JSON.stringify(verdicts[0]);
      if (fault.name.startsWith('large packets')) expect(text).toMatch(/large ones do not.*ss -Htnoi/s);
      if (fault.name.includes('gunicorn’s')) expect(text).toMatch(/who serves it: [^"]*gunicorn|python/);
      if (fault.name.includes('child is busy')) expect(text).toMatch(/who serves it: user root[^"]*php-fpm/);
      if (fault.name.includes('asks a port')) expect(text).toMatch(/a FastCGI program listens[^"]*pool-\d+\.sock/);
    }
  });
});
