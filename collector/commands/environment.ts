/** Netdata's environment for what a person types: in a container, the one that the running plugin has. */
import { existsSync } from 'node:fs';
import { type NetdataEnvironment, readEnvironment } from '../netdata/environment.ts';
import { commandVariables, runningPluginVariables } from '../netdata/plugin-environment.ts';
import { nodeFileSystem } from '../system/fs.ts';
import { trustedUids } from '../system/process/identity.ts';

/** Where Netdata's image has the host: elsewhere a shell sees what the plugin sees. */
const hostMounts = ['/host/proc', '/host/root/proc'];

/** `docker exec` gives a command the image's variables only. */
export function commandEnvironment(): NetdataEnvironment {
  const isInContainer = hostMounts.some((path) => existsSync(path));
  const plugin = () => (isInContainer ? runningPluginVariables(nodeFileSystem, '/proc', trustedUids()) : {});
  return readEnvironment(commandVariables(process.env, plugin));
}
