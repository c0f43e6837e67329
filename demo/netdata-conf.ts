/** What every netdata.conf of a private Netdata has in common; also the tests' (names as 1.37.1 has them). */

const notOurs = ['timex', 'idlejitter', 'tc', 'cgroups', 'proc', 'diskspace', 'statsd', 'netdata monitoring', 'ebpf'];

/** Everything inside `folder`, everything off that is not ours. */
export function privateSections(folder: string, web: string): Record<string, string[]> {
  return {
    // Root would become the user netdata, which may not exist; anybody else stays who it is.
    global: process.getuid?.() === 0 ? ['run as user = root'] : [],
    directories: [
      `config = ${folder}/etc`,
      `stock config = ${folder}/stock`,
      `plugins = "${folder}/etc/custom-plugins.d"`,
      `cache = ${folder}/cache`,
      `lib = ${folder}/lib`,
      `log = ${folder}/log`,
      `home = ${folder}/home`,
      `lock = ${folder}/lib`,
      `registry = ${folder}/lib/registry`,
      `web = ${web}`,
      `health config = ${folder}/etc/health.d`,
      `stock health config = ${folder}/stock/health.d`,
    ],
    plugins: [
      ...notOurs.map((name) => `${name} = no`),
      'check for new plugins every = 1',
      'enable running new plugins = yes',
    ],
    ml: ['enabled = no'],
    statsd: ['enabled = no'],
  };
}

/** As one text; what two of them say of a section stands there in turn. */
export function netdataConf(...all: readonly Readonly<Record<string, readonly string[]>>[]): string {
  const sections = new Map<string, readonly string[]>();
  for (const [name, lines] of all.flatMap(Object.entries<readonly string[]>))
    sections.set(name, [...(sections.get(name) ?? []), ...lines]);
  return Array.from(sections, ([name, lines]) => `[${name}]\n${lines.map((line) => `    ${line}\n`).join('')}`).join(
    '\n',
  );
}
