/** Whatever a status page answers, the plugin ticks and says once what is wrong. */
import { expect, test } from 'vitest';
import { type Behaviour, startBackend } from '../../support/servers/backend.ts';
import { startPlugin } from '../../support/servers/plugin.ts';
import { waitUntil } from '../../support/wait.ts';

const chart = (name: string) => `nginx_upstream_t.${name}`;

test('a bad status page: a gap, one log line with what came back, recovery; ticks continue', {
  timeout: 120_000,
}, async () => {
  const good = {
    body: 'Active connections: 1 \nserver accepts handled requests\n 9 9 9 \nReading: 0 Writing: 1 Waiting: 0 \n',
  };
  const server = await startBackend({ behave: good });
  const url = `http://${server.address}/stub_status`;
  const plugin = startPlugin({
    conf: `jobs:\n  - name: t\n    nginx_conf: /none\n    error_log: /dev/null\n    stub_status: ${url}\n`,
  });
  const drawn = () => plugin.updates(chart('accepts')).length;
  const afterTicks = async (count: number) => {
    const until = plugin.ticks() + count;
    await waitUntil(() => plugin.ticks() >= until, { what: `${count} ticks`, hint: () => plugin.log() });
  };
  await plugin.chart(chart('accepts'));
  const faults: [Behaviour, RegExp][] = [
    [{ status: 403, body: '<html>no</html>' }, /answered 403/],
    [{ body: '<html>Welcome to nginx!</html>' }, /answered 200 with an HTML page/],
    [{ body: 'garbage' }, /answered 200 with something else, 7 bytes/],
    ['hang', /no answer within 800 ms/],
    ['reset', /closed without an answer/],
  ];
  for (const [fault, words] of faults) {
    const [lines, recoveries] = [
      plugin.log().length,
      plugin.log().filter((line) => line.includes('works again')).length,
    ];
    server.behave(fault);
    await waitUntil(() => plugin.log().some((line) => words.test(line) && line.includes(url)), {
      what: String(words),
      hint: plugin.log,
    });
    // What was written before that line may still be on its way through the other pipe.
    await afterTicks(1);
    const inGap = drawn();
    await afterTicks(2);
    expect(drawn()).toBe(inGap);
    expect(plugin.log()).toHaveLength(lines + 1);
    server.behave(good);
    await waitUntil(() => plugin.log().filter((line) => line.includes('works again')).length > recoveries, {
      what: 'recovery',
    });
    await waitUntil(() => drawn() > inGap, { what: 'data again' });
    console.log(plugin.log().slice(lines).join('\n'));
  }
  await server.stop();
  await waitUntil(() => plugin.log().some((line) => line.includes('connection refused')), { what: 'refused' });
  await afterTicks(2);
});
