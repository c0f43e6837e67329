import { runPlugin } from './app.ts';
import { interpret } from './commands/cli.ts';
import { limitLookups } from './system/network/dns.ts';
import { dropTrapZone } from './system/zone.ts';

// Before anything asks for a local time or a name.
dropTrapZone(process.env);
limitLookups(process.env);
const invocation = interpret(process.argv.slice(2));
const done = invocation.do === 'plugin' ? runPlugin(invocation, process) : invocation.run(process);
// Leaving must not wait for an open stdin or a socket: the output has been taken when these promises are done.
done.then(process.exit, (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
