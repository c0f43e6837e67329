/** Between the names of upstreams that are one instance: Netdata loses a `|` in labels, and no name holds this. */
export const joint = ' / ';
