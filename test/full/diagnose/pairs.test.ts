/** Two faults at one nginx: each peer keeps its own verdict. */
import { beforeAll, expect, test } from 'vitest';
import { faults } from '../../e2e/diagnose/faults.ts';
import { type Hosts, startWorld } from '../../e2e/diagnose/world.ts';
import { startTwoHosts } from '../../support/hosts/two-hosts.ts';
import { describeOn } from '../../support/machine.ts';

/** Both at one nginx: each has its own port, socket and location. */
const pairs: readonly (readonly [string, string])[] = [
  ['process stopped', 'REJECT tcp-reset'],
  ['DROP', 'accept queue full'],
  ['wrong port', 'localhost, IPv4 only'],
  ['socket 0600', 'socket stale'],
  ['wrong bind address', 'no route'],
  ['never started', 'REJECT admin-prohibited'],
];

describeOn('namespaces')('diagnose: two peers that fail differently keep their own verdicts', () => {
  let hosts: Hosts;
  beforeAll(async () => {
    hosts = await startTwoHosts();
  });

  test.each(pairs)('%s and %s', async (...names) => {
    const two = names.map((name) => faults.find((fault) => fault.name === name)).filter((fault) => fault !== undefined);
    const { world, sites } = await startWorld(hosts, two);
    const both = two.flatMap((fault, at) => {
      const site = sites[at];
      return site === undefined ? [] : [{ fault, site }];
    });
    for (const { fault, site } of both) await fault.provoke(site);
    const said = await world.diagnose();
    const found = both.map(({ fault, site }) => said.about(fault.subject(site))[0]?.cause);
    expect(found, said.stdout).toEqual(two.map(({ cause }) => cause));
    for (const { fault, site } of both) {
      const wrong = said
        .about(fault.subject(site))
        .filter((each) => each.sureness === 'certain' && each.cause !== fault.cause);
      expect(wrong, said.stdout).toEqual([]);
    }
  });
});
