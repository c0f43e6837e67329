/** What a program runs where its name says only the language. Pure. */
import { lastPart } from '../../base/paths.ts';

const interpreters = /^(?:node|nodejs|deno|bun|python|java|ruby|perl|php|dotnet|mono|(?:ba|da|z|k|a)?sh)[\d.]*$/;

/** Long enough to distinguish scripts, short enough to be kept. */
const longestScript = 200;

/**
 * The script, module, archive or code that an interpreter was started with: its first argument that is no option.
 *
 * @param cmdline /proc/PID/cmdline: arguments that end with NUL
 * @returns null for a program that is no interpreter, and for one without such an argument
 */
export function scriptOf(cmdline: string): string | null {
  const [program = '', ...rest] = cmdline.split('\0');
  if (!interpreters.test(lastPart(program))) return null;
  return rest.find((word) => word !== '' && !word.startsWith('-'))?.slice(0, longestScript) ?? null;
}
