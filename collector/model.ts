// biome-ignore-all lint/performance/noBarrelFile: the one door to the types that travel
/**
 * The types that travel from room to room (docs/architecture.md), by subject in `model/`, which imports nothing else.
 * Every room takes them from here.
 *
 * Words are nginx's own: an *upstream* is a named group, or the host of a `proxy_pass` with no group; a *peer* is one
 * address of it; an *attempt* is one try of one request at one peer.
 */
export * from './model/access.ts';
export * from './model/alert-values.ts';
export * from './model/cause.ts';
export * from './model/failure.ts';
export * from './model/function-call.ts';
export * from './model/measure.ts';
export * from './model/nginx.ts';
export * from './model/snapshot.ts';
