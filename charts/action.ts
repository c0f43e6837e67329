/** What to send to Netdata: made by `plan`, turned into protocol text by `encode`. */

export interface CreateAction {
  readonly do: 'create';
  readonly chart: ChartLine;
}

/** The full CHART line again, with the option `obsolete`. */
export interface ObsoleteAction {
  readonly do: 'obsolete';
  readonly chart: ChartLine;
}

export interface UpdateAction {
  readonly do: 'update';
  /** type.id */
  readonly id: string;
  readonly values: Readonly<Record<string, number>>;
  /** The same object as in the update before: what has been written of it can be written again. */
  readonly unchanged?: boolean;
  /** Chart variables that are new or have changed; none by default. */
  readonly variables?: Readonly<Record<string, number>>;
}

/** Updates that are the same list in each tick: what has been written of them is written again. */
export interface AgainAction {
  readonly do: 'again';
  readonly updates: readonly UpdateAction[];
}

export type Action = CreateAction | ObsoleteAction | UpdateAction | AgainAction;

export interface DimensionLine {
  readonly id: string;
  /** What is shown, where the id is not. */
  readonly name?: string;
  /** It is over; reported once. */
  readonly obsolete?: boolean;
  readonly algorithm: 'absolute' | 'incremental';
  readonly multiplier: number;
  readonly divisor: number;
  readonly hidden?: boolean;
}

/** Everything a CHART with its CLABELs and DIMENSIONs says. Texts are raw: `encode` makes them safe. */
export interface ChartLine {
  readonly type: string;
  readonly id: string;
  readonly title: string;
  readonly units: string;
  readonly family: string;
  readonly context: string;
  readonly chartType: string;
  readonly priority: number;
  readonly updateEvery: number;
  readonly module: string;
  readonly labels: readonly (readonly [string, string])[];
  readonly dimensions: readonly DimensionLine[];
}
