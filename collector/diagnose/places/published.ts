/** Ports that a container's runtime holds for a container. Pure. */
import type { ListenerFact } from '../facts/facts.ts';

/** /proc/PID/comm, at most 15 characters: docker (without a proxy, too), podman (rootless too), k3s. */
const runtimes = /^(docker-proxy|dockerd$|rootlessport|rootlesskit|slirp4netns|pasta|conmon|kube-proxy|lb-tcp)/;

export function isPublished({ owner }: Pick<ListenerFact, 'owner'>): boolean {
  return owner.command !== null && runtimes.test(owner.command);
}

/** Runtimes run as root, or as whoever started them: without the right to see the process, root's may be one. */
export function mayBePublished(listener: ListenerFact): boolean {
  return isPublished(listener) || (listener.owner.pid === null && listener.owner.uid === 0);
}
